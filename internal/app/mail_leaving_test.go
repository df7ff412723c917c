package app_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/foyerdesk/foyer/internal/sandbox"
)

// recorder is a mail server that takes what it is told to take, and keeps every mail that it was shown.
type recorder struct {
	host string
	port int

	mu      sync.Mutex
	answers map[string]string // by verb; "." is the answer to a mail
	shown   []string
}

func newRecorder(t testing.TB) *recorder {
	t.Helper()
	r := &recorder{answers: map[string]string{}}
	r.host, r.port = serving(t, r.serve)
	return r
}

// answer sets what it says to a verb from now on, "" for a friendly word.
func (r *recorder) answer(verb, words string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answers[verb] = words
}

// mails are what it was shown, the oldest first.
func (r *recorder) mails() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.shown...)
}

func (r *recorder) serve(c net.Conn) {
	_, _ = c.Write([]byte("220 mail.test\r\n"))
	for in := bufio.NewReader(c); ; {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		verb, _, _ := strings.Cut(strings.ToUpper(strings.TrimSpace(line)), " ")
		if verb == "DATA" {
			_, _ = c.Write([]byte("354 go on\r\n"))
			verb = "."
			var text strings.Builder
			for {
				if line, err = in.ReadString('\n'); err != nil {
					return
				}
				if line == ".\r\n" {
					break
				}
				text.WriteString(line)
			}
			r.mu.Lock()
			r.shown = append(r.shown, text.String())
			r.mu.Unlock()
		}
		_, _ = c.Write([]byte(r.says(verb) + "\r\n"))
	}
}

func (r *recorder) says(verb string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if words := r.answers[verb]; words != "" {
		return words
	}
	switch verb {
	case "EHLO":
		return "250-mail.test\r\n250 AUTH PLAIN"
	case "AUTH":
		return "235 welcome"
	}
	return "250 as you like"
}

// anInbox makes an inbox of its own for a scenario, whose mail leaves by another server.
func (o *office) anInbox(s *sandbox.Servers, host string, port int, change func(body, config map[string]any)) (id int64, body map[string]any) {
	o.t.Helper()
	body = inboxBody(s, "Help <help@acme.test>")
	config := body["config"].(map[string]any)
	server := config["smtp"].([]any)[0].(map[string]any)
	server["host"], server["port"] = host, port
	if change != nil {
		change(body, config)
	}
	var in struct{ ID int64 }
	o.admin.ok(http.MethodPost, "/api/v1/inboxes", body, &in)
	return in.ID, body
}

var leaving = []mailScenario{
	{2, "Keep password", func(o *office) {
		first, second := o.startMail(), o.startMail()
		second.User = first.User
		host, port := hostPort(first.SMTPAddr)
		id, body := o.anInbox(first, host, port, nil)
		server := body["config"].(map[string]any)["smtp"].([]any)[0].(map[string]any)
		server["password"] = ""
		server["host"], server["port"] = hostPort(second.SMTPAddr)
		var saved struct {
			Config struct{ SMTP []struct{ Password string } }
		}
		path := fmt.Sprintf("/api/v1/inboxes/%d", id)
		o.admin.ok(http.MethodPut, path, body, &saved)
		if saved.Config.SMTP[0].Password != strings.Repeat("•", 10) {
			o.t.Errorf("shown as %q", saved.Config.SMTP[0].Password)
		}
		o.deliver(first, rawMail("s2@x.test", "keep@x.test", "Kept", "text"))
		o.waitState(o.reply(o.arrived("Kept").UUID, "keep@x.test"), "sent")
		if len(first.Sent()) != 0 || len(second.Sent()) != 1 {
			o.t.Errorf("%d left by the old server, %d by the new one", len(first.Sent()), len(second.Sent()))
		}
		// The server does ask: with another password nothing leaves.
		server["password"] = "wrong"
		o.admin.ok(http.MethodPut, path, body, nil)
		if r := o.waitState(o.reply(o.arrived("Kept").UUID, "keep@x.test"), "delayed"); !strings.Contains(r.LastError, "535") {
			o.t.Errorf("%+v", r)
		}
	}},
	{3, "Full replace", func(o *office) {
		host, port := hostPort(o.mail.SMTPAddr)
		s := o.startMail()
		id, body := o.anInbox(s, host, port, func(body, _ map[string]any) { body["csat_enabled"], body["prompt_tags_on_reply"] = true, true })
		path := fmt.Sprintf("/api/v1/inboxes/%d", id)
		type switches struct {
			CSAT bool `json:"csat_enabled"`
			Tags bool `json:"prompt_tags_on_reply"`
		}
		var before, after switches
		o.admin.ok(http.MethodGet, path, nil, &before)
		delete(body, "csat_enabled")
		delete(body, "prompt_tags_on_reply")
		o.admin.ok(http.MethodPut, path, body, &after)
		if before != (switches{true, true}) || after != (switches{}) {
			o.t.Errorf("%+v, then %+v", before, after)
		}
	}},
	{6, "Delete", func(o *office) {
		s := o.startMail()
		host, port := hostPort(s.SMTPAddr)
		id, _ := o.anInbox(s, host, port, nil)
		o.deliver(s, rawMail("s6@x.test", "gone@x.test", "Orphan", "text"))
		c := o.arrived("Orphan")
		path := fmt.Sprintf("/api/v1/inboxes/%d", id)
		reply := map[string]any{"message": "<p>x</p>", "sender_type": "agent", "to": []string{"gone@x.test"}}
		o.admin.ok(http.MethodPut, path+"/toggle", nil, nil)
		o.admin.want(400, "InputException", http.MethodPost, at(c.UUID, "/messages"), reply)
		var deleted bool
		o.admin.ok(http.MethodDelete, path, nil, &deleted)
		if !deleted {
			o.t.Error("not deleted")
		}
		o.admin.want(400, "InputException", http.MethodPost, at(c.UUID, "/messages"), reply)
		if all := o.messages(c.UUID); len(all) != 1 || o.get(c.UUID).Subject != "Orphan" {
			o.t.Errorf("%+v", all)
		}
	}},
	{22, "Reply on the wire", func(o *office) {
		s := o.startMail()
		host, port := hostPort(s.SMTPAddr)
		o.anInbox(s, host, port, func(body, _ map[string]any) {
			body["name"], body["from_name_template"] = "Acme", "{{ .Agent.FirstName }} at {{ .Inbox.Name }}"
		})
		o.deliver(s, rawMail("s22@x.test", "wire@x.test", "Wire", "text"))
		c := o.arrived("Wire")
		sock := o.admin.dial("")
		sock.write(fmt.Sprintf(`{"type":"conversation_subscribe","data":{"conversation_uuid":%q}}`, c.UUID))
		sock.settle()
		reply := o.write(o.ann, c.UUID, "Unplug it.", map[string]any{"to": []string{"wire@x.test"}})
		sock.next("message_update", reply.UUID, `"status":"sent"`)
		o.write(o.admin, c.UUID, "a note behind it", map[string]any{"private": true})
		sock.next("new_message", "a note behind it")
		told := 0
		for _, f := range sock.seen {
			if f.Type == "message_update" && f.has(reply.UUID) {
				told++
			}
		}
		if told != 1 {
			o.t.Errorf("told %d times that it left", told)
		}
		raw := s.Sent()[0].Raw
		m := parsed(o.t, raw)
		if m.From[0].Name != "ann at Acme" || m.From[0].Email != "help@acme.test" || m.ReplyTo[0].Email != "help+conv-"+c.UUID+"@acme.test" ||
			!strings.HasPrefix(m.MessageID, c.UUID) || !strings.HasSuffix(m.MessageID, "@acme.test") || m.InReplyTo[0] != "s22@x.test" || m.Header.Get("X-Libredesk-Loop-Prevention") != "help@acme.test" {
			o.t.Errorf("%s", raw)
		}
	}},
	{24, "Failure and retry", func(o *office) {
		s, out := o.startMail(), newRecorder(o.t)
		o.anInbox(s, out.host, out.port, nil)
		o.deliver(s, rawMail("s24@x.test", "refused@x.test", "Refused", "text"))
		c := o.arrived("Refused")
		out.answer("RCPT", "550 5.7.1 not from you")
		reply := o.write(o.ann, c.UUID, "Hello.", map[string]any{"to": []string{"refused@x.test"}})
		o.waitState(reply.UUID, "failed")
		id := o.lastID(c.UUID)
		out.answer("RCPT", "")
		o.ann.ok(http.MethodPut, at(c.UUID, "/messages/", reply.UUID, "/retry"), nil, nil)
		o.waitState(reply.UUID, "sent")
		if mails := out.mails(); len(mails) != 1 || !strings.Contains(mails[0], "<"+id+">") {
			o.t.Errorf("stored as %s, sent %q", id, mails)
		}
	}},
	{24, "Delayed by a 4xx, then sent under the same Message-ID", func(o *office) {
		s, out := o.startMail(), newRecorder(o.t)
		o.anInbox(s, out.host, out.port, nil)
		o.deliver(s, rawMail("s24b@x.test", "later@x.test", "Greylisted", "text"))
		c := o.arrived("Greylisted")
		again := func() { o.exec(`UPDATE outbox SET next_attempt_at = 0 WHERE state = 'delayed'`) }
		out.answer("RCPT", "450 4.2.0 greylisted, come back")
		reply := o.reply(c.UUID, "later@x.test")
		if r := o.waitState(reply, "delayed"); !strings.Contains(r.LastError, "greylisted") || r.NextAttemptAt == nil {
			o.t.Errorf("%+v", r)
		}
		out.answer("RCPT", "")
		out.answer(".", "451 4.3.0 no room")
		again()
		eventually(o.t, "the mail to be shown", func() bool { return len(out.mails()) > 0 })
		if r := o.waitState(reply, "delayed"); !strings.Contains(r.LastError, "no room") {
			o.t.Errorf("%+v", r)
		}
		out.answer(".", "")
		again()
		o.waitState(reply, "sent")
		id := o.lastID(c.UUID)
		for _, m := range out.mails() {
			if parsed(o.t, []byte(m)).MessageID != id {
				o.t.Errorf("stored as %s, sent as %s", id, m)
			}
		}
		if m := o.messages(c.UUID)[1]; m.Status != "sent" {
			o.t.Errorf("%+v", m)
		}
	}},
	{0, "From one inbox to another", func(o *office) {
		a, b := o.startMail(), o.startMail()
		host, port := hostPort(a.SMTPAddr)
		o.anInbox(a, host, port, nil)
		other, _ := o.anInbox(b, host, port, func(body, _ map[string]any) { body["name"], body["from"] = "Sales", "sales@acme.test" })
		o.deliver(a, rawMail("between@x.test", "between@x.test", "Between us", "text"))
		c := o.arrived("Between us")
		o.waitState(o.reply(c.UUID, "sales@acme.test"), "sent")
		o.deliver(b, a.Sent()[0].Raw)
		o.waitBooks(other, ledger{Filed: 1})
		if got := o.arrived("Re: Between us"); got.UUID == c.UUID || *got.Contact.Email != "help@acme.test" {
			o.t.Errorf("%+v", got)
		}
		o.waitMessages(c.UUID, 2)
	}},
	{0, "Where answers go", func(o *office) {
		s := o.startMail()
		host, port := hostPort(s.SMTPAddr)
		id, body := o.anInbox(s, host, port, nil)
		o.deliver(s, rawMail("answers@x.test", "answers@x.test", "Answers", "text"))
		c := o.arrived("Answers")
		config := body["config"].(map[string]any)
		for i, r := range []struct {
			plus          bool
			replyTo, want string
		}{
			{true, "Care <care@acme.test>", "care+conv-" + c.UUID + "@acme.test"},
			{true, "help+eu@acme.test", "help+eu+conv-" + c.UUID + "@acme.test"},
			{true, "", "help+conv-" + c.UUID + "@acme.test"},
			{false, "Care <care@acme.test>", "care@acme.test"},
			{false, "", ""},
		} {
			config["enable_plus_addressing"], config["reply_to"] = r.plus, r.replyTo
			o.admin.ok(http.MethodPut, fmt.Sprintf("/api/v1/inboxes/%d", id), body, nil)
			o.waitState(o.reply(c.UUID, "answers@x.test"), "sent")
			m := parsed(o.t, s.Sent()[i].Raw)
			got := ""
			for _, a := range m.ReplyTo {
				got += a.Email
			}
			if got != r.want || m.Header.Has("Reply-To") != (r.want != "") {
				o.t.Errorf("%+v: %q", r, got)
			}
		}
	}},
}
