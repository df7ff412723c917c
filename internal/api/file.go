package api

import (
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/role"
)

// brokeOff is an error that came when a part of the answer had been written.
type brokeOff struct{ error }

// file registers a route for who has a permission, whose answer is a file that fn writes as it is read. Nothing in it can
// run, whatever it is. An error before the first byte is answered as any other; a client whose file ends early, by a
// [brokeOff], sees the connection break off rather than a file that looks whole.
func (a *API) file(path string, permission role.Permission, summary, mediaType string, fn func(w http.ResponseWriter, r *http.Request, p *agent.Principal) error) {
	a.raw(http.MethodGet, Base+path, need(permission), func(w http.ResponseWriter, r *http.Request, p *agent.Principal) {
		h := w.Header()
		h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "private, no-store")
		err := fn(w, r, p)
		if off, ok := err.(brokeOff); ok { //nolint:errorlint // never wrapped
			a.Log.ErrorContext(r.Context(), "a file broke off", "path", r.URL.Path, "error", off.error)
			panic(http.ErrAbortHandler)
		}
		if err != nil {
			h.Del("Content-Disposition")
			a.writeProblem(w, r, err)
		}
	})
	var params []*huma.Param
	for _, name := range placesOf(path) {
		params = append(params, &huma.Param{Name: name, In: "path", Required: true, Schema: &huma.Schema{Type: huma.TypeString}})
	}
	a.OpenAPI().AddOperation(&huma.Operation{OperationID: operationID(http.MethodGet, path), Method: http.MethodGet, Path: Base + path, Tags: []string{tagOf(path)},
		Summary: summary, Description: "Needs permission " + string(permission) + ".", Parameters: params,
		Security: []map[string][]string{{"session": {}}, {"key": {}}}, Responses: map[string]*huma.Response{"200": {Description: mediaType,
			Content: map[string]*huma.MediaType{mediaType: {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}}}}})
}

// placesOf returns the names in braces of a path.
func placesOf(path string) (out []string) {
	for {
		_, rest, ok := strings.Cut(path, "{")
		if !ok {
			return out
		}
		var name string
		name, path, _ = strings.Cut(rest, "}")
		out = append(out, name)
	}
}
