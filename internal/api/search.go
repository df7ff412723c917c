package api

import (
	"context"
	"net/http"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/flow/search"
)

type searchInput struct {
	Query string `query:"query" doc:"At least 3 bytes: words, beginnings of words, a reference number with or without #, a part of an e-mail address"`
}

// Search registers the searches. Their answers are plain lists, the best first.
func Search(a *API) {
	route(a, http.MethodGet, "/conversations/search", "Search conversations by reference number, subject and contact", need(role.ConversationsRead),
		func(ctx context.Context, p *agent.Principal, in *searchInput) ([]search.Conversation, error) {
			return a.Deps.Search.Conversations(ctx, p, in.Query)
		})
	route(a, http.MethodGet, "/messages/search", "Search messages and private notes by their words", need(role.MessagesRead),
		func(ctx context.Context, p *agent.Principal, in *searchInput) ([]search.Message, error) {
			return a.Deps.Search.Messages(ctx, p, in.Query)
		})
	route(a, http.MethodGet, "/contacts/search", "Search contacts by name, e-mail address, phone number and external id", need(role.ContactsRead),
		func(ctx context.Context, _ *agent.Principal, in *searchInput) ([]search.Contact, error) {
			return a.Deps.Search.Contacts(ctx, in.Query)
		})
}
