package api

import (
	"context"
	"net/http"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/conversation"
	"github.com/foyerdesk/foyer/internal/desk/role"
)

// HeldPath names a held reply.
type HeldPath struct {
	Conversation string `path:"uuid" doc:"The conversation's uuid"`
	Message      string `path:"held" doc:"The uuid that the message will have"`
}

// heldRoutes are those of replies that have not left yet: to be undone, or scheduled.
func heldRoutes(a *API) {
	c := a.Conversations
	const path = "/conversations/{uuid}/held"
	route(a, http.MethodGet, path, "Replies of a conversation that have not left yet, the next first", need(role.MessagesRead),
		func(ctx context.Context, p *agent.Principal, in *ConversationPath) ([]conversation.Message, error) {
			return c.HeldReplies(ctx, p, in.UUID)
		})
	route(a, http.MethodPut, path+"/{held}", "Move one's own held reply to another time", need(role.MessagesWrite),
		func(ctx context.Context, p *agent.Principal, in *struct {
			HeldPath
			Body struct {
				SendAt string `json:"send_at,omitempty" doc:"RFC 3339, at most a year ahead"`
			}
		}) (*conversation.Message, error) {
			at, err := sendTime(in.Body.SendAt)
			if err != nil {
				return nil, err
			}
			return c.MoveHeld(ctx, p, in.Conversation, in.Message, at)
		})
	route(a, http.MethodPost, path+"/{held}/send", "Send one's own held reply now", need(role.MessagesWrite),
		func(ctx context.Context, p *agent.Principal, in *HeldPath) (*conversation.Message, error) {
			return c.SendHeld(ctx, p, in.Conversation, in.Message)
		})
	route(a, http.MethodDelete, path+"/{held}", "Take a held reply back: it becomes its writer's draft, which is the answer if that is the caller", need(role.MessagesWrite),
		func(ctx context.Context, p *agent.Principal, in *HeldPath) (*conversation.Draft, error) {
			return c.Withdraw(ctx, p, in.Conversation, in.Message)
		})
}
