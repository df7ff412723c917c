package htmlx

import (
	"strings"

	"golang.org/x/net/html"
)

// lineScanner finds the lines that a reader of the markup sees, and of which texts each is made.
type lineScanner struct {
	lines  []scannedLine
	texts  int  // seen so far
	within bool // a line that goes on
	depth  int
	quote  int // depth of the outermost quote; 0 outside
}

type scannedLine struct {
	text        strings.Builder
	first, last int // numbers of its texts, from 1
	quoted      bool
}

// maxLineText is how much of a line is looked at.
const maxLineText = 2000

func (l *lineScanner) open(tag string, attrs []html.Attribute, void bool) bool {
	l.breakAt(tag)
	if void {
		return true
	}
	l.depth++
	if l.quote == 0 && isQuote(tag, attrs) {
		l.quote, l.within = l.depth, false
	}
	return true
}

func (l *lineScanner) close(tag string) {
	l.breakAt(tag)
	if l.depth == l.quote {
		l.quote, l.within = 0, false
	}
	l.depth--
}

func (l *lineScanner) breakAt(tag string) {
	switch tag {
	case "br", "hr", "blockquote", "pre", "ul", "ol":
		l.within = false
	default:
		l.within = l.within && blockGap(tag) == 0
	}
}

func (l *lineScanner) text(t string) {
	l.texts++
	if !l.within {
		if strings.TrimSpace(t) == "" {
			return
		}
		l.lines = append(l.lines, scannedLine{first: l.texts, quoted: l.quote > 0})
		l.within = true
	}
	line := &l.lines[len(l.lines)-1]
	line.last = l.texts
	if room := maxLineText - line.text.Len(); room > 0 {
		line.text.WriteString(t[:min(len(t), room)])
	}
}

// maxAttributions is how many quotes of one message are looked at for the line that introduces them.
const maxAttributions = 100

// history returns from which text on everything repeats an older message, 0 if nothing does, and the texts that only
// introduce a quote.
func (l *lineScanner) history() (from int, introduces map[int]bool) {
	plain := make([]string, len(l.lines))
	for i := range l.lines {
		plain[i] = plainLine(strings.Join(strings.Fields(l.lines[i].text.String()), " "))
		if l.lines[i].quoted {
			plain[i] = ">" + plain[i]
		}
	}
	if at := historyStart(plain); at < len(plain) {
		from = l.lines[at].first
	}
	introduces = map[int]bool{}
	looked := 0
	for i := 1; i < len(plain) && looked < maxAttributions; i++ {
		if !l.lines[i].quoted || l.lines[i-1].quoted {
			continue
		}
		looked++
		for _, line := range l.lines[i-attributedFrom(plain[:i], true) : i] {
			for text := line.first; text <= line.last; text++ {
				introduces[text] = true
			}
		}
	}
	return from, introduces
}
