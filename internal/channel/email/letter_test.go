package email

import (
	"testing"

	"github.com/foyerdesk/foyer/internal/desk/inbox"
)

func TestAnswersAreKnownByTheirPrefixInManyLanguages(t *testing.T) {
	for _, subject := range []string{"Re: x", "RE : x", "re[2]: x", "AW: x", "Antw: x", "SV: x", "VS: x", "Vá: x", "Odp: x", "R: x", "RIF: x", "Rép: x", "YNT: x", "Cvp: x", "Ats: x",
		"Atb: x", "Răsp: x", "Bls: x", "TL: x", "Отв: x", "ВІД: x", "ΑΠ: x", "תגובה: x", "رد: x", "پاسخ: x", "回复：x", "回覆: x", "返信: x", "회신: x"} {
		if !answers.MatchString(subject) {
			t.Errorf("%q is no answer", subject)
		}
	}
	for _, subject := range []string{"x", "Printer: Re", "Reminder: x", "Return: x", "Resolved: x", "Fwd: x", "WG: x", "", ":", "Restore x"} {
		if answers.MatchString(subject) {
			t.Errorf("%q is an answer", subject)
		}
	}
}

func TestTheDisplayNameIsFilledOrLeftAsItIs(t *testing.T) {
	ann := outgoing{FirstName: "Ann", LastName: "Lee"}
	system := ann
	system.SenderSystem = true
	for _, tc := range []struct {
		template, want string
		from           outgoing
	}{
		{"{{ .Agent.FirstName }} at {{.Inbox.Name}}", "Ann at Help", ann},
		{"{{ .Agent.FullName }}\n of Acme", "Ann Lee of Acme", ann},
		{"Acme", "Acme", ann},
		{"", "", ann},
		{"{{ .Agent.FirstName }}", "", system},
		{"{{ .Agent.Email }}", "", ann},
		{"{{ .Agent.FirstName | upper }}", "", ann},
		{"{{ if .Agent }}x{{ end }}", "", ann},
		{"{{ .Agent.FirstName", "", ann},
	} {
		if got := senderName(inbox.Inbox{Name: "Help", FromNameTemplate: tc.template}, tc.from); got != tc.want {
			t.Errorf("%q: %q, want %q", tc.template, got, tc.want)
		}
	}
}
