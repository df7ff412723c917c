package mail

import (
	"bytes"
	"encoding/base64"
	"flag"
	"fmt"
	"mime/quotedprintable"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/encoding/htmlindex"
)

// Mails of systematic shapes are written by the code of the corpus_*_test.go files, not by Compose, and what they must be
// read as is said there, too: it is not recorded from what Parse makes of them.
var generate = flag.Bool("generate", false, "write the generated part of the corpus anew")

// sample is one mail of the corpus and what it must be read as.
type sample struct {
	name string // family/name
	raw  string
	want reading
}

func generated() []sample {
	var all []sample
	all = append(all, replies()...)
	all = append(all, forwards()...)
	all = append(all, charsets()...)
	all = append(all, automatics()...)
	all = append(all, bounces()...)
	all = append(all, winmails()...)
	return all
}

func TestGeneratedCorpusIsWhatIsCommitted(t *testing.T) {
	for _, s := range generated() {
		base := filepath.Join("testdata/corpus", s.name)
		if *generate {
			if err := os.MkdirAll(filepath.Dir(base), 0o755); err != nil {
				t.Fatal(err)
			}
			for ext, text := range map[string]string{".eml": s.raw, ".json": s.want.golden(t)} {
				if err := os.WriteFile(base+ext, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			continue
		}
		for ext, text := range map[string]string{".eml": s.raw, ".json": s.want.golden(t)} {
			if have, err := os.ReadFile(base + ext); err != nil || string(have) != text {
				t.Errorf("%s%s is not what the generator writes: %v", s.name, ext, err)
			}
		}
	}
}

// part is a MIME entity being written.
type part struct {
	fields   []string // its header, without a line end
	body     string
	encoding string // "", quoted-printable or base64
	charset  string // "" for text that is bytes already
	children []part // of a multipart, whose boundary is in fields
	boundary string
}

// String writes the entity with CRLF.
func (p part) String() string {
	var b strings.Builder
	for _, f := range p.fields {
		b.WriteString(f + "\r\n")
	}
	if p.encoding != "" {
		b.WriteString("Content-Transfer-Encoding: " + p.encoding + "\r\n")
	}
	b.WriteString("\r\n")
	if p.children == nil {
		b.WriteString(encodeBody(p.body, p.charset, p.encoding))
		return b.String()
	}
	for _, c := range p.children {
		b.WriteString("--" + p.boundary + "\r\n" + c.String() + "\r\n")
	}
	b.WriteString("--" + p.boundary + "--\r\n")
	return b.String()
}

func inCharset(s, charset string) string {
	if charset == "" || charset == "utf-8" || charset == "us-ascii" {
		return s
	}
	enc, err := htmlindex.Get(charset)
	if err != nil {
		panic(err)
	}
	out, err := enc.NewEncoder().String(s)
	if err != nil {
		panic(fmt.Sprintf("%q cannot be written in %s", s, charset))
	}
	return out
}

func encodeBody(s, charset, encoding string) string {
	if charset != "" || encoding == "" {
		s = inCharset(strings.ReplaceAll(s, "\n", "\r\n"), charset)
	}
	switch encoding {
	case "quoted-printable":
		var b bytes.Buffer
		w := quotedprintable.NewWriter(&b)
		_, _ = w.Write([]byte(s))
		_ = w.Close()
		return b.String()
	case "base64":
		var b strings.Builder
		for text := base64.StdEncoding.EncodeToString([]byte(s)); text != ""; {
			n := min(76, len(text))
			b.WriteString(text[:n] + "\r\n")
			text = text[n:]
		}
		return strings.TrimSuffix(b.String(), "\r\n")
	}
	return s
}

// encodedWords writes text as RFC 2047 wants it, in words that hold whole characters.
func encodedWords(s, charset, kind string) string {
	if charset == "" || strings.IndexFunc(s, func(r rune) bool { return r >= utf8.RuneSelf }) < 0 {
		return s
	}
	var words []string
	for runes := []rune(s); len(runes) > 0; {
		n := min(10, len(runes))
		data := inCharset(string(runes[:n]), charset)
		text := base64.StdEncoding.EncodeToString([]byte(data))
		if kind == "Q" {
			text = ""
			for _, c := range []byte(data) {
				switch {
				case c == ' ':
					text += "_"
				case c >= '0' && c <= '9', c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z':
					text += string(rune(c))
				default:
					text += fmt.Sprintf("=%02X", c)
				}
			}
		}
		words = append(words, "=?"+charset+"?"+kind+"?"+text+"?=")
		runes = runes[n:]
	}
	return strings.Join(words, "\r\n ")
}

// The people of the corpus.
const (
	customer = "Bo Tan <bo@x.test>"
	desk     = "Acme Help <help@acme.test>"
)

// letterhead is the header of a mail of the customer to the desk.
type letterhead struct {
	id, subject, charset, kind string
	from, to                   string // "" for the usual ones
	answers                    bool
	more                       []string
}

func (h letterhead) write(body part) string {
	from, to := h.from, h.to
	if from == "" {
		from = customer
	}
	if to == "" {
		to = desk
	}
	fields := []string{"Return-Path: <bo@x.test>", "Received: from mail.x.test (mail.x.test [192.0.2.10]) by mx.acme.test with ESMTPS id 4711;\r\n Tue, 03 Mar 2026 08:15:31 +0100 (CET)",
		"From: " + from, "To: " + to, "Subject: " + encodedWords(h.subject, h.charset, h.kind),
		"Date: Tue, 03 Mar 2026 08:15:30 +0100", "Message-ID: <" + h.id + "@x.test>"}
	if h.answers {
		fields = append(fields, "In-Reply-To: <r2@acme.test>", "References: <first@x.test>\r\n <r2@acme.test>")
	}
	fields = append(append(fields, h.more...), "MIME-Version: 1.0")
	return strings.Join(fields, "\r\n") + "\r\n" + body.String()
}

func (h letterhead) reading() reading {
	r := reading{MessageID: h.id + "@x.test", From: []string{customer}, To: []string{desk}, Subject: h.subject, Date: "2026-03-03T07:15:30Z"}
	if h.answers {
		r.InReplyTo, r.References = []string{"r2@acme.test"}, []string{"first@x.test", "r2@acme.test"}
	}
	return r
}

// alternative is a multipart of the two forms of a text.
func alternative(text, html part) part {
	return part{fields: []string{`Content-Type: multipart/alternative; boundary="----=_Part_815"`}, boundary: "----=_Part_815", children: []part{text, html}}
}

func textPart(kind, charset, encoding, body string) part {
	return part{fields: []string{"Content-Type: text/" + kind + "; charset=\"" + charset + "\""}, charset: charset, encoding: encoding, body: body}
}
