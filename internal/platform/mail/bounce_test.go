package mail

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

func bounceCorpus(t testing.TB) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob("testdata/bounce/*.eml")
	if err != nil || len(files) < 10 {
		t.Fatalf("found %d reports: %v", len(files), err)
	}
	out := map[string][]byte{}
	for _, file := range files {
		if out[file], err = os.ReadFile(file); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func TestBouncesAreReadAsTheGoldenFilesSay(t *testing.T) {
	for file, raw := range bounceCorpus(t) {
		name := strings.TrimSuffix(filepath.Base(file), ".eml")
		t.Run(name, func(t *testing.T) {
			m, err := Parse(raw, DefaultLimits())
			if err != nil {
				t.Fatal(err)
			}
			r, ok := m.Bounce()
			if !ok {
				r = Report{}
			}
			got, err := json.MarshalIndent(r, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			golden := strings.TrimSuffix(file, ".eml") + ".json"
			if *update {
				if err := os.WriteFile(golden, append(got, '\n'), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if string(got)+"\n" != string(want) {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

func FuzzBounce(f *testing.F) {
	for _, raw := range bounceCorpus(f) {
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
