package live

import (
	"context"
	"slices"
	"time"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/bulk"
	"github.com/foyerdesk/foyer/internal/desk/contact"
	"github.com/foyerdesk/foyer/internal/desk/conversation"
	"github.com/foyerdesk/foyer/internal/desk/event"
)

// frame is what travels to a client. ID is the event it was made from; clients of the reference do not know it and
// pass over it.
type frame struct {
	Type string `json:"type"`
	Data any    `json:"data"`
	ID   int64  `json:"id,omitempty"`
}

// addressed is a frame with who may get it: those for whom visible holds and, if subscribed is set, only connections
// that follow that conversation; if among is set, those that follow one of these conversations and may read it.
type addressed struct {
	frame
	subscribed string
	among      []conversation.Place
	visible    func(p *agent.Principal) bool
}

// reaches reports whether a connection follows what the frame is about.
func (f addressed) reaches(c *conn, p *agent.Principal) bool {
	if f.among == nil {
		return f.subscribed == "" || c.follows(f.subscribed)
	}
	for _, at := range f.among {
		if c.follows(at.UUID) && conversation.CanRead(p, at.AssignedUserID, at.AssignedTeamID) {
			return true
		}
	}
	return false
}

type newMessage struct {
	ConversationUUID string                 `json:"conversation_uuid"`
	UUID             string                 `json:"uuid"`
	Type             string                 `json:"type"`
	Private          bool                   `json:"private"`
	Preview          string                 `json:"preview"`
	CreatedAt        string                 `json:"created_at"`
	SenderType       string                 `json:"sender_type"`
	EchoID           string                 `json:"echo_id,omitempty"`
	Silent           bool                   `json:"silent,omitempty"`
	Conversation     *conversation.ListItem `json:"conversation"`
}

// rows reads the conversations that frames of these events show, by id.
func (h *Hub) rows(ctx context.Context, events []event.Event) map[int64]*conversation.ListItem {
	var ids []int64
	for _, e := range events {
		if e.ConversationID != nil && !slices.Contains(ids, *e.ConversationID) {
			ids = append(ids, *e.ConversationID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	rows, err := h.Conversations.Rows(ctx, ids)
	if err != nil {
		h.Log.Warn("could not read the conversations of events", "first", events[0].ID, "last", events[len(events)-1].ID, "error", err)
	}
	return rows
}

// frames makes the frames of an event; none when nobody needs to hear of it. rows has its conversation, unless that is deleted.
func (h *Hub) frames(ctx context.Context, e event.Event, rows map[int64]*conversation.ListItem) []addressed {
	everyone := func(*agent.Principal) bool { return true }
	switch {
	case e.Type == event.AgentAvailability:
		return []addressed{{frame: frame{"agent_availability_update", e.Payload, e.ID}, visible: everyone}}
	case e.Type == event.ReferenceChanged: // Foyer's addition
		return []addressed{{frame: frame{"reference_update", e.Payload, e.ID}, visible: everyone}}
	case e.Type == event.BulkProgress:
		return progress(e)
	case e.Type == event.ContactUpdated:
		return h.contactUpdated(ctx, e)
	case e.Type == event.NotificationCreated, e.Type == event.NotificationsChanged:
		return h.notified(ctx, e)
	case e.ConversationID == nil, e.Type == event.MessageMentioned:
		return nil
	}
	if e.Type == event.ConversationDeleted {
		return deleted(e)
	}
	row := rows[*e.ConversationID]
	if row == nil {
		return nil
	}
	reader := func(p *agent.Principal) bool { return conversation.CanRead(p, row.AssignedUserID, row.AssignedTeamID) }
	switch e.Type {
	case event.MessageCreated:
		m, err := event.Payload[conversation.MessageCreatedPayload](e)
		if err != nil || m.Repeats {
			return nil
		}
		return []addressed{{visible: reader, frame: frame{"new_message", newMessage{
			ConversationUUID: m.ConversationUUID, UUID: m.UUID, Type: m.Type, Private: m.Private, Preview: m.Preview,
			CreatedAt: m.CreatedAt.UTC().Format(time.RFC3339), SenderType: m.SenderType, EchoID: m.EchoID, Silent: m.Silent, Conversation: row,
		}, e.ID}}}
	case event.ConversationCreated:
		return []addressed{{visible: reader, frame: frame{"new_conversation", row, e.ID}}}
	case event.ConversationAssigned:
		return []addressed{h.assigned(e, row, reader)}
	case event.MessageUpdated:
		var m conversation.MessageUpdatedPayload
		if err := e.Payload.Decode(&m); err != nil {
			return nil
		}
		data := map[string]any{"conversation_uuid": m.ConversationUUID, "uuid": m.UUID}
		for k, v := range m.Set {
			data[k] = v
		}
		return []addressed{{visible: reader, subscribed: m.ConversationUUID, frame: frame{"message_update", data, e.ID}}}
	case event.MessageHeld: // Foyer's addition
		var m conversation.HeldPayload
		if err := e.Payload.Decode(&m); err != nil {
			return nil
		}
		return []addressed{{visible: reader, subscribed: m.ConversationUUID, frame: frame{"held_update", m, e.ID}}}
	default:
		return h.updated(ctx, e, row, reader)
	}
}

// deleted tells those who could read a conversation that it is gone for good (frame conversation_deleted, Foyer's addition).
func deleted(e event.Event) []addressed {
	var was conversation.DeletedPayload
	if err := e.Payload.Decode(&was); err != nil {
		return nil
	}
	return []addressed{{frame: frame{"conversation_deleted", map[string]string{"uuid": was.ConversationUUID}, e.ID},
		visible: func(p *agent.Principal) bool { return conversation.CanRead(p, was.AssignedUserID, was.AssignedTeamID) }}}
}

// progress tells whoever began a change of many how far it is (frame bulk_progress, Foyer's addition).
func progress(e event.Event) []addressed {
	var p bulk.Progress
	if err := e.Payload.Decode(&p); err != nil {
		return nil
	}
	return []addressed{{frame: frame{"bulk_progress", p.Job, e.ID}, visible: func(who *agent.Principal) bool { return who.ID == p.UserID }}}
}

// assigned goes to those who may read the conversation now and to those who could before, so that it leaves their lists.
func (h *Hub) assigned(e event.Event, row *conversation.ListItem, reader func(*agent.Principal) bool) addressed {
	var payload struct {
		Was struct {
			User *int64 `json:"assigned_user_id"`
			Team *int64 `json:"assigned_team_id"`
		} `json:"was"`
	}
	_ = e.Payload.Decode(&payload)
	return addressed{frame: frame{"new_conversation", row, e.ID}, visible: func(p *agent.Principal) bool {
		return reader(p) || conversation.CanRead(p, payload.Was.User, payload.Was.Team)
	}}
}

// updated tells followers the changed fields. Agents who do not follow the conversation get its row when it may have moved
// between their lists (frame conversation_row, Foyer's addition).
func (h *Hub) updated(ctx context.Context, e event.Event, row *conversation.ListItem, reader func(*agent.Principal) bool) []addressed {
	var c conversation.ChangedPayload
	if err := e.Payload.Decode(&c); err != nil {
		return nil
	}
	data := map[string]any{"uuid": c.ConversationUUID}
	for k, v := range c.Set {
		data[k] = v
	}
	if _, moved := c.Set["contact_id"]; moved { // to another contact, who is not in the log
		if shown, err := h.Contacts.Shown(ctx, row.ContactID); err == nil && shown != nil {
			data["contact"] = shown
		}
	}
	out := []addressed{{visible: reader, subscribed: c.ConversationUUID, frame: frame{"conversation_update", data, e.ID}}}
	if moves(e.Type, c.Set) {
		out = append(out, addressed{visible: reader, frame: frame{"conversation_row", row, e.ID}})
	}
	return out
}

// moves reports whether a change is of something that lists and views are made or sorted by. That a contact waits is said
// by the message that they wait with.
func moves(kind event.Type, set map[string]any) bool {
	switch kind {
	case event.ConversationStatus, event.ConversationPriority, event.ConversationTags:
		return true
	}
	for _, field := range []string{"custom_attributes", "subject", "contact_id", "merged_from", "messages_moved"} {
		if _, ok := set[field]; ok {
			return true
		}
	}
	since, ok := set["waiting_since"]
	return ok && since == nil
}

// contactUpdated tells those who follow one of the contact's newest conversations what changed, as it is now.
func (h *Hub) contactUpdated(ctx context.Context, e event.Event) []addressed {
	var c contact.ChangedPayload
	if err := e.Payload.Decode(&c); err != nil {
		return nil
	}
	set, err := h.Contacts.Changed(ctx, c)
	if err != nil || set == nil {
		return nil
	}
	among, err := h.Conversations.PlacesOf(ctx, c.ContactID)
	if err != nil || len(among) == 0 {
		return nil
	}
	reader := func(p *agent.Principal) bool {
		return slices.ContainsFunc(among, func(at conversation.Place) bool { return conversation.CanRead(p, at.AssignedUserID, at.AssignedTeamID) })
	}
	return []addressed{{visible: reader, among: among, frame: frame{"contact_update", set, e.ID}}}
}
