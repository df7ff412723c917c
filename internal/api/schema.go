package api

import (
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/foyerdesk/foyer/internal/platform/db"
)

const schemaPrefix = "#/components/schemas/"

// newSchemas makes the registry of the document's schemas.
func newSchemas() huma.Registry {
	schemas := huma.NewMapRegistry(schemaPrefix, schemaName)
	schemas.RegisterTypeAlias(reflect.TypeFor[db.Time](), reflect.TypeFor[timeSchema]())
	schemas.RegisterTypeAlias(reflect.TypeFor[db.JSON](), reflect.TypeFor[anySchema]())
	return schemas
}

// sharpen makes the document say about null and about fields what is true, where huma's generator does not know it: a
// pointer to a time or to a struct may be null, unless its field is tagged nullable:"false"; a list in an answer never is,
// unless tagged nullable:"true"; and "additional properties are allowed", which is what silence means, is left out, for it makes
// generated types accept any misspelt field. It is called when all routes are registered.
func sharpen(doc *huma.OpenAPI) {
	schemas := doc.Components.Schemas
	answered := answers(doc)
	for name, s := range schemas.Map() {
		if open, ok := s.AdditionalProperties.(bool); ok && open {
			s.AdditionalProperties = nil
		}
		if t := schemas.TypeFromRef(schemaPrefix + name); t != nil && t.Kind() == reflect.Struct {
			sharpenFields(s, t, answered[name])
		}
	}
}

func sharpenFields(s *huma.Schema, t reflect.Type, answer bool) {
	for f := range t.Fields() {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous && name == "" {
			if f.Type.Kind() == reflect.Struct {
				sharpenFields(s, f.Type, answer)
			}
			continue
		}
		p := s.Properties[name]
		if p == nil {
			continue
		}
		never := strings.Contains(options, "omitempty") || f.Tag.Get("nullable") == "false" // left out, or always there
		switch {
		case f.Type.Kind() == reflect.Pointer && p.Ref != "" && answer && !never:
			s.Properties[name] = &huma.Schema{Description: p.Description, AnyOf: []*huma.Schema{{Ref: p.Ref}, {Type: "null"}}}
		case f.Type == reflect.TypeFor[*db.Time]():
			p.Nullable = !never
		case p.Type == huma.TypeArray && answer:
			p.Nullable = f.Tag.Get("nullable") == "true"
		}
	}
}

// answers returns the names of the schemas that occur in answers.
func answers(doc *huma.OpenAPI) map[string]bool {
	found := map[string]bool{}
	var visit func(s *huma.Schema)
	visit = func(s *huma.Schema) {
		if s == nil {
			return
		}
		if s.Ref != "" {
			name := strings.TrimPrefix(s.Ref, schemaPrefix)
			if !found[name] {
				found[name] = true
				visit(doc.Components.Schemas.SchemaFromRef(s.Ref))
			}
			return
		}
		visit(s.Items)
		if values, ok := s.AdditionalProperties.(*huma.Schema); ok {
			visit(values)
		}
		for _, p := range s.Properties {
			visit(p)
		}
	}
	for _, item := range doc.Paths {
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Put, item.Patch, item.Delete} {
			if op == nil {
				continue
			}
			for _, r := range op.Responses {
				for _, content := range r.Content {
					visit(content.Schema)
				}
			}
		}
	}
	return found
}

// schemaName names a type's schema after its package too, since "Message" or "Compact" exist more than once; the parts
// of a generic type, such as envelope[[]team.Compact], are named alike.
func schemaName(t reflect.Type, hint string) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	name := t.Name()
	if name == "" {
		name = hint
	} else if t.PkgPath() != "" {
		name = t.PkgPath() + "." + name
	}
	var out strings.Builder
	for _, part := range strings.FieldsFunc(strings.ReplaceAll(name, "[]", "[list["), func(r rune) bool { return strings.ContainsRune("[]*,", r) }) {
		pkg, typ, ok := strings.Cut(part[strings.LastIndexByte(part, '/')+1:], ".")
		if !ok {
			pkg, typ = "", pkg
		}
		if pkg == "api" || strings.EqualFold(pkg, typ) {
			pkg = ""
		}
		out.WriteString(capital(pkg) + capital(typ))
	}
	return out.String()
}

func capital(s string) string {
	if s == "" {
		return ""
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
