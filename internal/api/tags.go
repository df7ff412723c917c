package api

import (
	"context"
	"net/http"
	"reflect"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/desk/tag"
)

type tagBody struct {
	Name string `json:"name,omitempty"`
}

// Tags registers the routes of tags.
func Tags(a *API) {
	s := a.Tags
	route(a, http.MethodGet, "/tags", "All tags, by name", anyone,
		func(ctx context.Context, _ *agent.Principal, _ *struct{}) ([]tag.Tag, error) { return s.List(ctx) })
	route(a, http.MethodPost, "/tags", "Create a tag", need(role.TagsManage),
		func(ctx context.Context, _ *agent.Principal, in *struct{ Body tagBody }) (tag.Tag, error) {
			return s.Create(ctx, in.Body.Name)
		})
	route(a, http.MethodPut, "/tags/{id}", "Rename a tag", need(role.TagsManage),
		func(ctx context.Context, _ *agent.Principal, in *struct {
			IDPath
			Body tagBody
		}) (t tag.Tag, err error) {
			id, err := pathID(in.ID)
			if err != nil {
				return t, err
			}
			return s.Rename(ctx, id, in.Body.Name)
		})
	route(a, http.MethodDelete, "/tags/{id}", "Delete a tag and take it off its conversations", need(role.TagsManage),
		func(ctx context.Context, _ *agent.Principal, in *IDPath) (done, error) {
			id, err := pathID(in.ID)
			if err != nil {
				return false, err
			}
			return true, s.Delete(ctx, id)
		})
	route(a, http.MethodGet, "/tags/{id}/usage", "How many conversations have a tag, counted up to 10,000", need(role.TagsManage),
		func(ctx context.Context, _ *agent.Principal, in *IDPath) (u usage, err error) {
			id, err := pathID(in.ID)
			if err != nil {
				return u, err
			}
			u.Conversations, err = s.Usage(ctx, id)
			return u, err
		})
	tagImport(a)
}

func tagImport(a *API) {
	a.raw(http.MethodPost, Base+"/tags/import", need(role.TagsManage), func(w http.ResponseWriter, r *http.Request, _ *agent.Principal) {
		content, err := formFile(w, r, tag.MaxBytes)
		if err == nil {
			err = a.Tags.Import(r.Context(), content)
		}
		if err != nil {
			a.writeProblem(w, r, err)
			return
		}
		writeData(w, true)
	})
	route(a, http.MethodGet, "/tags/import/status", "What became of the last import of tags", need(role.TagsManage),
		func(ctx context.Context, _ *agent.Principal, _ *struct{}) (*importState, error) {
			r, err := a.Tags.LastImport(ctx)
			if err != nil {
				return nil, err
			}
			return a.tagImportState(ctx, r), nil
		})
	doc := a.OpenAPI()
	doc.AddOperation(&huma.Operation{
		OperationID: "post-tags-import", Method: http.MethodPost, Path: Base + "/tags/import", Tags: []string{"tags"},
		Security: []map[string][]string{{"session": {}}, {"key": {}}},
		Summary:  "Import tags from a file", Description: "Needs permission tags:manage.",
		RequestBody: &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"multipart/form-data": {Schema: &huma.Schema{Type: "object",
			Properties: map[string]*huma.Schema{"file": {Type: "string", Format: "binary", Description: "CSV in UTF-8 with the column name"}}}}}},
		Responses: map[string]*huma.Response{"200": {Description: "OK", Content: map[string]*huma.MediaType{"application/json": {
			Schema: doc.Components.Schemas.Schema(reflect.TypeFor[envelope[done]](), true, "DoneReply")}}}},
	})
}

// tagImportState tells an import as clients know it.
func (a *API) tagImportState(ctx context.Context, r tag.Report) *importState {
	out := &importState{Total: r.Total, Success: r.Created, Errors: len(r.Refused), StartedAt: r.StartedAt, EndedAt: r.EndedAt.Time}
	say := func(key string, params map[string]string) { out.Logs = append(out.Logs, a.say(ctx, key, params)) }
	if r.Missing != "" {
		say("import.error.no_column", map[string]string{"value": r.Missing})
		return out
	}
	for _, l := range r.Refused {
		why := a.say(ctx, l.Key, l.Params)
		say("import.log.refused", map[string]string{"row": strconv.Itoa(l.Row), "reason": why})
	}
	say("import.log.end", map[string]string{"success": strconv.Itoa(out.Success), "errors": strconv.Itoa(out.Errors)})
	return out
}
