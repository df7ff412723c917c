package template

import (
	"fmt"
	"html"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/foyerdesk/foyer/internal/platform/i18n"
)

// The names of the templates that come with the program and can be changed. They are the contract of the API.
const (
	Assigned    = "Conversation assigned"
	Mentioned   = "Mentioned in conversation"
	SLAWarning  = "SLA breach warning"
	SLABreached = "SLA breached"
	CSATRequest = "CSAT request"
)

// BuiltIn is a text that comes with the program. It is said in each language, as a template that people can read and
// change.
type BuiltIn struct {
	Name    string
	Subject func(lang string) string
	Body    func(lang string) string
}

// Mails that are always the program's own. Those with a link by which a password is set are not for changing: who may
// edit templates must not get at the link.
var (
	// Digest tells an agent what happened in a conversation.
	Digest = BuiltIn{
		Body: func(lang string) string {
			return `{{ range .Notifications }}<p><strong>{{ .Title }}</strong>{{ if .Body }}<br><span dir="auto">{{ .Body }}</span>{{ end }}</p>
{{ end }}` + ending(lang, "mail.notification.open", "{{ RootURL }}{{ .Path }}")
		},
	}
	// Outage tells an administrator that an inbox does not work, or works again.
	Outage = BuiltIn{
		Subject: func(string) string { return "{{ SiteName }}: {{ .Title }}" },
		Body: func(lang string) string {
			return `<p><strong>{{ .Title }}</strong>{{ if .Body }}<br><span dir="auto">{{ .Body }}</span>{{ end }}</p>
` + ending(lang, "mail.notification.open_inbox", "{{ RootURL }}{{ .Path }}")
		},
	}
	Welcome       = link("welcome", "hello", "text", "end")
	WelcomeSSO    = link("welcome", "hello", "sso")
	ResetPassword = link("reset", "hello", "text", "end")
)

// builtIns are the texts that can be changed, in the order in which they are made.
var builtIns = []BuiltIn{
	{
		Name:    Assigned,
		Subject: func(lang string) string { return words(lang, "mail.notification.subject.assignment", nil) },
		Body: func(lang string) string {
			by := sentence(lang, "notification.title.assignment_by", map[string]string{"actor": "{{ .AssignedBy.FullName }}"})
			return `<p><strong>{{ if .AssignedBy.FullName }}` + by + `{{ else }}` + sentence(lang, "notification.title.assignment", nil) + `{{ end }}</strong><br>
<span dir="auto">{{ .Conversation.Subject }}</span></p>
` + ending(lang, "mail.notification.open", "{{ RootURL }}/inboxes/assigned/conversation/{{ .Conversation.UUID }}")
		},
	},
	{
		Name: Mentioned,
		Subject: func(lang string) string {
			return words(lang, "mail.notification.subject.mention", map[string]string{"actor": "{{ .MentionedBy.FullName }}"})
		},
		Body: func(lang string) string {
			return `<p><strong>` + sentence(lang, "notification.title.mention", map[string]string{"actor": "{{ .MentionedBy.FullName }}"}) + `</strong><br>
<span dir="auto">{{ .Message.Content }}</span></p>
` + ending(lang, "mail.notification.open", "{{ RootURL }}/inboxes/mentioned/conversation/{{ .Conversation.UUID }}?scrollTo={{ .Message.UUID }}")
		},
	},
	service(SLAWarning, "sla_warning"),
	service(SLABreached, "sla_breached"),
	{
		Name:    CSATRequest,
		Subject: func(string) string { return "" },
		Body: func(lang string) string {
			var b strings.Builder
			b.WriteString("<p>" + sentence(lang, "mail.template.csat.text", nil) + "</p>\n<p>")
			for i, face := range []string{"😞", "🙁", "😐", "🙂", "😀"} {
				fmt.Fprintf(&b, "\n<a href=\"{{ .CSATLink }}?rating=%d\" title=\"%s\" style=\"font-size:28px;text-decoration:none;padding:0 6px\">%s</a>", i+1,
					html.EscapeString(i18n.T(lang, "mail.template.csat."+strconv.Itoa(i+1), nil)), face)
			}
			return b.String() + "\n</p>"
		},
	},
}

// BuiltIns returns the texts that can be changed.
func BuiltIns() []BuiltIn { return slices.Clone(builtIns) }

func builtIn(name string) (BuiltIn, bool) {
	i := slices.IndexFunc(builtIns, func(b BuiltIn) bool { return b.Name == name })
	if i < 0 {
		return BuiltIn{}, false
	}
	return builtIns[i], true
}

// service is a mail about a time that was promised.
func service(name, key string) BuiltIn {
	return BuiltIn{
		Name:    name,
		Subject: func(lang string) string { return words(lang, "mail.template."+key+".subject", nil) },
		Body: func(lang string) string {
			return `<p><strong>` + sentence(lang, "mail.template."+key+".text", nil) + `</strong><br>
<span dir="auto">{{ .Conversation.Subject }}</span></p>
` + ending(lang, "mail.notification.open", "{{ RootURL }}/inboxes/assigned/conversation/{{ .Conversation.UUID }}")
		},
	}
}

// link is a mail that leads somebody to where they sign in or choose a password.
func link(key string, parts ...string) BuiltIn {
	return BuiltIn{
		Subject: func(lang string) string { return words(lang, "mail."+key+".subject", nil) },
		Body: func(lang string) string {
			var b strings.Builder
			for i, part := range parts {
				b.WriteString("<p>" + sentence(lang, "mail."+key+"."+part, nil) + "</p>")
				if i == 1 {
					b.WriteString(`<p><a href="{{ .Link }}">{{ .Link }}</a></p>`)
				}
			}
			return b.String()
		},
	}
}

// ending leads to what the mail is about, by a link with a text of the catalogue, and says why the mail came.
func ending(lang, open, address string) string {
	return `<p><a href="` + address + `">` + sentence(lang, open, nil) + `</a></p>
<p><small>` + sentence(lang, "mail.notification.why", nil) + ` <a href="{{ RootURL }}/account/notifications">` + sentence(lang, "mail.notification.change", nil) + `</a></small></p>`
}

// actions are what stands for the placeholders of the catalogue.
var actions = map[string]string{
	"reference": "{{ .Conversation.ReferenceNumber }}", "subject": "{{ .Conversation.Subject }}", "site": "{{ SiteName }}", "name": "{{ .Recipient.FirstName }}",
	"metric": "{{ .SLA.Metric }}", "due": "{{ .SLA.DueIn }}", "overdue": "{{ .SLA.OverdueBy }}",
}

// words returns a text of the catalogue as a template.
func words(lang, key string, more map[string]string) string {
	params := maps.Clone(actions)
	maps.Copy(params, more)
	return i18n.T(lang, key, params)
}

// sentence is words for HTML.
func sentence(lang, key string, more map[string]string) string {
	text := html.EscapeString(i18n.T(lang, key, nil))
	for _, params := range []map[string]string{more, actions} {
		for name, action := range params {
			text = strings.ReplaceAll(text, "{"+name+"}", action)
		}
	}
	return text
}
