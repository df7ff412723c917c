package app_test

import (
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/foyerdesk/foyer/internal/desk/remote"
	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
)

// A red point, as PNG.
const point = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC"

func TestPicturesOfAMailAreReadThroughTheDeskByWhoMayReadTheMail(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, dsn string) {
		picture, err := base64.StdEncoding.DecodeString(point)
		if err != nil {
			t.Fatal(err)
		}
		stranger := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(picture) }))
		t.Cleanup(stranger.Close)
		cfg := deskConfig(t, dsn)
		cfg.OutboundAllow = []string{"127.0.0.0/8"}
		p := prepareOn(t, startWith(t, cfg))

		path := "/api/v1/conversations/" + p.ids["conversations"] + "/messages/"
		var note made
		p.admin.ok(http.MethodPost, strings.TrimSuffix(path, "/"), map[string]any{"private": true, "sender_type": "agent",
			"message": `<p>see <img src="` + stranger.URL + `/a.png?x=1&amp;y=2"></p>`}, &note)
		pictures := path + note.UUID + "/pictures"
		var found []remote.Picture
		p.admin.ok(http.MethodGet, pictures, nil, &found)
		if len(found) != 1 || found[0].Address != stranger.URL+"/a.png?x=1&y=2" {
			t.Fatalf("pictures: %+v", found)
		}
		if code, body := p.bare.do(http.MethodGet, pictures, nil); code != http.StatusForbidden {
			t.Errorf("who may not read the message: %d %s", code, body)
		}
		if a := ask(t, p.app.URL(), http.MethodGet, found[0].URL, ""); a.code != http.StatusUnauthorized {
			t.Errorf("a guest with the address: %d %s", a.code, a.body)
		}
		if code, body := p.admin.do(http.MethodGet, found[0].URL+"0", nil); code != http.StatusForbidden {
			t.Errorf("another signature: %d %s", code, body)
		}
		a := ask(t, p.app.URL(), http.MethodGet, found[0].URL, "", token(p.newKey(1))...)
		if a.code != http.StatusOK || string(a.body) != string(picture) {
			t.Fatalf("the picture: %d %s", a.code, clip(a.body))
		}
		for name, want := range map[string]string{"Content-Type": "image/png", "X-Content-Type-Options": "nosniff", "Cross-Origin-Resource-Policy": "same-origin"} {
			if got := a.header.Get(name); got != want {
				t.Errorf("%s: %q", name, got)
			}
		}
		if csp := a.header.Get("Content-Security-Policy"); !strings.HasPrefix(csp, "sandbox; default-src 'none'") {
			t.Errorf("policy %q", csp)
		}
	})
}
