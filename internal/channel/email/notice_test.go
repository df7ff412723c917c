package email

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/foyerdesk/foyer/internal/platform/crypt"
	"github.com/foyerdesk/foyer/internal/platform/mail"
)

func ticketBox(t testing.TB, with byte) *crypt.Box {
	t.Helper()
	box, err := crypt.NewBox(bytes.Repeat([]byte{with}, crypt.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	return box
}

func TestTicketIsReadOnlyAsItWasSigned(t *testing.T) {
	box := ticketBox(t, 1)
	given := ticket{7, 123456, time.Unix(1_900_000_000/3600*3600, 0)}
	text := given.write(box)
	for _, form := range []string{text, strings.ToUpper(text)} {
		if got, ok := readTicket(box, form); !ok || got != given {
			t.Errorf("%s is read as %+v, %v", form, got, ok)
		}
	}
	if _, ok := readTicket(ticketBox(t, 2), text); ok {
		t.Error("it is read with another key")
	}
	for i := range text {
		if changed := text[:i] + string(text[i]^1) + text[i+1:]; changed != text {
			if got, ok := readTicket(box, changed); ok {
				t.Errorf("%s is read as %+v", changed, got)
			}
		}
	}
}

func TestTicketIsFoundInTheAddressAndInWhatIsAnswered(t *testing.T) {
	text := ticket{7, 8, time.Unix(0, 0)}.write(ticketBox(t, 1))
	for head, want := range map[string]string{
		"To: Note <help+note-" + text + "@acme.test>":                                         text,
		"Cc: a@x.test, HELP+NOTE-" + strings.ToUpper(text) + "@acme.test":                     text,
		"Delivered-To: help+note-" + text + "@acme.test":                                      text,
		"In-Reply-To: <note-" + text + ".abc@desk.test>":                                      text,
		"In-Reply-To: <1@x.test>\r\nReferences: <note-" + text + ".abc@desk.test> <1@x.test>": "",
		"To: help+note-7@acme.test":                                                           "",
		"Subject: help+note-" + text + "@acme.test":                                           "",
	} {
		m, err := mail.Parse([]byte("From: a@x.test\r\n"+head+"\r\n\r\nHi\r\n"), mail.DefaultLimits())
		if err != nil {
			t.Fatal(err)
		}
		if got := ticketOf(m); !strings.EqualFold(got, want) {
			t.Errorf("%q has %q, want %q", head, got, want)
		}
	}
}

func FuzzTicket(f *testing.F) {
	box := ticketBox(f, 1)
	f.Add(ticket{1, 2, time.Unix(0, 0)}.write(box))
	f.Add("zzzzzzzzzzzzz-zzzzzzzzzzzzz-zzzzzzzz-aaaaaaaaaaaaaaaaaaaaaaaaaa")
	f.Fuzz(func(t *testing.T, text string) {
		if got, ok := readTicket(box, text); ok && !strings.EqualFold(got.write(box), text) {
			t.Errorf("%q is read as %+v", text, got)
		}
	})
}
