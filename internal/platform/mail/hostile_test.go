package mail

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"runtime"
	"strings"
	"testing"
)

// allocated returns how many bytes fn allocates.
func allocated(fn func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	fn()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// What hostile mail costs is counted, not timed: memory in proportion to its size, whatever it is made of.
func TestHostileMailCostsMemoryInProportion(t *testing.T) {
	bomb := append([]byte("PK\x03\x04"), bytes.Repeat([]byte{0x78, 0x9c, 0xed, 0xc1}, 1<<18)...)
	var parts, deep strings.Builder
	parts.WriteString("From: a@x.test\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n")
	for i := range 10_000 {
		fmt.Fprintf(&parts, "--b\r\nContent-Type: image/png; name=%d.png\r\n\r\nx\r\n", i)
	}
	deep.WriteString("From: a@x.test\r\n")
	for i := range 5_000 {
		fmt.Fprintf(&deep, "Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n", i, i)
	}
	for name, raw := range map[string]string{
		"an archive":       "From: a@x.test\r\nContent-Type: application/zip; name=a.zip\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.StdEncoding.EncodeToString(bomb),
		"10,000 parts":     parts.String(),
		"5,000 levels":     deep.String(),
		"a huge header":    "From: a@x.test\r\nX: " + strings.Repeat("y\r\n ", 1<<20) + "\r\n\r\nbody",
		"a long line":      "From: a@x.test\r\n\r\n" + strings.Repeat("x", 8<<20),
		"a million fields": strings.Repeat("A: b\r\n", 1<<20) + "\r\nbody",
	} {
		t.Run(name, func(t *testing.T) {
			var m *Message
			used := allocated(func() { m = mustParse(t, []byte(raw), Limits{}) })
			if most := uint64(len(raw))*12 + 4<<20; used > most {
				t.Errorf("%d bytes cost %d, want at most %d", len(raw), used, most)
			}
			if name == "an archive" && (len(m.Parts) != 1 || !bytes.Equal(m.Parts[0].Data, bomb)) {
				t.Error("the archive is not kept as it came")
			}
		})
	}
}
