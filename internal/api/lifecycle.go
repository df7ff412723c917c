package api

import (
	"context"
	"net/http"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/conversation"
	"github.com/foyerdesk/foyer/internal/desk/role"
)

// mergeInput is what is merged into a conversation, or separated from it.
type mergeInput struct {
	ConversationPath
	Body struct {
		UUIDs []string `json:"uuids,omitempty" doc:"At most 50 conversations"`
	}
}

// mergeRoutes make one conversation of several, and several of one again.
func mergeRoutes(a *API) {
	c := a.Conversations
	route(a, http.MethodPost, "/conversations/{uuid}/merge", "Merge other conversations into this one: whoever asks for them is led here", need(role.ConversationsUpdateStatus),
		func(ctx context.Context, p *agent.Principal, in *mergeInput) (*conversation.Conversation, error) {
			if err := c.Merge(ctx, p, in.UUID, in.Body.UUIDs); err != nil {
				return nil, err
			}
			return c.Get(ctx, p, in.UUID)
		})
	route(a, http.MethodPost, "/conversations/{uuid}/unmerge", "Separate conversations again that were merged into this one", need(role.ConversationsUpdateStatus),
		func(ctx context.Context, p *agent.Principal, in *mergeInput) (*conversation.Conversation, error) {
			if err := c.Unmerge(ctx, p, in.UUID, in.Body.UUIDs); err != nil {
				return nil, err
			}
			return c.Get(ctx, p, in.UUID)
		})
}

// splitRoute makes a conversation of a part of one.
func splitRoute(a *API) {
	c := a.Conversations
	route(a, http.MethodPost, "/conversations/{uuid}/split", "Make a conversation of a message and what came after it", need(role.ConversationsUpdateStatus),
		func(ctx context.Context, p *agent.Principal, in *struct {
			ConversationPath
			Body struct {
				Message string `json:"message,omitempty" doc:"uuid of the first message that goes"`
				Only    bool   `json:"only,omitempty" doc:"Nothing but that message"`
			}
		}) (*conversation.Conversation, error) {
			made, err := c.Split(ctx, p, in.UUID, in.Body.Message, in.Body.Only)
			if err != nil {
				return nil, err
			}
			return c.Get(ctx, p, made)
		})
}

// lifecycleRoutes are what becomes of a conversation beside its statuses: spam, the trash, and the end; and its subject.
func lifecycleRoutes(a *API) {
	c := a.Conversations
	route(a, http.MethodPatch, "/conversations/{uuid}", "Change the subject", need(role.ConversationsUpdateStatus),
		func(ctx context.Context, p *agent.Principal, in *struct {
			ConversationPath
			Body struct {
				Subject string `json:"subject,omitempty"`
			}
		}) (done, error) {
			return true, c.SetSubject(ctx, p, in.UUID, in.Body.Subject)
		})
	route(a, http.MethodPut, "/conversations/{uuid}/spam", "Mark as spam", need(role.ConversationsUpdateStatus),
		func(ctx context.Context, p *agent.Principal, in *struct {
			ConversationPath
			Body *struct {
				Block bool `json:"block,omitempty" doc:"Block the contact, too; needs contacts:block"`
			}
		}) (done, error) {
			return true, c.MarkSpam(ctx, p, in.UUID, in.Body != nil && in.Body.Block)
		})
	route(a, http.MethodPut, "/conversations/{uuid}/trash", "Move to the trash", need(role.ConversationsUpdateStatus),
		func(ctx context.Context, p *agent.Principal, in *ConversationPath) (done, error) {
			return true, c.MoveToTrash(ctx, p, in.UUID)
		})
	route(a, http.MethodPut, "/conversations/{uuid}/restore", "Take out of spam or trash", need(role.ConversationsUpdateStatus),
		func(ctx context.Context, p *agent.Principal, in *ConversationPath) (done, error) {
			return true, c.Restore(ctx, p, in.UUID)
		})
	route(a, http.MethodDelete, "/conversations/{uuid}", "Delete a conversation in the trash for good", need(role.ConversationsDelete),
		func(ctx context.Context, p *agent.Principal, in *ConversationPath) (done, error) {
			return true, c.Purge(ctx, p, in.UUID)
		})
}
