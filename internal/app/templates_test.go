package app_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
)

const templatesPath = "/api/v1/templates"

type storedTemplate struct {
	ID         int64
	Type, Name string
	Subject    *string
	Body       string
	IsDefault  bool    `json:"is_default"`
	IsBuiltin  bool    `json:"is_builtin"`
	IsModified bool    `json:"is_modified"`
	LastError  *string `json:"last_error"`
}

func (c *client) template(body map[string]any) (t storedTemplate) {
	c.t.Helper()
	c.ok(http.MethodPost, templatesPath, body, &t)
	return t
}

func (c *client) templates(kind string) (list []storedTemplate) {
	c.t.Helper()
	c.ok(http.MethodGet, templatesPath+"?type="+kind, nil, &list)
	return list
}

// builtIn returns the built-in template of a name.
func (c *client) builtIn(name string) storedTemplate {
	c.t.Helper()
	for _, t := range c.templates("email_notification") {
		if t.Name == name {
			return t
		}
	}
	c.t.Fatalf("no template %s", name)
	return storedTemplate{}
}

func layout(name, body string, isDefault bool) map[string]any {
	return map[string]any{"name": name, "type": "email_outgoing", "body": body, "is_default": isDefault}
}

func TestTemplatesAreKeptByTheRules(t *testing.T) {
	dbtest.URLs(t, func(t *testing.T, url string) {
		d := startDesk(t, url)
		a := d.admin
		names := map[string]bool{}
		for _, b := range a.templates("email_notification") {
			names[b.Name] = true
			if !b.IsBuiltin || b.IsDefault || b.IsModified || b.Body == "" || (*b.Subject == "") != (b.Name == "CSAT request") {
				t.Errorf("%+v", b)
			}
		}
		if len(names) != 5 || !names["SLA breached"] || len(a.templates("email_outgoing")) != 0 {
			t.Errorf("a new desk has %v", names)
		}
		first := a.template(layout(" Brand ", `<b>{{ template "content" . }}</b>`, true))
		second := a.template(map[string]any{"name": "Winter", "type": "email_notification", "body": "", "is_default": true})
		if second.Type != "email_outgoing" || !second.IsDefault || first.Name != "Brand" {
			t.Errorf("%+v %+v", first, second)
		}
		if list := a.templates("email_outgoing"); len(list) != 2 || list[0].Name != "Winter" || list[1].IsDefault {
			t.Errorf("after the second default: %+v", list)
		}
		path := func(id int64) string { return fmt.Sprintf("%s/%d", templatesPath, id) }
		a.ok(http.MethodPut, path(first.ID), layout("Brand", `{{ template "content" . }}`, true), nil)
		if n := d.count(`SELECT count(*) FROM templates WHERE is_default AND id = $1`, first.ID); n != 1 {
			t.Errorf("%d defaults", n)
		}
		for body, field := range map[string]map[string]any{
			"name":    {"type": "email_outgoing"},
			"type":    {"name": "x"},
			"type ":   {"name": "x", "type": "sms"},
			"body":    layout("x", "a\nb {{ .Contact.FirstName", false),
			"body ":   layout("x", "{{ range 1000000000 }}{{ end }}", false),
			"subject": {"name": "x", "type": "email_notification", "subject": "{{ Nope }}"},
		} {
			if p := a.want(400, "InputException", http.MethodPost, templatesPath, field); p.Field != strings.TrimSpace(body) {
				t.Errorf("%v: %+v", field, p)
			}
		}
		if p := a.want(400, "InputException", http.MethodPost, templatesPath, layout("x", "a\nb {{ .Contact.FirstName", false)); !strings.Contains(p.Message, "ine 2") {
			t.Errorf("%+v", p)
		}
		a.want(409, "ConflictException", http.MethodPost, templatesPath, layout("SLA breached", "", false))
		a.want(409, "ConflictException", http.MethodPut, path(second.ID), layout("Brand", "", false))
		a.want(400, "InputException", http.MethodGet, templatesPath, nil)
		a.want(400, "InputException", http.MethodGet, templatesPath+"?type=sms", nil)
		for _, method := range []string{http.MethodGet, http.MethodDelete} {
			a.want(400, "InputException", method, templatesPath+"/x", nil)
		}
		a.want(404, "NotFoundException", http.MethodGet, path(999), nil)
		a.ok(http.MethodDelete, path(999), nil, nil)
		a.want(404, "NotFoundException", http.MethodPut, path(999), layout("x", "", false))
		built := a.builtIn("Conversation assigned")
		a.want(403, "PermissionException", http.MethodDelete, path(built.ID), nil)
		a.want(400, "InputException", http.MethodPost, path(first.ID)+"/reset", nil)
		a.want(400, "InputException", http.MethodPut, path(built.ID), map[string]any{"name": "x", "type": "email_notification", "is_default": true})
		var gone bool
		if a.ok(http.MethodDelete, path(first.ID), nil, &gone); !gone || len(a.templates("email_outgoing")) != 1 {
			t.Error("the layout is still there")
		}
	})
}

func TestABuiltInTemplateIsSaidInEachLanguageUntilItIsChanged(t *testing.T) {
	dbtest.URLs(t, func(t *testing.T, url string) {
		o := newOffice(t, url)
		o.app.Notifications.MailAfter = 0
		o.ownServer()
		o.ann.ok(http.MethodPut, "/api/v1/agents/me", map[string]string{"language": "de-DE"}, nil)
		o.ann.ok(http.MethodPut, "/api/v1/agents/me/notification-preferences", map[string]any{"events": map[string]any{"assignment": map[string]bool{"bell": true, "mail": true}}}, nil)
		mail := func(subject string) (got struct{ subject, html string }) {
			o.t.Helper()
			before := len(o.mail.Sent())
			o.assign(o.open(subject), o.annID)
			eventually(t, "the mail", func() bool { return len(o.mail.Sent()) > before })
			m := parsed(t, o.mail.Sent()[before].Raw)
			got.subject, got.html = m.Subject, m.HTML
			return got
		}
		if m := mail("Lamp <1>"); !strings.Contains(m.subject, "Ihnen zugewiesen: Lamp <1>") || !strings.Contains(m.html, "wurde Ihnen zugewiesen") || !strings.Contains(m.html, "Lamp &lt;1&gt;") ||
			!strings.Contains(m.html, `dir="ltr"`) {
			t.Errorf("%+v", m)
		}
		built := o.admin.builtIn("Conversation assigned")
		path := fmt.Sprintf("%s/%d", templatesPath, built.ID)
		same := map[string]any{"name": "x", "type": "email_notification", "subject": built.Subject, "body": built.Body}
		var saved storedTemplate
		if o.admin.ok(http.MethodPut, path, same, &saved); saved.IsModified || saved.Name != built.Name {
			t.Errorf("saved as it was: %+v", saved)
		}
		own := map[string]any{"name": "x", "type": "email_notification", "subject": "Yours: {{ .Conversation.Subject }}", "body": "<p>{{ .Recipient.FirstName }}, {{ .Conversation.Subject }}</p>"}
		if o.admin.ok(http.MethodPut, path, own, &saved); !saved.IsModified {
			t.Errorf("%+v", saved)
		}
		o.admin.template(layout("Brand", `<i>{{ SiteName }}</i>{{ template "content" . }}`, true))
		if m := mail("Lamp <2>"); !strings.HasPrefix(m.subject, "Yours: Lamp <2>") || !strings.Contains(m.html, "<p>ann, Lamp &lt;2&gt;") || !strings.HasPrefix(strings.TrimSpace(m.html), "<i>Foyer</i>") {
			t.Errorf("%+v", m)
		}
		o.exec(`UPDATE templates SET body = '{{ .Broken' WHERE id = $1`, built.ID) // by somebody who writes to the database
		if m := mail("Lamp 3"); !strings.Contains(m.subject, "Ihnen zugewiesen") {
			t.Errorf("%+v", m)
		}
		if got := o.admin.builtIn("Conversation assigned"); got.LastError == nil || !strings.Contains(*got.LastError, "line 1") {
			t.Errorf("%+v", got)
		}
		o.admin.ok(http.MethodPost, path+"/reset", nil, &saved)
		if saved.IsModified || saved.Body != built.Body || saved.LastError != nil {
			t.Errorf("%+v", saved)
		}
		if n := len(o.activity("template_updated").Results); n != 2 {
			t.Errorf("%d changes in the activity log", n)
		}
	})
}

func TestRepliesLeaveInTheLayoutAndWhatPeopleWroteIsNeverRun(t *testing.T) {
	dbtest.URLs(t, func(t *testing.T, url string) {
		d, s := startDesk(t, url), startMail(t)
		d.addInbox(s)
		d.deliver(s, rawMail("first@x.test", "Bo <bo@x.test>", "Printer {{ RootURL }}", "{{ range 9 }}"))
		c := d.waitConversations(1).Results[0]
		reply := func(text string) (html, plain string) {
			t.Helper()
			before := len(s.Sent())
			d.admin.ok(http.MethodPost, "/api/v1/conversations/"+c.UUID+"/messages", map[string]any{"message": text, "sender_type": "agent", "to": []string{"bo@x.test"}}, nil)
			eventually(t, "the reply to leave", func() bool { return len(s.Sent()) > before })
			m := parsed(t, s.Sent()[before].Raw)
			return strings.TrimSpace(m.HTML), m.Text
		}
		brand := d.admin.template(layout("Brand", `<b>{{ template "content" . }}</b>`, true))
		if html, _ := reply("Hi {{ .Contact.FirstName }}"); html != "<b>Hi Bo</b>" {
			t.Errorf("%s", html)
		}
		if stored := d.messages(c.UUID); stored[len(stored)-1].Content != "Hi Bo" {
			t.Errorf("stored as %q", stored[len(stored)-1].Content)
		}
		path := fmt.Sprintf("%s/%d", templatesPath, brand.ID)
		d.admin.ok(http.MethodPut, path, layout("Brand", `<style>p{color:red}</style><h1>{{ .Conversation.Subject }}</h1>{{ template "content" . }}<p>Acme, Berlin</p>`, true), nil)
		code := "<p>{{ end }} {{ .Nope.Nope }} {{ RootURL }} {{{</p>"
		html, plain := reply(code)
		if !strings.Contains(html, code) || !strings.Contains(html, "<h1>Printer {{ RootURL }}</h1>") {
			t.Errorf("%s", html)
		}
		if !strings.Contains(plain, "{{ .Nope.Nope }}") || !strings.Contains(plain, "Acme, Berlin") || strings.Contains(plain, "color") {
			t.Errorf("the text says %q", plain)
		}
		d.admin.ok(http.MethodPut, path, layout("Brand", `<p>the text is missing</p>`, true), nil)
		if html, _ := reply("<p>Still here</p>"); html != "<p>Still here</p>" {
			t.Errorf("by a layout that cannot be used: %s", html)
		}
		if got := d.admin.templates("email_outgoing")[0]; got.LastError == nil || !strings.Contains(*got.LastError, "content") {
			t.Errorf("%+v", got)
		}
	})
}

func TestATemplateIsShownAndTriedBeforeItIsSaved(t *testing.T) {
	dbtest.URLs(t, func(t *testing.T, url string) {
		o := newOffice(t, url)
		uuid := o.open("Lamp <x>")
		preview := func(c *client, body map[string]any) (p struct {
			Subject, HTML, Text string
			Unknown             []struct {
				Line int
				Name string
			}
			MissingContent bool `json:"missing_content"`
		}) {
			t.Helper()
			c.ok(http.MethodPost, templatesPath+"/preview", body, &p)
			return p
		}
		p := preview(o.admin, map[string]any{"type": "email_notification", "name": "Conversation assigned", "subject": "{{ .Conversation.Subject }}", "body": "a\n{{ .Conversation.Subject }}{{ .MentionedBy.FullName }}{{ with .Contact }}{{ .FirstName }}{{ end }}",
			"conversation_uuid": uuid})
		if !strings.HasPrefix(p.Subject, "Lamp <x>") || !strings.Contains(p.HTML, "Lamp &lt;x&gt;") || !strings.Contains(p.HTML, "Kim") || strings.Contains(p.HTML, "Berg") || len(p.Unknown) != 1 || p.Unknown[0].Line != 2 || p.Unknown[0].Name != ".MentionedBy.FullName" {
			t.Errorf("%+v", p)
		}
		if p := preview(o.admin, map[string]any{"type": "email_outgoing", "body": "<p>x</p>"}); !p.MissingContent || len(p.Unknown) != 0 {
			t.Errorf("%+v", p)
		}
		if p := o.admin.want(400, "InputException", http.MethodPost, templatesPath+"/preview", map[string]any{"type": "email_outgoing", "body": "\n\n{{ if }}"}); p.Field != "body" || !strings.Contains(p.Message, "ine 3") {
			t.Errorf("%+v", p)
		}
		o.admin.ok(http.MethodPost, "/api/v1/roles", map[string]any{"name": "Writer", "permissions": []string{"templates:manage"}}, nil)
		o.addAgent("writer@acme.test", "Writer")
		writer := signIn(t, o.app.URL(), "writer@acme.test", agentPassword)
		writer.want(403, "PermissionException", http.MethodPost, templatesPath+"/preview", map[string]any{"type": "email_outgoing", "body": "x", "conversation_uuid": uuid})
		o.none.want(403, "PermissionException", http.MethodGet, templatesPath+"?type=email_outgoing", nil)
		var result struct {
			OK      bool
			Message string
		}
		writer.ok(http.MethodPost, templatesPath+"/test", map[string]any{"type": "email_outgoing", "body": `<h1>Brand</h1>{{ template "content" . }}`}, &result)
		if got := parsed(t, o.mail.Sent()[len(o.mail.Sent())-1].Raw); !result.OK || got.To[0].Email != "writer@acme.test" || !strings.Contains(got.HTML, "<h1>Brand</h1>") {
			t.Errorf("%+v", result)
		}
		o.admin.want(400, "InputException", http.MethodPost, templatesPath+"/test", map[string]any{"type": "email_outgoing", "body": "x", "to": "nobody"})
	})
}
