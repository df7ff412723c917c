package media

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// FuzzNamesAndTypes proves that whatever a stranger calls a file and its type, what is stored can be shown, saved and
// put into a header.
func FuzzNamesAndTypes(f *testing.F) {
	f.Add("отчёт 1.pdf", "application/pdf", []byte("%PDF-1.7"))
	f.Add("../../a\x00\r\n.exe", "image/png; x=\"", []byte("<html>"))
	f.Add(strings.Repeat("é", 300)+".pdf", "text/plain\r\nX: y", []byte{0xff})
	f.Add("x\u202egpj.exe", "IMAGE/SVG+XML", []byte("<svg"))
	f.Fuzz(func(t *testing.T, name, declared string, head []byte) {
		clean := cleanName(name)
		if clean == "" || len(clean) > maxName || !utf8.ValidString(clean) || strings.ContainsAny(clean, "/\\\"") || cleanName(clean) != clean {
			t.Errorf("%q becomes %q", name, clean)
		}
		for _, r := range clean {
			if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
				t.Errorf("%q becomes %q", name, clean)
			}
		}
		got := contentType(declared, head)
		if !strings.Contains(got, "/") || strings.ContainsAny(got, "\r\n\x00; \"") || len(got) > 127 {
			t.Errorf("%q becomes %q", declared, got)
		}
	})
}
