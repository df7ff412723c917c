package mail

import (
	"bytes"
	"encoding/binary"
	"strconv"
	"strings"
	"unicode/utf16"
)

// rtfDictionary is what the compression of RTF starts with ([MS-OXRTFCP], section 2.1.2.1).
const rtfDictionary = "{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor MS Sans SerifSymbolArial" +
	"Times New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"

// unpackRTF undoes the compression of RTF ([MS-OXRTFCP]), up to max bytes. What cannot be read is nil.
func unpackRTF(data []byte, max int) []byte {
	if len(data) < 16 {
		return nil
	}
	size := int(min(binary.LittleEndian.Uint32(data[4:]), uint32(max)))
	body := data[16:]
	switch string(data[8:12]) {
	case "MELA":
		return body[:min(size, len(body))]
	case "LZFu":
	default:
		return nil
	}
	var window [4096]byte
	at := copy(window[:], rtfDictionary)
	var out []byte
	for i := 0; i < len(body) && len(out) < size; {
		flags := body[i]
		i++
		for bit := 0; bit < 8 && len(out) < size; bit++ {
			if flags>>bit&1 == 0 {
				if i >= len(body) {
					return out
				}
				out = append(out, body[i])
				window[at] = body[i]
				at, i = (at+1)&4095, i+1
				continue
			}
			if i+1 >= len(body) {
				return out
			}
			ref := int(body[i])<<8 | int(body[i+1])
			i += 2
			from, n := ref>>4, ref&15+2
			if from == at {
				return out // the end
			}
			for ; n > 0 && len(out) < size; n-- {
				c := window[from]
				out = append(out, c)
				window[at] = c
				from, at = (from+1)&4095, (at+1)&4095
			}
		}
	}
	return out
}

// rtfReader reads the words of RTF, or the HTML that was put into it ([MS-OXRTFEX]).
type rtfReader struct {
	out      strings.Builder
	pending  []byte // bytes of the code page that are not decoded yet: a character may be of two
	codepage string
	html     bool
	max      int
	state    rtfState
	stack    []rtfState
	high     int // the first half of a character beyond the first 65,536
	skip     int // characters that stand for a \u that was read
}

type rtfState struct {
	hidden   bool // a destination that is no text
	tag      bool // HTML of \*\htmltag
	htmlrtf  bool // RTF that stands for HTML that was read
	fallback int  // how many characters follow a \u for those who do not know it
	starred  bool
}

const maxRTFDepth = 200

// readRTF returns the text of an RTF document, or the HTML that it was made of.
func readRTF(data []byte, max int) (text string, isHTML bool) {
	r := &rtfReader{codepage: "windows-1252", max: max, html: bytes.Contains(data[:min(len(data), 1000)], []byte(`\fromhtml1`))}
	r.state.fallback = 1
	for len(data) > 0 && r.out.Len() < max {
		switch c := data[0]; c {
		case '{':
			r.flush()
			if len(r.stack) >= maxRTFDepth {
				return r.finish()
			}
			r.stack = append(r.stack, r.state)
			data = data[1:]
		case '}':
			r.flush()
			if n := len(r.stack); n > 0 {
				r.state, r.stack = r.stack[n-1], r.stack[:n-1]
			}
			data = data[1:]
		case '\\':
			data = r.control(data[1:])
		case '\r', '\n':
			data = data[1:]
		default:
			r.char(c)
			data = data[1:]
		}
	}
	return r.finish()
}

func (r *rtfReader) finish() (string, bool) {
	r.flush()
	return clean(r.out.String()), r.html
}

// shown: what is read now is part of the text.
func (r *rtfReader) shown() bool {
	return !r.state.hidden && (r.state.tag || !r.state.htmlrtf)
}

func (r *rtfReader) char(c byte) {
	if r.skip > 0 {
		r.skip--
		return
	}
	if !r.shown() {
		return
	}
	if r.html && !r.state.tag { // between the tags stand characters, not markup
		switch c {
		case '<':
			r.pending = append(r.pending, "&lt;"...)
			return
		case '>':
			r.pending = append(r.pending, "&gt;"...)
			return
		case '&':
			r.pending = append(r.pending, "&amp;"...)
			return
		}
	}
	r.pending = append(r.pending, c)
}

func (r *rtfReader) flush() {
	if len(r.pending) > 0 {
		text, _ := toUTF8(r.pending, r.codepage)
		r.out.WriteString(text)
		r.pending = r.pending[:0]
	}
}

func (r *rtfReader) write(s string) {
	r.flush()
	if r.shown() {
		r.out.WriteString(s)
	}
}

// control reads what follows a backslash and returns what comes after it.
func (r *rtfReader) control(data []byte) []byte {
	if len(data) == 0 {
		return nil
	}
	switch c := data[0]; {
	case c == '\'':
		if len(data) >= 3 && unhex(data[1]) >= 0 && unhex(data[2]) >= 0 {
			r.char(byte(unhex(data[1])<<4 | unhex(data[2])))
			return data[3:]
		}
		return data[1:]
	case c == '*':
		r.state.starred = true
		return data[1:]
	case c == '~':
		r.write("\u00a0")
		return data[1:]
	case c == '\\' || c == '{' || c == '}':
		r.char(c)
		return data[1:]
	case c == '\r' || c == '\n':
		r.word("par", 0, false)
		return data[1:]
	case c < 'A' || c > 'z' || c > 'Z' && c < 'a':
		return data[1:]
	}
	n := 0
	for n < len(data) && n < 32 && (data[n] >= 'a' && data[n] <= 'z' || data[n] >= 'A' && data[n] <= 'Z') {
		n++
	}
	word, rest := string(data[:n]), data[n:]
	digits := 0
	for digits < len(rest) && digits < 11 && (rest[digits] >= '0' && rest[digits] <= '9' || digits == 0 && rest[digits] == '-') {
		digits++
	}
	number, err := strconv.Atoi(string(rest[:digits]))
	rest = rest[digits:]
	if len(rest) > 0 && rest[0] == ' ' {
		rest = rest[1:]
	}
	if word == "bin" && err == nil && number > 0 {
		return rest[min(number, len(rest)):]
	}
	r.word(word, number, err == nil)
	return rest
}

func (r *rtfReader) word(word string, n int, given bool) {
	starred := r.state.starred
	r.state.starred = false
	switch word {
	case "ansicpg":
		if given && n > 0 {
			r.codepage = codepageName(uint32(n))
		}
	case "fonttbl", "colortbl", "stylesheet", "info", "pict", "object", "header", "footer", "filetbl", "listtable", "revtbl":
		r.state.hidden = true
	case "htmltag", "mhtmltag":
		if r.state.tag = word == "htmltag" && r.html; !r.state.tag {
			r.state.hidden = true
		}
	case "htmlrtf":
		r.flush()
		r.state.htmlrtf = r.html && (!given || n != 0)
	case "par", "line", "sect", "page", "row":
		if r.html {
			r.write("\r\n")
		} else {
			r.write("\n")
		}
	case "tab", "cell":
		r.write("\t")
	case "emdash", "endash", "lquote", "rquote", "ldblquote", "rdblquote", "bullet", "emspace", "enspace":
		r.write(rtfSigns[word])
	case "uc":
		r.state.fallback = max(0, min(n, 10))
	case "u":
		if n < 0 {
			n += 65536
		}
		r.unicode(n)
		r.skip = r.state.fallback
	default:
		if starred {
			r.state.hidden = true
		}
	}
}

// unicode writes a UTF-16 unit; halves of a pair come one after the other.
func (r *rtfReader) unicode(unit int) {
	c := rune(unit)
	switch {
	case unit >= 0xD800 && unit < 0xDC00:
		r.high = unit
		return
	case unit >= 0xDC00 && unit < 0xE000:
		c = utf16.DecodeRune(rune(r.high), c)
	}
	r.high = 0
	r.write(string(c))
}

var rtfSigns = map[string]string{"emdash": "—", "endash": "–", "lquote": "‘", "rquote": "’", "ldblquote": "“", "rdblquote": "”",
	"bullet": "•", "emspace": "\u2003", "enspace": "\u2002"}

// codepageName is the charset of a Windows code page.
func codepageName(n uint32) string {
	switch n {
	case 65001:
		return "utf-8"
	case 932:
		return "shift_jis"
	case 936:
		return "gbk"
	case 949:
		return "euc-kr"
	case 950:
		return "big5"
	case 1200:
		return "utf-16le"
	case 20127:
		return "us-ascii"
	case 20866:
		return "koi8-r"
	case 21866:
		return "koi8-u"
	case 28591, 28592, 28593, 28594, 28595, 28596, 28597, 28598, 28599, 28605:
		return "iso-8859-" + strconv.Itoa(int(n-28590))
	case 50220, 50221, 50222:
		return "iso-2022-jp"
	case 51932:
		return "euc-jp"
	case 54936:
		return "gb18030"
	case 437, 850, 866:
		return "cp" + strconv.Itoa(int(n))
	}
	return "windows-" + strconv.Itoa(int(n))
}
