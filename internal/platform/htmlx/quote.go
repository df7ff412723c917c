package htmlx

import (
	"regexp"
	"strings"

	"golang.org/x/net/html"
)

// SplitQuote parts a message into what its author wrote and the history it quotes. Quotes are block quotes, the
// containers of Gmail, Yahoo and Proton, and everything from the header by which Outlook begins the old message. When
// nothing would be left, all is visible and quoted is empty. Markup is read as it is: sanitise it first or after.
func SplitQuote(markup string) (visible, quoted string) {
	s := &splitter{}
	balance(markup, s)
	visible = s.visible.String()
	if s.quoted.Len() == 0 || Text(visible) == "" && !strings.Contains(visible, "<img") {
		return markup, ""
	}
	return visible, s.quoted.String()
}

type splitter struct {
	visible, quoted strings.Builder
	depth           int   // open elements
	quoteDepth      int   // depth of the element that is quoted whole; 0 when none is
	tail            []int // depths of the elements that are quoted to their end
}

func (s *splitter) inQuote() bool { return s.quoteDepth > 0 || len(s.tail) > 0 }

func (s *splitter) writer() *strings.Builder {
	if s.inQuote() {
		return &s.quoted
	}
	return &s.visible
}

func (s *splitter) open(tag string, attrs []html.Attribute, void bool) bool {
	if !s.inQuote() {
		switch {
		case beginsHistory(attrs) && !void:
			s.tail = append(s.tail, s.depth) // the parent's depth: the rest of the parent is history
		case !void && isQuote(tag, attrs):
			s.quoteDepth = s.depth + 1
		}
	}
	w := s.writer()
	w.WriteString("<" + tag)
	for _, a := range attrs {
		if attrName.MatchString(a.Key) {
			w.WriteString(" " + a.Key + `="` + html.EscapeString(a.Val) + `"`)
		}
	}
	w.WriteString(">")
	if !void {
		s.depth++
	}
	return true
}

var attrName = regexp.MustCompile(`^[a-z][a-z0-9_:.-]*$`)

func (s *splitter) close(tag string) {
	if n := len(s.tail); n > 0 && s.depth == s.tail[n-1] {
		s.tail = s.tail[:n-1]
	}
	s.writer().WriteString("</" + tag + ">")
	if s.depth == s.quoteDepth {
		s.quoteDepth = 0
	}
	s.depth--
}

func (s *splitter) text(t string) { s.writer().WriteString(html.EscapeString(t)) }

func isQuote(tag string, attrs []html.Attribute) bool {
	if tag == "blockquote" {
		return true
	}
	for name := range strings.FieldsSeq(attr(attrs, "class")) {
		switch strings.TrimPrefix(name, "x_") {
		case "yahoo_quoted", "gmail_quote_container", "gmail_quote", "protonmail_quote", "tutanota_quote", "moz-cite-prefix":
			return true
		}
	}
	return false
}

func beginsHistory(attrs []html.Attribute) bool {
	switch strings.TrimPrefix(attr(attrs, "id"), "x_") {
	case "divRplyFwdMsg", "appendonsend", "OLK_SRC_BODY_SECTION", "mail-editor-reference-message-container":
		return true
	}
	for name := range strings.FieldsSeq(attr(attrs, "class")) {
		if strings.TrimPrefix(name, "x_") == "OutlookMessageHeader" {
			return true
		}
	}
	return false
}

var (
	attribution = regexp.MustCompile(`(?i)^\s*(?:>\s*)*on\s.{0,200}\swrote\s*:\s*$`)
	original    = regexp.MustCompile(`(?i)^\s*-{2,}\s*original message\s*-{2,}\s*$`)
)

// StripQuotedText removes the history at the end of a plain text reply: upwards from the end, lines that are blank,
// begin with ">", or introduce a quote ("On … wrote:", also over two lines; "-- Original Message --"). It stops at
// the first other line, so quotes above an answer stay.
func StripQuotedText(text string) string {
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	n := len(lines)
	for n > 0 {
		line := strings.TrimSpace(lines[n-1])
		switch {
		case line == "", strings.HasPrefix(line, ">"), original.MatchString(line), attribution.MatchString(line):
			n--
		case n > 1 && strings.HasSuffix(line, ":") && len(line) < 300 && len(lines[n-2]) < 300 &&
			attribution.MatchString(strings.TrimSpace(lines[n-2])+" "+line):
			n -= 2
		default:
			return strings.TrimRight(strings.Join(lines[:n], "\n"), " \t\r\n")
		}
	}
	return ""
}
