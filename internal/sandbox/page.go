package sandbox

import (
	_ "embed"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/foyerdesk/foyer/internal/platform/crypt"
	"github.com/foyerdesk/foyer/internal/platform/htmlx"
	"github.com/foyerdesk/foyer/internal/platform/mail"
)

//go:embed page.html
var pageText string

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"clock": func(t time.Time) string { return t.Format("15:04:05") },
}).Parse(pageText))

// letter is a sent mail as the page shows it.
type letter struct {
	N       int
	At      time.Time
	From    string
	To      string
	Subject string
	Preview string
	HTML    string
	Headers []header
	Files   []string
	// Reply is what an answer to it begins with.
	Reply draft
}

type header struct{ Name, Value string }

// draft is a mail being written in a customer's name.
type draft struct {
	Name, From, To, Subject, Body, InReplyTo, References string
}

type pageData struct {
	Mailbox string
	DeskURL string
	Letters []letter
	Open    *letter
	Draft   draft
	Done    bool
	Error   string
}

// Handler serves the page: what the desk sent, and a form to write to the desk as a customer.
func (s *Servers) Handler(deskURL string) http.Handler {
	mux := http.NewServeMux()
	show := func(w http.ResponseWriter, r *http.Request, d pageData) {
		d.Mailbox, d.DeskURL = s.Mailbox, deskURL
		sent := s.Sent()
		for i := len(sent) - 1; i >= 0 && len(d.Letters) < 100; i-- {
			d.Letters = append(d.Letters, readLetter(i, sent[i]))
		}
		if n, err := strconv.Atoi(r.URL.Query().Get("mail")); err == nil && n >= 0 && n < len(sent) {
			l := readLetter(n, sent[n])
			d.Open = &l
			if d.Draft.From == "" {
				d.Draft = l.Reply
			}
		}
		if d.Draft.From == "" {
			d.Draft = draft{Name: "Ida Berg", From: "ida@customer.example", To: s.Mailbox}
		}
		h := w.Header()
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-src 'self'; img-src data:")
		_ = page.Execute(w, d)
	}
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		show(w, r, pageData{Done: r.URL.Query().Has("sent")})
	})
	mux.HandleFunc("POST /send", func(w http.ResponseWriter, r *http.Request) {
		d := draft{Name: r.FormValue("name"), From: r.FormValue("from"), To: r.FormValue("to"), Subject: r.FormValue("subject"),
			Body: r.FormValue("body"), InReplyTo: r.FormValue("in_reply_to"), References: r.FormValue("references")}
		if err := s.write(d); err != nil {
			w.WriteHeader(http.StatusBadRequest)
			show(w, r, pageData{Draft: d, Error: err.Error()})
			return
		}
		http.Redirect(w, r, "/?sent", http.StatusSeeOther)
	})
	return http.NewCrossOriginProtection().Handler(mux)
}

// write sends a mail to the desk in a customer's name.
func (s *Servers) write(d draft) error {
	from, err := mail.ParseAddress(d.From)
	if err != nil {
		return fmt.Errorf("the sender %q is no address", d.From)
	}
	from.Name = d.Name
	to, err := mail.ParseAddress(d.To)
	if err != nil {
		return fmt.Errorf("the recipient %q is no address", d.To)
	}
	o := mail.Outgoing{MessageID: crypt.Token(20) + "@customer.example", Date: time.Now(), From: from, To: []mail.Address{to}, Subject: d.Subject,
		HTML: htmlx.FromText(d.Body), Text: d.Body, InReplyTo: d.InReplyTo}
	if d.References != "" {
		o.References = strings.Fields(d.References)
	}
	raw, err := mail.Compose(o)
	if err != nil {
		return err
	}
	return s.accept(from.Email, []string{to.Email}, raw)
}

func readLetter(n int, sent Sent) letter {
	l := letter{N: n, At: sent.At, From: sent.From, To: strings.Join(sent.To, ", ")}
	m, err := mail.Parse(sent.Raw, mail.DefaultLimits())
	if err != nil {
		l.Subject = err.Error()
		return l
	}
	l.Subject, l.HTML = m.Subject, m.HTML
	text := m.Text
	if text == "" {
		text = htmlx.Text(m.HTML)
	}
	l.Preview = htmlx.Preview(text, 120)
	for _, name := range []string{"From", "To", "Cc", "Reply-To", "Message-Id", "In-Reply-To", "References", "Auto-Submitted"} {
		if v := m.Header.Get(name); v != "" {
			l.Headers = append(l.Headers, header{name, v})
		}
	}
	for _, p := range m.Parts {
		l.Files = append(l.Files, fmt.Sprintf("%s (%d kB)", p.Filename, (len(p.Data)+1023)/1024))
	}
	subject := m.Subject
	if !strings.HasPrefix(strings.ToLower(subject), "re:") {
		subject = "Re: " + subject
	}
	answerTo := sent.From
	if len(m.ReplyTo) > 0 {
		answerTo = m.ReplyTo[0].Email
	}
	l.Reply = draft{From: sent.To[0], To: answerTo, Subject: subject, InReplyTo: m.MessageID,
		References: strings.Join(append(slices.Clone(m.References), m.MessageID), " "),
		Body:       "\n\nOn " + sent.At.Format("Mon, 2 Jan 2006 15:04") + ", Support wrote:\n> " + strings.ReplaceAll(text, "\n", "\n> ")}
	return l
}
