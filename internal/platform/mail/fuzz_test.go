package mail

import (
	"errors"
	"os"
	"strings"
	"testing"
)

func FuzzParse(f *testing.F) {
	for _, file := range corpus(f) {
		raw, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := Parse(raw, Limits{})
		if err != nil {
			if !errors.Is(err, ErrNoHeader) {
				t.Fatal(err)
			}
			return
		}
		m.AutoSubmitted()
		checkSound(t, m)
	})
}

func FuzzAddress(f *testing.F) {
	for _, s := range []string{"bo@x.test", `"a, b" <b@x.test>, c@x.test`, "G: a@b;", "a (c) <d@e>", `"a"@b`, "=?utf-8?q?a?= <b@c>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		list, err := ParseAddressList(s)
		if err != nil && !errors.Is(err, ErrAddress) {
			t.Fatal(err)
		}
		for _, a := range list {
			// What was read can be written, and then reads the same.
			words, err := formatAddresses([]Address{a})
			if err != nil {
				t.Fatalf("format %q: %v", a, err)
			}
			back, err := ParseAddress(strings.Join(words, " "))
			if err != nil || back.Name != a.Name {
				t.Fatalf("%q was written %q and read %q, %v", a, words, back, err)
			}
		}
	})
}

func BenchmarkParse20KB(b *testing.B) {
	o := outgoing()
	o.HTML = "<html><body>" + strings.Repeat("<p>Some words of a customer – äöü – who explains.</p>\n", 150) + "</body></html>"
	o.Text = strings.Repeat("Some words of a customer – äöü – who explains.\n", 100)
	o.Attachments = []Attachment{{Filename: "a.pdf", ContentType: "application/pdf", Data: make([]byte, 3000)}}
	raw, err := Compose(o)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(raw, DefaultLimits()); err != nil {
			b.Fatal(err)
		}
	}
}
