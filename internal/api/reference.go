package api

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/conversation"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/platform/i18n"
)

// Reference registers what clients read once and choose from: statuses, priorities and languages.
func Reference(a *API) {
	c := a.Conversations
	route(a, http.MethodGet, "/statuses", "All statuses", anyone,
		func(ctx context.Context, _ *agent.Principal, _ *struct{}) ([]conversation.Status, error) {
			return c.Statuses(ctx)
		})
	route(a, http.MethodGet, "/priorities", "All priorities, in ascending urgency", anyone,
		func(ctx context.Context, _ *agent.Principal, _ *struct{}) ([]conversation.Priority, error) {
			return c.Priorities(ctx)
		})
	route(a, http.MethodGet, "/lang", "The languages there are, by name", public,
		func(context.Context, *agent.Principal, *struct{}) ([]i18n.Language, error) {
			return i18n.Languages(), nil
		})
	a.raw(http.MethodGet, Base+"/lang/{lang}", public, languagePack)
	statusChanges(a)
}

type statusBody struct {
	Name     string `json:"name,omitempty"`
	Category string `json:"category,omitempty" doc:"open, waiting or resolved"`
}

// usage says how many records use something, before it is deleted.
type usage struct {
	Conversations int64 `json:"conversations"`
}

func statusChanges(a *API) {
	c := a.Conversations
	route(a, http.MethodPost, "/statuses", "Create a status", need(role.StatusManage),
		func(ctx context.Context, _ *agent.Principal, in *struct{ Body statusBody }) (conversation.Status, error) {
			return c.CreateStatus(ctx, in.Body.Name, in.Body.Category)
		})
	route(a, http.MethodPut, "/statuses/{id}", "Change a status", need(role.StatusManage),
		func(ctx context.Context, _ *agent.Principal, in *struct {
			IDPath
			Body statusBody
		}) (st conversation.Status, err error) {
			id, err := pathID(in.ID)
			if err != nil {
				return st, err
			}
			return c.UpdateStatus(ctx, id, in.Body.Name, in.Body.Category)
		})
	route(a, http.MethodDelete, "/statuses/{id}", "Delete a status that no conversation has", need(role.StatusManage),
		func(ctx context.Context, _ *agent.Principal, in *IDPath) (done, error) {
			id, err := pathID(in.ID)
			if err != nil {
				return false, err
			}
			return true, c.DeleteStatus(ctx, id)
		})
	route(a, http.MethodGet, "/statuses/{id}/usage", "How many conversations have a status", need(role.StatusManage),
		func(ctx context.Context, _ *agent.Principal, in *IDPath) (u usage, err error) {
			id, err := pathID(in.ID)
			if err != nil {
				return u, err
			}
			u.Conversations, err = c.StatusUsage(ctx, id)
			return u, err
		})
}

// languagePack writes every text of a language, English where it has none, without the envelope: clients load it as it
// is. A language that is not known is English.
func languagePack(w http.ResponseWriter, r *http.Request, _ *agent.Principal) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-cache")
	_ = json.NewEncoder(w).Encode(i18n.Pack(r.PathValue("lang")))
}
