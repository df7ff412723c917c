package app_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/foyerdesk/foyer/internal/app"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
	"github.com/foyerdesk/foyer/internal/sandbox"
)

// notification is one of an agent's, with what tests look at.
type notification struct {
	ID               int64
	NotificationType string `json:"notification_type"`
	Title            string
	Body             *string
	IsRead           bool    `json:"is_read"`
	ActorID          *int64  `json:"actor_id"`
	ConversationUUID *string `json:"conversation_uuid"`
	MessageUUID      *string `json:"message_uuid"`
	Meta             struct{ Count int }
}

func (c *client) notifications() (out []notification) {
	c.t.Helper()
	c.ok(http.MethodGet, "/api/v1/notifications", nil, &out)
	return out
}

func (c *client) unread() int64 {
	c.t.Helper()
	var stats struct {
		UnreadCount int64 `json:"unread_count"`
		TotalCount  int64 `json:"total_count"`
	}
	c.ok(http.MethodGet, "/api/v1/notifications/stats", nil, &stats)
	return stats.UnreadCount
}

// office is a desk with an inbox, two agents who may read what is theirs or a team's, and one who may read nothing.
type office struct {
	*desk
	mail           *sandbox.Servers
	inbox          int64
	ann, bob, none *client
	annID, bobID   int64
	noneID, team   int64
	dovecot        *dovecot // has its mailboxes, instead of servers of the test's own
}

func newOffice(t *testing.T, url string) *office {
	t.Helper()
	o := &office{desk: startDesk(t, url), mail: startMail(t)}
	o.staff()
	return o
}

func (o *office) staff() {
	o.t.Helper()
	o.inbox = o.addInbox(o.mail)
	var m made
	o.admin.ok(http.MethodPost, "/api/v1/teams", map[string]any{"name": "Care", "conversation_assignment_type": "Manual"}, &m)
	o.team = m.ID
	o.admin.ok(http.MethodPost, "/api/v1/roles", map[string]any{"name": "Own only", "permissions": []string{
		"conversations:read", "conversations:read_assigned", "conversations:read_team_inbox", "conversations:read_unassigned", "messages:read", "messages:write",
		"conversations:update_status", "conversations:update_user_assignee"}}, nil)
	o.admin.ok(http.MethodPost, "/api/v1/roles", map[string]any{"name": "Nothing", "permissions": []string{"messages:read"}}, nil)
	o.annID, o.bobID, o.noneID = o.addAgent("ann@acme.test", "Agent"), o.addAgent("bob@acme.test", "Own only"), o.addAgent("none@acme.test", "Nothing")
	for id, who := range map[int64][2]string{o.annID: {"ann@acme.test", "Agent"}, o.bobID: {"bob@acme.test", "Own only"}} {
		o.admin.ok(http.MethodPut, fmt.Sprintf("/api/v1/agents/%d", id), map[string]any{"first_name": who[0][:3], "email": who[0], "roles": []string{who[1]},
			"teams": []string{"Care"}, "enabled": true, "availability_status": "offline"}, nil)
	}
	o.ann, o.bob, o.none = signIn(o.t, o.app.URL(), "ann@acme.test", agentPassword), signIn(o.t, o.app.URL(), "bob@acme.test", agentPassword), signIn(o.t, o.app.URL(), "none@acme.test", agentPassword)
}

// open makes a conversation of a customer; it returns its uuid.
func (o *office) open(subject string) string {
	o.t.Helper()
	var m made
	o.admin.ok(http.MethodPost, "/api/v1/conversations", map[string]any{"inbox_id": o.inbox, "content": "<p>Hello</p>", "contact_email": "kim@x.test",
		"first_name": "Kim", "subject": subject, "initiator": "contact"}, &m)
	return m.UUID
}

func (o *office) assign(uuid string, agentID int64) {
	o.t.Helper()
	o.admin.ok(http.MethodPut, "/api/v1/conversations/"+uuid+"/assignee/user", map[string]any{"assignee_id": agentID}, nil)
}

// write sends a message as a client; the customer's own are written by the admin in their name.
func (o *office) write(c *client, uuid, text string, more map[string]any) (m made) {
	o.t.Helper()
	body := map[string]any{"message": "<p>" + text + "</p>", "sender_type": "agent", "to": []string{"kim@x.test"}}
	for k, v := range more {
		body[k] = v
	}
	c.ok(http.MethodPost, "/api/v1/conversations/"+uuid+"/messages", body, &m)
	return m
}

func (o *office) customer(uuid, text string) made {
	return o.write(o.admin, uuid, text, map[string]any{"sender_type": "contact"})
}

func TestAssignmentIsToldAndSettledByTheAnswer(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		o := newOffice(t, url)
		tab, other, bobs := o.ann.dial(""), o.ann.dial(""), o.bob.dial("")
		uuid := o.open("Lamp")
		o.assign(uuid, o.annID)
		got := o.ann.notifications()
		if len(got) != 1 || got[0].NotificationType != "assignment" || got[0].IsRead || *got[0].Body == "" || *got[0].ConversationUUID != uuid || got[0].ActorID != nil {
			t.Fatalf("%+v", got)
		}
		tab.next("new_notification", `"notification_type":"assignment"`, uuid, `"sound":true`, `"unread_count":1`)
		if o.ann.unread() != 1 || o.bob.unread() != 0 || o.admin.unread() != 0 {
			t.Errorf("unread: %d %d %d", o.ann.unread(), o.bob.unread(), o.admin.unread())
		}
		o.ann.ok(http.MethodPut, "/api/v1/conversations/"+uuid+"/last-seen", nil, nil)
		if o.ann.unread() != 1 {
			t.Error("reading the conversation settled the assignment")
		}
		o.write(o.admin, uuid, "not hers", nil)
		if o.ann.unread() != 1 {
			t.Error("another agent's reply settled the assignment")
		}
		o.write(o.ann, uuid, "an answer", nil)
		if o.ann.unread() != 0 {
			t.Error("the assignee's reply did not settle the assignment")
		}
		for _, s := range []*socket{tab, other} {
			s.next("notification_update", `"action":"read"`, fmt.Sprintf(`"ids":[%d]`, got[0].ID), `"unread_count":0`)
		}
		mine := o.open("Chair")
		o.ann.ok(http.MethodPut, "/api/v1/conversations/"+mine+"/assignee/user", map[string]any{"assignee_id": o.annID}, nil)
		if n := o.ann.notifications(); len(n) != 1 {
			t.Errorf("assigning oneself told oneself: %+v", n)
		}
		o.assign(o.open("Table"), o.annID)
		third := o.ann.notifications()[0]
		o.ann.ok(http.MethodPut, "/api/v1/conversations/"+*third.ConversationUUID+"/status", map[string]any{"status": "Resolved"}, nil)
		if o.ann.unread() != 0 {
			t.Error("the assignee's change of the status did not settle the assignment")
		}
		for _, f := range append(bobs.settle(), bobs.seen...) {
			if strings.Contains(f.Type, "notification") {
				t.Errorf("bob heard %s %s", f.Type, f.Data)
			}
		}
	})
}

func TestMentionsReachThoseWhoMayReadButTheAuthor(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		o := newOffice(t, url)
		uuid := o.open("Lamp")
		note := o.write(o.ann, uuid, "look @Care & @none <b>", map[string]any{"private": true, "mentions": []map[string]any{
			{"type": "team", "id": o.team}, {"type": "agent", "id": o.bobID}, {"type": "agent", "id": o.noneID}, {"type": "agent", "id": o.annID}}})
		got := o.bob.notifications()
		if len(got) != 1 || got[0].NotificationType != "mention" || got[0].MessageUUID == nil || *got[0].MessageUUID != note.UUID || *got[0].ActorID != o.annID ||
			!strings.Contains(*got[0].Body, "look @Care & @none") || !strings.HasPrefix(got[0].Title, "ann") {
			t.Fatalf("%+v", got)
		}
		if n := o.ann.notifications(); len(n) != 0 {
			t.Errorf("the author was told: %+v", n)
		}
		if n := o.none.notifications(); len(n) != 0 {
			t.Errorf("an agent who may not read was told: %+v", n)
		}
		o.assign(uuid, o.annID) // bob may not read it any more
		if got := o.bob.notifications(); len(got) != 1 || got[0].Body != nil || got[0].MessageUUID != nil {
			t.Errorf("bob still reads %+v", got)
		}
	})
}

func TestRepliesOfACustomerAreOneLineUntilTheyAreSeen(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		o := newOffice(t, url)
		uuid := o.open("Lamp")
		o.customer(uuid, "nobody's yet")
		o.assign(uuid, o.annID)
		first := o.customer(uuid, "one")
		o.customer(uuid, "two")
		o.customer(uuid, "three")
		got := o.ann.notifications()
		if len(got) != 2 || got[0].NotificationType != "reply" || got[0].Meta.Count != 3 || *got[0].Body != "three" || *got[0].MessageUUID != first.UUID {
			t.Fatalf("%+v", got)
		}
		o.ann.ok(http.MethodPut, "/api/v1/conversations/"+uuid+"/last-seen", nil, nil)
		if o.ann.unread() != 1 { // the assignment
			t.Errorf("%d unread after the replies were seen", o.ann.unread())
		}
		fourth := o.customer(uuid, "four")
		if got := o.ann.notifications(); len(got) != 3 || got[0].Meta.Count != 1 || *got[0].MessageUUID != fourth.UUID {
			t.Errorf("%+v", got)
		}
		o.write(o.ann, uuid, "typed for the customer", map[string]any{"sender_type": "agent", "private": true})
		if o.ann.unread() != 2 {
			t.Errorf("a note settled what a reply settles: %d", o.ann.unread())
		}
	})
}

func TestNewConversationsAreToldOnceToThoseWhoAsk(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		o := newOffice(t, url)
		o.open("before")
		on := map[string]any{"events": map[string]any{"new_conversation": map[string]bool{"bell": true}}}
		for _, c := range []*client{o.ann, o.bob, o.none} {
			c.ok(http.MethodPut, "/api/v1/agents/me/notification-preferences", on, nil)
		}
		uuid := o.open("after")
		for _, c := range []*client{o.ann, o.bob} {
			eventually(t, "the new conversation", func() bool { return len(c.notifications()) == 1 })
			if n := c.notifications()[0]; n.NotificationType != "new_conversation" || *n.ConversationUUID != uuid {
				t.Errorf("%+v", n)
			}
		}
		o.admin.ok(http.MethodPut, "/api/v1/conversations/"+uuid+"/assignee/team", map[string]any{"assignee_id": o.team}, nil)
		o.jobsDone("notify.new_conversation", 2)
		if len(o.ann.notifications()) != 1 || len(o.bob.notifications()) != 1 || len(o.none.notifications()) != 0 {
			t.Errorf("told again, or one who may not read: %d %d %d", len(o.ann.notifications()), len(o.bob.notifications()), len(o.none.notifications()))
		}
	})
}

// jobsDone waits until so many jobs of a kind have run.
func (o *office) jobsDone(kind string, n int) {
	o.t.Helper()
	eventually(o.t, kind, func() bool {
		var done int
		if err := o.app.DB.QueryRow(o.t.Context(), `SELECT count(*) FROM river_job WHERE kind = $1 AND finalized_at IS NOT NULL`, kind).Scan(&done); err != nil {
			o.t.Fatal(err)
		}
		return done >= n
	})
}

func TestNotificationsAreTheCallersOwn(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		o := newOffice(t, url)
		for i := range 3 {
			o.assign(o.open(fmt.Sprint("Lamp ", i)), o.annID)
		}
		all := o.ann.notifications()
		path := fmt.Sprintf("/api/v1/notifications/%d", all[0].ID)
		for _, c := range []*client{o.bob, o.admin} {
			c.ok(http.MethodPut, path+"/read", nil, nil)
			c.ok(http.MethodDelete, path, nil, nil)
			c.ok(http.MethodPut, "/api/v1/notifications/read-all", nil, nil)
			c.ok(http.MethodDelete, "/api/v1/notifications", nil, nil)
		}
		if o.ann.unread() != 3 {
			t.Fatal("others changed what is ann's")
		}
		for query, want := range map[string]int{"?limit=500": 3, "?limit=2": 2, "?limit=-1": 3, "?limit=x": 3, "?offset=1": 2, "?limit=1&offset=2": 1, "?offset=99": 0} {
			var got []notification
			if o.ann.ok(http.MethodGet, "/api/v1/notifications"+query, nil, &got); len(got) != want {
				t.Errorf("%s: %d", query, len(got))
			}
		}
		for _, bad := range []string{"0", "x", "-1"} {
			if code, _ := o.ann.do(http.MethodPut, "/api/v1/notifications/"+bad+"/read", nil); code != http.StatusBadRequest {
				t.Errorf("id %s: %d", bad, code)
			}
		}
		tab := o.ann.dial("")
		o.ann.ok(http.MethodPut, path+"/read", nil, nil)
		tab.next("notification_update", `"unread_count":2`, `"total_count":3`)
		o.ann.ok(http.MethodPut, "/api/v1/notifications/read-all", nil, nil)
		tab.next("notification_update", `"action":"read"`, `"ids":null`, `"unread_count":0`)
		o.ann.ok(http.MethodDelete, path, nil, nil)
		tab.next("notification_update", `"action":"deleted"`, `"total_count":2`)
		o.ann.ok(http.MethodDelete, "/api/v1/notifications", nil, nil)
		tab.next("notification_update", `"action":"deleted"`, `"ids":null`, `"total_count":0`)
	})
}

func TestNotificationPreferencesAreChecked(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		o := newOffice(t, url)
		const path = "/api/v1/agents/me/notification-preferences"
		quiet := func(from, to string) map[string]any {
			return map[string]any{"quiet_hours": map[string]any{"enabled": true, "from": from, "to": to}}
		}
		for _, c := range []struct {
			body  map[string]any
			field string
		}{
			{map[string]any{"volume": 101}, "volume"}, {map[string]any{"volume": -1}, "volume"},
			{map[string]any{"tone": "fanfare"}, "tone"}, {map[string]any{"tone": ""}, "tone"},
			{map[string]any{"events": map[string]any{"birthday": map[string]bool{"bell": true}}}, "birthday"},
			{quiet("25:00", "07:00"), "quiet_hours.from"}, {quiet("22:00", "7"), "quiet_hours.to"},
			{quiet("22:00", "22:00"), "quiet_hours.to"},
		} {
			if code, raw := o.ann.do(http.MethodPut, path, c.body); code != http.StatusBadRequest || !strings.Contains(string(raw), c.field) {
				t.Errorf("%v: %d %s", c.body, code, raw)
			}
		}
		o.ann.ok(http.MethodPut, path, map[string]any{"events": map[string]any{"assignment": map[string]bool{"bell": false, "sound": true}}}, nil)
		var got struct {
			Events map[string]map[string]bool
			Volume int
			Tone   string
		}
		o.ann.ok(http.MethodGet, path, nil, &got)
		if got.Volume != 50 || got.Tone != "chime" || got.Events["assignment"]["bell"] || !got.Events["assignment"]["sound"] || got.Events["assignment"]["mail"] || !got.Events["mention"]["mail"] || got.Events["reply"]["mail"] {
			t.Errorf("%+v", got)
		}
		o.ann.ok(http.MethodPut, path, map[string]any{"tone": "drop"}, &got)
		tab := o.ann.dial("")
		o.assign(o.open("Lamp"), o.annID)
		tab.next("new_notification", `"bell":false`, `"sound":true`, `"desktop":false`, `"tone":"drop"`)
		if len(o.ann.notifications()) != 0 || o.ann.unread() != 0 {
			t.Error("it stands behind the bell, too")
		}
		now := time.Now().UTC()
		o.ann.ok(http.MethodPut, path, quiet(now.Add(-time.Hour).Format("15:04"), now.Add(time.Hour).Format("15:04")), nil)
		o.ann.ok(http.MethodPut, path, map[string]any{"events": map[string]any{"assignment": map[string]bool{"bell": true, "sound": true, "desktop": true}}}, nil)
		o.assign(o.open("Chair"), o.annID)
		tab.next("new_notification", `"bell":true`, `"sound":false`, `"desktop":false`)
	})
}

// ownServer lets the desk send its own mail by the sandbox's server.
func (o *office) ownServer() {
	o.t.Helper()
	host, port := hostPort(o.mail.SMTPAddr)
	o.admin.ok(http.MethodPut, ownMailPath, ownMail(host, port, map[string]any{"notification.email.username": o.mail.User, "notification.email.password": o.mail.Password}), nil)
}

// mailsTo returns the subjects of the mails to an address.
func (o *office) mailsTo(address string) (subjects []string) {
	for _, m := range o.mail.Sent() {
		if slices.Contains(m.To, address) {
			subjects = append(subjects, parsed(o.t, m.Raw).Subject)
		}
	}
	return subjects
}

func TestNotificationMailsAreFewAndOnlyOfWhatIsUnread(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		o := newOffice(t, url)
		o.app.Notifications.MailAfter = 300 * time.Millisecond
		o.assign(o.open("no server yet"), o.annID)
		o.ownServer()
		o.ann.ok(http.MethodPut, "/api/v1/agents/me/notification-preferences", map[string]any{"events": map[string]any{
			"reply": map[string]bool{"bell": true, "mail": true}, "assignment": map[string]bool{"bell": true}}}, nil)
		uuid := o.open("Lamp")
		o.exec("UPDATE conversations SET subject = 'Lamp\r\nBcc: <eve@x.test>' WHERE uuid = '" + uuid + "'")
		o.assign(uuid, o.annID)
		for i := range 5 {
			o.customer(uuid, fmt.Sprintf("line %d &lt;script&gt;", i))
		}
		eventually(t, "the mail", func() bool { return len(o.mailsTo("ann@acme.test")) == 1 })
		sent := parsed(t, o.mail.Sent()[len(o.mail.Sent())-1].Raw)
		if strings.Contains(sent.Header.Get("Bcc"), "eve") || !strings.Contains(sent.Subject, "Lamp Bcc:") || !strings.Contains(sent.HTML, "line 4 &lt;script&gt;") ||
			!strings.Contains(sent.HTML, "http://desk.test/inboxes/assigned/conversation/"+uuid+"?scrollTo=") || sent.Header.Get("Auto-Submitted") == "" {
			t.Errorf("%s\n%s", sent.Subject, sent.HTML)
		}
		o.jobsDone("notify.mail", 1)
		o.customer(uuid, "within the pause") // waits for the next mail
		if n := o.jobs("notify.mail"); n != 2 {
			t.Errorf("%d jobs", n)
		}
		other := o.open("read in time")
		o.assign(other, o.annID)
		o.customer(other, "seen at once")
		o.ann.ok(http.MethodPut, "/api/v1/conversations/"+other+"/last-seen", nil, nil)
		o.jobsDone("notify.mail", 2)
		lost := o.open("taken away")
		o.write(o.ann, lost, "look", map[string]any{"private": true, "mentions": []map[string]any{{"type": "agent", "id": o.bobID}}})
		o.assign(lost, o.annID)
		o.jobsDone("notify.mail", 3)
		if a, b := o.mailsTo("ann@acme.test"), o.mailsTo("bob@acme.test"); len(a) != 1 || len(b) != 0 {
			t.Errorf("mails: %v %v", a, b)
		}
	})
}

func (o *office) jobs(kind string) (n int) {
	o.t.Helper()
	if err := o.app.DB.QueryRow(o.t.Context(), `SELECT count(*) FROM river_job WHERE kind = $1`, kind).Scan(&n); err != nil {
		o.t.Fatal(err)
	}
	return n
}

func TestNotificationMailSurvivesTheEndOfTheNode(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		cfg := deskConfig(t, url)
		a, err := app.Start(t.Context(), cfg, quiet())
		if err != nil {
			t.Fatal(err)
		}
		o := &office{desk: &desk{t: t, app: a, admin: signIn(t, a.URL(), "System", systemPassword)}, mail: startMail(t)}
		o.staff()
		o.ownServer()
		o.app.Notifications.MailAfter = 6 * time.Second
		o.assign(o.open("Lamp"), o.annID)
		if err := a.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		if len(o.mailsTo("ann@acme.test")) != 0 {
			t.Fatal("the mail left before the node ended")
		}
		startWith(t, cfg)
		eventually(t, "the mail", func() bool { return len(o.mailsTo("ann@acme.test")) == 1 })
	})
}

func TestNotificationsOlderThanAMonthAreDeleted(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		o := newOffice(t, url)
		for i := range 3 {
			o.assign(o.open(fmt.Sprint("Lamp ", i)), o.annID)
		}
		o.exec(fmt.Sprintf(`UPDATE user_notifications SET created_at = %d WHERE id < 3`, db.At(time.Now().Add(-31*24*time.Hour)).UnixMicro()))
		if err := o.app.Notifications.Clean(t.Context(), time.Now().Add(-30*24*time.Hour)); err != nil {
			t.Fatal(err)
		}
		if got := o.ann.notifications(); len(got) != 1 || got[0].ID != 3 {
			t.Errorf("%+v", got)
		}
	})
}

func TestReplyThatDidNotLeaveIsToldItsWriterOrWhoHasTheConversation(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		o := newOffice(t, url)
		hold := func(c *client, uuid string) string {
			return o.write(c, uuid, "Later", map[string]any{"send_at": time.Now().Add(2 * time.Second).UTC().Format(time.RFC3339Nano), "unless_answered": true}).UUID
		}
		stopped := func(c *client) (out []notification) {
			for _, n := range c.notifications() {
				if n.NotificationType == "reply_stopped" {
					out = append(out, n)
				}
			}
			return out
		}
		answered, lost := o.open("Lamp"), o.open("Shade")
		o.assign(answered, o.annID)
		o.assign(lost, o.bobID)
		first, second := hold(o.ann, answered), hold(o.bob, lost)
		o.customer(answered, "Wait, I have another question")
		o.assign(lost, o.annID)
		eventually(t, "both to be told", func() bool { return len(stopped(o.ann)) == 2 })
		for _, n := range stopped(o.ann) {
			want := map[string]string{answered: "Somebody wrote", lost: "Its writer is gone"}[*n.ConversationUUID]
			if n.IsRead || !strings.Contains(n.Title, "was not delivered") || !strings.Contains(*n.Body, want) {
				t.Errorf("%+v of %s", n, want)
			}
		}
		if got := stopped(o.bob); len(got) != 0 {
			t.Errorf("who may not read the conversation any more is told %+v", got)
		}
		// So is a reply that left and comes back, by whoever has the conversation now.
		returned := o.open("Bulb")
		o.assign(returned, o.bobID)
		came := o.write(o.bob, returned, "Here it is", nil).UUID
		eventually(t, "the reply to leave", func() bool { return len(o.mail.Sent()) == 1 })
		o.assign(returned, o.annID)
		o.deliver(o.mail, bounceMail("returned@mx.test", parsed(t, o.mail.Sent()[0].Raw).MessageID, "kim@x.test", "failed", "5.1.1"))
		eventually(t, "it to be told", func() bool { return len(stopped(o.ann)) == 3 })
		if n := stopped(o.ann)[0]; *n.ConversationUUID != returned || *n.Body != "kim@x.test: no such user here" || len(stopped(o.bob)) != 0 {
			t.Errorf("%+v", n)
		}
		// What is done with it settles it, for who does it.
		o.ann.ok(http.MethodDelete, "/api/v1/conversations/"+answered+"/held/"+first, nil, nil)
		o.ann.ok(http.MethodDelete, "/api/v1/conversations/"+lost+"/held/"+second, nil, nil)
		o.ann.ok(http.MethodPut, at(returned, "/messages/", came, "/retry"), nil, nil)
		for _, n := range stopped(o.ann) {
			if !n.IsRead {
				t.Errorf("still unread: %+v", n)
			}
		}
	})
}
