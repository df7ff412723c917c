package api

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/conversation"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// Paging are the query parameters of every paginated list. They are read as text, because what is not a number means
// the default rather than an error.
type Paging struct {
	Page     string `query:"page" doc:"Page number, from 1"`
	PageSize string `query:"page_size" doc:"Results a page, 30 unless given, at most 500"`
}

const (
	defaultPageSize = 30
	maxPageSize     = 500
)

func (p Paging) values() (page, size int) {
	return positiveOr(p.Page, 1), min(positiveOr(p.PageSize, defaultPageSize), maxPageSize)
}

// positiveOr reads a number from 1; anything else is the default. A huge one is read as one whose page of the largest size
// still begins within 32 bits, as which PostgreSQL reads an offset.
func positiveOr(s string, def int) int {
	const huge = 4_000_000
	n := 0
	for _, c := range strings.TrimSpace(s) {
		if c < '0' || c > '9' {
			return def
		}
		n = min(n*10+int(c-'0'), huge)
	}
	if n < 1 {
		return def
	}
	return n
}

// ListInput are the query parameters of a list that can be filtered and sorted.
type ListInput struct {
	Paging
	Filters string `query:"filters" doc:"Filter as JSON: a list of conditions, or groups with logic and rules"`
	OrderBy string `query:"order_by" doc:"model.field to sort by"`
	Order   string `query:"order" doc:"asc or desc"`
	Cursor  string `query:"cursor" doc:"next_cursor of the page before, instead of page"`
}

func (in ListInput) query(scope conversation.Scope, id int64) conversation.ListQuery {
	page, size := in.values()
	return conversation.ListQuery{Scope: scope, TeamID: id, Page: page, PageSize: size, Filters: in.Filters,
		OrderBy: in.OrderBy, Order: in.Order, Cursor: in.Cursor}
}

// ConversationPath is the path of a conversation. Like all that is embedded in an input it is exported: huma skips
// embedded fields whose type is not.
type ConversationPath struct {
	UUID string `path:"uuid" doc:"The conversation's uuid"`
}

type conversationPage = *conversation.Page[conversation.ListItem]

// Conversations registers the routes of conversations and their messages.
func Conversations(a *API) {
	c := a.Conversations
	for _, l := range []struct {
		path, summary string
		perm          role.Permission
		scope         conversation.Scope
	}{
		{"/conversations/all", "All conversations", role.ConversationsReadAll, conversation.All},
		{"/conversations/unassigned", "Conversations without agent and team", role.ConversationsReadUnassigned, conversation.Unassigned},
		{"/conversations/assigned", "Conversations assigned to the caller", role.ConversationsReadAssigned, conversation.Assigned},
		{"/conversations/spam", "Conversations marked as spam", role.ConversationsRead, conversation.InSpam},
		{"/conversations/trash", "Conversations in the trash", role.ConversationsRead, conversation.InTrash},
		{"/conversations/mentioned", "Conversations in which the caller is mentioned", role.ConversationsRead, conversation.Mentioned},
	} {
		route(a, http.MethodGet, l.path, l.summary, need(l.perm), func(ctx context.Context, p *agent.Principal, in *ListInput) (conversationPage, error) {
			return c.List(ctx, p, in.query(l.scope, 0))
		})
	}
	route(a, http.MethodGet, "/teams/{id}/conversations/unassigned", "A team's inbox: conversations of the team without agent",
		need(role.ConversationsReadTeamInbox), func(ctx context.Context, p *agent.Principal, in *struct {
			ListInput
			ID string `path:"id"`
		}) (conversationPage, error) {
			id, err := pathID(in.ID)
			if err != nil {
				return nil, err
			}
			return c.List(ctx, p, in.query(conversation.TeamInbox, id))
		})
	route(a, http.MethodGet, "/conversations/counts", "Open conversations in each of the caller's lists", anyone,
		func(ctx context.Context, p *agent.Principal, _ *struct{}) (conversation.Counts, error) {
			return c.Counts(ctx, p)
		})
	route(a, http.MethodGet, "/conversations/{uuid}", "One conversation", need(role.ConversationsRead),
		func(ctx context.Context, p *agent.Principal, in *ConversationPath) (*conversation.Conversation, error) {
			return c.Get(ctx, p, in.UUID)
		})
	route(a, http.MethodGet, "/conversations/{uuid}/participants", "Who wrote in a conversation", need(role.ConversationsRead),
		func(ctx context.Context, p *agent.Principal, in *ConversationPath) ([]conversation.Participant, error) {
			return c.Participants(ctx, p, in.UUID)
		})
	route(a, http.MethodPut, "/conversations/{uuid}/last-seen", "Mark a conversation as read up to now", need(role.ConversationsRead),
		func(ctx context.Context, p *agent.Principal, in *ConversationPath) (done, error) {
			return true, c.MarkSeen(ctx, p, in.UUID)
		})
	route(a, http.MethodPut, "/conversations/{uuid}/mark-unread", "Mark a conversation as unread", need(role.ConversationsRead),
		func(ctx context.Context, p *agent.Principal, in *ConversationPath) (done, error) {
			return true, c.MarkUnread(ctx, p, in.UUID)
		})
	route(a, http.MethodPost, "/conversations", "Open a conversation", need(role.ConversationsWrite),
		func(ctx context.Context, p *agent.Principal, in *struct{ Body createBody }) (*conversation.Conversation, error) {
			return c.Create(ctx, p, in.Body.command())
		})
	conversationChanges(a)
	lifecycleRoutes(a)
	mergeRoutes(a)
	splitRoute(a)
	messageRoutes(a)
	sourceRoutes(a)
	recordRoutes(a)
	heldRoutes(a)
}

type createBody struct {
	InboxID          int64                      `json:"inbox_id,omitempty"`
	Content          string                     `json:"content,omitempty"`
	ContactEmail     string                     `json:"contact_email,omitempty"`
	FirstName        string                     `json:"first_name,omitempty"`
	LastName         string                     `json:"last_name,omitempty"`
	ExternalUserID   string                     `json:"external_user_id,omitempty"`
	Subject          string                     `json:"subject,omitempty"`
	Initiator        string                     `json:"initiator,omitempty"`
	AgentID          *int64                     `json:"agent_id,omitempty"`
	TeamID           *int64                     `json:"team_id,omitempty"`
	Attachments      []int64                    `json:"attachments,omitempty"`
	Tags             []string                   `json:"tags,omitempty"`
	CustomAttributes map[string]json.RawMessage `json:"custom_attributes,omitempty" doc:"Keys without a definition are dropped"`
}

func (b createBody) command() conversation.Create {
	return conversation.Create{InboxID: b.InboxID, Content: b.Content, ContactEmail: b.ContactEmail, FirstName: b.FirstName,
		LastName: b.LastName, ExternalUserID: b.ExternalUserID, Subject: b.Subject, Initiator: b.Initiator, AgentID: value(b.AgentID),
		TeamID: value(b.TeamID), Attachments: b.Attachments, Tags: b.Tags, CustomAttributes: b.CustomAttributes}
}

func value(n *int64) int64 {
	if n == nil {
		return 0
	}
	return *n
}

type assigneeInput struct {
	ConversationPath
	Body struct {
		AssigneeID *int64 `json:"assignee_id,omitempty"`
	}
}

func conversationChanges(a *API) {
	c := a.Conversations
	for _, who := range []struct {
		path, name string
		perm       role.Permission
		assign     func(ctx context.Context, p *agent.Principal, id string, assignee *int64) error
	}{
		{"user", "agent", role.ConversationsUpdateUserAssignee, c.AssignAgent},
		{"team", "team", role.ConversationsUpdateTeamAssignee, c.AssignTeam},
	} {
		route(a, http.MethodPut, "/conversations/{uuid}/assignee/"+who.path, "Assign to the "+who.name+" with an id", need(who.perm),
			func(ctx context.Context, p *agent.Principal, in *assigneeInput) (done, error) {
				assignee := value(in.Body.AssigneeID)
				return true, who.assign(ctx, p, in.UUID, &assignee)
			})
		route(a, http.MethodPut, "/conversations/{uuid}/assignee/"+who.path+"/remove", "Remove the assigned "+who.name, need(who.perm),
			func(ctx context.Context, p *agent.Principal, in *ConversationPath) (done, error) {
				return true, who.assign(ctx, p, in.UUID, nil)
			})
	}
	route(a, http.MethodPut, "/conversations/{uuid}/priority", "Set the priority by name", need(role.ConversationsUpdatePriority),
		func(ctx context.Context, p *agent.Principal, in *struct {
			ConversationPath
			Body struct {
				Priority string `json:"priority,omitempty"`
			}
		}) (done, error) {
			return true, c.SetPriority(ctx, p, in.UUID, in.Body.Priority)
		})
	route(a, http.MethodPut, "/conversations/{uuid}/priority/remove", "Leave it without a priority", need(role.ConversationsUpdatePriority),
		func(ctx context.Context, p *agent.Principal, in *ConversationPath) (done, error) {
			return true, c.RemovePriority(ctx, p, in.UUID)
		})
	route(a, http.MethodPut, "/conversations/{uuid}/status", "Set the status by name", need(role.ConversationsUpdateStatus),
		func(ctx context.Context, p *agent.Principal, in *struct {
			ConversationPath
			Body struct {
				Status       string `json:"status,omitempty"`
				SnoozedUntil string `json:"snoozed_until,omitempty" doc:"For Snoozed: a duration such as 90m, or an RFC 3339 time"`
			}
		}) (done, error) {
			until, err := snoozeTime(in.Body.Status, in.Body.SnoozedUntil)
			if err != nil {
				return false, err
			}
			return true, c.SetStatus(ctx, p, in.UUID, in.Body.Status, until)
		})
	route(a, http.MethodPost, "/conversations/{uuid}/tags", "Set, add or remove tags by name", need(role.ConversationsUpdateTags),
		func(ctx context.Context, p *agent.Principal, in *struct {
			ConversationPath
			Body struct {
				Tags   []string `json:"tags,omitempty"`
				Action string   `json:"action,omitempty" doc:"set_tags, add_tags or remove_tags"`
			}
		}) (done, error) {
			return true, c.SetTags(ctx, p, in.UUID, in.Body.Action, in.Body.Tags)
		})
}

// snoozeTime reads when a conversation is to wake up: a duration from now, or a time.
func snoozeTime(status, s string) (*db.Time, error) {
	if status != conversation.Snoozed {
		return nil, nil
	}
	if d, err := time.ParseDuration(s); err == nil && d > 0 && d < 10*365*24*time.Hour {
		return db.At(time.Now().Add(d)).Ptr(), nil
	}
	if t, err := time.Parse(time.RFC3339, s); err == nil && t.Year() < 2200 {
		return db.At(t).Ptr(), nil
	}
	return nil, fault.Field("snoozed_until", "error.snooze_invalid")
}

// pathID reads a numeric id of a path; anything but a positive number is an Invalid error.
func pathID(s string) (int64, error) {
	var n int64
	for _, c := range s {
		if c < '0' || c > '9' || n > 1<<53 {
			return 0, fault.Field("id", "error.id_invalid")
		}
		n = n*10 + int64(c-'0')
	}
	if n < 1 {
		return 0, fault.Field("id", "error.id_invalid")
	}
	return n, nil
}
