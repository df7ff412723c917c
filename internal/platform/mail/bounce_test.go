package mail

import (
	"os"
	"strings"
	"testing"
	"unicode/utf8"
)

func FuzzBounce(f *testing.F) {
	for _, file := range corpus(f) {
		if !strings.Contains(file, "/bounces/") {
			continue
		}
		raw, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := Parse(raw, Limits{})
		if err != nil {
			return
		}
		r, ok := m.Bounce()
		if !ok {
			return
		}
		if r.OriginalID == "" || len(r.Recipients) == 0 || len(r.Recipients) > maxReported {
			t.Fatalf("incomplete report %+v", r)
		}
		for _, rcpt := range r.Recipients {
			if !strings.Contains(rcpt.Address, "@") || rcpt.Action != Failed && rcpt.Action != Delayed || !enhanced.MatchString(rcpt.Status) ||
				len(rcpt.Words) > maxWords+len("…") || strings.ContainsAny(rcpt.Words, "\r\n\x00") || !utf8.ValidString(rcpt.Words) {
				t.Fatalf("unsound recipient %+v", rcpt)
			}
		}
	})
}
