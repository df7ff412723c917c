package api

import (
	"encoding"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/url"
	"reflect"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/foyerdesk/foyer/internal/platform/fault"
)

const formType = "application/x-www-form-urlencoded"

func isForm(contentType string) bool {
	return len(contentType) >= len(formType) && strings.EqualFold(contentType[:len(formType)], formType)
}

// takeForms lets a route whose body is of a type take a form, too: it reads the same body as JSON.
func (a *API) takeForms(body reflect.Type) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		if !isForm(ctx.Header("Content-Type")) {
			next(ctx)
			return
		}
		r, w := humago.Unwrap(ctx)
		raw, err := readAll(r)
		if err == nil {
			raw, err = formAsJSON(raw, body)
		}
		if err != nil {
			a.writeProblem(w, r, err)
			return
		}
		r.Body = io.NopCloser(strings.NewReader(string(raw)))
		r.Header.Set("Content-Type", "application/json")
		next(ctx)
	}
}

// formAsJSON writes a form as the JSON of a type, each field as what it is there: everything in a form is text. What does not
// fit stays text, of which the check of the body says that it is wrong. Invalid for what is no form, and for a body without
// fields of its own, such as custom attributes: a form cannot say whether a value is a number.
func formAsJSON(raw []byte, body reflect.Type) ([]byte, error) {
	form, err := url.ParseQuery(string(raw))
	if err != nil {
		return nil, fault.New(fault.Invalid, "error.body_unreadable").Because(fmt.Errorf("read the form: %w", err))
	}
	for body.Kind() == reflect.Pointer {
		body = body.Elem()
	}
	if body.Kind() != reflect.Struct {
		return nil, fault.New(fault.Invalid, "error.body_unreadable").Because(fmt.Errorf("a form for %v", body))
	}
	types := map[string]reflect.Type{}
	for _, f := range reflect.VisibleFields(body) {
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" && f.IsExported() {
			types[name] = f.Type
		}
	}
	fields := map[string]any{}
	for key, values := range form {
		if v, given := formValue(types[key], values); given {
			fields[key] = v
		}
	}
	return json.Marshal(fields)
}

var readsText = reflect.TypeFor[encoding.TextUnmarshaler]()

// formValue is what the values of a field of a form are as a type, nil for one that is not known. An empty number or switch
// is not given.
func formValue(t reflect.Type, values []string) (v any, given bool) {
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	list := t != nil && t.Kind() == reflect.Slice && t.Elem().Kind() != reflect.Uint8 && !reflect.PointerTo(t).Implements(readsText)
	if list {
		all := []any{}
		for _, s := range values {
			if one, given := formValue(t.Elem(), []string{s}); given {
				all = append(all, one)
			}
		}
		return all, true
	}
	if len(values) != 1 {
		return values, true
	}
	s := values[0]
	if t == nil {
		return s, true
	}
	switch t.Kind() {
	case reflect.Bool:
		if is, err := strconv.ParseBool(s); err == nil {
			return is, true
		}
		return s, s != ""
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uint:
		if n, err := strconv.ParseInt(s, 10, 64); err == nil {
			return n, true
		}
		return s, s != ""
	case reflect.Float32, reflect.Float64:
		if n, err := strconv.ParseFloat(s, 64); err == nil && !math.IsInf(n, 0) && !math.IsNaN(n) {
			return n, true
		}
		return s, s != ""
	}
	return s, true
}

// bodyOf is the type of the body of a route's input, nil if it has none.
func bodyOf(input reflect.Type) reflect.Type {
	if input.Kind() != reflect.Struct {
		return nil
	}
	if f, ok := input.FieldByName("Body"); ok {
		return f.Type
	}
	return nil
}

// unmarshalForm reads a form into what v points at.
func unmarshalForm(data []byte, v any) error {
	raw, err := formAsJSON(data, reflect.TypeOf(v).Elem())
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, v)
}
