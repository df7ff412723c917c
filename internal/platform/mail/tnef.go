package mail

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"unicode/utf16"
)

// tnef is what a winmail.dat holds: Outlook and Exchange send it to those whom they take for their own kind
// ([MS-OXTNEF]).
type tnef struct {
	text, html string
	files      []tnefFile
}

type tnefFile struct {
	name, contentType, contentID string
	data                         []byte // shares memory with the input
	embedded                     *tnef  // a message that is attached
}

var errTNEF = errors.New("not TNEF")

const (
	tnefSignature = 0x223E9F78
	maxTNEFDepth  = 3
)

// The attributes that are read ([MS-OXTNEF], section 2.1.3.3).
const (
	attrBody       = 0x0002800C
	attrMessage    = 0x00069003
	attrRendData   = 0x00069002
	attrFileTitle  = 0x00018010
	attrFileData   = 0x0006800F
	attrFileProps  = 0x00069005
	attrOEMCharset = 0x00069007
)

// The properties that are read ([MS-OXPROPS]).
const (
	propBody        = 0x1000
	propRTF         = 0x1009
	propHTML        = 0x1013
	propCodepage    = 0x3FDE
	propDisplayName = 0x3001
	propFileData    = 0x3701
	propShortName   = 0x3704
	propLongName    = 0x3707
	propMIMEType    = 0x370E
	propContentID   = 0x3712
)

// readTNEF unpacks a winmail.dat. What is broken ends the reading: what was read before it is kept.
func readTNEF(data []byte, lim Limits, depth int) (*tnef, error) {
	b := byteReader{data: data}
	if b.u32() != tnefSignature {
		return nil, errTNEF
	}
	b.u16() // the legacy key
	t := &tnef{}
	body := tnefBody{codepage: "windows-1252"}
	for b.left() > 0 && !b.failed {
		level, id, n := b.next(1), b.u32(), b.u32()
		value := b.next(int(n))
		b.u16() // the checksum: a mail that was damaged is still better than none
		if b.failed || len(level) == 0 {
			break
		}
		if id == attrRendData && len(t.files) >= lim.MaxParts {
			break
		}
		t.attribute(id, value, &body, lim, depth)
	}
	t.text, t.html = body.texts(lim)
	return t, nil
}

func (t *tnef) attribute(id uint32, value []byte, body *tnefBody, lim Limits, depth int) {
	switch id {
	case attrOEMCharset:
		if len(value) >= 4 {
			body.codepage = codepageName(binary.LittleEndian.Uint32(value))
		}
	case attrBody:
		body.plain = decodeIn(value, body.codepage)
	case attrMessage:
		readProps(value, body.property)
	case attrRendData: // begins a file
		t.files = append(t.files, tnefFile{})
	}
	if len(t.files) == 0 {
		return
	}
	f := &t.files[len(t.files)-1]
	switch id {
	case attrFileTitle:
		if f.name == "" {
			f.name = decodeIn(value, body.codepage)
		}
	case attrFileData:
		f.data = value
	case attrFileProps:
		readProps(value, func(p mapiProp) { f.property(p, body.codepage, lim, depth) })
	}
}

func (f *tnefFile) property(p mapiProp, codepage string, lim Limits, depth int) {
	switch p.id {
	case propLongName:
		f.name = p.text(codepage)
	case propShortName, propDisplayName:
		if f.name == "" {
			f.name = p.text(codepage)
		}
	case propMIMEType:
		f.contentType = strings.ToLower(p.text(codepage))
	case propContentID:
		f.contentID = p.text(codepage)
	case propFileData:
		data := p.value
		if p.kind == mapiObject && len(data) > 16 {
			data = data[16:] // the interface's id
		}
		if inner, err := readTNEF(data, lim, depth+1); err == nil && depth < maxTNEFDepth {
			f.embedded = inner
		} else if len(f.data) == 0 {
			f.data = data
		}
	}
}

// tnefBody collects the forms of the message's text.
type tnefBody struct {
	codepage         string // of eight-bit strings
	htmlCodepage     string
	plain, richPlain string
	html, rtf        []byte
}

func (b *tnefBody) property(p mapiProp) {
	switch p.id {
	case propBody:
		b.richPlain = p.text(b.codepage)
	case propHTML:
		b.html = p.value
		if p.kind == mapiUnicode {
			b.html, b.htmlCodepage = []byte(p.text("")), "utf-8"
		}
	case propRTF:
		b.rtf = p.value
	case propCodepage:
		if len(p.value) >= 4 && b.htmlCodepage == "" {
			b.htmlCodepage = codepageName(binary.LittleEndian.Uint32(p.value))
		}
	}
}

// texts chooses of the forms: HTML, also the one that RTF was made of, and a plain text.
func (b *tnefBody) texts(lim Limits) (text, markup string) {
	text = b.richPlain
	if strings.TrimSpace(text) == "" {
		text = b.plain
	}
	if len(b.html) > 0 {
		markup = decodeIn(b.html[:min(len(b.html), lim.MaxTextBytes)], b.htmlCodepage)
	} else if rtf := unpackRTF(b.rtf, lim.MaxTextBytes); len(rtf) > 0 {
		said, isHTML := readRTF(rtf, lim.MaxTextBytes)
		if isHTML {
			markup = said
		} else if strings.TrimSpace(text) == "" {
			text = said
		}
	}
	return strings.ReplaceAll(text[:min(len(text), lim.MaxTextBytes)], "\r\n", "\n"), strings.ReplaceAll(markup, "\r\n", "\n")
}

// decodeIn reads text of a code page, which may end in NUL.
func decodeIn(b []byte, charset string) string {
	text, _ := toUTF8(bytes.TrimRight(b, "\x00"), charset)
	return text
}

// mapiProp is one property of a message or a file ([MS-OXTNEF], section 2.1.3.4).
type mapiProp struct {
	id, kind uint16
	value    []byte
}

const (
	mapiString  = 0x1E
	mapiUnicode = 0x1F
	mapiBinary  = 0x102
	mapiObject  = 0x0D
)

func (p mapiProp) text(codepage string) string {
	if p.kind != mapiUnicode {
		return decodeIn(p.value, codepage)
	}
	units := make([]uint16, len(p.value)/2)
	for i := range units {
		units[i] = binary.LittleEndian.Uint16(p.value[2*i:])
	}
	return clean(strings.TrimRight(string(utf16.Decode(units)), "\x00"))
}

// readProps calls yield for every property whose value is one text or one piece of data, or a number.
func readProps(data []byte, yield func(p mapiProp)) {
	b := byteReader{data: data}
	for n := b.u32(); n > 0 && !b.failed; n-- {
		p := mapiProp{kind: b.u16(), id: b.u16()}
		if p.id >= 0x8000 { // a named one: its name is of no use here
			b.next(16)
			if b.u32() == 0 {
				b.u32()
			} else {
				b.padded(int(b.u32()))
			}
		}
		many := p.kind&0x1000 != 0
		p.kind &^= 0x1000
		size := 4
		switch p.kind {
		case 5, 6, 7, 20, 64:
			size = 8
		case 72:
			size = 16
		case mapiString, mapiUnicode, mapiBinary, mapiObject:
			size = -1
		}
		count := uint32(1)
		if many || size < 0 {
			count = b.u32()
		}
		for i := uint32(0); i < count && !b.failed; i++ {
			if size < 0 {
				p.value = b.padded(int(b.u32()))
			} else {
				p.value = b.next(size)
			}
			if i == 0 && !b.failed {
				yield(p)
			}
		}
	}
}

// byteReader reads little-endian values; once it failed it gives nothing.
type byteReader struct {
	data   []byte
	failed bool
}

func (b *byteReader) left() int { return len(b.data) }

func (b *byteReader) next(n int) []byte {
	if b.failed || n < 0 || n > len(b.data) {
		b.failed = true
		return nil
	}
	out := b.data[:n:n]
	b.data = b.data[n:]
	return out
}

// padded reads n bytes and what fills them up to a multiple of four.
func (b *byteReader) padded(n int) []byte {
	out := b.next(n)
	if fill := -n & 3; !b.failed {
		b.next(min(fill, len(b.data)))
	}
	return out
}

func (b *byteReader) u16() uint16 {
	if v := b.next(2); v != nil {
		return binary.LittleEndian.Uint16(v)
	}
	return 0
}

func (b *byteReader) u32() uint32 {
	if v := b.next(4); v != nil {
		return binary.LittleEndian.Uint32(v)
	}
	return 0
}

// isTNEF reports whether an entity is a winmail.dat. Relays give it all sorts of types.
func isTNEF(e entity) bool {
	switch e.ctype.value {
	case "application/ms-tnef", "application/vnd.ms-tnef":
		return true
	}
	return strings.EqualFold(e.filename(), "winmail.dat")
}

// unpack puts the files of a winmail.dat in its place and keeps its text for the body. It returns false for one that
// cannot be read or holds nothing: that is kept as it is.
func (c *collector) unpack(e entity) bool {
	t, err := readTNEF(c.decode(e), c.lim, 0)
	if err != nil || len(t.files) == 0 && t.text == "" && t.html == "" {
		c.m.problem("a winmail.dat cannot be unpacked")
		return false
	}
	if c.packed.empty() {
		c.packed = bodies{text: t.text, html: t.html}
	}
	c.unpackFiles(t)
	return true
}

func (c *collector) unpackFiles(t *tnef) {
	for _, f := range t.files {
		if f.embedded != nil {
			c.unpackMessage(f)
			continue
		}
		c.addUnpacked(f.name, f.contentType, f.contentID, f.data)
	}
}

// unpackMessage keeps the text of a message that was attached as a file, and its files beside it.
func (c *collector) unpackMessage(f tnefFile) {
	name := f.name
	if name == "" {
		name = "message"
	}
	switch {
	case f.embedded.html != "":
		c.addUnpacked(name+".html", "text/html", "", []byte(f.embedded.html))
	case f.embedded.text != "":
		c.addUnpacked(name+".txt", "text/plain", "", []byte(f.embedded.text))
	}
	c.unpackFiles(f.embedded)
}

func (c *collector) addUnpacked(name, contentType, contentID string, data []byte) {
	if len(data) == 0 {
		return
	}
	if c.seen++; c.seen > c.lim.MaxParts {
		c.skipped = true
		return
	}
	if !strings.Contains(contentType, "/") || strings.ContainsAny(contentType, "\r\n\x00 ;") || !ascii([]byte(contentType)) || len(contentType) > 127 {
		contentType = octetMedia
		name := safeFilename(name, "attachment", octetMedia)
		if i := strings.LastIndexByte(name, '.'); i >= 0 {
			contentType = typeOfExtension(strings.ToLower(name[i:]))
		}
	}
	p := Part{Filename: safeFilename(name, "attachment", contentType), ContentType: contentType, ContentID: bareID(contentID), Disposition: Attached, Data: data}
	if p.ContentID != "" {
		p.Disposition = Inline // settled once it is known whether the body shows it
	}
	c.add(p, false)
}

// typeOfExtension is the media type that files of a name ending have, for what names no type of its own.
func typeOfExtension(ext string) string {
	best := octetMedia
	for mediaType, e := range extensions {
		if e == ext && (best == octetMedia || len(mediaType) < len(best) || len(mediaType) == len(best) && mediaType < best) {
			best = mediaType
		}
	}
	return best
}
