package template

import (
	"html"

	"github.com/foyerdesk/foyer/internal/platform/i18n"
)

// Sample are values that show what a template looks like, and by which it is tried before it is saved.
func Sample(lang string) Data {
	say := func(part string) string { return i18n.T(lang, "mail.template.sample."+part, nil) }
	ann := Person{FirstName: "Ann", LastName: "Berg", Email: "ann@example.com"}
	return Data{
		Conversation: Conversation{ReferenceNumber: "1042", Subject: say("subject"), Priority: "High", UUID: "00000000-0000-4000-8000-000000000000"},
		Contact:      Person{FirstName: "Kim", LastName: "Sato", Email: "kim@example.com"},
		Recipient:    Person{FirstName: "Kim", LastName: "Sato", Email: "kim@example.com"},
		Author:       ann,
		More: map[string]any{
			"AssignedBy": ann, "MentionedBy": ann,
			"Message":  map[string]any{"UUID": "00000000-0000-4000-8000-000000000001", "Content": HTML(html.EscapeString(say("note")))},
			"SLA":      map[string]any{"Metric": say("metric"), "DueIn": say("time"), "OverdueBy": say("time")},
			"CSATLink": "https://example.com/csat", "CSATUUID": "00000000-0000-4000-8000-000000000002",
		},
	}
}

// SampleContent is the text of a mail that shows what a layout looks like.
func SampleContent(lang string) HTML {
	say := func(part string) string {
		return "<p>" + html.EscapeString(i18n.T(lang, "mail.template.sample."+part, nil)) + "</p>"
	}
	return HTML(say("hello") + say("text") + say("bye"))
}
