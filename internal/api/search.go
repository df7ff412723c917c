package api

import (
	"context"
	"net/http"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/flow/search"
)

type searchInput struct {
	Query string `query:"query" doc:"Words, beginnings of words, \"phrases\", -excluded words, a reference number with or without #, a part of an e-mail address; at least 3 bytes. And operators: from: to: tag: status: assignee: (me, none, a name or an address) team: inbox: before: after: (YYYY-MM-DD) has:attachment has:note in:spam in:trash"`
}

type findInput struct {
	Query  string `query:"query" doc:"The same as for a search over one kind"`
	Limit  int    `query:"limit" doc:"Of conversations, 1 to 50; 20 if it is not given"`
	Cursor string `query:"cursor" doc:"next_cursor of the page before"`
}

// Search registers the searches. The answers of those over one kind are plain lists, the best first.
func Search(a *API) {
	route(a, http.MethodGet, "/search", "Search conversations with their messages, and contacts, as far as one may read them", anyone,
		func(ctx context.Context, p *agent.Principal, in *findInput) (*search.Found, error) {
			return a.Deps.Search.Search(ctx, p, in.Query, in.Limit, in.Cursor)
		})
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
