package mail

import (
	"html"
	"net/url"
	"strings"

	"github.com/foyerdesk/foyer/internal/platform/htmlx"
)

// collector walks the entities of a message and sorts them into body and parts.
type collector struct {
	m       *Message
	lim     Limits
	seen    int
	skipped bool
	packed  bodies // what a winmail.dat has for the body
}

// context says where an entity stands, which decides whether a named text is body or file.
type context struct {
	root        bool
	alternative bool
	related     bool // any but the first part of a related multipart
	report      bool
}

// bodies is what the text parts below one entity amount to.
type bodies struct{ text, html string }

func (b bodies) empty() bool { return b.text == "" && b.html == "" }

func (c *collector) entity(e entity, depth int, ctx context) bodies {
	if c.seen++; c.seen > c.lim.MaxParts {
		c.skipped = true
		return bodies{}
	}
	switch {
	case e.isMultipart() && depth < c.lim.MaxDepth:
		return c.multipart(e, depth, ctx)
	case e.isMultipart():
		c.m.problem("parts are nested too deep: the inner ones are kept as one attachment")
		e.ctype.value = octetMedia
	case c.isBody(e, ctx):
		return c.text(e)
	case ctx.alternative && droppedAlternative(e):
		return bodies{}
	case isTNEF(e) && c.unpack(e):
		return bodies{}
	}
	c.part(e, ctx)
	return bodies{}
}

func (c *collector) multipart(e entity, depth int, ctx context) bodies {
	boundary := e.ctype.params["boundary"]
	if boundary == "" || len(boundary) > 1000 {
		boundary = guessBoundary(e.body)
		c.m.problem("a multipart does not name its boundary")
	}
	kind := strings.TrimPrefix(e.ctype.value, "multipart/")
	fallback := "text/plain"
	if kind == "digest" {
		fallback = "message/rfc822" // RFC 2046, section 5.1.5
	}
	var list []bodies
	found, closed := false, false
	if boundary != "" {
		found, closed = splitMultipart(e.body, boundary, func(raw []byte) bool {
			h, body, _ := readHeader(raw, c.lim.MaxHeaderBytes)
			h.charset = c.m.Header.charset
			child := context{
				alternative: kind == "alternative" || kind == "related" && ctx.alternative && len(list) == 0,
				related:     kind == "related" && len(list) > 0,
				report:      kind == "report",
			}
			list = append(list, c.entity(entityOf(h, body, fallback), depth+1, child))
			return !c.skipped
		})
	}
	switch {
	case !found:
		c.m.problem("a multipart has no parts: it is kept as text")
		e.ctype = paramHeader{value: "text/plain"}
		return c.text(e)
	case !closed:
		c.m.problem("a multipart has no end: the message may be cut off")
	}
	if kind == "alternative" {
		return chooseAlternative(list)
	}
	return c.joinBodies(list)
}

// chooseAlternative takes the first plain text and the last HTML that say something (RFC 2046, section 5.1.4: the
// last alternative is the richest).
func chooseAlternative(list []bodies) (out bodies) {
	for _, b := range list {
		if out.text == "" && strings.TrimSpace(b.text) != "" {
			out.text = b.text
		}
		if strings.TrimSpace(b.html) != "" {
			out.html = b.html
		}
	}
	return out
}

// joinBodies puts the texts of a mixed multipart one after the other. Where one of them is HTML only and another is
// plain only (a mailing list's footer, text around a picture), each form gets the other's words as well.
func (c *collector) joinBodies(list []bodies) bodies {
	kept := list[:0]
	anyText, anyHTML := false, false
	for _, b := range list {
		if b.empty() {
			continue
		}
		kept = append(kept, b)
		anyText, anyHTML = anyText || b.text != "", anyHTML || b.html != ""
	}
	if len(kept) == 0 {
		return bodies{}
	}
	if len(kept) == 1 {
		return kept[0]
	}
	var text, markup strings.Builder
	for _, b := range kept {
		if anyText {
			if b.text == "" {
				b.text = htmlx.Text(b.html)
			}
			if text.Len() > 0 {
				text.WriteString("\n\n")
			}
			text.WriteString(strings.TrimRight(b.text, "\r\n"))
		}
		if anyHTML {
			if b.html == "" {
				b.html = htmlx.FromText(b.text)
			}
			markup.WriteString("<div>" + b.html + "</div>\n")
		}
	}
	return bodies{text.String(), markup.String()}
}

// isBody: HTML or plain text that is not sent as a file. A name makes it a file unless it stands where only a body
// can stand.
func (c *collector) isBody(e entity, ctx context) bool {
	switch e.ctype.value {
	case "text/plain", "text/html", "text/enriched", "text/markdown", "application/xhtml+xml":
	default:
		return false
	}
	if e.disp.value == Attached || ctx.related && e.contentID() != "" {
		return false
	}
	return e.filename() == "" || ctx.root || ctx.alternative
}

// droppedAlternative is another rendering of the same words, of use to one kind of client only.
func droppedAlternative(e entity) bool {
	switch e.ctype.value {
	case "text/x-amp-html", "text/watch-html", "text/x-watch-html":
		return e.disp.value != Attached
	}
	return false
}

func (c *collector) text(e entity) bodies {
	data := c.decode(e)
	set := e.ctype.params["charset"]
	isHTML := e.ctype.value == "text/html" || e.ctype.value == "application/xhtml+xml"
	if set == "" && isHTML {
		set = metaCharset(data)
	}
	if len(data) > c.lim.MaxTextBytes {
		c.m.problem("the body is very long: it is shown in part and attached whole")
		c.add(Part{Filename: "message" + extension(e.ctype.value), ContentType: e.ctype.value, Disposition: Attached, Data: data}, true)
		data = data[:c.lim.MaxTextBytes]
	}
	text, ok := toUTF8(data, set)
	if !ok {
		c.m.problem("the charset of a text part is unknown or wrong")
	}
	if strings.TrimSpace(text) == "" {
		return bodies{}
	}
	if isHTML {
		return bodies{html: text}
	}
	if strings.EqualFold(e.ctype.params["format"], "flowed") {
		text = unflow(text, strings.EqualFold(e.ctype.params["delsp"], "yes"))
	}
	return bodies{text: text}
}

func (c *collector) decode(e entity) []byte {
	data, ok := decodeTransfer(e.body, e.header.get("Content-Transfer-Encoding"))
	if !ok {
		c.m.problem("a part is not encoded as it says")
	}
	return data
}

// metaCharset reads the charset an HTML document names itself.
func metaCharset(data []byte) string {
	head := strings.ToLower(string(data[:min(len(data), 2048)]))
	_, rest, ok := strings.Cut(head, "charset=")
	if !ok {
		return ""
	}
	rest = strings.TrimLeft(rest, `"' `)
	if i := strings.IndexAny(rest, "\"' />;\r\n"); i >= 0 {
		return rest[:i]
	}
	return ""
}

// part keeps an entity that is no body.
func (c *collector) part(e entity, ctx context) {
	data := c.decode(e)
	if len(data) == 0 {
		return
	}
	p := Part{ContentType: e.ctype.value, ContentID: e.contentID(), Disposition: Attached, Data: data}
	stem := "attachment"
	switch {
	case strings.HasPrefix(p.ContentType, "image/"):
		stem = "image"
	case p.ContentType == "message/rfc822" || p.ContentType == "message/global":
		stem = embeddedSubject(data, c.lim.MaxHeaderBytes)
	case p.ContentType == "text/calendar":
		stem = "invite"
	case p.ContentType == "application/pgp-signature" || strings.HasSuffix(p.ContentType, "pkcs7-signature"):
		stem = "signature"
	case p.ContentType == "message/delivery-status":
		stem = "delivery-status"
	case p.ContentType == "message/disposition-notification":
		stem = "receipt"
	case p.ContentType == "text/rfc822-headers":
		stem = "headers"
	}
	if strings.ContainsAny(p.ContentType, "\r\n\x00 ") || !ascii([]byte(p.ContentType)) || len(p.ContentType) > 127 {
		p.ContentType = octetMedia
	}
	p.Filename = safeFilename(e.filename(), stem, p.ContentType)
	if e.disp.value != Attached && p.ContentID != "" && p.ContentType != octetMedia {
		p.Disposition = Inline
	}
	if e.disp.value == Attached && ctx.related && p.ContentID != "" && strings.HasPrefix(p.ContentType, "image/") {
		p.Disposition = Inline // some clients call the pictures of a related multipart attachments
	}
	c.add(p, false)
}

func (c *collector) add(p Part, front bool) {
	if front {
		c.m.Parts = append([]Part{p}, c.m.Parts...)
		return
	}
	c.m.Parts = append(c.m.Parts, p)
}

func embeddedSubject(data []byte, max int) string {
	h, _, _ := readHeader(data, max)
	if subject := h.Get("Subject"); subject != "" {
		name := safeFilename(strings.NewReplacer("/", "-", `\`, "-").Replace(subject), "message", octetMedia)
		return strings.ToValidUTF8(name[:min(len(name), maxFilenameBytes-4)], "")
	}
	return "message"
}

func (c *collector) finish(b bodies) (text, markup string) {
	if strings.TrimSpace(b.html) == "" {
		b.html = c.packed.html
	}
	if strings.TrimSpace(b.text) == "" {
		b.text = c.packed.text
	}
	return strings.ReplaceAll(b.text, "\r\n", "\n"), strings.ReplaceAll(b.html, "\r\n", "\n")
}

// settleDispositions makes inline parts that no HTML refers to attachments: nobody would see them otherwise.
func (c *collector) settleDispositions() {
	refs := contentRefs(c.m.HTML)
	for i := range c.m.Parts {
		p := &c.m.Parts[i]
		if p.Disposition == Inline && !refs[p.ContentID] {
			p.Disposition = Attached
		}
	}
}

// contentRefs collects the ids of all cid: URLs (RFC 2392) in the markup.
func contentRefs(markup string) map[string]bool {
	refs := map[string]bool{}
	for i := 0; i+4 <= len(markup); {
		j := strings.IndexByte(markup[i:], ':')
		if j < 0 {
			break
		}
		j += i
		i = j + 1
		if j < 3 || !strings.EqualFold(markup[j-3:j], "cid") {
			continue
		}
		end := strings.IndexAny(markup[i:min(len(markup), i+maxIDBytes)], "\"'<> )\t\r\n")
		if end < 0 {
			end = min(len(markup), i+maxIDBytes) - i
		}
		id := html.UnescapeString(markup[i : i+end])
		refs[id] = true
		if plain, err := url.PathUnescape(id); err == nil {
			refs[plain] = true
		}
		i += end
	}
	return refs
}
