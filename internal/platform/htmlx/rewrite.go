package htmlx

import (
	"html"
	"strings"

	nethtml "golang.org/x/net/html"
)

// urlAttrs are the attributes that hold one address.
var urlAttrs = map[string]bool{"src": true, "href": true, "background": true, "poster": true}

// RewriteURLs passes every address in the markup to fn and puts what fn returns in its place. fn gets the whole
// unescaped address, so that cid:img1 and cid:img10 cannot be confused, with the lower-case names of element and
// attribute. Everything else of the markup stays byte for byte as it is.
func RewriteURLs(markup string, fn func(tag, attr, url string) string) string {
	z := nethtml.NewTokenizer(strings.NewReader(markup))
	var out strings.Builder
	out.Grow(len(markup))
	for {
		kind := z.Next()
		if kind == nethtml.ErrorToken {
			out.Write(z.Raw())
			return out.String()
		}
		if kind != nethtml.StartTagToken && kind != nethtml.SelfClosingTagToken {
			out.Write(z.Raw())
			continue
		}
		source := string(z.Raw())
		name, more := z.TagName()
		tag := string(name)
		rewritten, changed := rewriteTag(z, tag, more, kind == nethtml.SelfClosingTagToken, fn)
		if !changed {
			rewritten = source
		}
		out.WriteString(rewritten)
	}
}

func rewriteTag(z *nethtml.Tokenizer, tag string, more, selfClosing bool, fn func(tag, attr, url string) string) (string, bool) {
	var b strings.Builder
	b.WriteString("<" + tag)
	changed := false
	for more {
		var key, val []byte
		key, val, more = z.TagAttr()
		name, value := string(key), string(val)
		if urlAttrs[name] && value != "" {
			if next := fn(tag, name, value); next != value {
				value, changed = next, true
			}
		}
		b.WriteString(" " + name + `="` + html.EscapeString(value) + `"`)
	}
	if selfClosing {
		b.WriteString("/")
	}
	b.WriteString(">")
	return b.String(), changed
}
