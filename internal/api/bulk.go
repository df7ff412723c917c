package api

import (
	"context"
	"net/http"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/bulk"
	"github.com/foyerdesk/foyer/internal/desk/conversation"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// bulkBody is a change of many conversations: which ones, and what is to be done to them.
type bulkBody struct {
	UUIDs  []string    `json:"uuids,omitempty" doc:"At most 1000 conversations; or a list"`
	List   *bulkList   `json:"list,omitempty" doc:"Everything that is in a list at this moment"`
	Action *bulkAction `json:"action,omitempty"`
}

type bulkList struct {
	Scope   string   `json:"scope,omitempty" doc:"all, unassigned, assigned, mentioned, team, view, spam or trash"`
	TeamID  int64    `json:"team_id,omitempty"`
	ViewID  int64    `json:"view_id,omitempty"`
	Filters string   `json:"filters,omitempty" doc:"As of the list itself; a view has its own"`
	Narrow  string   `json:"narrow,omitempty" doc:"Of a view: filters that have to hold besides its own"`
	Exclude []string `json:"exclude,omitempty" doc:"At most 1000 conversations of the list to leave as they are"`
}

type bulkAction struct {
	Type         string   `json:"type,omitempty" doc:"status, snooze, assign_user, assign_team, priority, add_tags, remove_tags, read, unread, spam, trash, restore, resend or delete"`
	Status       string   `json:"status,omitempty"`
	SnoozedUntil string   `json:"snoozed_until,omitempty" doc:"A duration such as 90m, or an RFC 3339 time"`
	AssigneeID   *int64   `json:"assignee_id,omitempty" doc:"Left out to take the assignee away"`
	Priority     string   `json:"priority,omitempty"`
	Tags         []string `json:"tags,omitempty"`
	Block        bool     `json:"block,omitempty" doc:"With spam: block the contacts, too"`
}

var bulkScopes = map[string]conversation.Scope{"all": conversation.All, "unassigned": conversation.Unassigned, "assigned": conversation.Assigned,
	"mentioned": conversation.Mentioned, "team": conversation.TeamInbox, "spam": conversation.InSpam, "trash": conversation.InTrash}

func (b *bulkBody) command(view func(id int64) (conversation.Scope, string, error)) (a conversation.Action, sel bulk.Selection, err error) {
	if b.Action == nil {
		return a, sel, fault.Required("action")
	}
	a = conversation.Action{Type: conversation.ActionType(b.Action.Type), Status: b.Action.Status, Priority: b.Action.Priority,
		Tags: b.Action.Tags, Block: b.Action.Block}
	if id := value(b.Action.AssigneeID); id > 0 {
		a.Assignee = &id
	}
	if a.Type == conversation.ActSnooze {
		if a.Until, err = snoozeTime(conversation.Snoozed, b.Action.SnoozedUntil); err != nil {
			return a, sel, fault.Field("action.snoozed_until", "error.snooze_invalid")
		}
	}
	sel.UUIDs = b.UUIDs
	if b.List != nil && b.List.Scope == "view" {
		list := conversation.ListQuery{Narrow: b.List.Narrow}
		if list.Scope, list.Filters, err = view(b.List.ViewID); err != nil {
			return a, sel, err
		}
		sel.List, sel.Exclude = &list, b.List.Exclude
	} else if b.List != nil {
		scope, known := bulkScopes[b.List.Scope]
		if !known {
			return a, sel, fault.Field("list.scope", "error.unknown_value", "value", b.List.Scope)
		}
		sel.List = &conversation.ListQuery{Scope: scope, TeamID: b.List.TeamID, Filters: b.List.Filters}
		sel.Exclude = b.List.Exclude
	}
	return a, sel, nil
}

// BulkPath is the path of a change of many conversations.
type BulkPath struct {
	ID string `path:"id" doc:"The job's id"`
}

// bulkRow is a row that was refused, and why.
type bulkRow struct {
	bulk.Row
	Message string `json:"message"`
}

// Bulk registers the routes of changes of many conversations at once.
func Bulk(a *API) {
	route(a, http.MethodPost, "/conversations/bulk", "Change many conversations", need(role.ConversationsRead),
		func(ctx context.Context, p *agent.Principal, in *struct{ Body bulkBody }) (*bulk.Job, error) {
			action, sel, err := in.Body.command(func(id int64) (conversation.Scope, string, error) { return a.viewed(ctx, p, id) })
			if err != nil {
				return nil, err
			}
			return a.Bulk.Begin(ctx, p, action, sel)
		})
	route(a, http.MethodGet, "/bulk/{id}", "How far a change of many conversations is", need(role.ConversationsRead),
		func(ctx context.Context, p *agent.Principal, in *BulkPath) (*bulk.Job, error) {
			id, err := pathID(in.ID)
			if err != nil {
				return nil, err
			}
			return a.Bulk.Get(ctx, p, id)
		})
	route(a, http.MethodGet, "/bulk/{id}/refused", "Which conversations were refused, and why", need(role.ConversationsRead),
		func(ctx context.Context, p *agent.Principal, in *struct {
			BulkPath
			Paging
		}) (*conversation.Page[bulkRow], error) {
			id, err := pathID(in.ID)
			if err != nil {
				return nil, err
			}
			return a.refusedRows(ctx, p, id, in.Paging)
		})
	route(a, http.MethodPost, "/bulk/{id}/undo", "Take back a change of many conversations", need(role.ConversationsRead),
		func(ctx context.Context, p *agent.Principal, in *BulkPath) (*bulk.Job, error) {
			id, err := pathID(in.ID)
			if err != nil {
				return nil, err
			}
			return a.Bulk.Undo(ctx, p, id)
		})
}

func (a *API) refusedRows(ctx context.Context, p *agent.Principal, id int64, paging Paging) (*conversation.Page[bulkRow], error) {
	number, size := paging.values()
	rows, total, err := a.Bulk.Rows(ctx, p, id, number, size)
	if err != nil {
		return nil, err
	}
	page := &conversation.Page[bulkRow]{Results: []bulkRow{}, Total: total, PerPage: size, Page: number, TotalPages: (total + int64(size) - 1) / int64(size)}
	for _, r := range rows {
		row := bulkRow{Row: r}
		if r.Why != nil {
			row.Message = a.say(ctx, r.Why.Key, r.Why.Params)
		}
		page.Results = append(page.Results, row)
	}
	return page, nil
}
