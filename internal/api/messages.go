package api

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/conversation"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/flow/search"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

type messagePath struct {
	Conversation string `path:"uuid" doc:"The conversation's uuid"`
	Message      string `path:"message" doc:"The message's uuid"`
}

type sendBody struct {
	Message     string                 `json:"message,omitempty" doc:"HTML"`
	SenderType  string                 `json:"sender_type,omitempty" doc:"agent or contact"`
	Private     bool                   `json:"private,omitempty"`
	To          []string               `json:"to,omitempty" nullable:"true"`
	CC          []string               `json:"cc,omitempty" nullable:"true"`
	BCC         []string               `json:"bcc,omitempty" nullable:"true"`
	Attachments []int64                `json:"attachments,omitempty" nullable:"true"`
	Mentions    []conversation.Mention `json:"mentions,omitempty" nullable:"true"`
	EchoID      string                 `json:"echo_id,omitempty" doc:"Chosen by the client; a repeated reply with the same echo_id is stored once"`
	SeenMessage string                 `json:"seen_message,omitempty" doc:"uuid of the newest public message that the writer of a reply knew: if others have written since, nothing is stored and the answer is 409 with their messages as data"`
	SeenHeld    []string               `json:"seen_held,omitempty" nullable:"true" doc:"uuids of replies that others hold and the writer knew: they are no reason for 409"`
	Status      string                 `json:"status,omitempty" doc:"Name of the status that the conversation gets when the message is stored; not Snoozed"`
	Undoable    bool                   `json:"undoable,omitempty" doc:"Hold a reply by mail for the undo_send_seconds of the caller's preferences: the answer's held says until when"`
	SendAt      string                 `json:"send_at,omitempty" doc:"When a reply leaves (RFC 3339), at most a year ahead; at once when left out"`
	Unanswered  bool                   `json:"unless_answered,omitempty" doc:"With send_at: if others write before, it does not leave and is stopped for its writer to decide"`
	Subject     string                 `json:"subject,omitempty" doc:"Subject of a reply's mail; the conversation's when left out"`
	Signature   *bool                  `json:"signature,omitempty" nullable:"true" doc:"false sends a reply by mail without the signatures of the agent and of the inbox"`
	Forward     *conversation.Forward  `json:"forward,omitempty" doc:"A public message that this reply passes on to somebody else, below its own text: it answers nobody, so that no clock stops"`
}

// send is what the body asks for; undo returns for how long the caller wants to be able to undo.
func (b sendBody) send(undo func() (time.Duration, error)) (out conversation.Send, err error) {
	out = conversation.Send{Message: b.Message, SenderType: b.SenderType, Private: b.Private, To: b.To, CC: b.CC, BCC: b.BCC,
		Attachments: b.Attachments, Mentions: b.Mentions, EchoID: b.EchoID, SeenMessage: b.SeenMessage, Subject: b.Subject, Forward: b.Forward,
		SeenHeld: b.SeenHeld, Status: b.Status, UnlessAnswered: b.Unanswered, Unsigned: b.Signature != nil && !*b.Signature}
	if b.SendAt != "" {
		at, err := sendTime(b.SendAt)
		out.SendAt = &at
		return out, err
	}
	if b.Undoable {
		out.Hold, err = undo()
	}
	return out, err
}

func sendTime(text string) (db.Time, error) {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return db.Time{}, fault.Field("send_at", "error.send_at")
	}
	return db.At(at), nil
}

type deletedMessage struct {
	Content string `json:"content"`
}

func messageRoutes(a *API) {
	c := a.Conversations
	route(a, http.MethodGet, "/conversations/{uuid}/messages", "Messages of a conversation, newest first", need(role.MessagesRead),
		func(ctx context.Context, p *agent.Principal, in *struct {
			ConversationPath
			Paging
			Private string   `query:"private" doc:"true or false; both when absent"`
			Types   []string `query:"type,explode" doc:"incoming, outgoing or activity; may be repeated"`
			Files   string   `query:"attachments" doc:"true for messages with attachments only"`
			Before  string   `query:"before" doc:"Only messages older than this uuid"`
			After   string   `query:"after" doc:"Only messages newer than this uuid"`
			Around  string   `query:"around" doc:"The page in the middle of which this uuid is"`
		}) (*conversation.Page[conversation.Message], error) {
			page, size := in.values()
			q := conversation.MessageQuery{Page: page, PageSize: size, Types: in.Types, Before: in.Before, After: in.After, Around: in.Around}
			q.Attachments, _ = strconv.ParseBool(in.Files)
			if in.Private != "" {
				private, err := strconv.ParseBool(in.Private)
				private = private && err == nil
				q.Private = &private
			}
			return c.Messages(ctx, p, in.UUID, q)
		})
	route(a, http.MethodGet, "/conversations/{uuid}/messages/find", "Messages of a conversation with some words, newest first", need(role.MessagesRead),
		func(ctx context.Context, p *agent.Principal, in *struct {
			ConversationPath
			Query string `query:"query" doc:"Words, or how they begin; those of names of attachments count"`
		}) (*search.Thread, error) {
			id, err := c.ConversationIDOf(ctx, p, in.UUID)
			if err != nil {
				return nil, err
			}
			return a.Deps.Search.InConversation(ctx, id, in.Query)
		})
	route(a, http.MethodGet, "/conversations/{uuid}/messages/{message}", "One message", need(role.MessagesRead),
		func(ctx context.Context, p *agent.Principal, in *messagePath) (*conversation.Message, error) {
			return c.Message(ctx, p, in.Conversation, in.Message)
		})
	route(a, http.MethodPost, "/conversations/{uuid}/messages", "Send a reply or a private note", need(role.MessagesWrite),
		func(ctx context.Context, p *agent.Principal, in *struct {
			ConversationPath
			Body sendBody
		}) (*conversation.Message, error) {
			send, err := in.Body.send(func() (time.Duration, error) {
				habits, err := a.Agents.HabitsOf(ctx, p.ID)
				return time.Duration(habits.UndoSendSeconds) * time.Second, err
			})
			if err != nil {
				return nil, err
			}
			return c.SendMessage(ctx, p, in.UUID, send)
		})
	route(a, http.MethodPut, "/conversations/{uuid}/messages/{message}/retry", "Send a failed reply again", need(role.MessagesWrite),
		func(ctx context.Context, p *agent.Principal, in *messagePath) (done, error) {
			return true, c.Retry(ctx, p, in.Conversation, in.Message)
		})
	route(a, http.MethodPut, "/conversations/{uuid}/messages/{message}/restore", "Take the deleting of a private note back, for some seconds", need(role.MessagesWrite),
		func(ctx context.Context, p *agent.Principal, in *messagePath) (*conversation.Message, error) {
			return c.RestoreNote(ctx, p, in.Conversation, in.Message)
		})
	route(a, http.MethodDelete, "/conversations/{uuid}/messages/{message}", "Delete a private note", need(role.MessagesWrite),
		func(ctx context.Context, p *agent.Principal, in *messagePath) (deletedMessage, error) {
			text, err := c.DeleteNote(ctx, p, in.Conversation, in.Message)
			return deletedMessage{Content: text}, err
		})
}
