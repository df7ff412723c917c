package api

import (
	"html/template"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"github.com/foyerdesk/foyer/internal/desk/agent"
)

// Docs serves a readable page of the API at /api/docs. It is made from the OpenAPI document at /api/openapi.json and
// needs nothing from anywhere else.
func Docs(a *API) {
	a.raw(http.MethodGet, "/api/docs", public, func(w http.ResponseWriter, _ *http.Request, _ *agent.Principal) {
		h := w.Header()
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
		_ = docsPage.Execute(w, docsOf(a.huma.OpenAPI()))
	})
}

type docsData struct {
	Title, Version, About string
	Groups                []docsGroup
}

type docsGroup struct {
	Name       string
	Operations []docsOperation
}

type docsOperation struct {
	Method, Path, Summary, About string
	Parameters                   []docsField
	Body                         []docsField
}

type docsField struct{ Name, Where, Type, About string }

func docsOf(doc *huma.OpenAPI) docsData {
	groups := map[string][]docsOperation{}
	for path, item := range doc.Paths {
		for method, op := range map[string]*huma.Operation{"GET": item.Get, "POST": item.Post, "PUT": item.Put, "PATCH": item.Patch, "DELETE": item.Delete} {
			if op == nil || len(op.Tags) == 0 {
				continue
			}
			d := docsOperation{Method: method, Path: path, Summary: op.Summary, About: op.Description}
			for _, p := range op.Parameters {
				d.Parameters = append(d.Parameters, docsField{p.Name, p.In, typeName(doc, p.Schema), p.Description})
			}
			if op.RequestBody != nil {
				for _, m := range op.RequestBody.Content {
					d.Body = fieldsOf(doc, m.Schema)
				}
			}
			groups[op.Tags[0]] = append(groups[op.Tags[0]], d)
		}
	}
	out := docsData{Title: doc.Info.Title, Version: doc.Info.Version, About: doc.Info.Description}
	for name, ops := range groups {
		slices.SortFunc(ops, func(x, y docsOperation) int { return compare(x.Path+x.Method, y.Path+y.Method) })
		out.Groups = append(out.Groups, docsGroup{name, ops})
	}
	slices.SortFunc(out.Groups, func(x, y docsGroup) int { return compare(x.Name, y.Name) })
	return out
}

func compare(a, b string) int {
	if a < b {
		return -1
	} else if a > b {
		return 1
	}
	return 0
}

func resolve(doc *huma.OpenAPI, s *huma.Schema) *huma.Schema {
	if s != nil && len(s.AnyOf) > 0 { // a struct or null
		s = s.AnyOf[0]
	}
	if s != nil && s.Ref != "" {
		return doc.Components.Schemas.SchemaFromRef(s.Ref)
	}
	return s
}

func fieldsOf(doc *huma.OpenAPI, s *huma.Schema) (out []docsField) {
	s = resolve(doc, s)
	if s == nil {
		return nil
	}
	for name, p := range s.Properties {
		out = append(out, docsField{name, "", typeName(doc, p), p.Description})
	}
	slices.SortFunc(out, func(x, y docsField) int { return compare(x.Name, y.Name) })
	return out
}

func typeName(doc *huma.OpenAPI, s *huma.Schema) string {
	s = resolve(doc, s)
	if s == nil {
		return ""
	}
	if s.Type == "array" {
		return typeName(doc, s.Items) + "[]"
	}
	return s.Type
}

var docsPage = template.Must(template.New("docs").Parse(`<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>{{.Title}} API</title><style>
:root{color-scheme:light dark}body{margin:0 auto;max-width:860px;padding:32px 24px;font:14px/22px system-ui,sans-serif}
h1{font-size:24px;line-height:32px}h2{margin-top:40px;font-size:18px;text-transform:capitalize}nav a{margin-right:12px}
details{border-top:1px solid #8884;padding:8px 0}summary{cursor:pointer}code{font:13px ui-monospace,monospace}
.m{display:inline-block;min-width:60px;font-weight:600}td{padding:2px 16px 2px 0;vertical-align:top}small{opacity:.7}
</style></head><body><h1>{{.Title}} API <small>{{.Version}}</small></h1><p>{{.About}}</p>
<p>Sign in with a session cookie, or with an API key: <code>Authorization: token key:secret</code> or HTTP Basic. The machine-readable document is <a href="/api/openapi.json">openapi.json</a>.</p>
<nav>{{range .Groups}}<a href="#{{.Name}}">{{.Name}}</a>{{end}}</nav>
{{range .Groups}}<h2 id="{{.Name}}">{{.Name}}</h2>{{range .Operations}}<details><summary><span class="m">{{.Method}}</span> <code>{{.Path}}</code><br>{{.Summary}}</summary>
{{with .About}}<p>{{.}}</p>{{end}}{{if .Parameters}}<table>{{range .Parameters}}<tr><td><code>{{.Name}}</code></td><td>{{.Where}}</td><td>{{.Type}}</td><td>{{.About}}</td></tr>{{end}}</table>{{end}}
{{if .Body}}<p><b>Body</b></p><table>{{range .Body}}<tr><td><code>{{.Name}}</code></td><td>{{.Type}}</td><td>{{.About}}</td></tr>{{end}}</table>{{end}}</details>{{end}}{{end}}
</body></html>`))
