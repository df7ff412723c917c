package app_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"
)

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
		sent := func() {
			o.t.Helper()
			eventually(o.t, "the reply to leave", func() bool { all := o.messages(c.UUID); return all[len(all)-1].Status == "sent" })
		}
		fail := func(cancelled bool) {
			o.t.Helper()
			o.exec(`UPDATE messages SET status = 'failed' WHERE uuid = $1`, m.UUID)
			o.exec(`UPDATE outbox SET state = 'failed', cancelled = $2 WHERE message_id = (SELECT id FROM messages WHERE uuid = $1)`, m.UUID, cancelled)
		}
		sent()
		o.ann.want(400, "InputException", http.MethodPut, path, nil)
		// Whoever may write in the conversation sends it again, be its author away.
		for _, who := range []*client{o.ann, o.bob, o.admin} {
			fail(false)
			who.ok(http.MethodPut, path, nil, nil)
			sent()
		}
		if n := o.count(`SELECT count(*) FROM activity_logs WHERE activity_type = 'reply_resent' AND target_model_id = (SELECT id FROM messages WHERE uuid = $1)`, m.UUID); n != 3 {
			o.t.Errorf("%d entries of the activity log", n)
		}
		// One that was taken back is its author's, and of who manages users.
		fail(true)
		if p := o.bob.want(400, "InputException", http.MethodPut, path, nil); !strings.Contains(p.Message, "Only who wrote") {
			o.t.Errorf("%+v", p)
		}
		o.ann.ok(http.MethodPut, path, nil, nil)
		sent()
		fail(false)
		o.assign(c.UUID, o.annID)
		o.none.want(403, "PermissionException", http.MethodPut, path, nil)                      // may not write
		o.bob.want(403, "PermissionException", http.MethodPut, path, nil)                       // may not read it any more
		newClient(o.t, o.app.URL()).want(403, "PermissionException", http.MethodPut, path, nil) // a guest
		o.admin.want(404, "NotFoundException", http.MethodPut, at(o.from("other@x.test", nil).UUID, "/messages/", m.UUID, "/retry"), nil)
		if all := o.messages(c.UUID); all[len(all)-1].Status != "failed" {
			o.t.Errorf("%+v", all[len(all)-1])
		}
	}},
	{"Who may write what", func(o *office) {
		c := o.from("who@x.test", nil)
		o.assign(c.UUID, o.bobID)
		path := at(c.UUID, "/messages")
		as := func(sender string, more map[string]any) map[string]any {
			body := map[string]any{"message": "<p>hi</p>", "sender_type": sender, "to": []string{"who@x.test"}}
			maps.Copy(body, more)
			return body
		}
		o.bob.want(403, "PermissionException", http.MethodPost, path, as("contact", nil))
		o.bob.want(400, "InputException", http.MethodPost, path, as("contact", map[string]any{"private": true}))
		o.none.want(403, "PermissionException", http.MethodPost, path, as("agent", nil))
		newClient(o.t, o.app.URL()).want(403, "PermissionException", http.MethodPost, path, as("agent", nil))
		o.bob.ok(http.MethodPost, path, as("agent", nil), nil)
		o.admin.ok(http.MethodPost, path, as("contact", nil), nil)
		written := len(o.messages(c.UUID))

		// Nothing is written where nothing leaves, notes included; the rest of the conversation goes on.
		toggle := fmt.Sprintf("/api/v1/inboxes/%d/toggle", o.inbox)
		o.admin.ok(http.MethodPut, toggle, nil, nil)
		defer o.admin.ok(http.MethodPut, toggle, nil, nil)
		for _, body := range []map[string]any{as("agent", nil), as("agent", map[string]any{"private": true}), as("contact", nil)} {
			if p := o.admin.want(400, "InputException", http.MethodPost, path, body); !strings.Contains(p.Message, "inbox") {
				o.t.Errorf("%+v", p)
			}
		}
		if n := len(o.messages(c.UUID)); n != written {
			o.t.Errorf("%d messages, not %d", n, written)
		}
		o.bob.ok(http.MethodPut, at(c.UUID, "/status"), map[string]any{"status": "Closed"}, nil)
	}},
	{"One message", func(o *office) {
		c, other := o.from("one@x.test", nil), o.from("other.one@x.test", nil)
		m := o.customer(c.UUID, "here")
		o.admin.ok(http.MethodGet, at(c.UUID, "/messages/", m.UUID), nil, nil)
		o.admin.want(404, "NotFoundException", http.MethodGet, at(c.UUID, "/messages/", uuid.NewString()), nil)
		for _, id := range []string{"malformed", strings.Repeat("z", 36), "0"} {
			o.admin.want(400, "InputException", http.MethodGet, at(c.UUID, "/messages/", id), nil)
		}
		o.admin.want(404, "NotFoundException", http.MethodGet, at(other.UUID, "/messages/", m.UUID), nil)
		o.assign(c.UUID, o.annID)
		for _, id := range []string{m.UUID, uuid.NewString()} { // who may not read it learns nothing
			o.bob.want(403, "PermissionException", http.MethodGet, at(c.UUID, "/messages/", id), nil)
			newClient(o.t, o.app.URL()).want(401, "GeneralException", http.MethodGet, at(c.UUID, "/messages/", id), nil)
		}
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
