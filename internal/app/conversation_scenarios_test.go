package app_test

import (
	"fmt"
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
		sock.next("new_conversation", c.UUID, fmt.Sprintf(`"assigned_team_id":%d`, o.team))
		got := o.get(c.UUID)
		if got.AssignedTeamID == nil || *got.AssignedTeamID != o.team || got.AssignedUserID != nil {
			o.t.Errorf("%+v", got)
		}
		lines, before := o.lines(c.UUID), o.events(c.UUID, "conversation.assigned")
		if lines[len(lines)-1] != "assigned_team_change" {
			o.t.Errorf("%v", lines)
		}
		// Frames come in the order in which things happened: with that of another conversation all before it are there.
		settle := func() { sock.next("new_conversation", o.from("after@x.test", nil).UUID) }
		settle()
		told := len(sock.seen)
		// Repeating it does nothing.
		o.admin.ok(http.MethodPut, at(c.UUID, "/assignee/team"), map[string]any{"assignee_id": o.team}, nil)
		if len(o.lines(c.UUID)) != len(lines) || o.events(c.UUID, "conversation.assigned") != before {
			o.t.Error("a repetition is announced")
		}
		settle()
		for _, f := range sock.seen[told:] {
			if f.Type == "new_conversation" && f.has(c.UUID) {
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
		// No tags are set by naming none, or by not naming any; adding and taking off none changes nothing.
		for i, body := range []map[string]any{{"action": "set_tags", "tags": []string{}}, {"action": "set_tags"}, {"action": ""}, {}} {
			o.admin.ok(http.MethodPost, at(c.UUID, "/tags"), map[string]any{"tags": []string{"a", "b"}}, nil)
			for _, action := range []string{"add_tags", "remove_tags"} {
				o.admin.ok(http.MethodPost, at(c.UUID, "/tags"), map[string]any{"action": action}, nil)
			}
			if got := o.get(c.UUID).Tags; len(got) != 2 {
				o.t.Errorf("%d: %v before", i, got)
			}
			o.admin.ok(http.MethodPost, at(c.UUID, "/tags"), body, nil)
			if got, lines := o.get(c.UUID).Tags, o.lines(c.UUID); len(got) != 0 || fmt.Sprint(lines[len(lines)-2:]) != "[tag_removed tag_removed]" {
				o.t.Errorf("%v: %v %v", body, got, lines)
			}
		}
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
