package mail

import (
	"bytes"
	"encoding/base64"
	"strings"
)

// decodeTransfer undoes a Content-Transfer-Encoding (RFC 2045, section 6). Unknown encodings leave the bytes alone.
func decodeTransfer(data []byte, encoding string) (out []byte, ok bool) {
	encoding = strings.ToLower(strings.Trim(stripComments(encoding), " \t\"';"))
	switch encoding {
	case "", "7bit", "8bit", "binary", "7-bit", "8-bit", "none":
		return data, true
	case "quoted-printable", "quotedprintable", "quoted/printable":
		return decodeQuotedPrintable(data), true
	case "base64", "base-64":
		return decodeBase64(data)
	case "x-uuencode", "x-uue", "uuencode", "uue":
		return decodeUU(data)
	}
	return data, false
}

func decodeBase64(data []byte) ([]byte, bool) {
	dst := make([]byte, base64.StdEncoding.DecodedLen(len(data)))
	if n, err := base64.StdEncoding.Decode(dst, data); err == nil {
		return dst[:n], true
	}
	trimmed := bytes.TrimSpace(data)
	out := decodeLooseBase64(trimmed)
	return out, bytes.IndexFunc(trimmed, func(r rune) bool {
		return r != '\r' && r != '\n' && r != ' ' && r != '=' && (r > 255 || base64Values[byte(r)] == 0xff)
	}) < 0
}

// decodeQuotedPrintable follows RFC 2045, section 6.7; a "=" that starts no escape stays as it is.
func decodeQuotedPrintable(data []byte) []byte {
	out := make([]byte, 0, len(data))
	for len(data) > 0 {
		line := data
		end := ""
		if i := bytes.IndexByte(data, '\n'); i >= 0 {
			line, data = data[:i], data[i+1:]
			end = "\n"
			if l := len(line); l > 0 && line[l-1] == '\r' {
				line, end = line[:l-1], "\r\n"
			}
		} else {
			data = nil
		}
		line = bytes.TrimRight(line, " \t")
		if l := len(line); l > 0 && line[l-1] == '=' {
			line, end = line[:l-1], ""
		}
		out = append(appendUnquoted(out, line), end...)
	}
	return out
}

func appendUnquoted(out, line []byte) []byte {
	for {
		i := bytes.IndexByte(line, '=')
		if i < 0 {
			return append(out, line...)
		}
		out = append(out, line[:i]...)
		line = line[i:]
		if len(line) > 2 {
			if hi, lo := unhex(line[1]), unhex(line[2]); hi >= 0 && lo >= 0 {
				out = append(out, byte(hi<<4|lo))
				line = line[3:]
				continue
			}
		}
		out = append(out, '=')
		line = line[1:]
	}
}

// decodeUU reads the body between "begin" and "end" of uuencode, the encoding of mail before MIME.
func decodeUU(data []byte) ([]byte, bool) {
	var out []byte
	started := false
	for rest := data; len(rest) > 0; {
		var line []byte
		line, rest = cutLine(rest)
		if !started {
			started = bytes.HasPrefix(line, []byte("begin "))
			continue
		}
		if len(line) == 0 || line[0] == '`' || bytes.Equal(line, []byte("end")) {
			break
		}
		n := int(line[0]-' ') & 63
		for i := 1; n > 0 && i < len(line); i += 4 {
			var v uint32
			for j := range 4 {
				v <<= 6
				if i+j < len(line) {
					v |= uint32(line[i+j]-' ') & 63
				}
			}
			group := []byte{byte(v >> 16), byte(v >> 8), byte(v)}
			out = append(out, group[:min(n, 3)]...)
			n -= 3
		}
	}
	if !started {
		return data, false
	}
	return out, true
}
