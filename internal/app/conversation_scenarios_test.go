package app_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
)

// conversationScenario is one of the acceptance scenarios of conversations. They share a desk; each has its own customer.
type conversationScenario struct {
	title string
	play  func(o *office)
}

// TestConversationScenarios plays the acceptance scenarios of conversations over HTTP. Those of media, contacts and the
// live connection are played where these are tested: internal/api/media_test.go, contacts_test.go and internal/live.
func TestConversationScenarios(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		o := newOffice(t, url)
		for _, s := range slices.Concat(creating, working, writing, finding) {
			t.Run(s.title, func(t *testing.T) { s.play(o.in(t)) })
		}
		if wrong, err := o.app.Conversations.CheckCounts(t.Context()); err != nil || len(wrong) > 0 {
			t.Errorf("counts %v, %v", wrong, err)
		}
	})
}

// in returns the office for a subtest.
func (o *office) in(t *testing.T) *office {
	as := func(c *client) *client { d := *c; d.t = t; return &d }
	d := *o.desk
	d.t, d.admin = t, as(o.admin)
	p := *o
	p.desk, p.ann, p.bob, p.none = &d, as(o.ann), as(o.bob), as(o.none)
	return &p
}

// conv is a conversation, with what the scenarios look at.
type conv struct {
	UUID, Status, Subject string
	ID                    int64
	ReferenceNumber       string  `json:"reference_number"`
	Priority              *string `json:"priority"`
	ContactID             int64   `json:"contact_id"`
	AssignedUserID        *int64  `json:"assigned_user_id"`
	AssignedTeamID        *int64  `json:"assigned_team_id"`
	WaitingSince          *string `json:"waiting_since"`
	SnoozedUntil          *string `json:"snoozed_until"`
	ResolvedAt            *string `json:"resolved_at"`
	ClosedAt              *string `json:"closed_at"`
	FirstReplyAt          *string `json:"first_reply_at"`
	LastMessage           *string `json:"last_message"`
	Tags                  []string
	CustomAttributes      map[string]any `json:"custom_attributes"`
	UnreadMessageCount    int            `json:"unread_message_count"`
	MentionedMessageUUID  *string        `json:"mentioned_message_uuid"`
	Contact               struct {
		Email            *string
		FirstName        string         `json:"first_name"`
		CustomAttributes map[string]any `json:"custom_attributes"`
	}
}

func at(uuid string, more ...string) string {
	return "/api/v1/conversations/" + uuid + strings.Join(more, "")
}

func (o *office) get(uuid string) (c conv) {
	o.t.Helper()
	o.admin.ok(http.MethodGet, at(uuid), nil, &c)
	return c
}

// from opens a conversation of a customer, with more in the request.
func (o *office) from(email string, more map[string]any) (c conv) {
	o.t.Helper()
	body := map[string]any{"inbox_id": o.inbox, "content": "<p>hi</p>", "contact_email": email, "first_name": "Kim", "subject": "Lamp", "initiator": "contact"}
	for k, v := range more {
		body[k] = v
	}
	o.admin.ok(http.MethodPost, "/api/v1/conversations", body, &c)
	return c
}

// events counts what the log says of a conversation.
func (o *office) events(uuid, kind string) int {
	o.t.Helper()
	return o.count(`SELECT count(*) FROM events e JOIN conversations c ON c.id = e.conversation_id WHERE c.uuid = $1 AND e.type = $2`, uuid, kind)
}

// lines are the types of the activity lines of a conversation, the oldest first.
func (o *office) lines(uuid string) (out []string) {
	o.t.Helper()
	var l struct{ Results []message }
	o.admin.ok(http.MethodGet, at(uuid, "/messages?type=activity&page_size=100"), nil, &l)
	for _, m := range slices.Backward(l.Results) {
		out = append(out, fmt.Sprint(m.Meta["activity_type"]))
	}
	return out
}

// listed returns a conversation's row in a list, and whether it is there.
func listed(c *client, path, uuid string) (row conv, found bool) {
	c.t.Helper()
	var l struct{ Results []conv }
	c.ok(http.MethodGet, path, nil, &l)
	for _, r := range l.Results {
		if r.UUID == uuid {
			return r, true
		}
	}
	return conv{}, false
}

func matching(rules string) string {
	return "/api/v1/conversations/all?page_size=500&filters=" + url.QueryEscape(rules)
}

func leaf(field, operator, value string) string {
	return fmt.Sprintf(`{"model":"conversations","field":%q,"operator":%q,"value":%q}`, field, operator, value)
}

var creating = []conversationScenario{
	{"Create as contact", func(o *office) {
		c := o.from(" Create@X.Example ", nil)
		if c.Contact.Email == nil || *c.Contact.Email != "create@x.example" || c.Subject != "Lamp - #"+c.ReferenceNumber || c.Status != "Open" || c.WaitingSince == nil {
			o.t.Errorf("%+v", c)
		}
		if m := o.messages(c.UUID); len(m) != 1 || m[0].Type != "incoming" || m[0].Status != "received" {
			o.t.Errorf("%+v", m)
		}
		if n := o.events(c.UUID, "conversation.created"); n != 1 {
			o.t.Errorf("announced %d times", n)
		}
	}},
	{"Reuse contact", func(o *office) {
		first := o.from("reuse@x.test", map[string]any{"first_name": "Old"})
		second := o.from("Reuse@x.test", map[string]any{"first_name": "New", "last_name": "Name"})
		if second.ContactID != first.ContactID || second.Contact.FirstName != "Old" || o.count(`SELECT count(*) FROM users WHERE email = 'reuse@x.test'`) != 1 {
			o.t.Errorf("%+v", second)
		}
	}},
	{"Create as agent", func(o *office) {
		c := o.from("agent@x.test", map[string]any{"initiator": "agent", "tags": []string{}})
		m := o.messages(c.UUID)
		if c.WaitingSince != nil || len(m) != 1 || m[0].Type != "outgoing" || fmt.Sprint(m[0].Meta["to"]) != "[agent@x.test]" {
			o.t.Errorf("%+v %+v", c, m)
		}
		o.ann.want(403, "PermissionException", http.MethodPost, "/api/v1/conversations", newConversation(o.inbox, "agent@x.test"))
	}},
	{"A refused create leaves nothing", func(o *office) {
		for field, more := range map[string]map[string]any{"inbox_id": {"inbox_id": 999}, "attachments": {"attachments": []int64{999}},
			"agent_id": {"agent_id": 999}, "team_id": {"team_id": 999}, "initiator": {"initiator": "nobody"}, "contact_email": {"contact_email": "x"}} {
			body := newConversation(o.inbox, "refused@x.test")
			for k, v := range more {
				body[k] = v
			}
			if p := o.admin.want(400, "InputException", http.MethodPost, "/api/v1/conversations", body); p.Field != field {
				o.t.Errorf("%v: field %q", more, p.Field)
			}
		}
		if n := o.count(`SELECT count(*) FROM users WHERE email = 'refused@x.test'`); n != 0 {
			o.t.Errorf("%d contacts are left", n)
		}
	}},
	{"Access matrix", func(o *office) {
		var other made
		o.admin.ok(http.MethodPost, "/api/v1/teams", map[string]any{"name": "Matrix", "conversation_assignment_type": "Manual"}, &other)
		role := func(perms ...string) *client {
			name := fmt.Sprint("Matrix ", len(perms))
			o.admin.ok(http.MethodPost, "/api/v1/roles", map[string]any{"name": name, "permissions": append(perms, "conversations:read")}, nil)
			email := fmt.Sprintf("matrix%d@acme.test", len(perms))
			id := o.addAgent(email, name)
			o.admin.ok(http.MethodPut, fmt.Sprintf("/api/v1/agents/%d", id), map[string]any{"first_name": "M", "email": email, "roles": []string{name}, "teams": []string{"Matrix"}, "enabled": true, "availability_status": "offline"}, nil)
			return signIn(o.t, o.app.URL(), email, agentPassword)
		}
		inbox, all := role("conversations:read_team_inbox"), role("conversations:read_team_inbox", "conversations:read_team_all")
		waits, taken, nobodys := o.from("m@x.test", map[string]any{"team_id": other.ID}), o.from("m@x.test", map[string]any{"team_id": other.ID, "agent_id": o.annID}), o.from("m@x.test", nil)
		for uuid, want := range map[string][2]int{waits.UUID: {200, 200}, taken.UUID: {403, 200}, nobodys.UUID: {403, 403}} {
			a, _ := inbox.do(http.MethodGet, at(uuid), nil)
			b, _ := all.do(http.MethodGet, at(uuid), nil)
			if got := [2]int{a, b}; got != want {
				o.t.Errorf("%v, want %v", got, want)
			}
		}
	}},
}

var working = []conversationScenario{
	{"Team assignment", func(o *office) {
		c := o.from("team@x.test", map[string]any{"agent_id": o.annID})
		sock := o.admin.dial("")
		o.admin.ok(http.MethodPut, at(c.UUID, "/assignee/team"), map[string]any{"assignee_id": o.team}, nil)
		sock.next("new_conversation", c.UUID)
		got := o.get(c.UUID)
		if got.AssignedTeamID == nil || *got.AssignedTeamID != o.team || got.AssignedUserID != nil {
			o.t.Errorf("%+v", got)
		}
		lines, before := o.lines(c.UUID), o.events(c.UUID, "conversation.assigned")
		if lines[len(lines)-1] != "assigned_team_change" {
			o.t.Errorf("%v", lines)
		}
		// Repeating it does nothing.
		o.admin.ok(http.MethodPut, at(c.UUID, "/assignee/team"), map[string]any{"assignee_id": o.team}, nil)
		if len(o.lines(c.UUID)) != len(lines) || o.events(c.UUID, "conversation.assigned") != before {
			o.t.Error("a repetition is announced")
		}
		for _, f := range sock.settle() {
			if f.Type == "new_conversation" {
				o.t.Errorf("a frame for nothing: %s", f.Data)
			}
		}
	}},
	{"No-op assignment", func(o *office) {
		c := o.from("noop@x.test", nil)
		o.assign(c.UUID, o.annID)
		lines, events := o.lines(c.UUID), o.events(c.UUID, "conversation.assigned")
		o.assign(c.UUID, o.annID)
		if got := o.lines(c.UUID); len(got) != len(lines) || o.events(c.UUID, "conversation.assigned") != events {
			o.t.Errorf("%v", got)
		}
	}},
	{"Wrong assignees change nothing", func(o *office) {
		c := o.from("wrong@x.test", nil)
		for path, ids := range map[string][]int64{"/assignee/user": {0, 999, c.ContactID}, "/assignee/team": {0, 999}} {
			for _, id := range ids {
				if code, body := o.admin.do(http.MethodPut, at(c.UUID, path), map[string]any{"assignee_id": id}); id != 0 && (code < 400 || code >= 500) {
					o.t.Errorf("%s %d: %d %s", path, id, code, body)
				}
			}
		}
		if got := o.get(c.UUID); got.AssignedUserID != nil || got.AssignedTeamID != nil {
			o.t.Errorf("%+v", got)
		}
		o.admin.want(400, "InputException", http.MethodPut, at(c.UUID, "/priority"), map[string]any{"priority": "Huge"})
		o.admin.want(400, "InputException", http.MethodPut, at(c.UUID, "/status"), map[string]any{"status": "Nowhere"})
		if got := o.get(c.UUID); got.Priority != nil || got.Status != "Open" {
			o.t.Errorf("%+v", got)
		}
	}},
	{"Snooze", func(o *office) {
		c := o.from("snooze@x.test", nil)
		o.admin.ok(http.MethodPut, at(c.UUID, "/status"), map[string]any{"status": "Snoozed", "snoozed_until": "30m"}, nil)
		got := o.get(c.UUID)
		if got.SnoozedUntil == nil {
			o.t.Fatalf("%+v", got)
		}
		if until, err := time.Parse(time.RFC3339, *got.SnoozedUntil); err != nil || time.Until(until) < 28*time.Minute || time.Until(until) > 31*time.Minute {
			o.t.Errorf("%v %v", until, err)
		}
		at9 := time.Now().Add(9 * time.Hour).UTC().Truncate(time.Second)
		o.admin.ok(http.MethodPut, at(c.UUID, "/status"), map[string]any{"status": "Snoozed", "snoozed_until": at9.Format(time.RFC3339)}, nil)
		if got := o.get(c.UUID).SnoozedUntil; got == nil || !strings.HasPrefix(*got, at9.Format("2006-01-02T15:04:05")) {
			o.t.Errorf("until %v", got)
		}
		for _, bad := range []any{"-5m", "tomorrow", "", nil, time.Now().Add(-time.Hour).Format(time.RFC3339)} {
			o.admin.want(400, "InputException", http.MethodPut, at(c.UUID, "/status"), map[string]any{"status": "Snoozed", "snoozed_until": bad})
		}
		o.admin.ok(http.MethodPut, at(c.UUID, "/status"), map[string]any{"status": "Open"}, nil)
		if got := o.get(c.UUID); got.SnoozedUntil != nil || got.Status != "Open" {
			o.t.Errorf("%+v", got)
		}
	}},
	{"Timer unsnooze", func(o *office) {
		c := o.from("timer@x.test", nil)
		o.admin.ok(http.MethodPut, at(c.UUID, "/status"), map[string]any{"status": "Snoozed", "snoozed_until": "1s"}, nil)
		events := o.events(c.UUID, "conversation.status_changed")
		eventually(o.t, "the conversation to wake", func() bool { return o.get(c.UUID).Status == "Open" })
		lines := o.lines(c.UUID)
		if got := o.get(c.UUID); got.SnoozedUntil != nil || o.events(c.UUID, "conversation.status_changed") != events+1 || lines[len(lines)-1] != "status_change" {
			o.t.Errorf("%+v %v", got, lines) // unlike in the reference, it is announced as any change is
		}
	}},
	{"Reopen", func(o *office) {
		c := o.from("reopen@x.test", nil)
		o.assign(c.UUID, o.annID)
		o.admin.ok(http.MethodPut, at(c.UUID, "/status"), map[string]any{"status": "Closed"}, nil)
		closed := o.get(c.UUID).ClosedAt
		events := o.events(c.UUID, "conversation.status_changed")
		o.ann.ok(http.MethodPut, "/api/v1/agents/me/availability", map[string]any{"status": "away_and_reassigning"}, nil)
		o.customer(c.UUID, "again")
		o.ann.ok(http.MethodPut, "/api/v1/agents/me/availability", map[string]any{"status": "online"}, nil)
		got := o.get(c.UUID)
		if got.Status != "Open" || got.ClosedAt == nil || closed == nil || *got.ClosedAt != *closed || got.AssignedUserID != nil {
			o.t.Errorf("%+v", got)
		}
		if !slices.Contains(o.lines(c.UUID), "status_change") || o.events(c.UUID, "conversation.status_changed") != events+1 {
			o.t.Errorf("%v, %d events", o.lines(c.UUID), o.events(c.UUID, "conversation.status_changed"))
		}
	}},
	{"Resolve timestamps", func(o *office) {
		c := o.from("resolve@x.test", nil)
		var first string
		for _, status := range []string{"Resolved", "Open", "Resolved"} {
			o.admin.ok(http.MethodPut, at(c.UUID, "/status"), map[string]any{"status": status}, nil)
			got := o.get(c.UUID).ResolvedAt
			if got == nil || first != "" && *got != first {
				o.t.Fatalf("%s: %v, first %s", status, got, first)
			}
			first = *got
		}
	}},
	{"Tags", func(o *office) {
		for _, name := range []string{"a", "b", "c"} {
			o.admin.ok(http.MethodPost, "/api/v1/tags", map[string]any{"name": name}, nil)
		}
		c := o.from("tags@x.test", map[string]any{"tags": []string{"a", "b"}})
		events := o.events(c.UUID, "conversation.tags_changed")
		o.admin.ok(http.MethodPost, at(c.UUID, "/tags"), map[string]any{"tags": []string{"b", "c", "ghost"}, "action": "set_tags"}, nil)
		lines := o.lines(c.UUID)
		got := o.get(c.UUID).Tags
		slices.Sort(got)
		if fmt.Sprint(got) != "[b c]" || fmt.Sprint(lines[len(lines)-2:]) != "[tag_removed tag_added]" || o.events(c.UUID, "conversation.tags_changed") != events+1 {
			o.t.Errorf("%v %v", got, lines)
		}
		o.admin.want(400, "InputException", http.MethodPost, at(c.UUID, "/tags"), map[string]any{"tags": []string{"a"}, "action": "shuffle"})
	}},
	{"Attributes", func(o *office) {
		for _, to := range []string{"conversation", "contact"} {
			for _, key := range []string{"x", "y"} {
				o.admin.ok(http.MethodPost, "/api/v1/custom-attributes", map[string]any{"name": key, "description": "d", "applies_to": to, "key": key, "data_type": "number", "values": []string{}}, nil)
			}
		}
		c := o.from("attributes@x.test", nil)
		for _, body := range []map[string]any{{"x": 1}, {"y": 2}} {
			o.admin.ok(http.MethodPut, at(c.UUID, "/custom-attributes"), body, nil)
			o.admin.ok(http.MethodPut, at(c.UUID, "/contacts/custom-attributes"), body, nil)
		}
		if got := o.get(c.UUID); fmt.Sprint(got.CustomAttributes, got.Contact.CustomAttributes) != "map[y:2] map[x:1 y:2]" {
			o.t.Errorf("%v %v", got.CustomAttributes, got.Contact.CustomAttributes)
		}
	}},
}

var writing = []conversationScenario{
	{"Reply lifecycle", func(o *office) {
		c := o.from("kim@x.example", nil)
		sock := o.admin.dial("")
		sock.write(fmt.Sprintf(`{"type":"conversation_subscribe","data":{"conversation_uuid":%q}}`, c.UUID))
		var m message
		o.ann.ok(http.MethodPost, at(c.UUID, "/messages"), map[string]any{"message": "<p>done</p>", "sender_type": "agent", "to": []string{"kim@x.example"}, "echo_id": "z9"}, &m)
		if m.Status != "pending" && m.Status != "sent" { // as it is by then
			o.t.Errorf("%+v", m)
		}
		sock.next("new_message", `"echo_id":"z9"`)
		sock.next("message_update", m.UUID, `"status":"sent"`)
		eventually(o.t, "the clocks to stop", func() bool {
			got := o.get(c.UUID)
			return got.FirstReplyAt != nil && got.WaitingSince == nil
		})
		if o.events(c.UUID, "message.updated") < 1 {
			o.t.Error("not announced")
		}
	}},
	{"Retry rights", func(o *office) {
		c := o.from("retry@x.test", nil)
		o.assign(c.UUID, o.bobID)
		m := o.write(o.ann, c.UUID, "failed", nil)
		path := at(c.UUID, "/messages/", m.UUID, "/retry")
		eventually(o.t, "the reply to leave", func() bool { all := o.messages(c.UUID); return all[len(all)-1].Status == "sent" })
		o.ann.want(400, "InputException", http.MethodPut, path, nil)
		o.exec(`UPDATE messages SET status = 'failed' WHERE uuid = $1`, m.UUID)
		o.exec(`UPDATE outbox SET state = 'failed' WHERE message_id = (SELECT id FROM messages WHERE uuid = $1)`, m.UUID)
		o.bob.want(400, "InputException", http.MethodPut, path, nil)
		o.admin.want(404, "NotFoundException", http.MethodPut, at(o.from("other@x.test", nil).UUID, "/messages/", m.UUID, "/retry"), nil)
		o.ann.ok(http.MethodPut, path, nil, nil)
		eventually(o.t, "it to leave again", func() bool { all := o.messages(c.UUID); return all[len(all)-1].Status == "sent" })
	}},
	{"Note with mention", func(o *office) {
		c := o.from("mention@x.test", map[string]any{"team_id": o.team})
		bob, ann := o.bob.dial(""), o.ann.dial("")
		m := o.write(o.ann, c.UUID, "look", map[string]any{"private": true, "mentions": []map[string]any{{"type": "team", "id": o.team}}})
		bob.next("new_notification", `"notification_type":"mention"`, c.UUID)
		for _, f := range ann.settle() {
			if f.Type == "new_notification" {
				o.t.Errorf("the author is told: %s", f.Data)
			}
		}
		if row, found := listed(o.bob, "/api/v1/conversations/mentioned", c.UUID); !found || row.MentionedMessageUUID == nil || *row.MentionedMessageUUID != m.UUID {
			o.t.Errorf("%v %+v", found, row)
		}
		// Whoever may not read it any more does not find it there.
		o.assign(c.UUID, o.annID)
		if _, found := listed(o.bob, "/api/v1/conversations/mentioned", c.UUID); found {
			o.t.Error("listed for who may not read it")
		}
	}},
	{"The first unanswered message is waited for, and whoever answers ends it", func(o *office) {
		c := o.from("waits@x.test", nil)
		o.customer(c.UUID, "still there?")
		if got := o.get(c.UUID).WaitingSince; got == nil || c.WaitingSince == nil || *got != *c.WaitingSince {
			o.t.Errorf("waits since %v, not %v", got, c.WaitingSince)
		}
		o.write(o.admin, c.UUID, "by System, who has signed in", nil)
		eventually(o.t, "the answer to count", func() bool { got := o.get(c.UUID); return got.FirstReplyAt != nil && got.WaitingSince == nil })
	}},
	{"What is too much is refused by its field", func(o *office) {
		c := o.from("much@x.test", nil)
		long, many := strings.Repeat("x", 3<<20), []string{}
		for i := range 101 {
			many = append(many, fmt.Sprintf("x%d@y.test", i))
		}
		for field, ask := range map[string]struct {
			path string
			body map[string]any
		}{
			"message": {at(c.UUID, "/messages"), map[string]any{"message": long, "private": true, "sender_type": "agent"}},
			"content": {at(c.UUID, "/draft"), map[string]any{"content": long, "meta": map[string]any{}}},
			"tags":    {at(c.UUID, "/tags"), map[string]any{"tags": manyTexts(101)}},
			"to":      {at(c.UUID, "/messages"), map[string]any{"message": "x", "sender_type": "agent", "to": many}},
		} {
			if p := o.ann.want(400, "InputException", http.MethodPost, ask.path, ask.body); p.Field != field {
				o.t.Errorf("%s: field %q", field, p.Field)
			}
		}
	}},
	{"Delete note", func(o *office) {
		c := o.from("note@x.test", nil)
		file := o.upload(o.ann, "secret.txt", "the secret")
		m := o.write(o.ann, c.UUID, "to be deleted", map[string]any{"private": true, "attachments": []int64{file}})
		path := at(c.UUID, "/messages/", m.UUID)
		o.ann.ok(http.MethodDelete, path, nil, nil)
		o.ann.want(404, "NotFoundException", http.MethodDelete, path, nil)
		var got message
		o.admin.ok(http.MethodGet, path, nil, &got)
		if len(got.Attachments) != 0 || strings.Contains(got.Content, "to be deleted") || got.Meta["deleted_at"] == nil {
			o.t.Errorf("%+v", got)
		}
		// For a moment it is brought back, by whoever deleted it; once it is forgotten by nobody.
		o.admin.want(403, "PermissionException", http.MethodPut, path+"/restore", nil)
		var back message
		o.ann.ok(http.MethodPut, path+"/restore", nil, &back)
		if len(back.Attachments) != 1 || !strings.Contains(back.Content, "to be deleted") || back.Meta["deleted_at"] != nil {
			o.t.Errorf("%+v", back)
		}
		o.ann.want(404, "NotFoundException", http.MethodPut, path+"/restore", nil)
		o.ann.ok(http.MethodDelete, path, nil, nil)
		o.exec(`DELETE FROM deleted_notes`)
		o.ann.want(409, "ConflictException", http.MethodPut, path+"/restore", nil)
		reply := o.write(o.ann, c.UUID, "public", nil)
		o.ann.want(404, "NotFoundException", http.MethodDelete, at(c.UUID, "/messages/", reply.UUID), nil)
		others := o.write(o.admin, c.UUID, "the admin's", map[string]any{"private": true})
		o.ann.want(403, "PermissionException", http.MethodDelete, at(c.UUID, "/messages/", others.UUID), nil)
		o.assign(c.UUID, o.annID)
		var l struct{ Results []message }
		o.admin.ok(http.MethodGet, at(c.UUID, "/messages?type=activity"), nil, &l)
		for _, line := range l.Results {
			if code, _ := o.admin.do(http.MethodDelete, at(c.UUID, "/messages/", line.UUID), nil); code < 400 || code >= 500 {
				o.t.Errorf("an activity line is deleted: %d", code)
			}
		}
	}},
	{"Unread", func(o *office) {
		c := o.from("unread@x.test", nil)
		for i := range 11 {
			o.customer(c.UUID, fmt.Sprint("line ", i))
		}
		unread := func(by *client) int {
			row, found := listed(by, "/api/v1/conversations/all?page_size=500", c.UUID)
			if !found {
				o.t.Fatal("not listed")
			}
			return row.UnreadMessageCount
		}
		if n := unread(o.ann); n != 10 {
			o.t.Errorf("%d unread", n)
		}
		o.ann.ok(http.MethodPut, at(c.UUID, "/last-seen"), nil, nil)
		if a, b := unread(o.ann), unread(o.admin); a != 0 || b == 0 {
			o.t.Errorf("%d unread, %d of another agent", a, b)
		}
		o.ann.ok(http.MethodPut, at(c.UUID, "/mark-unread"), nil, nil)
		if n := unread(o.ann); n < 1 {
			o.t.Errorf("%d unread", n)
		}
	}},
	{"Draft", func(o *office) {
		c := o.from("draft@x.test", nil)
		path := at(c.UUID, "/draft")
		for _, body := range []map[string]any{{"content": "a", "meta": map[string]any{}}, {"content": "b", "meta": map[string]any{}}, {"content": "n", "meta": map[string]any{}, "type": "private_note"}} {
			o.ann.ok(http.MethodPost, path, body, nil)
		}
		drafts := func() (out []string) {
			var l []struct {
				Type, Content    string
				ConversationUUID string `json:"conversation_uuid"`
			}
			o.ann.ok(http.MethodGet, "/api/v1/drafts", nil, &l)
			for _, d := range l {
				if d.ConversationUUID == c.UUID {
					out = append(out, d.Type+" "+d.Content)
				}
			}
			slices.Sort(out)
			return out
		}
		if got := drafts(); fmt.Sprint(got) != "[private_note n reply b]" {
			o.t.Errorf("%v", got)
		}
		o.ann.ok(http.MethodDelete, path+"?type=reply", nil, nil)
		if got := drafts(); fmt.Sprint(got) != "[private_note n]" {
			o.t.Errorf("%v", got)
		}
	}},
}

var finding = []conversationScenario{
	{"List filter OR", func(o *office) {
		var tag made
		o.admin.ok(http.MethodPost, "/api/v1/tags", map[string]any{"name": "either"}, &tag)
		open, tagged, neither := o.from("or@x.test", nil), o.from("or@x.test", map[string]any{"tags": []string{"either"}}), o.from("or@x.test", nil)
		for _, c := range []conv{tagged, neither} {
			o.admin.ok(http.MethodPut, at(c.UUID, "/status"), map[string]any{"status": "Closed"}, nil)
		}
		either := `{"logic":"OR","rules":[` + leaf("status_id", "equals", "1") + `,` + leaf("tags", "contains", fmt.Sprintf("[%d]", tag.ID)) + `]}`
		for uuid, want := range map[string]bool{open.UUID: true, tagged.UUID: true, neither.UUID: false} {
			if _, found := listed(o.admin, matching(either), uuid); found != want {
				o.t.Errorf("listed %v, want %v", found, want)
			}
		}
	}},
	{"Filter limits", func(o *office) {
		view := func(groups int, more string) map[string]any {
			var rules []string
			for range groups {
				rules = append(rules, `{"logic":"AND","rules":[`+leaf("status_id", "equals", "1")+`]}`)
			}
			if more != "" {
				rules = append(rules, more)
			}
			return map[string]any{"name": "Limits", "filters": json.RawMessage(`{"logic":"AND","rules":[` + strings.Join(rules, ",") + `]}`)}
		}
		o.ann.want(400, "InputException", http.MethodPost, "/api/v1/views/me", view(11, ""))
		o.ann.ok(http.MethodPost, "/api/v1/views/me", view(10, ""), nil)
		deep := `{"logic":"AND","rules":[{"logic":"OR","rules":[` + leaf("status_id", "equals", "1") + `]}]}`
		o.ann.want(400, "InputException", http.MethodPost, "/api/v1/views/me", view(0, deep))
		o.admin.want(400, "InputException", http.MethodGet, matching("["+leaf("status_id", "equals", "x")+"]"), nil)
		o.admin.want(400, "InputException", http.MethodGet, matching("["+leaf("colour", "equals", "x")+"]"), nil)
		o.admin.want(400, "InputException", http.MethodGet, "/api/v1/conversations/all?order_by=conversations.tags", nil)
	}},
	{"Filter by an attribute over its life", func(o *office) {
		c := o.from("tiered@x.test", nil)
		define := map[string]any{"name": "Tier", "description": "d", "applies_to": "conversation", "key": "tier", "data_type": "list", "values": []string{"Gold", "Iron"}}
		gold := matching("[" + leaf("custom_attributes.tier", "equals", "Gold") + "," + leaf("subject", "starts with", "lamp") + "]")
		o.admin.want(400, "InputException", http.MethodGet, gold, nil)
		var made struct{ ID int64 }
		o.admin.ok(http.MethodPost, "/api/v1/custom-attributes", define, &made)
		o.admin.ok(http.MethodPut, "/api/v1/conversations/"+c.UUID+"/custom-attributes", map[string]any{"tier": "Gold"}, nil)
		var view struct{ ID int64 }
		o.admin.ok(http.MethodPost, "/api/v1/views/me", map[string]any{"name": "Gold", "filters": json.RawMessage("[" + leaf("custom_attributes.tier", "equals", "Gold") + "]")}, &view)
		for _, path := range []string{gold, fmt.Sprintf("/api/v1/views/%d/conversations?page_size=500", view.ID)} {
			if _, found := listed(o.admin, path, c.UUID); !found {
				o.t.Errorf("%s does not list it", path)
			}
		}
		o.admin.ok(http.MethodPut, "/api/v1/conversations/"+c.UUID+"/custom-attributes", map[string]any{"tier": "Iron"}, nil)
		if _, found := listed(o.admin, gold, c.UUID); found {
			o.t.Error("it is listed by what it was")
		}
		o.admin.ok(http.MethodDelete, fmt.Sprintf("/api/v1/custom-attributes/%d", made.ID), nil, nil)
		o.admin.want(400, "InputException", http.MethodGet, gold, nil)
		o.admin.ok(http.MethodGet, "/api/v1/views/counts", nil, nil)
		o.admin.ok(http.MethodDelete, fmt.Sprintf("/api/v1/views/me/%d", view.ID), nil, nil)
	}},
	{"Date filter", func(o *office) {
		c := o.from("date@x.test", nil)
		o.exec(`UPDATE conversations SET created_at = $1 WHERE uuid = $2`, time.Date(2026, 5, 1, 20, 0, 0, 0, time.UTC).UnixMicro(), c.UUID)
		zone := func(name string) {
			var general map[string]any
			o.admin.ok(http.MethodGet, "/api/v1/settings/general", nil, &general)
			general["app.timezone"] = name
			o.admin.ok(http.MethodPut, "/api/v1/settings/general", general, nil)
		}
		zone("Asia/Kolkata")
		defer zone("UTC")
		for day, want := range map[string]bool{"2026-05-02": true, "2026-05-01": false} {
			if _, found := listed(o.admin, matching("["+leaf("created_at", "equals", day)+"]"), c.UUID); found != want {
				o.t.Errorf("%s: %v, want %v", day, found, want)
			}
		}
	}},
}

// upload keeps a file for a message and returns its id.
func (o *office) upload(by *client, name, data string) int64 {
	o.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	_ = w.WriteField("linked_model", "messages")
	part, err := w.CreateFormFile("files", name)
	if err == nil {
		_, err = part.Write([]byte(data))
	}
	if err = errors.Join(err, w.Close()); err != nil {
		o.t.Fatal(err)
	}
	a := ask(o.t, o.app.URL(), http.MethodPost, "/api/v1/media", body.String(), append(by.session(), "Content-Type", w.FormDataContentType())...)
	var m made
	if a.code != http.StatusOK || decode(a.body, &m) != nil {
		o.t.Fatalf("%d %s", a.code, a.body)
	}
	return m.ID
}
