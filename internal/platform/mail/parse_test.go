package mail

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/foyerdesk/foyer/internal/platform/htmlx"
)

var update = flag.Bool("update", false, "write the golden files anew")

// reading is what a golden file holds of a message.
type reading struct {
	MessageID  string   `json:"message_id,omitempty"`
	InReplyTo  []string `json:"in_reply_to,omitempty"`
	References []string `json:"references,omitempty"`
	From       []string `json:"from,omitempty"`
	Sender     []string `json:"sender,omitempty"`
	ReplyTo    []string `json:"reply_to,omitempty"`
	To         []string `json:"to,omitempty"`
	Cc         []string `json:"cc,omitempty"`
	Bcc        []string `json:"bcc,omitempty"`
	Subject    string   `json:"subject"`
	Date       string   `json:"date,omitempty"`
	Own        string   `json:"own,omitempty"` // what the author wrote without the history, in one line
	Quotes     bool     `json:"quotes,omitempty"`
	Text       string   `json:"text,omitempty"`
	HTML       string   `json:"html,omitempty"`
	Parts      []string `json:"parts,omitempty"`
	Automatic  string   `json:"automatic,omitempty"`
	DSN        bool     `json:"dsn,omitempty"`
	Bounce     *Report  `json:"bounce,omitempty"`
	Problems   []string `json:"problems,omitempty"`
}

func read(m *Message) reading {
	names := func(list []Address) (out []string) {
		for _, a := range list {
			out = append(out, a.Name+" <"+a.Email+">")
		}
		return out
	}
	r := reading{
		MessageID: m.MessageID, InReplyTo: m.InReplyTo, References: m.References,
		From: names(m.From), Sender: names(m.Sender), ReplyTo: names(m.ReplyTo), To: names(m.To), Cc: names(m.Cc), Bcc: names(m.Bcc),
		Subject: m.Subject, Text: m.Text, HTML: m.HTML, DSN: m.IsDSN(), Problems: m.Problems,
	}
	if !m.Date.IsZero() {
		r.Date = m.Date.Format(time.RFC3339)
	}
	for _, p := range m.Parts {
		data := string(p.Data)
		if strings.HasPrefix(p.ContentType, "image/png") {
			data = "(picture)"
		}
		r.Parts = append(r.Parts, strings.Join([]string{p.Disposition, p.ContentType, p.Filename, p.ContentID, data}, " | "))
	}
	_, r.Automatic = m.AutoSubmitted()
	if report, ok := m.Bounce(); ok {
		r.Bounce = &report
	}
	r.Own, r.Quotes = ownWords(m)
	return r
}

// ownWords returns what the reader of a message sees of it when its history is folded, and whether there is one.
func ownWords(m *Message) (own string, quotes bool) {
	if strings.TrimSpace(m.HTML) != "" {
		visible, quoted := htmlx.SplitQuote(htmlx.Sanitize(m.HTML))
		return inOneLine(htmlx.Text(visible)), quoted != ""
	}
	own = htmlx.StripQuotedText(m.Text)
	if own == "" {
		return inOneLine(m.Text), false
	}
	return inOneLine(own), inOneLine(own) != inOneLine(m.Text)
}

func inOneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

func (r reading) golden(t testing.TB) string {
	t.Helper()
	var out strings.Builder
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(r); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// corpus returns the paths of the messages of the corpus.
func corpus(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/corpus/*/*.eml")
	if err != nil || len(files) < 300 {
		t.Fatalf("found %d messages: %v", len(files), err)
	}
	return files
}

func TestCorpusIsReadAsTheGoldenFilesSay(t *testing.T) {
	written := map[string]bool{}
	for _, s := range generated() {
		written["testdata/corpus/"+s.name] = true
	}
	for _, file := range corpus(t) {
		base := strings.TrimSuffix(file, ".eml")
		t.Run(strings.TrimPrefix(base, "testdata/corpus/"), func(t *testing.T) {
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := read(mustParse(t, raw, DefaultLimits())).golden(t)
			if *update && !written[base] {
				if err := os.WriteFile(base+".json", []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(base + ".json")
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

// checkSound asserts what holds for every message that Parse returns.
func checkSound(t *testing.T, m *Message) {
	t.Helper()
	texts := append([]string{m.MessageID, m.Subject, m.Text, m.HTML}, m.References...)
	for _, list := range [][]Address{m.From, m.Sender, m.ReplyTo, m.To, m.Cc, m.Bcc} {
		for _, a := range list {
			texts = append(texts, a.Name, a.Email)
			if _, err := ParseAddress(a.Email); err != nil || strings.ToLower(a.Email) != a.Email {
				t.Errorf("address %q: %v", a.Email, err)
			}
			if strings.ContainsAny(a.Name, "\r\n") {
				t.Errorf("name %q has a line break", a.Name)
			}
		}
	}
	for _, p := range m.Parts {
		texts = append(texts, p.Filename, p.ContentType, p.ContentID)
		if p.Filename == "" || strings.ContainsAny(p.Filename, "/\\\r\n\u202e") || len(p.Filename) > 255 {
			t.Errorf("file name %q", p.Filename)
		}
		if len(p.Data) == 0 || p.Disposition != Inline && p.Disposition != Attached {
			t.Errorf("part %q: %d bytes, %q", p.Filename, len(p.Data), p.Disposition)
		}
	}
	for _, s := range texts {
		if !utf8.ValidString(s) || strings.Contains(s, "\x00") {
			t.Errorf("unclean text %q", shorten(s))
		}
	}
	if strings.ContainsAny(m.Subject, "\r\n") {
		t.Errorf("subject %q has a line break", m.Subject)
	}
}
