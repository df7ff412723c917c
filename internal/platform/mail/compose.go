package mail

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"mime/quotedprintable"
	"strings"
	"time"

	"github.com/foyerdesk/foyer/internal/platform/htmlx"
)

// Outgoing is a message to be written. There is no Bcc: blind recipients belong to the SMTP envelope only.
type Outgoing struct {
	MessageID  string // without angle brackets; required
	Date       time.Time
	From       Address
	To, Cc     []Address
	ReplyTo    string // bare address; "" for no header
	ReplyName  string // stands before it
	Subject    string
	InReplyTo  string   // without angle brackets; "" for no header
	References []string // without angle brackets, oldest first; the first and the newest 19 are written
	HTML       string
	Text       string // made of HTML when empty
	// Attachments are written in their order; inline ones stand beside the HTML in a multipart/related.
	Attachments []Attachment
	// Headers are written as given after the others, for instance Auto-Submitted.
	Headers []HeaderField
}

// HeaderField is one extra header field.
type HeaderField struct{ Name, Value string }

// Attachment is a file of an outgoing message. Its bytes come from Open or, when that is nil, from Data.
type Attachment struct {
	Filename    string
	ContentType string // application/octet-stream when empty
	ContentID   string // without angle brackets; required of inline ones
	Inline      bool
	Open        func() (io.ReadCloser, error)
	Data        []byte
}

// ErrOutgoing is wrapped by the errors of Compose that are the caller's: a missing or unsafe value.
var ErrOutgoing = errors.New("invalid outgoing message")

// Compose writes one message ready for SMTP, with CRLF line ends and no line over 998 bytes (RFC 5322, section
// 2.1.1). Line breaks in names and in the subject become blanks; in an address, an id or an extra header they are an
// error that wraps ErrOutgoing, as is a message without From or Message-ID. Errors of Open are returned wrapped.
func Compose(o Outgoing) ([]byte, error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	w := &writer{}
	if err := o.writeHeader(w); err != nil {
		return nil, err
	}
	if err := o.writeMixed(w); err != nil {
		return nil, err
	}
	if !bytes.HasSuffix(w.Bytes(), []byte("\r\n")) {
		w.WriteString("\r\n")
	}
	return w.Bytes(), nil
}

func (o *Outgoing) validate() error {
	switch {
	case o.From.Email == "":
		return fmt.Errorf("compose: %w: no sender", ErrOutgoing)
	case o.MessageID == "":
		return fmt.Errorf("compose: %w: no Message-ID", ErrOutgoing)
	}
	for _, id := range append([]string{o.MessageID, o.InReplyTo}, o.References...) {
		if strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '<' || r == '>' }) || len(id) > maxIDBytes {
			return fmt.Errorf("compose: %w: message id %q", ErrOutgoing, shorten(id))
		}
	}
	for _, h := range o.Headers {
		if h.Name == "" || fieldColon([]byte(h.Name+":")) != len(h.Name) || strings.ContainsAny(h.Value, "\r\n\x00") {
			return fmt.Errorf("compose: %w: header %q", ErrOutgoing, shorten(h.Name))
		}
	}
	for _, a := range o.Attachments {
		if strings.ContainsAny(a.ContentID, "<> \t\r\n\x00") || strings.ContainsAny(a.ContentType, "\r\n\x00") || a.Inline && a.ContentID == "" {
			return fmt.Errorf("compose: %w: attachment %q", ErrOutgoing, shorten(a.Filename))
		}
	}
	return nil
}

// maxReferences keeps the header of a long thread short: its root, which identifies it, and the newest.
const maxReferences = 20

func (o *Outgoing) writeHeader(w *writer) error {
	date := o.Date
	if date.IsZero() {
		date = time.Now()
	}
	from, err := formatAddresses([]Address{o.From})
	if err != nil {
		return err
	}
	w.words("From", from)
	for _, f := range []struct {
		name string
		list []Address
	}{{"To", o.To}, {"Cc", o.Cc}} {
		words, err := formatAddresses(f.list)
		if err != nil {
			return err
		}
		if len(words) > 0 {
			w.words(f.name, words)
		}
	}
	if o.ReplyTo != "" {
		words, err := formatAddresses([]Address{{Name: o.ReplyName, Email: o.ReplyTo}})
		if err != nil {
			return err
		}
		w.words("Reply-To", words)
	}
	w.words("Subject", encodeText(oneLine(clean(o.Subject))))
	w.words("Date", []string{date.Format("Mon, 02 Jan 2006 15:04:05 -0700")})
	w.words("Message-ID", []string{"<" + o.MessageID + ">"})
	if o.InReplyTo != "" && ascii([]byte(o.InReplyTo)) {
		w.words("In-Reply-To", []string{"<" + o.InReplyTo + ">"})
	}
	if words := references(o.References); len(words) > 0 {
		w.words("References", words)
	}
	for _, h := range o.Headers {
		w.words(h.Name, encodeText(clean(h.Value)))
	}
	w.words("MIME-Version", []string{"1.0"})
	return nil
}

func references(ids []string) []string {
	var words []string
	seen := map[string]bool{}
	for _, id := range ids {
		if id != "" && !seen[id] && ascii([]byte(id)) { // others need RFC 6532 all along the way
			seen[id] = true
			words = append(words, "<"+id+">")
		}
	}
	if len(words) > maxReferences {
		words = append(words[:1:1], words[len(words)-maxReferences+1:]...)
	}
	return words
}

func (o *Outgoing) writeMixed(w *writer) error {
	var inline, files []Attachment
	for _, a := range o.Attachments {
		if a.Inline && o.HTML != "" {
			inline = append(inline, a)
		} else {
			files = append(files, a)
		}
	}
	if len(files) == 0 {
		return o.writeRelated(w, inline)
	}
	return w.multipart("mixed", "", func(next func()) error {
		next()
		if err := o.writeRelated(w, inline); err != nil {
			return err
		}
		return writeFiles(w, next, files)
	})
}

// writeRelated writes the alternatives with the pictures of the HTML beside them (RFC 2387): clients that know
// alternatives only still find the text.
func (o *Outgoing) writeRelated(w *writer, inline []Attachment) error {
	if len(inline) == 0 {
		return o.writeAlternative(w)
	}
	return w.multipart("related", `; type="multipart/alternative"`, func(next func()) error {
		next()
		if err := o.writeAlternative(w); err != nil {
			return err
		}
		return writeFiles(w, next, inline)
	})
}

func (o *Outgoing) writeAlternative(w *writer) error {
	if o.HTML == "" {
		return w.text("text/plain", o.Text)
	}
	plain := o.Text
	if plain == "" {
		plain = htmlx.TextWithLinks(o.HTML)
	}
	return w.multipart("alternative", "", func(next func()) error {
		next()
		if err := w.text("text/plain", plain); err != nil {
			return err
		}
		next()
		return w.text("text/html", o.HTML)
	})
}

func writeFiles(w *writer, next func(), list []Attachment) error {
	for _, a := range list {
		next()
		if err := w.file(a); err != nil {
			return fmt.Errorf("compose: attach %q: %w", shorten(a.Filename), err)
		}
	}
	return nil
}

// writer assembles a message.
type writer struct{ bytes.Buffer }

// lineLimit is the length that lines should keep (RFC 5322, section 2.1.1).
const lineLimit = 76

// words writes a field, folding between words.
func (w *writer) words(name string, words []string) {
	w.WriteString(name + ":")
	length := len(name) + 1
	for i, word := range words {
		if i > 0 && length+1+len(word) > lineLimit {
			w.WriteString("\r\n")
			length = 0
		}
		w.WriteString(" " + word)
		length += 1 + len(word)
	}
	w.WriteString("\r\n")
}

// multipart writes the header and frame of a multipart; write calls next before each of its parts.
func (w *writer) multipart(kind, params string, write func(next func()) error) error {
	var random [18]byte
	rand.Read(random[:])                             // never fails, see crypto/rand
	boundary := "=_" + hex.EncodeToString(random[:]) // "=_" cannot occur in base64 nor in quoted-printable text
	fmt.Fprintf(w, "Content-Type: multipart/%s;\r\n boundary=\"%s\"%s\r\n\r\n", kind, boundary, params)
	if err := write(func() { w.WriteString("\r\n--" + boundary + "\r\n") }); err != nil {
		return err
	}
	w.WriteString("\r\n--" + boundary + "--\r\n")
	return nil
}

func (w *writer) text(mediaType, text string) error {
	w.WriteString("Content-Type: " + mediaType + "; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n")
	text = strings.ReplaceAll(clean(text), "\r\n", "\n")
	qp := quotedprintable.NewWriter(w)
	if _, err := io.WriteString(qp, strings.ReplaceAll(text, "\r", "\n")); err != nil {
		return err
	}
	return qp.Close()
}

func (w *writer) file(a Attachment) error {
	mediaType := strings.ToLower(strings.TrimSpace(a.ContentType))
	mediaType, _, _ = strings.Cut(mediaType, ";")
	if mediaType = strings.TrimSpace(mediaType); !strings.Contains(mediaType, "/") || !ascii([]byte(mediaType)) || len(mediaType) > 127 ||
		strings.HasPrefix(mediaType, "multipart/") || strings.HasPrefix(mediaType, "message/") {
		mediaType = octetMedia // RFC 2046, section 5.2.1 forbids base64 for message types
	}
	name := safeFilename(a.Filename, "attachment", mediaType)
	disposition := Attached
	if a.Inline {
		disposition = Inline
	}
	w.WriteString("Content-Type: " + mediaType + fileParam("name", name) + "\r\n")
	w.WriteString("Content-Disposition: " + disposition + fileParam("filename", name) + "\r\n")
	if a.ContentID != "" {
		w.WriteString("Content-ID: <" + a.ContentID + ">\r\n")
	}
	w.WriteString("Content-Transfer-Encoding: base64\r\n\r\n")
	if a.Open == nil {
		return w.base64(bytes.NewReader(a.Data))
	}
	r, err := a.Open()
	if err != nil {
		return err
	}
	err = w.base64(r)
	return errors.Join(err, r.Close())
}

// base64 writes lines of 76 characters (RFC 2045, section 6.8).
func (w *writer) base64(r io.Reader) error {
	var in [57 * 64]byte
	var out [76]byte
	for {
		n, err := io.ReadFull(r, in[:])
		for chunk := in[:n]; len(chunk) > 0; {
			line := chunk[:min(57, len(chunk))]
			chunk = chunk[len(line):]
			size := base64.StdEncoding.EncodedLen(len(line))
			base64.StdEncoding.Encode(out[:], line)
			w.Write(out[:size])
			w.WriteString("\r\n")
		}
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return nil
		case err != nil:
			return err
		}
	}
}
