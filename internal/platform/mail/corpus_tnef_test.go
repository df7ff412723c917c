package mail

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"
	"unicode/utf16"
)

// tnefWriter writes a winmail.dat.
type tnefWriter struct{ bytes.Buffer }

func newTNEF() *tnefWriter {
	w := &tnefWriter{}
	w.u32(tnefSignature)
	w.u16(0x4711)
	return w
}

func (w *tnefWriter) u16(v uint16) { _ = binary.Write(w, binary.LittleEndian, v) }
func (w *tnefWriter) u32(v uint32) { _ = binary.Write(w, binary.LittleEndian, v) }

func (w *tnefWriter) attribute(level byte, id uint32, data []byte) {
	w.WriteByte(level)
	w.u32(id)
	w.u32(uint32(len(data)))
	w.Write(data)
	sum := uint16(0)
	for _, c := range data {
		sum += uint16(c)
	}
	w.u16(sum)
}

// mapiValue is a property being written.
type mapiValue struct {
	id, kind uint16
	data     []byte
}

func properties(list ...mapiValue) []byte {
	w := &tnefWriter{}
	w.u32(uint32(len(list)))
	for _, p := range list {
		w.u16(p.kind)
		w.u16(p.id)
		if p.id >= 0x8000 {
			w.Write(make([]byte, 16))
			w.u32(1)
			w.u32(6)
			w.Write([]byte("x\x00y\x00\x00\x00\x00\x00"))
		}
		if p.kind != 3 && p.kind != 0xB {
			w.u32(1)
			w.u32(uint32(len(p.data)))
		}
		w.Write(p.data)
		w.Write(make([]byte, -len(p.data)&3))
	}
	return w.Bytes()
}

func utf16z(s string) []byte {
	var out []byte
	for _, u := range append(utf16.Encode([]rune(s)), 0) {
		out = binary.LittleEndian.AppendUint16(out, u)
	}
	return out
}

func (w *tnefWriter) file(short string, data []byte, more ...mapiValue) {
	w.attribute(2, attrRendData, make([]byte, 14))
	if short != "" {
		w.attribute(2, attrFileTitle, append([]byte(short), 0))
	}
	if data != nil {
		w.attribute(2, attrFileData, data)
	}
	if len(more) > 0 {
		w.attribute(2, attrFileProps, properties(more...))
	}
}

// uncompressed wraps RTF as [MS-OXRTFCP] does when it is not compressed.
func uncompressed(rtf string) []byte {
	out := binary.LittleEndian.AppendUint32(nil, uint32(len(rtf)+12))
	out = binary.LittleEndian.AppendUint32(out, uint32(len(rtf)))
	return append(append(out, "MELA\x00\x00\x00\x00"...), rtf...)
}

const fromHTML = `{\rtf1\ansi\ansicpg1252\fromhtml1 \deff0{\fonttbl{\f0\fswiss Arial;}}{\*\htmltag64 <html>}{\*\htmltag64 <p>}\htmlrtf {\htmlrtf0 Gr\'fc\'dfe & mehr {\*\htmltag84 <b>}\htmlrtf {\b\htmlrtf0 fett{\*\htmltag92 </b>}\htmlrtf }\htmlrtf0 {\*\htmltag72 </p>}\htmlrtf\par}\htmlrtf0 {\*\htmltag72 </html>}}`

// winmails are mails of Outlook and Exchange in their own form.
func winmails() (out []sample) {
	png := []byte("\x89PNG picture")
	add := func(name, contentType string, dat []byte, plain string, change func(want *reading)) {
		children := []part{textPart("plain", "utf-8", "8bit", plain), {fields: []string{"Content-Type: " + contentType + "; name=\"winmail.dat\"", `Content-Disposition: attachment; filename="winmail.dat"`}, encoding: "base64", body: string(dat)}}
		body := part{fields: []string{`Content-Type: multipart/mixed; boundary="_000_winmail_"`}, boundary: "_000_winmail_", children: children}
		h := letterhead{id: "tnef-" + name, subject: "Offer", more: []string{"X-MS-TNEF-Correlator: <47@x.test>"}}
		want := h.reading()
		want.Text, want.Own = plain, plain
		change(&want)
		out = append(out, sample{"tnef/" + name, h.write(body), want})
	}

	w := newTNEF()
	w.attribute(1, attrOEMCharset, binary.LittleEndian.AppendUint32(nil, 1252))
	w.attribute(1, attrMessage, properties(mapiValue{propRTF, mapiBinary, uncompressed(`{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}}Hello Acme,\par the offer is attached: 5 \'80 \endash  \u8222?gut\u8220?\par}`)}))
	w.file("OFFER~1.PDF", []byte("%PDF offer"), mapiValue{propLongName, mapiUnicode, utf16z("Angebot für März.pdf")}, mapiValue{propMIMEType, mapiUnicode, utf16z("application/pdf")})
	w.file("PRICES.XLS", []byte("prices"))
	add("rtf-and-files", "application/ms-tnef", w.Bytes(), "", func(want *reading) {
		want.Text = "Hello Acme,\nthe offer is attached: 5 € – „gut“\n"
		want.Own = inOneLine(want.Text)
		want.Parts = []string{"attachment | application/pdf | Angebot für März.pdf |  | %PDF offer", "attachment | application/vnd.ms-excel | PRICES.XLS |  | prices"}
	})

	w = newTNEF()
	w.attribute(1, attrMessage, properties(mapiValue{0x8005, mapiUnicode, utf16z("named")}, mapiValue{propRTF, mapiBinary, uncompressed(fromHTML)}))
	add("rtf-of-html", "application/ms-tnef", w.Bytes(), "Grüße & mehr fett", func(want *reading) {
		want.HTML = "<html><p>Grüße &amp; mehr <b>fett</b></p></html>"
	})

	w = newTNEF()
	w.attribute(1, attrMessage, properties(mapiValue{propCodepage, 3, binary.LittleEndian.AppendUint32(nil, 28592)}, mapiValue{propHTML, mapiBinary, []byte("<p>Za\xbf\xf3\xb3\xe6 <img src=\"cid:logo@x\"></p>")}))
	w.file("logo.png", png, mapiValue{propContentID, mapiUnicode, utf16z("logo@x")}, mapiValue{propMIMEType, mapiString, []byte("image/png\x00")})
	add("html-and-picture", "application/vnd.ms-tnef", w.Bytes(), "", func(want *reading) {
		want.Text, want.HTML, want.Own = "", "<p>Zażółć <img src=\"cid:logo@x\"></p>", "Zażółć"
		want.Parts = []string{"inline | image/png | logo.png | logo@x | (picture)"}
	})

	w = newTNEF()
	w.attribute(1, attrOEMCharset, binary.LittleEndian.AppendUint32(nil, 1251))
	w.attribute(1, attrBody, []byte("\xcf\xf0\xe8\xe2\xe5\xf2\r\n\x00"))
	w.file("\xee\xf2\xf7\xb8\xf2.txt", []byte("отчёт"))
	add("plain-cyrillic", "application/octet-stream", w.Bytes(), "", func(want *reading) {
		want.Text, want.Own = "Привет\n", "Привет"
		want.Parts = []string{"attachment | text/plain | отчёт.txt |  | отчёт"}
	})

	inner := newTNEF()
	inner.attribute(1, attrMessage, properties(mapiValue{propBody, mapiUnicode, utf16z("The inner words")}))
	inner.file("inner.csv", []byte("a;b"))
	w = newTNEF()
	w.file("", nil, mapiValue{propDisplayName, mapiUnicode, utf16z("Old message")}, mapiValue{propFileData, mapiObject, append(make([]byte, 16), inner.Bytes()...)})
	add("attached-message", "application/ms-tnef", w.Bytes(), "See the old message.", func(want *reading) {
		want.Parts = []string{"attachment | text/plain | Old message.txt |  | The inner words", "attachment | text/csv | inner.csv |  | a;b"}
	})

	w = newTNEF()
	w.file("whole.txt", []byte("whole"))
	w.file("cut.txt", []byte("this one is cut off"))
	add("cut-off", "application/ms-tnef", w.Bytes()[:w.Len()-8], "Cut.", func(want *reading) {
		want.Parts = []string{"attachment | text/plain | whole.txt |  | whole"}
	})

	w = newTNEF()
	w.attribute(1, attrMessage, properties(mapiValue{propBody, mapiString, []byte("same")}))
	w.file(`..\..\evil`+"\u202e"+`.exe`, []byte("MZ"))
	add("hostile-name", "application/ms-tnef", w.Bytes(), "Words", func(want *reading) {
		want.Parts = []string{"attachment | application/octet-stream | evilâ€®.exe |  | MZ"} // the name is in the code page
	})
	return out
}

// The examples of [MS-OXRTFCP], section 4.
func TestCompressedRTFIsUnpackedAsTheStandardShows(t *testing.T) {
	for packed, want := range map[string]string{
		"\x2d\x00\x00\x00\x2b\x00\x00\x00\x4c\x5a\x46\x75\xf1\xc5\xc7\xa7\x03\x00\x0a\x00\x72\x63\x70\x67\x31\x32\x35\x42\x32\x0a\xf3\x20\x68\x65\x6c\x09\x00\x20\x62\x77\x05\xb0\x6c\x64\x7d\x0a\x80\x0f\xa0": "{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n",
		"\x1a\x00\x00\x00\x1c\x00\x00\x00\x4c\x5a\x46\x75\xe2\xd4\x4b\x51\x41\x00\x04\x20\x57\x58\x59\x5a\x0d\x6e\x7d\x01\x0e\xb0":                                                                             "{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}",
	} {
		if got := string(unpackRTF([]byte(packed), 1<<20)); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if text, _ := readRTF([]byte(`{\rtf1 WX\u-10179?\u-8704?{\*\unknown no}{\pict 00ff}\{\par}`), 1000); text != "WX😀{\n" {
		t.Errorf("got %q", text)
	}
}

// A few bytes may stand for many: the result is bounded.
func TestPackedRTFIsBounded(t *testing.T) {
	packed := append([]byte("\xff\xff\xff\xff\xff\xff\xff\x7fLZFu\x00\x00\x00\x00"), bytes.Repeat([]byte{0xff, 0, 15, 0, 31, 0, 47, 0, 63, 0, 79, 0, 95, 0, 111, 0, 127}, 1<<16)...)
	if got := len(unpackRTF(packed, 1<<20)); got > 1<<20 {
		t.Errorf("%d bytes", got)
	}
	if text, _ := readRTF([]byte(strings.Repeat("{", 1<<20)), 1<<20); text != "" {
		t.Errorf("%d bytes", len(text))
	}
}

func FuzzTNEF(f *testing.F) {
	for _, s := range winmails() {
		m := mustParse(f, []byte(s.raw), Limits{MaxDepth: 1})
		for _, p := range m.Parts {
			f.Add(p.Data)
		}
	}
	w := newTNEF()
	w.attribute(1, attrMessage, properties(mapiValue{propRTF, mapiBinary, uncompressed(fromHTML)}, mapiValue{propBody, mapiUnicode, utf16z("x")}))
	w.file("a.txt", []byte("x"), mapiValue{propLongName, mapiUnicode, utf16z("b.txt")})
	f.Add(w.Bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		lim := Limits{}.withDefaults()
		got, err := readTNEF(data, lim, 0)
		if err != nil {
			return
		}
		if len(got.text) > 3*lim.MaxTextBytes || len(got.html) > 5*lim.MaxTextBytes || len(got.files) > lim.MaxParts {
			t.Errorf("%d bytes became %d of text, %d of HTML and %d files", len(data), len(got.text), len(got.html), len(got.files))
		}
		c := collector{m: &Message{}, lim: lim}
		c.unpackFiles(got)
		c.settleDispositions()
		checkSound(t, c.m)
	})
}
