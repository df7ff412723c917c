package api_test

import (
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
)

// FuzzFileRequests proves that whatever is asked of a file — its name, a part of it, a signature — is answered by the file
// or refused, and that nobody gets a byte of it without the right to.
func FuzzFileRequests(f *testing.F) {
	for _, s := range [][4]string{
		{"", "bytes=0-3", "", ""}, {"", "bytes=3-", "", "1"}, {"", "bytes=-4", "x", "9999999999"}, {"thumb_", "bytes=0-0,2-2", "", "-1"},
		{"thumb_thumb_", "bytes=9-1", "AAAA", "99999999999999999999"}, {"../", "bytes=" + strings.Repeat("0-1,", 500), "\x00", "1e9"}, {"%00", "lines=1", "=", " 1"},
		{"", "bytes=-99999999999999999999", "", ""}, {"", "bytes=18446744073709551615-", "", ""}, {"", "bytes=a-b", "", "0x10"},
	} {
		f.Add(s[0], s[1], s[2], s[3])
	}
	k := newFilesDesk(f, dbtest.SQLite(f))
	secret := "nobody without the right to it reads this"
	m := k.upload("a.txt", "text/plain", []byte(secret), asAttachment)
	k.note(k.open(0), m.ID)
	f.Fuzz(func(t *testing.T, prefix, part, signature, expires string) {
		k := *k
		k.t = t
		if strings.ContainsAny(part, "\r\n") {
			return // no header
		}
		path := "/uploads/" + url.PathEscape(prefix+m.UUID) + "?sig=" + url.QueryEscape(signature) + "&exp=" + url.QueryEscape(expires)
		for _, who := range []string{guest, limited} {
			w := k.get(path, who, "Range", part)
			if w.Code >= 500 || w.Code < 300 && !strings.Contains(path, "/uploads/..") || strings.Contains(w.Body.String(), secret[:8]) {
				t.Fatalf("%q: %s, %q gives %d %.80s", who, path, part, w.Code, w.Body)
			}
		}
		w := k.get("/uploads/"+m.UUID, admin, "Range", part)
		if w.Code != 200 && w.Code != 206 && w.Code != 416 {
			t.Fatalf("%q gives %d %.80s", part, w.Code, w.Body)
		}
		// One part is what was asked for, the whole file is whole; several parts are an answer of their own kind.
		body, several := w.Body.String(), strings.HasPrefix(w.Header().Get("Content-Type"), "multipart/")
		if w.Code == 206 && !several && !strings.Contains(secret, body) || w.Code == 200 && body != secret || w.Body.Len() > 64*len(secret) {
			t.Fatalf("%q gives %d %q", part, w.Code, body)
		}
		if n, err := strconv.Atoi(w.Header().Get("Content-Length")); w.Code == 206 && err == nil && n != w.Body.Len() {
			t.Fatalf("%q: %d bytes of %d", part, w.Body.Len(), n)
		}
	})
}
