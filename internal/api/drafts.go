package api

import (
	"context"
	"net/http"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/conversation"
	"github.com/foyerdesk/foyer/internal/platform/db"
)

// Drafts registers the routes of what agents have written and not sent.
func Drafts(a *API) {
	c := a.Conversations
	route(a, http.MethodGet, "/drafts", "The caller's drafts", anyone,
		func(ctx context.Context, p *agent.Principal, _ *struct{}) ([]conversation.Draft, error) {
			return c.Drafts(ctx, p)
		})
	route(a, http.MethodPost, "/conversations/{uuid}/draft", "Keep a draft, one of each type for a conversation", anyone,
		func(ctx context.Context, p *agent.Principal, in *struct {
			ConversationPath
			Body struct {
				Type    string  `json:"type,omitempty" doc:"reply (the default) or private_note"`
				Content string  `json:"content,omitempty" doc:"HTML"`
				Meta    db.JSON `json:"meta,omitempty" doc:"An object of the client's: to, cc, bcc, attachments, macro_id, macro_actions"`
				Base    *string `json:"base_updated_at,omitempty" doc:"updated_at of the draft that the text began from, empty if there was none: if the stored one is another, it stays and the answer is 409 with it as data. Left out, it is replaced"`
			}
		}) (*conversation.Draft, error) {
			return c.SaveDraft(ctx, p, in.UUID, conversation.DraftInput{Type: in.Body.Type, Content: in.Body.Content, Meta: in.Body.Meta, Base: in.Body.Base})
		})
	route(a, http.MethodGet, "/conversations/{uuid}/draft/versions", "What the caller's draft for a conversation said before, newest first", anyone,
		func(ctx context.Context, p *agent.Principal, in *struct {
			ConversationPath
			Type string `query:"type" doc:"reply (the default) or private_note"`
		}) ([]conversation.DraftVersion, error) {
			return c.DraftVersions(ctx, p, in.UUID, in.Type)
		})
	route(a, http.MethodDelete, "/conversations/{uuid}/draft", "Delete the caller's drafts for a conversation", anyone,
		func(ctx context.Context, p *agent.Principal, in *struct {
			ConversationPath
			Type string `query:"type" doc:"reply or private_note; both when absent"`
		}) (done, error) {
			return true, c.DeleteDrafts(ctx, p, in.UUID, in.Type)
		})
}
