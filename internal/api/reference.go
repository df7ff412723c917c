package api

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/conversation"
	"github.com/foyerdesk/foyer/internal/platform/i18n"
)

// Reference registers what clients read once and choose from: statuses, priorities, tags and languages.
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
	route(a, http.MethodGet, "/tags", "All tags, by name", anyone,
		func(ctx context.Context, _ *agent.Principal, _ *struct{}) ([]conversation.Tag, error) {
			return c.Tags(ctx)
		})
	route(a, http.MethodGet, "/lang", "The languages there are, by name", public,
		func(context.Context, *agent.Principal, *struct{}) ([]i18n.Language, error) {
			return i18n.Languages(), nil
		})
	a.raw(http.MethodGet, Base+"/lang/{lang}", public, languagePack)
}

// languagePack writes every text of a language, English where it has none, without the envelope: clients load it as it
// is. A language that is not known is English.
func languagePack(w http.ResponseWriter, r *http.Request, _ *agent.Principal) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-cache")
	_ = json.NewEncoder(w).Encode(i18n.Pack(r.PathValue("lang")))
}
