package mail

import (
	"net"
	"slices"
	"strings"
)

// Fields returns every field of the header in the order of the message, unfolded and with encoded words decoded.
func (h Header) Fields() []HeaderField {
	out := make([]HeaderField, len(h.fields))
	for i, f := range h.fields {
		out[i] = HeaderField{f.name, decodeHeader(f.value, h.charset)}
	}
	return out
}

// ReadHeader returns the header of a message of which raw is the beginning, as far as the limits go.
func ReadHeader(raw []byte, l Limits) Header {
	h, _, _ := readHeader(raw, l.withDefaults().MaxHeaderBytes)
	return h
}

// AuthResults is what a mail server found out about who sent a mail (RFC 8601).
type AuthResults struct {
	Server string `json:"server"` // the server that says so
	// Confirmed says that the mail was taken in by that server last. Otherwise the sender may have written the lines.
	Confirmed bool        `json:"confirmed"`
	Checks    []AuthCheck `json:"checks"`
}

// AuthCheck is the result of one method.
type AuthCheck struct {
	Method string `json:"method"` // spf, dkim or dmarc
	Result string `json:"result"` // RFC 8601 section 2.7: pass, fail, softfail, neutral, none, policy, temperror or permerror
	Domain string `json:"domain"` // whose claim was checked; "" if that is not said
	// Policy is how the server dealt with a mail that failed DMARC, or what the domain asks for if the server does not say what it
	// did: none, quarantine or reject (RFC 7489 section 6.3). It is "" if neither is said.
	Policy string `json:"policy,omitempty"`
}

// Forged reports whether the server that took the mail in found that its From is not true to its domain's own rules (DMARC), and
// that these rules ask for more than to look on. A domain that publishes p=none leaves it open who writes in its name, as one
// without DMARC does; forwarders and mailing lists make such mail fail every day. Where nothing is said of the rules, a pass of the
// same organization counts for the sender.
//
// A valid ARC chain (RFC 8617) counts for nothing by itself, as anybody can seal a mail: a server that trusts who sealed it says so
// by what it did.
//
// What the mail says itself of a success is never believed, and is never asked for.
func (r *AuthResults) Forged() bool {
	return r != nil && r.Confirmed && slices.ContainsFunc(r.Checks, func(c AuthCheck) bool {
		return c.Method == "dmarc" && c.Result == "fail" && (c.Policy == "quarantine" || c.Policy == "reject" || c.Policy == "" && !r.vouched(c.Domain))
	})
}

// vouched reports whether SPF or DKIM passed for a domain, or one above or below it.
func (r *AuthResults) vouched(domain string) bool {
	return domain != "" && slices.ContainsFunc(r.Checks, func(c AuthCheck) bool {
		return c.Method != "dmarc" && c.Result == "pass" && strings.Contains(c.Domain, ".") &&
			(c.Domain == domain || strings.HasSuffix(c.Domain, "."+domain) || strings.HasSuffix(domain, "."+c.Domain))
	})
}

const maxAuthChecks = 20

// authProperties are, by method, what names the domain whose claim was checked (RFC 8601 section 2.7).
var authProperties = map[string][]string{
	"spf":   {"smtp.mailfrom", "smtp.helo"},
	"dkim":  {"header.d", "header.i"},
	"dmarc": {"header.from"},
}

var authOutcomes = []string{"pass", "fail", "softfail", "neutral", "none", "policy", "temperror", "permerror"}

// AuthResults reads the first Authentication-Results field, which the server that took the mail in added last. It is nil
// if there is none, or none that says anything of SPF, DKIM or DMARC.
func (h Header) AuthResults() *AuthResults {
	value, ok := h.raw("Authentication-Results")
	if !ok {
		return nil
	}
	parts := statements(value)
	server, _, _ := strings.Cut(strings.TrimSpace(parts[0].text), " ")
	out := AuthResults{Server: strings.ToLower(strings.Trim(server, `"`))}
	if strings.Contains(out.Server, "=") { // some servers leave their name out
		out.Server = ""
	} else {
		parts = parts[1:]
	}
	for _, part := range parts {
		if c, ok := authCheck(part); ok && len(out.Checks) < maxAuthChecks {
			out.Checks = append(out.Checks, c)
		}
	}
	if len(out.Checks) == 0 {
		return nil
	}
	out.Confirmed = out.Server != "" && sameDomain(out.Server, h.receivedBy())
	return &out
}

func authCheck(part statement) (c AuthCheck, ok bool) {
	words := splitWords(tightEquals(part.text))
	method, result, _ := strings.Cut(strings.ToLower(words[0]), "=")
	method, _, _ = strings.Cut(method, "/")
	properties, known := authProperties[method]
	if !known || !slices.Contains(authOutcomes, result) {
		return c, false
	}
	c = AuthCheck{Method: method, Result: result}
	for _, name := range properties {
		for _, w := range words[1:] {
			if key, value, _ := strings.Cut(w, "="); c.Domain == "" && strings.EqualFold(key, name) {
				value = strings.Trim(value, `"`)
				c.Domain = strings.ToLower(value[strings.LastIndexByte(value, '@')+1:])
			}
		}
	}
	if method == "dmarc" {
		c.Policy = dmarcPolicy(words[1:], strings.FieldsFunc(tightEquals(part.comments), func(r rune) bool { return r == ' ' || r == ',' || r == ';' }))
	}
	return c, true
}

// dmarcPolicy reads what was done about a mail, else what its domain asks for, from what servers write beside the result, in words of
// their own: Google (p=REJECT sp=REJECT dis=NONE), Microsoft action=oreject, OpenDMARC (p=none dis=none), Fastmail
// policy.applied-disposition=none, Rspamd (policy=none). Of several the strictest counts.
func dmarcPolicy(words, comments []string) string {
	done := strictest(words, "action", "policy.applied-disposition")
	if done == "" {
		done = strictest(comments, "dis", "d")
	}
	if done != "" {
		return done
	}
	return strictest(append(words, comments...), "p", "sp", "policy", "policy.dmarc", "policy.published-domain-policy")
}

// strictest returns the strictest policy that stands behind one of the keys.
func strictest(words []string, keys ...string) string {
	at, order := -1, []string{"none", "quarantine", "reject"}
	for _, w := range words {
		key, value, _ := strings.Cut(strings.ToLower(w), "=")
		if !slices.Contains(keys, key) {
			continue
		}
		for i, policy := range order {
			if strings.HasSuffix(strings.Trim(value, `"`), policy) { // also oreject and pct.reject
				at = max(at, i)
			}
		}
	}
	if at < 0 {
		return ""
	}
	return order[at]
}

// receivedBy returns the host that took the mail in last by the name it gives itself in Received (RFC 5321 section 4.4);
// servers that have an address only, as between machines of one site, are passed over.
func (h Header) receivedBy() string {
	for _, f := range h.fields {
		if !strings.EqualFold(f.name, "Received") {
			continue
		}
		words := strings.Fields(withoutComments(f.value))
		if i := slices.Index(words, "by"); i >= 0 && i+1 < len(words) {
			host := strings.ToLower(strings.Trim(words[i+1], ";[]"))
			if strings.Contains(host, ".") && net.ParseIP(host) == nil {
				return host
			}
		}
	}
	return ""
}

// sameDomain reports whether two hosts are one, or in one domain below the last label.
func sameDomain(a, b string) bool {
	parent := func(host string) string {
		_, rest, _ := strings.Cut(host, ".")
		if strings.Contains(rest, ".") {
			return rest
		}
		return host
	}
	return a != "" && b != "" && (a == b || parent(a) == parent(b) || a == parent(b) || parent(a) == b)
}

// statement is a part of a structured value between semicolons, and what its comments say.
type statement struct{ text, comments string }

// statements splits a structured value at semicolons outside of quotes and of comments, which may be nested (RFC 5322 section 3.2.2).
func statements(s string) (out []statement) {
	var text, comments strings.Builder
	depth, quoted := 0, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s):
			if i++; depth == 0 {
				text.WriteString(s[i-1 : i+1])
			}
		case c == '"' && depth == 0:
			quoted = !quoted
			text.WriteByte(c)
		case c == '(' && !quoted:
			depth++
			comments.WriteByte(' ')
		case c == ')' && !quoted && depth > 0:
			depth--
		case c == ';' && !quoted && depth == 0:
			out = append(out, statement{text.String(), comments.String()})
			text.Reset()
			comments.Reset()
		case depth == 0:
			text.WriteByte(c)
		default:
			comments.WriteByte(c)
		}
	}
	return append(out, statement{text.String(), comments.String()})
}

// withoutComments takes the comments out of a structured value.
func withoutComments(s string) string {
	parts := statements(s)
	texts := make([]string, len(parts))
	for i, p := range parts {
		texts[i] = p.text
	}
	return strings.Join(texts, ";")
}

// splitWords splits a value at blanks outside of quotes.
func splitWords(s string) []string {
	out, start, quoted := []string{}, 0, false
	s = strings.TrimSpace(s)
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\':
			i++
		case s[i] == '"':
			quoted = !quoted
		case s[i] == ' ' && !quoted:
			if i > start {
				out = append(out, s[start:i])
			}
			start = i + 1
		}
	}
	return append(out, s[start:])
}

// tightEquals takes away what space stands around equals signs and slashes, and makes all other space blanks.
func tightEquals(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	return strings.NewReplacer(" = ", "=", "= ", "=", " =", "=", " / ", "/", "/ ", "/", " /", "/").Replace(s)
}
