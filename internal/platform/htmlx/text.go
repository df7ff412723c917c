package htmlx

import (
	"html"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	nethtml "golang.org/x/net/html"
)

// Text renders markup as readable text: paragraphs, line breaks, list items, table rows and "> " before quotes.
// Addresses of links are left out.
func Text(markup string) string { return render(markup, false) }

// TextWithLinks is Text with the address of a link after its words where the words are not the address, as the text
// alternative of a mail needs it.
func TextWithLinks(markup string) string { return render(markup, true) }

func render(markup string, links bool) string {
	r := &renderer{links: links}
	balance(markup, r)
	return strings.TrimSpace(r.out.String())
}

type renderer struct {
	out       strings.Builder
	links     bool
	quote     int    // open blockquotes
	lastQuote int    // those of the line written last
	pre       int    // open pre elements
	breaks    int    // line ends owed before the next text
	blank     bool   // a blank owed before the next text
	started   bool   // something was written on this line
	lists     []int  // next number of each open list; -1 for bullets
	marker    string // of the list item that begins
	href      string
	label     strings.Builder
}

func (r *renderer) open(tag string, attrs []nethtml.Attribute, void bool) bool {
	switch tag {
	case "br":
		r.breaks = min(r.breaks+1, 2)
		r.blank = false
		if r.breaks == 1 && !r.started {
			r.breaks = 2
		}
	case "hr":
		r.block(1)
		r.write("---")
		r.block(1)
	case "img":
		if alt := attr(attrs, "alt"); alt != "" && len(alt) <= 200 {
			r.text(alt)
		}
	case "a":
		r.href = attr(attrs, "href")
		r.label.Reset()
	case "ul", "dir":
		r.block(1)
		r.lists = append(r.lists, -1)
	case "ol":
		r.block(1)
		n, err := strconv.Atoi(attr(attrs, "start"))
		if err != nil || n < 0 {
			n = 1
		}
		r.lists = append(r.lists, n)
	case "li":
		r.block(1)
		r.marker = r.nextMarker()
	case "blockquote":
		r.block(2)
		r.quote++
	case "pre":
		r.block(2)
		r.pre++
	case "td", "th":
		r.blank = r.started
	default:
		r.block(blockGap(tag))
	}
	return true
}

func (r *renderer) close(tag string) {
	switch tag {
	case "a":
		if url, ok := linkURL(r.href); r.links && ok && !sameLink(url, r.label.String()) {
			r.text(" (" + url + ")")
		}
		r.href = ""
	case "ul", "ol", "dir":
		r.lists = r.lists[:len(r.lists)-1]
		if r.marker = ""; len(r.lists) == 0 {
			r.block(2)
		}
	case "blockquote":
		r.block(2)
		r.quote--
	case "pre":
		r.pre--
		r.block(2)
	case "td", "th":
		r.blank = r.started
	default:
		r.block(blockGap(tag))
	}
}

// blockGap is how many line ends part an element from its neighbours.
func blockGap(tag string) int {
	switch tag {
	case "p", "h1", "h2", "h3", "h4", "h5", "h6", "table", "dl", "figure":
		return 2
	case "div", "tr", "li", "dt", "dd", "address", "article", "section", "header", "footer", "center", "body", "main",
		"nav", "aside", "caption", "figcaption", "form", "fieldset":
		return 1
	}
	return 0
}

// block asks for n line ends before what follows.
func (r *renderer) block(n int) {
	if n == 0 {
		return
	}
	if !r.started {
		n-- // the line is new already
	}
	r.breaks, r.blank = max(r.breaks, n), false
}

func (r *renderer) nextMarker() string {
	if len(r.lists) == 0 {
		return "- "
	}
	indent := strings.Repeat("  ", min(len(r.lists)-1, 8))
	n := &r.lists[len(r.lists)-1]
	if *n < 0 {
		return indent + "- "
	}
	*n++
	return indent + strconv.Itoa(*n-1) + ". "
}

func (r *renderer) text(s string) {
	if r.pre > 0 {
		for i, line := range strings.Split(strings.ReplaceAll(s, "\r\n", "\n"), "\n") {
			if i > 0 {
				r.breaks++
			}
			if line != "" {
				r.write(line)
			}
		}
		return
	}
	lead := s != "" && isBlank(rune(s[0]))
	if lead && r.started && r.breaks == 0 {
		r.blank = true
	}
	first := true
	for w := range strings.FieldsFuncSeq(s, isBlank) {
		w = strings.Map(readable, joined(w))
		if w == "" {
			continue
		}
		if !first {
			r.blank = true
		}
		first = false
		r.write(w)
	}
	if s != "" && !first && isBlank(rune(s[len(s)-1])) {
		r.blank = true
	}
}

// isBlank is HTML's white space; a no-break space is text.
func isBlank(r rune) bool { return r == ' ' || r == '\n' || r == '\t' || r == '\r' || r == '\f' }

const nonJoiner = "\u200c"

// joined drops the zero-width non-joiners of a word that part no letters, as newsletters pad previews with them. Between
// letters they are part of how Persian and other languages are written.
func joined(w string) string {
	if !strings.Contains(w, nonJoiner) {
		return w
	}
	var out strings.Builder
	last := ' '
	for i, r := range w {
		if r == '\u200c' {
			next, _ := utf8.DecodeRuneInString(w[i+len(nonJoiner):])
			if !joins(last) || !joins(next) {
				continue
			}
		}
		out.WriteRune(r)
		last = r
	}
	return out.String()
}

func joins(r rune) bool { return unicode.IsLetter(r) || unicode.IsMark(r) }

// readable turns no-break spaces into blanks and drops the invisible characters that newsletters pad previews with.
func readable(r rune) rune {
	switch r {
	case '\u00a0', '\u2007', '\u202f':
		return ' '
	case '\u00ad', '\u034f', '\u200b', '\u2060', '\ufeff':
		return -1
	}
	if unicode.IsControl(r) {
		return -1
	}
	return r
}

func (r *renderer) write(s string) {
	if r.out.Len() == 0 {
		r.breaks, r.blank = 0, false
	}
	for ; r.breaks > 0; r.breaks-- {
		r.out.WriteByte('\n')
		r.started = false
		if r.breaks > 1 {
			r.out.WriteString(strings.TrimSpace(quotePrefix(min(r.quote, r.lastQuote))))
		}
	}
	r.lastQuote = r.quote
	if !r.started {
		r.out.WriteString(quotePrefix(r.quote) + r.marker)
		r.marker, r.blank, r.started = "", false, true
	}
	if r.blank {
		r.out.WriteByte(' ')
		r.blank = false
	}
	r.out.WriteString(s)
	if r.href != "" && r.label.Len() < 300 {
		r.label.WriteString(s)
	}
}

func quotePrefix(depth int) string { return strings.Repeat("> ", min(depth, 10)) }

// sameLink: the words of the link are its address already.
func sameLink(url, label string) bool {
	trim := func(s string) string {
		s = strings.ToLower(strings.TrimSpace(s))
		for _, p := range []string{"mailto:", "tel:", "https://", "http://", "www."} {
			s = strings.TrimPrefix(s, p)
		}
		return strings.TrimSuffix(s, "/")
	}
	return label == "" || trim(url) == trim(label)
}

func attr(attrs []nethtml.Attribute, key string) string {
	for _, a := range attrs {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

// Preview returns text as one line of at most max characters, cut at a word where that is possible and ended by "…"
// when something was left out. Lines of quoted text are skipped when other text exists.
func Preview(text string, max int) string {
	if max <= 0 {
		return ""
	}
	if own := StripQuotedText(text); own != "" {
		text = own
	}
	line := make([]rune, 0, max+1)
	pending := false
	for _, r := range text {
		if unicode.IsSpace(r) {
			pending = len(line) > 0
			continue
		}
		if unicode.IsControl(r) {
			continue
		}
		if pending {
			line, pending = append(line, ' '), false
		}
		if line = append(line, r); len(line) > max {
			break
		}
	}
	if len(line) <= max {
		return string(line)
	}
	cut := max - 1
	for i := cut; i > max*2/3; i-- {
		if line[i] == ' ' {
			cut = i
			break
		}
	}
	return strings.TrimRight(string(line[:cut]), " ") + "…"
}

// FromText turns plain text into HTML that shows it with its line breaks and runs of blanks.
func FromText(text string) string {
	text = html.EscapeString(strings.ReplaceAll(bound(text), "\r\n", "\n"))
	text = strings.ReplaceAll(text, "  ", " &nbsp;")
	return strings.ReplaceAll(text, "\n", "<br>\n")
}
