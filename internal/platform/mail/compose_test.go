package mail

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	netmail "net/mail"
	"slices"
	"strings"
	"testing"
	"time"
)

func outgoing() Outgoing {
	return Outgoing{
		MessageID: "id-1@acme.test", Date: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC),
		From: Address{Name: "Jö at \"Acme\"", Email: "help@acme.test"}, To: []Address{{"Bo Tan", "bo@x.test"}, {"", "al@x.test"}},
		Cc: []Address{{"李, 雷", "li@x.test"}}, ReplyTo: "help+conv-1@acme.test", Subject: "Drucker – 打印机坏了 🖨️",
		InReplyTo: "r2@x.test", References: []string{"r1@x.test", "r2@x.test"},
		HTML:    `<p>Hällo <b>Bo</b></p><p><img src="cid:logo@acme"></p>`,
		Headers: []HeaderField{{"Auto-Submitted", "auto-replied"}},
	}
}

func checkWire(t *testing.T, raw []byte) {
	t.Helper()
	for line := range bytes.Lines(raw) {
		if len(line) > 1000 || !bytes.HasSuffix(line, []byte("\r\n")) || bytes.Count(line, []byte("\r")) != 1 {
			t.Errorf("line of %d bytes: %.80q", len(line), line)
		}
	}
}

func compose(t *testing.T, o Outgoing) ([]byte, *Message) {
	t.Helper()
	raw, err := Compose(o)
	if err != nil {
		t.Fatal(err)
	}
	checkWire(t, raw)
	if _, err := netmail.ReadMessage(bytes.NewReader(raw)); err != nil {
		t.Errorf("net/mail: %v", err)
	}
	m := mustParse(t, raw, Limits{})
	if len(m.Problems) > 0 {
		t.Errorf("problems: %v", m.Problems)
	}
	checkSound(t, m)
	return raw, m
}

func TestComposedMessageReadsBackTheSame(t *testing.T) {
	o := outgoing()
	o.Attachments = []Attachment{
		{Filename: "logo.png", ContentType: "image/png", ContentID: "logo@acme", Inline: true, Data: []byte("png")},
		{Filename: "отчёт за март.pdf", ContentType: "application/pdf", Open: func() (io.ReadCloser, error) {
			return io.NopCloser(strings.NewReader(strings.Repeat("x", 10_000))), nil
		}},
		{Filename: `quote"back\slash.txt`, Data: []byte("t")},
	}
	_, m := compose(t, o)
	if m.MessageID != o.MessageID || m.Subject != o.Subject || !m.Date.Equal(o.Date) || m.From[0] != o.From ||
		!slices.Equal(m.To, o.To) || !slices.Equal(m.Cc, o.Cc) || m.ReplyTo[0].Email != o.ReplyTo ||
		!slices.Equal(m.InReplyTo, []string{o.InReplyTo}) || !slices.Equal(m.References, o.References) {
		t.Errorf("got %+v", m)
	}
	if m.HTML != o.HTML || m.Text != "Hällo Bo" || m.Header.Get("auto-submitted") != "auto-replied" {
		t.Errorf("html %q, text %q", m.HTML, m.Text)
	}
	var got []string
	for _, p := range m.Parts {
		got = append(got, fmt.Sprint(p.Disposition, " ", p.ContentType, " ", p.Filename, " ", p.ContentID, " ", len(p.Data)))
	}
	want := []string{
		"inline image/png logo.png logo@acme 3", "attachment application/pdf отчёт за март.pdf  10000",
		"attachment application/octet-stream slash.txt  1",
	}
	if !slices.Equal(got, want) {
		t.Errorf("parts %q", got)
	}
}

func TestTwoHundredAttachmentsKeepTheirOrder(t *testing.T) {
	o := outgoing()
	for i := range 200 {
		o.Attachments = append(o.Attachments, Attachment{Filename: fmt.Sprintf("ф-%d.txt", i), ContentType: "text/plain", Data: []byte{byte(i), 0, 255}})
	}
	_, m := compose(t, o)
	if len(m.Parts) != 200 {
		t.Fatalf("%d parts", len(m.Parts))
	}
	for i, p := range m.Parts {
		if p.Filename != fmt.Sprintf("ф-%d.txt", i) || !bytes.Equal(p.Data, []byte{byte(i), 0, 255}) {
			t.Errorf("part %d is %q %v", i, p.Filename, p.Data)
		}
	}
}

func TestStructureIsNoDeeperThanNeeded(t *testing.T) {
	inline := Attachment{Filename: "a.png", ContentType: "image/png", ContentID: "logo@acme", Inline: true, Data: []byte("x")}
	file := Attachment{Filename: "a.pdf", ContentType: "application/pdf", Data: []byte("x")}
	for name, c := range map[string]struct {
		html  string
		files []Attachment
		want  string
	}{
		"text":          {"", nil, "text/plain"},
		"text and file": {"", []Attachment{file}, "multipart/mixed text/plain application/pdf"},
		"html":          {"<p>x</p>", nil, "multipart/alternative text/plain text/html"},
		"inline":        {"<p>x</p>", []Attachment{inline}, "multipart/related multipart/alternative text/plain text/html image/png"},
		"all": {"<p>x</p>", []Attachment{file, inline},
			"multipart/mixed multipart/related multipart/alternative text/plain text/html image/png application/pdf"},
	} {
		o := outgoing()
		o.HTML, o.Text, o.Attachments = c.html, "x", c.files
		raw, _ := compose(t, o)
		var types []string
		for line := range strings.Lines(string(raw)) {
			if v, ok := strings.CutPrefix(line, "Content-Type: "); ok {
				v, _, _ = strings.Cut(strings.TrimSpace(v), ";")
				types = append(types, v)
			}
		}
		if got := strings.Join(types, " "); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestReferencesKeepTheRootAndTheNewestNineteen(t *testing.T) {
	o := outgoing()
	o.References = nil
	for i := range 300 {
		o.References = append(o.References, fmt.Sprintf("%s-%d@acme.test", strings.Repeat("long", 15), i))
	}
	_, m := compose(t, o)
	if len(m.References) != 20 || m.References[0] != o.References[0] || m.References[1] != o.References[281] || m.References[19] != o.References[299] {
		t.Errorf("%d: %q", len(m.References), m.References)
	}
}

func TestValuesCannotAddHeaders(t *testing.T) {
	o := outgoing()
	o.Subject = "Hi\r\nBcc: evil@x.test\r\n\r\nbody"
	o.From.Name = "Bo\r\nX-Evil: 1"
	o.Attachments = []Attachment{{Filename: "a\r\nX-Evil: 1.txt", ContentType: "text/plain", Data: []byte("x")}}
	_, m := compose(t, o)
	if m.Header.Has("Bcc") || m.Header.Has("X-Evil") || m.Subject != "Hi  Bcc: evil@x.test    body" {
		t.Errorf("%+v", m)
	}
	for name, change := range map[string]func(*Outgoing){
		"header value": func(o *Outgoing) { o.Headers = []HeaderField{{"X-A", "1\r\nBcc: e@x.test"}} },
		"header name":  func(o *Outgoing) { o.Headers = []HeaderField{{"X-A: 1\r\nBcc", "e@x.test"}} },
		"message id":   func(o *Outgoing) { o.MessageID = "a@b>\r\nBcc: e@x.test" },
		"reference":    func(o *Outgoing) { o.References = []string{"a@b>\r\nBcc: e@x.test"} },
		"address":      func(o *Outgoing) { o.To = []Address{{"", "a@b.test>\r\nBcc: e@x.test"}} },
		"reply-to":     func(o *Outgoing) { o.ReplyTo = "a@b.test\r\nBcc: e@x.test" },
		"content id":   func(o *Outgoing) { o.Attachments = []Attachment{{ContentID: "a>\r\nX: 1"}} },
		"content type": func(o *Outgoing) { o.Attachments = []Attachment{{ContentType: "text/plain\r\nX: 1"}} },
		"no sender":    func(o *Outgoing) { o.From = Address{} },
		"no id":        func(o *Outgoing) { o.MessageID = "" },
	} {
		o := outgoing()
		change(&o)
		if _, err := Compose(o); !errors.Is(err, ErrOutgoing) {
			t.Errorf("%s: %v, want ErrOutgoing", name, err)
		}
	}
}

func TestLongAndStrangeValuesStayWithinTheLineLimit(t *testing.T) {
	o := outgoing()
	o.Subject = strings.Repeat("x", 3000)
	o.From.Name = strings.Repeat("語", 100)
	o.HTML = "<p>" + strings.Repeat("y", 5000) + "</p>"
	for i := range 300 {
		o.To = append(o.To, Address{fmt.Sprintf("Person, Number %d", i), fmt.Sprintf("p%d@x.test", i)})
	}
	_, m := compose(t, o)
	if m.Subject != o.Subject || m.HTML != o.HTML || len(m.To) != 302 || m.From[0].Name != o.From.Name {
		t.Errorf("subject %d, html %d, to %d, name %q", len(m.Subject), len(m.HTML), len(m.To), m.From[0].Name)
	}
	for _, subject := range []string{"", " ", "two  blanks", "=?utf-8?Q?literal?=", "tab\there", "trailing "} {
		o.Subject = subject
		if _, m := compose(t, o); m.Subject != strings.TrimSpace(strings.ReplaceAll(subject, "\t", " ")) {
			t.Errorf("subject %q read back as %q", subject, m.Subject)
		}
	}
}

func TestInternationalDomainIsWrittenAsASCII(t *testing.T) {
	o := outgoing()
	o.To = []Address{{"", "jo@bücher.test"}}
	if raw, _ := compose(t, o); !bytes.Contains(raw, []byte("To: jo@xn--bcher-kva.test\r\n")) {
		t.Errorf("%s", raw)
	}
}

func TestFailureToOpenAnAttachmentIsReported(t *testing.T) {
	gone := errors.New("gone")
	o := outgoing()
	o.Attachments = []Attachment{{Filename: "a.pdf", Open: func() (io.ReadCloser, error) { return nil, gone }}}
	if _, err := Compose(o); !errors.Is(err, gone) {
		t.Errorf("%v", err)
	}
}

func TestAnyIdThatWasReadCanBeReferredTo(t *testing.T) {
	for _, id := range []string{"<" + strings.Repeat("x", 5000) + "@x.test>", "<ü@x.test>", "a@@b", "(<>,;:\\\"", "<a b@c>"} {
		in := mustParse(t, []byte("From: a@x.test\nMessage-ID: "+id+"\n\nx"), Limits{})
		o := outgoing()
		o.InReplyTo, o.References = in.MessageID, []string{in.MessageID}
		compose(t, o)
	}
}
