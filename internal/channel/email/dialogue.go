package email

import (
	"bytes"
	"crypto/tls"
	"encoding/base64"
	"net"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/emersion/go-smtp"

	"github.com/foyerdesk/foyer/internal/desk/inbox"
)

// Line is a line of a conversation with a mail server.
type Line struct {
	By   string `json:"by" enum:"server,desk,tls,mail" doc:"Who said it; tls marks where encryption began, mail stands for a mail's text"`
	Text string `json:"text" doc:"What was said, secrets masked; the version of TLS; the mail's size in bytes"`
}

const (
	byServer = "server"
	byDesk   = "desk"
	byTLS    = "tls"
	byMail   = "mail"
)

const (
	maxDialogue = 400  // lines that are kept
	maxLine     = 1000 // bytes that are kept of a line
)

// dialogue writes down a conversation with an SMTP server for whoever tests its settings. What the desk says to sign in
// is masked, as is the same where the server repeats it, and of a mail only the size is kept. The nil dialogue writes
// nothing down. One goroutine speaks with a server, so there is no lock.
type dialogue struct {
	lines   []Line
	secrets []string // what must not be shown, in each form in which it may come

	writing   bool // whether the last bytes on the wire were the desk's
	unended   map[bool][]byte
	signingIn bool // the desk's lines are secrets until the server has decided
	asked     bool // the desk has asked to send a mail
	mailing   bool // the desk's lines are the mail
	size      int
	plain     int // lines before encryption
}

// wire returns conn, with what goes over it written down for as long as it is not encrypted.
func (d *dialogue) wire(conn net.Conn, s inbox.SMTPServer, token string) net.Conn {
	if d == nil {
		return conn
	}
	*d = dialogue{lines: d.lines, secrets: d.secrets, unended: map[bool][]byte{}}
	d.hide(s.Password)
	d.hide(token)
	return &overheard{Conn: conn, d: d, plain: s.TLSType != inbox.TLSImplicit}
}

// decrypted goes on with what a client says and hears by TLS.
func (d *dialogue) decrypted(client *smtp.Client) {
	if d != nil {
		client.DebugWriter, d.plain = d, len(d.lines)
	}
}

// encrypted notes that TLS stands, once it is known that it does.
func (d *dialogue) encrypted(client *smtp.Client) {
	if d == nil || client.DebugWriter == nil {
		return
	}
	if state, ok := client.TLSConnectionState(); ok {
		d.lines = slices.Insert(d.lines, d.plain, Line{By: byTLS, Text: tls.VersionName(state.Version)})
	}
}

// Write hears what goes over an encrypted connection; in which direction is known from the bytes on the wire before.
func (d *dialogue) Write(b []byte) (int, error) {
	d.hear(b)
	return len(b), nil
}

// overheard is a connection whose bytes are noted.
type overheard struct {
	net.Conn
	d     *dialogue
	plain bool
}

func (o *overheard) Read(b []byte) (int, error) {
	n, err := o.Conn.Read(b)
	o.d.writing = false
	if o.plain {
		o.d.hear(b[:n])
	}
	return n, err
}

// tlsHandshake is the first byte of a TLS connection (RFC 8446 §5.1), and of no command.
const tlsHandshake = 0x16

func (o *overheard) Write(b []byte) (int, error) {
	n, err := o.Conn.Write(b)
	o.d.writing = true
	o.plain = o.plain && (len(b) == 0 || b[0] != tlsHandshake)
	if o.plain {
		o.d.hear(b[:n])
	}
	return n, err
}

// hear takes bytes of whoever speaks and writes down the lines that they end.
func (d *dialogue) hear(b []byte) {
	b = append(d.unended[d.writing], b...)
	for {
		line, rest, ended := bytes.Cut(b, []byte("\n"))
		if !ended {
			break
		}
		d.note(strings.TrimSuffix(string(line), "\r"))
		b = rest
	}
	if !d.mailing && len(b) > maxLine { // a server that never ends its line
		b = b[:maxLine]
	}
	d.unended[d.writing] = slices.Clone(b)
}

func (d *dialogue) note(line string) {
	if d.writing {
		d.noteDesk(line)
	} else {
		d.noteServer(line)
	}
}

func (d *dialogue) noteDesk(line string) {
	switch {
	case d.mailing && line == ".":
		d.mailing = false
		d.add(byMail, strconv.Itoa(d.size))
		return
	case d.mailing:
		d.size += len(line) + len("\r\n")
		return
	case d.signingIn && line != "*": // which gives up (RFC 4954 §4)
		d.hideSaid(line)
		line = inbox.Mask
	}
	words := strings.Fields(line)
	if len(words) > 1 && strings.EqualFold(words[0], "AUTH") {
		d.signingIn = true
		for _, secret := range words[2:] {
			d.hideSaid(secret)
		}
		line = strings.Join(words[:2], " ")
		if len(words) > 2 {
			line += " " + inbox.Mask
		}
	}
	d.asked = line == "DATA"
	d.add(byDesk, line)
}

func (d *dialogue) noteServer(line string) {
	code, _, _ := strings.Cut(line, " ")
	if last := len(code) == 3; last { // of a reply of several lines (RFC 5321 §4.2.1)
		d.signingIn = d.signingIn && code == "334"
		if d.mailing = d.asked && code == "354"; d.mailing {
			d.size = 0
		}
	}
	d.add(byServer, d.masked(line))
}

// masked returns a line without what is secret.
func (d *dialogue) masked(line string) string {
	for _, secret := range d.secrets {
		line = strings.ReplaceAll(line, secret, inbox.Mask)
	}
	return line
}

// hide makes a secret be masked, also where it is written in Base64.
func (d *dialogue) hide(secret string) {
	if len(secret) >= 3 { // less is found everywhere
		d.secrets = append(d.secrets, secret, base64.StdEncoding.EncodeToString([]byte(secret)))
	}
}

// hideSaid makes be masked what the desk said to sign in.
func (d *dialogue) hideSaid(payload string) {
	if raw, err := base64.StdEncoding.DecodeString(payload); err == nil && len(raw) >= 3 {
		d.secrets = append(d.secrets, payload, string(raw))
	}
}

func (d *dialogue) add(by, text string) {
	if len(d.lines) >= maxDialogue {
		return
	}
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return unicode.ReplacementChar
		}
		return r
	}, strings.ToValidUTF8(text, string(unicode.ReplacementChar)))
	if len(text) > maxLine {
		text = strings.ToValidUTF8(text[:maxLine], "") + "…"
	}
	d.lines = append(d.lines, Line{By: by, Text: text})
}

// said returns the conversation, with what broke off in its midst.
func (d *dialogue) said() []Line {
	if d.mailing {
		d.add(byMail, strconv.Itoa(d.size+len(d.unended[true])))
	}
	if rest := d.unended[false]; len(rest) > 0 {
		d.add(byServer, d.masked(string(rest)))
	}
	return append([]Line{}, d.lines...)
}
