package mail

import (
	"bytes"
	"errors"
	"fmt"
	netmail "net/mail"
	"strings"
	"time"
)

// ErrNoHeader is returned by Parse for input that holds not one header field: it is no message.
var ErrNoHeader = errors.New("no header field found")

// Parse reads one RFC 5322 message. Broken structure is noted in Message.Problems and what can be read is kept; the
// only error is ErrNoHeader. Data of parts that were not encoded shares memory with raw, which must not change.
func Parse(raw []byte, lim Limits) (*Message, error) {
	lim = lim.withDefaults()
	header, body, clean := readHeader(raw, lim.MaxHeaderBytes)
	if len(header.fields) == 0 {
		return nil, fmt.Errorf("parse message of %d bytes: %w", len(raw), ErrNoHeader)
	}
	root := entityOf(header, body, "")
	header.charset = root.ctype.params["charset"]
	m := &Message{Header: header}
	if !clean {
		m.problem("the header is malformed or longer than is read")
	}
	m.readFields(lim)
	c := collector{m: m, lim: lim}
	found := c.entity(root, 0, context{root: true})
	m.Text, m.HTML = c.finish(found)
	c.settleDispositions()
	if c.skipped {
		m.problem(fmt.Sprintf("more than %d parts: the rest was left out", lim.MaxParts))
	}
	return m, nil
}

func (m *Message) readFields(lim Limits) {
	h := m.Header
	m.MessageID = messageID(h.get("Message-ID"))
	m.InReplyTo = messageIDs(h.get("In-Reply-To"))
	m.References = messageIDs(h.get("References"))
	m.Subject = stripDirections(h.Get("Subject"))
	if date, ok := h.raw("Date"); ok {
		if m.Date = parseDate(date); m.Date.IsZero() {
			m.problem("the date cannot be read")
		}
	}
	for _, f := range []struct {
		name string
		list *[]Address
	}{
		{"From", &m.From}, {"Sender", &m.Sender}, {"Reply-To", &m.ReplyTo}, {"To", &m.To}, {"Cc", &m.Cc}, {"Bcc", &m.Bcc},
	} {
		for _, field := range h.fields {
			if !strings.EqualFold(field.name, f.name) {
				continue
			}
			list, bad := parseAddresses(field.value, h.charset, lim.MaxAddresses-len(*f.list))
			if *f.list = append(*f.list, list...); bad != "" {
				m.problem("an address in " + f.name + " cannot be read")
			}
		}
	}
}

// maxIDs and maxIDBytes bound what a header may claim about a thread.
const (
	maxIDs     = 100
	maxIDBytes = 900 // so that Compose can refer to any id that was read within one line
)

// messageID reads a msg-id (RFC 5322, section 3.6.4). A malformed one is still an identity: its text is kept.
func messageID(s string) string {
	if ids := bracketed(s, 1); len(ids) > 0 {
		return ids[0]
	}
	return bareID(s)
}

func messageIDs(s string) []string {
	ids := bracketed(s, -1)
	if len(ids) == 0 {
		for word := range strings.FieldsFuncSeq(s, func(r rune) bool { return r == ' ' || r == '\t' || r == ',' }) {
			if id := bareID(word); strings.Contains(id, "@") {
				ids = append(ids, id)
			}
		}
	}
	if len(ids) > maxIDs {
		ids = append(ids[:1:1], ids[len(ids)-maxIDs+1:]...) // the root and the newest
	}
	return ids
}

func bracketed(s string, max int) (ids []string) {
	for len(ids) != max {
		open := strings.IndexByte(s, '<')
		if open < 0 {
			break
		}
		end := strings.IndexByte(s[open:], '>')
		if end < 0 {
			break
		}
		if id := bareID(s[open+1 : open+end]); id != "" {
			ids = append(ids, id)
		}
		s = s[open+end+1:]
	}
	return ids
}

func bareID(s string) string {
	s = strings.Map(func(r rune) rune {
		if r <= ' ' || r == '<' || r == '>' || r == 0x7f {
			return -1
		}
		return r
	}, clean(s))
	if len(s) > maxIDBytes {
		s = strings.ToValidUTF8(s[:maxIDBytes], "")
	}
	return s
}

// dateLayouts are forms seen in mail beside those of RFC 5322, section 3.3.
var dateLayouts = []string{
	"Mon, 2 Jan 2006 15:04:05", "2 Jan 2006 15:04:05", "Mon, 2 Jan 2006 15:04:05 MST-0700",
	"Mon Jan 2 15:04:05 2006", "Mon Jan 2 15:04:05 MST 2006", "Mon Jan 2 15:04:05 2006 -0700",
	time.RFC3339, "2006-01-02 15:04:05 -0700", "2006-01-02 15:04:05", "02/01/2006 15:04:05",
	"Mon, 2 January 2006 15:04:05 -0700", "Monday, 2 Jan 2006 15:04:05 -0700", "Mon, 2 Jan 2006 15:04 -0700",
	"Mon, 2 Jan 2006 15.04.05 -0700",
}

func parseDate(s string) time.Time {
	s = strings.Join(strings.Fields(stripComments(s)), " ")
	if len(s) > 100 {
		return time.Time{}
	}
	t, err := netmail.ParseDate(s)
	for i := 0; err != nil && i < len(dateLayouts); i++ {
		t, err = time.Parse(dateLayouts[i], s)
	}
	if err != nil || t.Year() < 1970 || t.Year() > 9999 {
		return time.Time{}
	}
	return t.UTC()
}

// entity is one MIME entity (RFC 2045, section 2.4) before it is decoded.
type entity struct {
	header Header
	body   []byte
	ctype  paramHeader
	disp   paramHeader
}

// entityOf reads the headers that decide what an entity is; without a usable type it has the given one
// (RFC 2045, section 5.2).
func entityOf(h Header, body []byte, fallback string) entity {
	e := entity{header: h, body: body}
	e.ctype = parseParams(h.get("Content-Type"), "")
	e.disp = parseParams(h.get("Content-Disposition"), "")
	if !strings.Contains(e.ctype.value, "/") {
		if e.ctype.value == "html" || e.ctype.value == "text" {
			fallback = map[string]string{"html": "text/html", "text": "text/plain"}[e.ctype.value]
		}
		if fallback == "" {
			fallback = "text/plain"
		}
		e.ctype.value = fallback
	}
	return e
}

func (e entity) filename() string {
	if name := e.disp.params["filename"]; name != "" {
		return name
	}
	return e.ctype.params["name"]
}

func (e entity) contentID() string { return bareID(e.header.get("Content-ID")) }

func (e entity) isMultipart() bool { return strings.HasPrefix(e.ctype.value, "multipart/") }

// splitMultipart calls yield for each body part (RFC 2046, section 5.1.1) until it returns false. It reports whether
// any boundary was found and whether the closing one was.
func splitMultipart(body []byte, boundary string, yield func(part []byte) bool) (found, closed bool) {
	delimiter := []byte("--" + boundary)
	start := -1
	for at := 0; at < len(body); {
		i := bytes.Index(body[at:], delimiter)
		if i < 0 {
			break
		}
		i += at
		end, last, ok := delimiterLine(body, i, len(delimiter))
		if !ok {
			at = i + 1
			continue
		}
		if start >= 0 && !yield(trimLastBreak(body[start:max(start, i)])) {
			return true, true
		}
		found = true
		if last {
			return true, true
		}
		start, at = end, end
	}
	if start >= 0 && start < len(body) {
		yield(body[start:]) // cut off on the way: what arrived of the last part is kept
	}
	return found, false
}

// delimiterLine checks that a whole line is the delimiter, optionally closing, with trailing blanks.
func delimiterLine(body []byte, at, size int) (end int, last, ok bool) {
	if at > 0 && body[at-1] != '\n' {
		return 0, false, false
	}
	line, rest := cutLine(body[at:])
	tail := bytes.TrimRight(line[min(size, len(line)):], " \t\r")
	last = bytes.Equal(tail, []byte("--"))
	return len(body) - len(rest), last, len(tail) == 0 || last
}

// trimLastBreak removes the line break that belongs to the delimiter after it.
func trimLastBreak(b []byte) []byte {
	b = bytes.TrimSuffix(b, []byte{'\n'})
	return bytes.TrimSuffix(b, []byte{'\r'})
}

// guessBoundary finds the delimiter of a multipart that does not name it: its first line that starts with "--".
func guessBoundary(body []byte) string {
	for n := 0; n < 50 && len(body) > 0; n++ {
		var line []byte
		line, body = cutLine(body)
		line = bytes.TrimRight(line, " \t")
		if len(line) > 4 && len(line) <= 72 && bytes.HasPrefix(line, []byte("--")) && bytes.IndexByte(line, ' ') < 0 {
			return string(line[2:])
		}
	}
	return ""
}
