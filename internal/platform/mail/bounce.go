package mail

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
)

// Actions of a Recipient, those of RFC 3464, section 2.3.3, that tell of trouble.
const (
	Failed  = "failed"  // given up
	Delayed = "delayed" // still being tried
)

// Report is what a mail server says of the delivery of an earlier message.
type Report struct {
	// OriginalID is the Message-ID of that message, without angle brackets.
	OriginalID string      `json:"original_id"`
	Recipients []Recipient `json:"recipients"`
}

// Recipient is one recipient whose copy was not delivered.
type Recipient struct {
	// Address is to whom the copy could not be delivered; Original, if not empty, is to whom the sender addressed it.
	// Both are lower-case bare addresses.
	Address  string `json:"address"`
	Original string `json:"original,omitempty"`
	Action   string `json:"action"` // Failed or Delayed
	Status   string `json:"status"` // an enhanced status code (RFC 3463) such as "5.1.1"
	Words    string `json:"words"`  // what the refusing server said, in one line
}

// These bound what a report may claim, and how much of it is read.
const (
	maxReported    = 100
	maxWords       = 500
	maxStatusBytes = 1 << 20
)

// Bounce reads a report on trouble with the delivery of an earlier message: a delivery status notification (RFC 3464), or
// the plain text that Exim, qmail and others write instead. It returns false for every other message, and for a report
// that does not say which message or which recipient it is about. Anyone can write a report: whether it is about a
// message that was really sent, to that recipient, is the caller's to check.
func (m *Message) Bounce() (Report, bool) {
	var r Report
	if !m.looksLikeBounce() {
		return r, false
	}
	for _, p := range m.Parts {
		switch p.ContentType {
		case "message/delivery-status", "message/global-delivery-status": // RFC 3464, RFC 6533
			r.Recipients = append(r.Recipients, readStatus(p.Data)...)
		case "message/rfc822", "message/global", "text/rfc822-headers", "message/global-headers": // RFC 3462, section 2
			if h, _, _ := readHeader(p.Data, maxStatusBytes); r.OriginalID == "" {
				r.OriginalID = messageID(h.get("Message-ID"))
			}
		}
	}
	said, original := cutOriginal(m.Text)
	if r.OriginalID == "" {
		r.OriginalID = original
	}
	if ids := append(slices.Clone(m.InReplyTo), m.References...); r.OriginalID == "" && len(ids) > 0 {
		r.OriginalID = ids[len(ids)-1] // Exchange and Gmail name it there, too
	}
	if len(r.Recipients) == 0 && !m.hasStatus() {
		r.Recipients = readWords(m, said)
	}
	r.Recipients = r.Recipients[:min(len(r.Recipients), maxReported)]
	return r, r.OriginalID != "" && len(r.Recipients) > 0
}

func (m *Message) looksLikeBounce() bool {
	if m.IsDSN() || m.Header.Has("X-Failed-Recipients") {
		return true
	}
	if len(m.From) == 0 {
		return false
	}
	local, _, _ := strings.Cut(m.From[0].Email, "@")
	return local == "mailer-daemon"
}

func (m *Message) hasStatus() bool {
	return slices.ContainsFunc(m.Parts, func(p Part) bool { return strings.HasSuffix(p.ContentType, "delivery-status") })
}

// readStatus reads the body of a delivery status notification: fields about the message, then a group of fields for each
// recipient, with blank lines between (RFC 3464, section 2.1).
func readStatus(data []byte) (out []Recipient) {
	data = data[:min(len(data), maxStatusBytes)]
	for len(data) > 0 && len(out) < maxReported {
		data = bytes.TrimLeft(data, "\r\n")
		h, rest, _ := readHeader(data, 64<<10)
		if len(rest) >= len(data) {
			break
		}
		data = rest
		r := Recipient{
			Address:  typedAddress(h.get("Final-Recipient")),
			Original: typedAddress(h.get("Original-Recipient")),
			Action:   strings.ToLower(strings.TrimSpace(stripComments(h.get("Action")))),
			Status:   enhanced.FindString(h.get("Status")),
			Words:    diagnostic(h.get("Diagnostic-Code")),
		}
		if r.Address == "" {
			r.Address = r.Original
		}
		if r.Status == "" {
			r.Status = statusOf(r.Words, r.Action)
		}
		if r.Address != "" && (r.Action == Failed || r.Action == Delayed) {
			out = append(out, r)
		}
	}
	return out
}

// typedAddress reads "rfc822; address" (RFC 3464, section 2.3.1), to which qmail and Exchange are not always true.
func typedAddress(s string) string {
	if kind, rest, ok := strings.Cut(s, ";"); ok {
		kind = strings.ToLower(strings.TrimSpace(kind))
		if kind != "rfc822" && kind != "utf-8" && kind != "unknown" {
			return ""
		}
		s = rest
	}
	return reportedAddress(stripComments(s))
}

func reportedAddress(s string) string {
	a, err := ParseAddress(strings.Trim(s, " \t<>:"))
	if err != nil || !strings.Contains(a.Email, "@") {
		return ""
	}
	return strings.ToLower(a.Email)
}

// diagnostic drops the type of a Diagnostic-Code (RFC 3464, section 2.3.6).
func diagnostic(s string) string {
	if kind, rest, ok := strings.Cut(s, ";"); ok && !strings.ContainsAny(strings.TrimSpace(kind), " \t") {
		s = rest
	}
	return serverWords(s)
}

func serverWords(s string) string {
	s = strings.Join(strings.Fields(clean(s)), " ")
	if len(s) > maxWords {
		s = strings.ToValidUTF8(s[:maxWords], "") + "…"
	}
	return s
}

var (
	enhanced = regexp.MustCompile(`\b[245]\.\d{1,3}\.\d{1,3}\b`)
	reply    = regexp.MustCompile(`(?:^|[\s:])([45])\d\d(?:[\s-]|$)`)
	// originalStarts are the lines behind which a report in plain text repeats the message: qmail, Exim, and others.
	originalStarts = regexp.MustCompile(`(?im)^-+ (?:Below this line is a copy of the message|This is a copy of (?:the|your) message|The header of the original message|Original message|Undelivered message|Returned message).*$`)
	originalID     = regexp.MustCompile(`(?im)^[ \t>]*Message-ID:[ \t]*(?:\r?\n[ \t]+)?<([^<>\s]{3,900})>`)
	// addressLine is "<a@b>:" of qmail and an indented address alone on its line of Exim.
	addressLine = regexp.MustCompile(`^(?:<([^<>\s]+@[^<>\s]+)>:|[ \t]{1,8}<?([^<>\s:]+@[^<>\s:]+)>?:?)[ \t]*$`)
	stillTried  = regexp.MustCompile(`(?i)\b(?:no action is required|will (?:continue|keep|be) (?:to )?(?:try|retr)|not yet been delivered|message delayed|delivery is delayed)`)
)

// statusOf finds the status in a server's words, else makes the general one of its class (RFC 3463, section 3.1).
func statusOf(words, action string) string {
	if s := enhanced.FindString(words); s != "" {
		return s
	}
	if m := reply.FindStringSubmatch(words); m != nil {
		return m[1] + ".0.0"
	}
	if action == Delayed {
		return "4.0.0"
	}
	return "5.0.0"
}

// cutOriginal splits a report in plain text into what the server says and the Message-ID of the message it repeats.
func cutOriginal(text string) (said, id string) {
	at := originalStarts.FindStringIndex(text)
	if at == nil {
		return text, ""
	}
	if m := originalID.FindStringSubmatch(text[at[1]:]); m != nil {
		id = bareID(m[1])
	}
	return text[:at[0]], id
}

// readWords reads recipients and reasons from what a server says in plain text. Addresses stand on lines of their own,
// the reason follows up to the next blank line or address.
func readWords(m *Message, said string) (out []Recipient) {
	action := Failed
	if stillTried.MatchString(m.Subject + "\n" + said) {
		action = Delayed
	}
	for line := range strings.Lines(said) {
		line = strings.TrimRight(line, "\r\n")
		if found := addressLine.FindStringSubmatch(line); found != nil && len(out) < maxReported {
			if address := reportedAddress(found[1] + found[2]); address != "" {
				out = append(out, Recipient{Address: address, Action: action})
				continue
			}
		}
		if len(out) == 0 || strings.TrimSpace(line) == "" && out[len(out)-1].Words == "" {
			continue
		}
		last := &out[len(out)-1]
		if strings.TrimSpace(line) == "" {
			last.Words += "\n" // ends here: what follows is no reason
		} else if !strings.HasSuffix(last.Words, "\n") && len(last.Words) < 4*maxWords {
			last.Words += " " + line
		}
	}
	for _, value := range m.Header.Values("X-Failed-Recipients") { // Exim, Gmail
		for word := range strings.SplitSeq(value, ",") {
			address := reportedAddress(word)
			if address == "" || len(out) >= maxReported || slices.ContainsFunc(out, func(r Recipient) bool { return r.Address == address }) {
				continue
			}
			out = append(out, Recipient{Address: address, Action: action})
		}
	}
	for i := range out {
		out[i].Words = serverWords(out[i].Words)
		out[i].Status = statusOf(out[i].Words, action)
	}
	return out
}
