package api

import (
	"context"
	"net/http"
	"strconv"

	"github.com/foyerdesk/foyer/internal/channel/email"
	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/conversation"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// OutboxPath names a reply in the outbox.
type OutboxPath struct {
	Message string `path:"message" doc:"The message's uuid"`
}

type outboxInput struct {
	Inbox    string `query:"inbox" doc:"An inbox's id; all unless given"`
	State    string `query:"state" doc:"queued, sending, delayed, failed, bounced, cancelled or sent; all unless given"`
	Before   string `query:"before" doc:"The next of the page before"`
	PageSize string `query:"page_size" doc:"Replies a page, 30 unless given, at most 100"`
}

// resendBody is who a reply goes to; without any it goes to whom it was to go.
type resendBody struct {
	To  []string `json:"to,omitempty" nullable:"true"`
	CC  []string `json:"cc,omitempty" nullable:"true"`
	BCC []string `json:"bcc,omitempty" nullable:"true"`
}

// resentReplies is what became of replies that were to be sent again.
type resentReplies struct {
	Results []resentReply `json:"results"`
	More    bool          `json:"more" doc:"There are more that failed"`
}

type resentReply struct {
	Message string `json:"message_uuid"`
	Queued  bool   `json:"queued"`
	Why     string `json:"message" doc:"Why it is not sent again"`
}

func (b resendBody) addressees() *conversation.Addressees {
	if b.To == nil && b.CC == nil && b.BCC == nil {
		return nil
	}
	return &conversation.Addressees{To: b.To, CC: b.CC, BCC: b.BCC}
}

// Outbox registers the routes of mail on its way out.
func Outbox(a *API) {
	manage, write := need(role.InboxesManage), need(role.MessagesWrite)
	route(a, http.MethodGet, "/outbox", "Replies by mail that left or are to leave, the newest first", manage,
		func(ctx context.Context, _ *agent.Principal, in *outboxInput) (page email.OutboxPage, err error) {
			q := email.OutboxQuery{State: in.State, Size: min(positiveOr(in.PageSize, defaultPageSize), 100)}
			if q.InboxID, err = optionalID("inbox", in.Inbox); err != nil {
				return page, err
			}
			if q.Before, err = optionalID("before", in.Before); err != nil {
				return page, err
			}
			return a.Mail.Outbox(ctx, q)
		})
	route(a, http.MethodGet, "/outbox/counts", "How many replies by mail are in each state but sent; counting ends at 1000", manage,
		func(ctx context.Context, _ *agent.Principal, in *struct {
			Inbox string `query:"inbox" doc:"An inbox's id; all unless given"`
		}) (map[string]int64, error) {
			inbox, err := optionalID("inbox", in.Inbox)
			if err != nil {
				return nil, err
			}
			return a.Mail.CountOutbox(ctx, inbox)
		})
	route(a, http.MethodPut, "/outbox/{message}/resend", "Send a reply again that failed, bounced or was taken back, or try a delayed one now", manage,
		func(ctx context.Context, p *agent.Principal, in *struct {
			OutboxPath
			Body resendBody
		}) (done, error) {
			return true, a.Mail.Resend(ctx, p, in.Message, in.Body.addressees())
		})
	route(a, http.MethodPost, "/outbox/resend", "Send all replies again that failed, at most 200 at once", manage,
		func(ctx context.Context, p *agent.Principal, in *struct {
			Body struct {
				Inbox int64 `json:"inbox_id,omitempty" doc:"Of one inbox; of all when left out"`
			}
		}) (out resentReplies, err error) {
			list, more, err := a.Mail.ResendFailed(ctx, p, in.Body.Inbox)
			out = resentReplies{Results: []resentReply{}, More: more}
			for _, one := range list {
				row := resentReply{Message: one.Message, Queued: one.Refused == nil}
				if one.Refused != nil {
					row.Why = a.say(ctx, one.Refused.Key, one.Refused.Params)
				}
				out.Results = append(out.Results, row)
			}
			return out, err
		})
	route(a, http.MethodPut, "/outbox/{message}/cancel", "Take back a reply that has not left", manage,
		func(ctx context.Context, p *agent.Principal, in *OutboxPath) (done, error) {
			return true, a.Mail.Cancel(ctx, p, in.Message)
		})
	const of = "/conversations/{uuid}/messages/{message}"
	route(a, http.MethodPut, of+"/resend", "Send a reply again, also to other recipients; its author may, and who manages users or inboxes", write,
		func(ctx context.Context, p *agent.Principal, in *struct {
			ConversationPath
			OutboxPath
			Body resendBody
		}) (done, error) {
			if _, err := a.Conversations.MessageID(ctx, p, in.UUID, in.Message); err != nil {
				return false, err
			}
			return true, a.Mail.Resend(ctx, p, in.Message, in.Body.addressees())
		})
	route(a, http.MethodPut, of+"/cancel", "Take back a reply that has not left; its author may, and who manages users or inboxes", write,
		func(ctx context.Context, p *agent.Principal, in *messagePath) (done, error) {
			if _, err := a.Conversations.MessageID(ctx, p, in.Conversation, in.Message); err != nil {
				return false, err
			}
			return true, a.Mail.Cancel(ctx, p, in.Message)
		})
	route(a, http.MethodPut, "/inboxes/{id}/pace", "Say how many replies an inbox may send in a minute; 0 for any number", manage,
		func(ctx context.Context, _ *agent.Principal, in *struct {
			InboxPath
			Body struct {
				PerMinute *int64 `json:"per_minute,omitempty" nullable:"true"`
			}
		}) (done, error) {
			if in.Body.PerMinute == nil {
				return false, fault.Required("per_minute")
			}
			return withID(in.ID, func(id int64) (done, error) { return true, a.Mail.SetPace(ctx, id, *in.Body.PerMinute) })
		})
}

// optionalID reads a number of a query that may be left out, 0 then.
func optionalID(field, text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 1 {
		return 0, fault.Field(field, "error.unknown_value", "value", text)
	}
	return n, nil
}
