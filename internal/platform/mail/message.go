// Package mail reads and writes RFC 5322 messages.
//
// Parse takes whatever the network delivered and keeps all that can be read: a broken part, charset or header costs
// only itself and is named in Message.Problems. Its time and memory grow in proportion to the size of the input,
// whatever that input is made of. Compose writes messages whose identity (Message-ID, References) the caller decides.
//
// The package knows nothing of mailboxes, conversations or storage; matching a message to a thread belongs elsewhere.
package mail

import (
	"strings"
	"time"
)

// Limits bound what Parse keeps of one message. A zero field takes the value of DefaultLimits.
type Limits struct {
	MaxParts       int // MIME parts looked at; the rest is counted in Problems
	MaxDepth       int // nesting of multiparts; a deeper one is kept as an attachment
	MaxHeaderBytes int // bytes of one header block that are read
	MaxTextBytes   int // bytes of Text and of HTML; a longer body is cut there and also kept whole as an attachment
	MaxAddresses   int // addresses kept of one header
}

// DefaultLimits suit mail from strangers: no honest message reaches them.
func DefaultLimits() Limits {
	return Limits{MaxParts: 1000, MaxDepth: 24, MaxHeaderBytes: 1 << 20, MaxTextBytes: 4 << 20, MaxAddresses: 1000}
}

func (l Limits) withDefaults() Limits {
	d := DefaultLimits()
	for _, f := range []struct {
		have *int
		def  int
	}{
		{&l.MaxParts, d.MaxParts}, {&l.MaxDepth, d.MaxDepth}, {&l.MaxHeaderBytes, d.MaxHeaderBytes},
		{&l.MaxTextBytes, d.MaxTextBytes}, {&l.MaxAddresses, d.MaxAddresses},
	} {
		if *f.have <= 0 {
			*f.have = f.def
		}
	}
	return l
}

// Message is one parsed message. All strings are valid UTF-8 without NUL.
type Message struct {
	// MessageID is without angle brackets; for a malformed header it is the header's text without brackets and
	// blanks, so that a second copy is still recognised. Empty when there is none.
	MessageID string
	// InReplyTo and References hold message ids without angle brackets, oldest first.
	InReplyTo, References []string

	From, Sender, ReplyTo, To, Cc, Bcc []Address

	Subject string
	Date    time.Time // zero when absent or unreadable
	Header  Header

	// Text and HTML are the bodies. Either may be empty; HTML is as hostile as its sender.
	Text, HTML string
	// Parts are attachments and inline parts in the order of the message.
	Parts []Part
	// Problems says in words what was broken, cut or left out. Empty for a well-formed message.
	Problems []string
}

// Dispositions of a Part.
const (
	Inline     = "inline"     // shown inside the HTML, which refers to its ContentID
	Attached   = "attachment" // listed beside the body
	octetMedia = "application/octet-stream"
)

// Part is a piece of a message that is not its body.
type Part struct {
	Filename    string // never empty, without path, control or direction characters
	ContentType string // lower-case media type without parameters
	ContentID   string // without angle brackets
	Disposition string // Inline or Attached
	Data        []byte // decoded; may share memory with the input of Parse
}

// Header gives access to the header fields of a message in their order.
type Header struct {
	fields  []field
	charset string // assumed for raw eight-bit text
}

type field struct {
	name  string
	value string // unfolded, otherwise as received
}

// Get returns the first value of a field, unfolded and with encoded words decoded, or "".
func (h Header) Get(name string) string {
	if v, ok := h.raw(name); ok {
		return decodeHeader(v, h.charset)
	}
	return ""
}

// Values returns every value of a field like Get, in the order of the message.
func (h Header) Values(name string) []string {
	var out []string
	for _, f := range h.fields {
		if strings.EqualFold(f.name, name) {
			out = append(out, decodeHeader(f.value, h.charset))
		}
	}
	return out
}

// Has reports whether the field is present, even when it is empty.
func (h Header) Has(name string) bool {
	_, ok := h.raw(name)
	return ok
}

func (h Header) raw(name string) (string, bool) {
	for _, f := range h.fields {
		if strings.EqualFold(f.name, name) {
			return f.value, true
		}
	}
	return "", false
}

func (h Header) get(name string) string {
	v, _ := h.raw(name)
	return v
}

// maxProblems keeps a hostile message from filling the log.
const maxProblems = 50

func (m *Message) problem(text string) {
	if len(m.Problems) >= maxProblems {
		return
	}
	for _, p := range m.Problems {
		if p == text {
			return
		}
	}
	m.Problems = append(m.Problems, text)
}
