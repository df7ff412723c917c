package api

import (
	"context"
	"net/http"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/attribute"
	"github.com/foyerdesk/foyer/internal/desk/role"
)

type attributeBody struct {
	Name        string   `json:"name,omitempty"`
	Description string   `json:"description,omitempty"`
	AppliesTo   string   `json:"applies_to,omitempty" doc:"contact or conversation"`
	Key         string   `json:"key,omitempty"`
	Values      []string `json:"values,omitempty" doc:"The choices of a list"`
	DataType    string   `json:"data_type,omitempty" doc:"text, number, checkbox, date, link or list"`
	Regex       string   `json:"regex,omitempty" doc:"What a text must match, in JavaScript's notation; the web app holds people to it"`
	RegexHint   string   `json:"regex_hint,omitempty"`
}

// Attributes registers the routes of the definitions of custom attributes.
func Attributes(a *API) {
	s := a.Attributes
	route(a, http.MethodGet, "/custom-attributes", "Definitions of custom attributes", anyone,
		func(ctx context.Context, _ *agent.Principal, in *struct {
			AppliesTo string `query:"applies_to" doc:"contact or conversation; both if left out"`
		}) ([]attribute.Definition, error) {
			return s.List(ctx, in.AppliesTo)
		})
	route(a, http.MethodGet, "/custom-attributes/{id}", "One definition", need(role.CustomAttributesManage),
		func(ctx context.Context, _ *agent.Principal, in *IDPath) (d attribute.Definition, err error) {
			id, err := pathID(in.ID)
			if err != nil {
				return d, err
			}
			return s.Get(ctx, id)
		})
	route(a, http.MethodPost, "/custom-attributes", "Define a custom attribute", need(role.CustomAttributesManage),
		func(ctx context.Context, _ *agent.Principal, in *struct{ Body attributeBody }) (attribute.Definition, error) {
			return s.Create(ctx, in.Body.edit())
		})
	route(a, http.MethodPut, "/custom-attributes/{id}", "Change a definition; its key and type stay", need(role.CustomAttributesManage),
		func(ctx context.Context, _ *agent.Principal, in *struct {
			IDPath
			Body attributeBody
		}) (d attribute.Definition, err error) {
			id, err := pathID(in.ID)
			if err != nil {
				return d, err
			}
			return s.Update(ctx, id, in.Body.edit())
		})
	route(a, http.MethodDelete, "/custom-attributes/{id}", "Delete a definition; values stay on their records", need(role.CustomAttributesManage),
		func(ctx context.Context, _ *agent.Principal, in *IDPath) (done, error) {
			id, err := pathID(in.ID)
			if err != nil {
				return false, err
			}
			return true, s.Delete(ctx, id)
		})
}

func (b attributeBody) edit() attribute.Edit {
	return attribute.Edit{Name: b.Name, Description: b.Description, AppliesTo: b.AppliesTo, Key: b.Key, Values: b.Values,
		DataType: b.DataType, Regex: b.Regex, RegexHint: b.RegexHint}
}
