package htmlx

import (
	"regexp"
	"strings"

	"golang.org/x/net/html"
)

// SplitQuote parts a message into what its author wrote and the history it quotes. Quotes are block quotes with the line
// that introduces them, the containers of Gmail, Yahoo, Proton and others, and everything from the header by which Outlook
// and others begin the old message. When nothing would be left, all is visible and quoted is empty. Markup is read as it
// is: sanitise it first or after.
func SplitQuote(markup string) (visible, quoted string) {
	lines := &lineScanner{}
	balance(markup, lines)
	s := &splitter{}
	s.from, s.introduces = lines.history()
	balance(markup, s)
	s.settle()
	visible = s.visible.String()
	if s.quoted.Len() == 0 || Text(visible) == "" && !strings.Contains(visible, "<img") {
		return markup, ""
	}
	return visible, s.quoted.String()
}

type splitter struct {
	visible, quoted strings.Builder
	texts           int          // seen so far
	from            int          // the text from which on all is quoted; 0 for none
	introduces      map[int]bool // texts that are quoted because they introduce a quote
	rest            bool         // that text was reached
	elements        []bool       // of the open elements, whether they were opened in the quoted part
	waiting         []string     // tags of the visible part behind which nothing has come yet
	quoteDepth      int          // depth of the element that is quoted whole; 0 when none is
	tail            []int        // depths of the elements that are quoted to their end
}

func (s *splitter) inQuote() bool { return s.rest || s.quoteDepth > 0 || len(s.tail) > 0 }

// settle writes the tags that wait: they belong to what is visible.
func (s *splitter) settle() {
	for _, tag := range s.waiting {
		s.visible.WriteString(tag)
	}
	s.waiting = s.waiting[:0]
}

func (s *splitter) open(tag string, attrs []html.Attribute, void bool) bool {
	if !s.inQuote() && !void {
		switch {
		case beginsHistory(attrs):
			s.moveRule()
			s.tail = append(s.tail, len(s.elements)) // the parent's depth: the rest of the parent is history
		case isQuote(tag, attrs):
			s.quoteDepth = len(s.elements) + 1
		}
	}
	written := startTag(tag, attrs)
	switch {
	case s.inQuote():
		s.settle()
		s.quoted.WriteString(written)
	case void && tag != "hr":
		s.settle()
		s.visible.WriteString(written)
	default:
		s.waiting = append(s.waiting, written)
	}
	if !void {
		s.elements = append(s.elements, s.inQuote())
	}
	return true
}

// moveRule lets the line that Outlook draws above the history be part of it.
func (s *splitter) moveRule() {
	if n := len(s.waiting); n > 0 && strings.HasPrefix(s.waiting[n-1], "<hr") {
		s.quoted.WriteString(s.waiting[n-1])
		s.waiting = s.waiting[:n-1]
	}
}

func (s *splitter) close(tag string) {
	depth := len(s.elements)
	if n := len(s.tail); n > 0 && depth == s.tail[n-1] {
		s.tail = s.tail[:n-1]
	}
	if s.elements[depth-1] {
		s.quoted.WriteString("</" + tag + ">")
	} else {
		s.settle()
		s.visible.WriteString("</" + tag + ">")
	}
	if depth == s.quoteDepth {
		s.quoteDepth = 0
	}
	s.elements = s.elements[:depth-1]
}

func (s *splitter) text(t string) {
	s.texts++
	if s.texts == s.from && !s.rest {
		s.beginRest()
	}
	switch {
	case s.inQuote(), s.introduces[s.texts]:
		s.quoted.WriteString(html.EscapeString(t))
	default:
		if strings.TrimSpace(t) != "" || len(s.waiting) == 0 {
			s.settle()
			s.visible.WriteString(html.EscapeString(t))
		} else {
			s.waiting = append(s.waiting, html.EscapeString(t))
		}
	}
}

// beginRest makes all that follows history, with the elements that were opened for it.
func (s *splitter) beginRest() {
	s.rest = true
	moved := 0
	for _, tag := range s.waiting {
		s.quoted.WriteString(tag)
		if strings.HasPrefix(tag, "<") && !strings.HasPrefix(tag, "<hr") {
			moved++
		}
	}
	for i := len(s.elements) - 1; i >= 0 && moved > 0; i, moved = i-1, moved-1 {
		s.elements[i] = true
	}
	s.waiting = s.waiting[:0]
}

var attrName = regexp.MustCompile(`^[a-z][a-z0-9_:.-]*$`)

func startTag(tag string, attrs []html.Attribute) string {
	var out strings.Builder
	out.WriteString("<" + tag)
	for _, a := range attrs {
		if attrName.MatchString(a.Key) {
			out.WriteString(" " + a.Key + `="` + html.EscapeString(a.Val) + `"`)
		}
	}
	out.WriteString(">")
	return out.String()
}

// isQuote: the element holds a quote and nothing else.
func isQuote(tag string, attrs []html.Attribute) bool {
	if tag == "blockquote" || tag == "div" && attr(attrs, "name") == "quote" { // the latter of GMX, WEB.DE and mail.com
		return true
	}
	for name := range strings.FieldsSeq(attr(attrs, "class")) {
		switch strings.TrimPrefix(name, "x_") {
		case "gmail_quote_container", "gmail_quote", "protonmail_quote", "tutanota_quote", "moz-cite-prefix", "moz-forward-container",
			"zmail_extra", "tutanota-quote":
			return true
		}
		if strings.HasSuffix(name, "yahoo_quoted") { // Yahoo puts a random prefix before its names
			return true
		}
	}
	return false
}

// beginsHistory: from this element on the rest of its parent is history.
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
