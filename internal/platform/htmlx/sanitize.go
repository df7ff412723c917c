package htmlx

import (
	"html"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/microcosm-cc/bluemonday"
	nethtml "golang.org/x/net/html"
)

// Sanitize makes markup of strangers safe to store and to show: only elements, attributes, CSS properties and URL
// schemes of an allow-list remain. Tables, colours, fonts and widths stay, so that mail looks as it was meant to.
//
// Links lead to http, https, mailto and tel only and open a new window that knows nothing of this one. Images come
// from http, https, cid: and, up to MaxDataURI, from data: (PNG, JPEG, GIF, WebP). Relative addresses are removed: in
// a mail they mean nothing, and here they would call this program. <style> blocks are removed, not filtered: their
// selectors reach beyond the message and mail that matters also carries its style inline.
//
// Two gates stand one behind the other: the pass of this package, which writes the markup anew from tokens, and a
// bluemonday policy with the same list.
func Sanitize(markup string) string {
	if strings.TrimSpace(markup) == "" {
		return ""
	}
	s := &sanitizer{styles: map[string]string{}}
	s.out.Grow(len(markup))
	balance(markup, s)
	return policy().Sanitize(s.out.String())
}

type sanitizer struct {
	out strings.Builder
	tag []byte // of the element being opened
	// styles already filtered: mail repeats a few of them in every cell.
	styles map[string]string
}

// allowed elements, and for each the attributes it may have beside the global ones.
var allowed = map[string]string{
	"a": "href", "abbr": "", "acronym": "", "address": "", "article": "", "aside": "", "b": "", "bdi": "", "bdo": "",
	"big": "", "blockquote": "type", "br": "clear", "caption": "", "center": "", "cite": "", "code": "",
	"col": "span width", "colgroup": "span width", "dd": "", "del": "", "dfn": "", "dir": "", "div": "", "dl": "", "dt": "",
	"em": "", "figcaption": "", "figure": "", "font": "color face size", "footer": "",
	"h1": "", "h2": "", "h3": "", "h4": "", "h5": "", "h6": "", "header": "", "hr": "size width color noshade", "i": "",
	"img": "src alt width height border hspace vspace", "ins": "", "kbd": "", "li": "value type", "main": "", "mark": "",
	"nav": "", "ol": "start type", "p": "", "pre": "", "q": "", "s": "", "samp": "", "section": "", "small": "",
	"span": "", "strike": "", "strong": "", "sub": "", "sup": "",
	"table": "border cellpadding cellspacing width height", "tbody": "", "td": "colspan rowspan width height nowrap",
	"tfoot": "", "th": "colspan rowspan width height nowrap scope", "thead": "", "time": "", "tr": "height", "tt": "",
	"u": "", "ul": "type", "var": "", "wbr": "",
}

const globalAttrs = "align valign bgcolor dir lang title style class id"

// attrValues are what an attribute must look like; href, src, style, class and id have checks of their own.
var attrValues = map[string]*regexp.Regexp{
	"align": word, "valign": word, "dir": word, "scope": word, "type": regexp.MustCompile(`^[A-Za-z0-9]{1,12}$`),
	"clear": word, "color": colour, "bgcolor": colour, "nowrap": word, "noshade": word,
	"face": regexp.MustCompile(`^[\p{L}\p{N} ,'_-]+$`), "size": number, "width": number, "height": number, "border": number,
	"hspace": number, "vspace": number, "cellpadding": number, "cellspacing": number, "colspan": number, "rowspan": number,
	"span": number, "start": number, "value": number, "lang": regexp.MustCompile(`^[A-Za-z0-9-]{1,20}$`),
	"title": anyText, "alt": anyText,
}

var (
	word    = regexp.MustCompile(`^[A-Za-z]{0,12}$`)
	colour  = regexp.MustCompile(`^(#?[0-9A-Fa-f]{3,8}|[A-Za-z]{1,24}|rgba?\([0-9.,% ]{1,40}\))$`)
	number  = regexp.MustCompile(`^[+-]?[0-9]{1,4}(\.[0-9]{1,4})?(px|pt|%|\*)?$`)
	anyText = regexp.MustCompile(`(?s)^.{0,500}$`)
)

func (s *sanitizer) open(tag string, attrs []nethtml.Attribute, void bool) bool {
	tag, attrs = replaced(tag, attrs)
	own, ok := allowed[tag]
	if !ok {
		return false
	}
	s.tag = append(append(s.tag[:0], '<'), tag...)
	src := false
	seen := make([]string, len(attrs))
	for i, a := range attrs {
		key := strings.ToLower(a.Key)
		if !listed(own, key) && !listed(globalAttrs, key) || slices.Contains(seen[:i], key) {
			continue
		}
		seen[i] = key // of two equal attributes the first counts
		value, ok := s.attribute(key, a.Val)
		if !ok {
			continue
		}
		src = src || key == "src"
		s.tag = append(s.tag, " "+key+`="`+html.EscapeString(value)+`"`...)
	}
	if tag == "img" && !src {
		return false // an empty frame
	}
	s.out.Write(append(s.tag, '>'))
	return true
}

// replaced maps <body> to a <div>, so that the ground and the type of a whole mail survive.
func replaced(tag string, attrs []nethtml.Attribute) (string, []nethtml.Attribute) {
	switch tag {
	case "body":
		tag = "div"
		if ground := attr(attrs, "bgcolor"); colour.MatchString(ground) {
			style := "background-color:" + ground + ";" + attr(attrs, "style")
			attrs = []nethtml.Attribute{{Key: "style", Val: style}, {Key: "dir", Val: attr(attrs, "dir")}}
		}
	case "image":
		tag = "img" // as browsers read it
	}
	return tag, attrs
}

func (s *sanitizer) close(tag string) {
	if tag == "body" {
		tag = "div"
	}
	s.out.WriteString("</" + tag + ">")
}

func (s *sanitizer) text(t string) { s.out.WriteString(html.EscapeString(t)) }

func listed(list, key string) bool {
	for w := range strings.FieldsSeq(list) {
		if w == key {
			return true
		}
	}
	return false
}

func (s *sanitizer) attribute(key, value string) (string, bool) {
	switch key {
	case "href":
		return linkURL(value)
	case "src":
		return imageURL(value)
	case "style":
		kept, ok := s.styles[value]
		if !ok {
			kept = filterStyle(value)
			s.styles[value] = kept
		}
		return kept, kept != ""
	case "class", "id":
		value = markers(value)
		return value, value != ""
	}
	value = strings.TrimSpace(value)
	re := attrValues[key]
	return value, re != nil && re.MatchString(value) && (value != "" || key == "alt" || key == "nowrap" || key == "noshade")
}

// markers keeps the class names and ids by which mail programs mark quotes and signatures. All others could collide
// with names of the page.
func markers(value string) string {
	var kept []string
	for name := range strings.FieldsSeq(value) {
		if strings.HasSuffix(name, "yahoo_quoted") {
			name = "yahoo_quoted" // Yahoo puts a random prefix before its names
		}
		if knownMarkers[strings.TrimLeft(name, "x_")] || knownMarkers[name] {
			kept = append(kept, name)
		}
		if len(kept) == 8 {
			break
		}
	}
	return strings.Join(kept, " ")
}

var knownMarkers = map[string]bool{
	"gmail_quote": true, "gmail_quote_container": true, "gmail_attr": true, "gmail_signature": true, "gmail_extra": true,
	"yahoo_quoted": true, "protonmail_quote": true, "moz-cite-prefix": true, "moz-forward-container": true,
	"moz-signature": true, "OutlookMessageHeader": true, "divRplyFwdMsg": true, "appendonsend": true,
	"OLK_SRC_BODY_SECTION": true, "Signature": true, "zmail_extra": true, "tutanota_quote": true,
	"mail-editor-reference-message-container": true,
}

var policy = sync.OnceValue(func() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	for tag, own := range allowed {
		p.AllowElements(tag)
		p.AllowNoAttrs().OnElements(tag)
		attrs := append(strings.Fields(own), strings.Fields(globalAttrs)...)
		p.AllowAttrs(attrs...).OnElements(tag)
	}
	p.RequireParseableURLs(true)
	p.AllowRelativeURLs(false)
	p.AllowURLSchemes("http", "https", "mailto", "tel", "cid")
	p.AllowDataURIImages()
	p.AddTargetBlankToFullyQualifiedLinks(true)
	p.RequireNoFollowOnLinks(true)
	p.RequireNoReferrerOnLinks(true)
	return p
})
