package htmlx

import (
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// visitor receives the markup that balance walks over, properly nested: every open is followed by its close.
type visitor interface {
	// open is called for a start tag; void elements get no close. When it returns false the element is not entered:
	// its tags are dropped, its content is not.
	open(tag string, attrs []html.Attribute, void bool) bool
	close(tag string)
	text(s string)
}

// hidden are elements whose content is no part of what a reader sees.
var hidden = map[string]bool{
	"script": true, "style": true, "title": true, "template": true, "svg": true, "math": true, "object": true,
	"applet": true, "iframe": true, "frameset": true, "noembed": true, "noframes": true, "noscript": true,
	"audio": true, "video": true, "canvas": true, "select": true, "datalist": true,
}

// raw are the elements whose content the tokenizer hands over as one text.
var raw = map[string]bool{
	"script": true, "style": true, "title": true, "iframe": true, "noembed": true, "noframes": true, "noscript": true,
	"textarea": true, "xmp": true, "plaintext": true,
}

var void = map[string]bool{
	"area": true, "base": true, "br": true, "col": true, "embed": true, "hr": true, "img": true, "input": true,
	"link": true, "meta": true, "param": true, "source": true, "track": true, "wbr": true, "basefont": true,
	"bgsound": true, "frame": true, "keygen": true, "image": true,
}

// closes names, for elements whose end tag may be left out (HTML Living Standard, section 13.1.2.4), the open
// elements which their start ends, up to the enclosing boundary.
var closes = map[string][]string{
	"p": {"p"}, "li": {"li", "p"}, "dt": {"dt", "dd", "p"}, "dd": {"dt", "dd", "p"}, "option": {"option"},
	"tr": {"tr", "td", "th", "p"}, "td": {"td", "th", "p"}, "th": {"td", "th", "p"},
	"tbody": {"tbody", "thead", "tfoot", "tr", "td", "th", "p"}, "tfoot": {"tbody", "thead", "tr", "td", "th", "p"},
	"div": {"p"}, "table": {"p"}, "ul": {"p"}, "ol": {"p"}, "blockquote": {"p"}, "pre": {"p"}, "hr": {"p"},
	"h1": {"p"}, "h2": {"p"}, "h3": {"p"}, "h4": {"p"}, "h5": {"p"}, "h6": {"p"},
}

// boundary elements hide what is outside of them from an implied end.
func boundary(tag, opening string) bool {
	switch tag {
	case "table":
		return true
	case "td", "th":
		return opening == "p" || opening == "li" || opening == "div" || opening == "table"
	case "ul", "ol", "dl":
		return opening != "tr" && opening != "td" && opening != "th" && opening != "tbody"
	case "div", "blockquote":
		return opening != "tr" && opening != "td" && opening != "th" && opening != "tbody" && opening != "li"
	}
	return false
}

type balancer struct {
	v     visitor
	stack []frame
	over  map[string]int // start tags dropped because the stack was full; their end tags are dropped too
}

type frame struct {
	tag     string
	entered bool
}

// balance walks over markup once.
func balance(markup string, v visitor) {
	markup = bound(markup)
	z := html.NewTokenizer(strings.NewReader(markup))
	offset := 0 // of the end of the current token
	lower := lazyLower{s: markup}
	b := &balancer{v: v, over: map[string]int{}}
	skip, skipDepth := "", 0 // inside a hidden element
	rawTag := ""
	for {
		kind := z.Next()
		offset += len(z.Raw())
		switch kind {
		case html.ErrorToken:
			b.popTo(0)
			return
		case html.TextToken:
			if skip == "" && !hidden[rawTag] {
				b.v.text(string(z.Text()))
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			name, hasAttr := z.TagName()
			tag := string(name)
			rawTag = ""
			if raw[tag] {
				rawTag = tag
			}
			switch {
			case skip != "":
				if tag == skip {
					skipDepth++
				}
			case hidden[tag] && !raw[tag]:
				if lower.lastEnd(tag) >= offset { // without an end tag it would hide all the rest
					skip, skipDepth = tag, 1
				}
			case raw[tag]:
			default:
				b.start(tag, attributes(z, hasAttr))
			}
		case html.EndTagToken:
			name, _ := z.TagName()
			tag := string(name)
			rawTag = ""
			if skip != "" {
				if tag == skip {
					if skipDepth--; skipDepth == 0 {
						skip = ""
					}
				}
				continue
			}
			b.end(tag)
		}
	}
}

// lazyLower finds the last end tag of an element, searching the markup once for each name.
type lazyLower struct {
	s, lower string
	last     map[string]int
}

func (l *lazyLower) lastEnd(tag string) int {
	if l.last == nil {
		l.lower, l.last = strings.ToLower(l.s), map[string]int{}
		if len(l.lower) != len(l.s) {
			l.lower = l.s // a character whose lower case is longer would shift the offsets
		}
	}
	i, ok := l.last[tag]
	if !ok {
		i = strings.LastIndex(l.lower, "</"+tag)
		l.last[tag] = i
	}
	return i
}

// maxAttributes bounds what one tag may bring.
const maxAttributes = 64

func attributes(z *html.Tokenizer, more bool) []html.Attribute {
	var attrs []html.Attribute
	for more {
		var key, val []byte
		key, val, more = z.TagAttr()
		if len(attrs) < maxAttributes {
			attrs = append(attrs, html.Attribute{Key: string(key), Val: string(val)})
		}
	}
	return attrs
}

func (b *balancer) start(tag string, attrs []html.Attribute) {
	for i := len(b.stack) - 1; i >= 0 && len(closes[tag]) > 0; i-- {
		open := b.stack[i].tag
		if slices.Contains(closes[tag], open) {
			b.popTo(i)
			continue
		}
		if boundary(open, tag) || !implied(open) && len(b.stack)-i > 8 {
			break
		}
	}
	if void[tag] {
		b.v.open(tag, attrs, true)
		return
	}
	if tag == "a" {
		b.closeOpen("a") // links do not nest
	}
	if len(b.stack) >= maxDepth {
		b.over[tag]++
		return
	}
	b.stack = append(b.stack, frame{tag, b.v.open(tag, attrs, false)})
}

func implied(tag string) bool { return closes[tag] != nil }

func (b *balancer) end(tag string) {
	switch {
	case b.over[tag] > 0:
		b.over[tag]--
	case tag == "p" && !b.isOpen("p"), tag == "br":
		b.v.open("br", nil, true) // as browsers do
	default:
		b.closeOpen(tag)
	}
}

func (b *balancer) isOpen(tag string) bool {
	for _, f := range b.stack {
		if f.tag == tag {
			return true
		}
	}
	return false
}

// closeOpen ends the innermost element of the name and all inside it. A table stops every other end tag: what was
// opened outside is not closed from within a cell.
func (b *balancer) closeOpen(tag string) {
	for i := len(b.stack) - 1; i >= 0; i-- {
		open := b.stack[i].tag
		if open == tag {
			b.popTo(i)
			return
		}
		if (open == "table" || (open == "td" || open == "th") && !tablePart(tag)) && tag != "body" && tag != "html" {
			return
		}
	}
}

func tablePart(tag string) bool {
	switch tag {
	case "table", "tr", "tbody", "thead", "tfoot", "td", "th":
		return true
	}
	return false
}

func (b *balancer) popTo(n int) {
	for len(b.stack) > n {
		f := b.stack[len(b.stack)-1]
		b.stack = b.stack[:len(b.stack)-1]
		if f.entered {
			b.v.close(f.tag)
		}
	}
}
