package mail

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func mustParse(t testing.TB, raw []byte, lim Limits) *Message {
	t.Helper()
	m, err := Parse(raw, lim)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func hasProblem(m *Message, words string) bool {
	return slices.ContainsFunc(m.Problems, func(p string) bool { return strings.Contains(p, words) })
}

func TestInputWithoutHeaderIsNoMessage(t *testing.T) {
	for _, raw := range []string{"", "\r\n\r\nbody", "no header at all", ":\n:"} {
		if _, err := Parse([]byte(raw), Limits{}); !errors.Is(err, ErrNoHeader) {
			t.Errorf("%q: %v, want ErrNoHeader", raw, err)
		}
	}
}

func TestPartsBeyondTheLimitAreLeftOutAndNoted(t *testing.T) {
	var b strings.Builder
	b.WriteString("From: a@x.test\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nWords\n")
	for i := range 10_000 {
		fmt.Fprintf(&b, "--b\nContent-Type: application/pdf; name=%d.pdf\n\nx\n", i)
	}
	b.WriteString("--b--\n")
	m := mustParse(t, []byte(b.String()), Limits{})
	if m.Text != "Words" || len(m.Parts) != DefaultLimits().MaxParts-2 || !hasProblem(m, "left out") {
		t.Errorf("%q, %d parts, %v", m.Text, len(m.Parts), m.Problems)
	}
}

func TestPartsNestedTooDeepAreKeptAsOneAttachment(t *testing.T) {
	var b strings.Builder
	b.WriteString("From: a@x.test\n")
	for i := range 5_000 {
		fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i)
	}
	b.WriteString("\nDeep words\n")
	m := mustParse(t, []byte(b.String()), Limits{})
	if len(m.Parts) != 1 || !bytes.Contains(m.Parts[0].Data, []byte("Deep words")) || !hasProblem(m, "nested too deep") {
		t.Errorf("%d parts, %v", len(m.Parts), m.Problems)
	}
}

func TestLongBodyIsCutAndAttachedWhole(t *testing.T) {
	raw := "From: a@x.test\n\n" + strings.Repeat("ü", 1000)
	m := mustParse(t, []byte(raw), Limits{MaxTextBytes: 101})
	if len(m.Text) > 110 || !strings.HasPrefix(m.Text, "üüü") || len(m.Parts) != 1 || len(m.Parts[0].Data) != 2000 {
		t.Errorf("%d bytes of text, parts %v", len(m.Text), m.Parts)
	}
	checkSound(t, m)
}

func TestHugeHeaderIsReadInPartAndTheBodyIsFound(t *testing.T) {
	raw := "From: a@x.test\nTo: " + strings.Repeat("someone@x.test,\n ", 200_000) + "z@x.test\nSubject: late\n\nBody"
	m := mustParse(t, []byte(raw), Limits{})
	if m.Text != "Body" || len(m.To) > DefaultLimits().MaxAddresses || !hasProblem(m, "header") {
		t.Errorf("text %q, %d addresses, %v", m.Text, len(m.To), m.Problems)
	}
}

// Each of these makes a careless reader quadratic. At a megabyte or more that does not end within the time that a test has,
// which is what fails it: a limit of its own would measure the machine.
func TestHostileInputCostsLinearTime(t *testing.T) {
	const n = 1 << 20
	rep := func(s string) string { return strings.Repeat(s, n/len(s)) }
	for name, raw := range map[string]string{
		"one long line":           "From: a@x.test\n\n" + strings.Repeat("x", 20*n),
		"open encoded words":      "Subject: " + rep("=?a?q?x") + "\n\n",
		"encoded word starts":     "Subject: " + rep("=?") + "\n\n",
		"encoded words":           "Subject: " + rep("=?utf-8?q?x?= ") + "\n\n",
		"alternating charsets":    "Subject: " + rep("=?utf-8?q?x?= =?big5?q?x?= ") + "\n\n",
		"quotes in addresses":     "From: " + rep(`"`) + "\n\n",
		"angle brackets":          "From: " + rep("<") + "\n\n",
		"comments":                "From: " + rep("(") + "\n\n",
		"groups":                  "To: " + rep("a:") + "\n\n",
		"bad addresses":           "To: " + rep("a b,") + "\n\n",
		"references":              "References: " + rep("<a@b> ") + "\n\n",
		"unclosed ids":            "References: " + rep("<a") + "\n\n",
		"folded header":           "Subject: a\n" + rep(" b\n") + "\n",
		"many fields":             rep("A: b\n") + "\n",
		"no fields":               "From: a@x.test\n" + rep("no field\n") + "\n",
		"parameters":              "Content-Type: text/plain" + rep("; a*0*=x") + "\n\nx",
		"open parameter quotes":   "Content-Type: text/plain; name=\"" + rep(`\"`) + "\n\nx",
		"boundary look-alikes":    "Content-Type: multipart/mixed; boundary=-\n\n" + rep("-"),
		"boundaries":              "Content-Type: multipart/mixed; boundary=b\n\n" + rep("--b\n"),
		"long boundary":           "Content-Type: multipart/mixed; boundary=" + strings.Repeat("a", 900) + "\n\n" + rep("--"+strings.Repeat("a", 899)+"\n"),
		"cid references":          "Content-Type: text/html\n\n" + rep("cid:"),
		"quoted-printable equals": "Content-Type: text/html\nContent-Transfer-Encoding: quoted-printable\n\n" + rep("="),
		"base64 padding":          "Content-Type: text/html\nContent-Transfer-Encoding: base64\n\n" + rep("="),
		"flowed quotes":           "Content-Type: text/plain; format=flowed\n\n" + rep("> a \n"),
		"flowed depth":            "Content-Type: text/plain; format=flowed\n\n" + rep(">"),
	} {
		t.Run(name, func(t *testing.T) {
			m := mustParse(t, []byte(raw), Limits{})
			m.AutoSubmitted()
			checkSound(t, m)
		})
	}
}

func TestSixtyMegabytesCostMemoryInProportion(t *testing.T) {
	var b bytes.Buffer
	b.WriteString("From: a@x.test\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nSee file\r\n--b\r\nContent-Type: application/zip; name=a.zip\r\nContent-Transfer-Encoding: base64\r\n\r\n")
	line := strings.Repeat("QUJD", 19) + "\r\n"
	for b.Len() < 60<<20 {
		b.WriteString(line)
	}
	b.WriteString("--b--\r\n")
	raw := b.Bytes()
	r := testing.Benchmark(func(b *testing.B) {
		for b.Loop() {
			mustParse(b, raw, Limits{})
		}
	})
	m := mustParse(t, raw, Limits{})
	if len(m.Parts) != 1 || len(m.Parts[0].Data) < 40<<20 || m.Text != "See file" {
		t.Fatalf("%d parts, text %q", len(m.Parts), m.Text)
	}
	if per := r.AllocedBytesPerOp(); per > 2*int64(len(raw)) {
		t.Errorf("allocated %d bytes for a message of %d", per, len(raw))
	}
	t.Logf("%s for %d MB", r, len(raw)>>20)
}
