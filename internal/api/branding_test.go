package api_test

import (
	"bytes"
	"encoding/json"
	"image/png"
	"net/http"
	"strings"
	"testing"

	"github.com/foyerdesk/foyer/internal/api"
)

func TestLogoAndFaviconAreUploadedShownToAnybodyAndTakenBack(t *testing.T) {
	eachAccessDesk(t, func(k *accessDesk) {
		admin, visitor := k.system(), k.guest()
		for _, which := range []string{"logo", "favicon"} {
			path := "/settings/general/" + which
			post := func(content []byte) (string, string) {
				return form{field: "files", file: "own.png", contentType: "image/png", content: content}.encode()
			}
			svg := []byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`)
			for name, content := range map[string][]byte{"svg": svg, "cut": photo(8, 8)[:40], "large": append(photo(8, 8), make([]byte, 2<<20)...), "empty": nil, "endless": make([]byte, 4<<20)} {
				contentType, body := post(content)
				admin.check(admin.send(http.MethodPost, api.Base+path, body, "Content-Type", contentType), 400, name, `"field":"files"`)
			}
			admin.check(admin.send(http.MethodPost, api.Base+path, `{}`), 400, "no form", "InputException")
			contentType, body := post(append(photo(2000, 100), "<script>alert(1)</script>"...))
			reply := admin.send(http.MethodPost, api.Base+path, body, "Content-Type", contentType)
			var got struct{ Data struct{ URL string } }
			if err := json.Unmarshal(reply.Body.Bytes(), &got); err != nil || !strings.HasPrefix(got.Data.URL, "/branding/") {
				t.Fatalf("%s: %d %s", which, reply.Code, reply.Body)
			}
			visitor.want(200, http.MethodGet, "/config", "", `"app.`+which+`_url":"`+got.Data.URL+`"`)
			shown := visitor.send(http.MethodGet, got.Data.URL, "")
			picture, err := png.DecodeConfig(bytes.NewReader(shown.Body.Bytes()))
			if err != nil || picture.Width > 960 || bytes.Contains(shown.Body.Bytes(), []byte("script")) {
				t.Errorf("%s: %d %v %v", which, shown.Code, picture, err)
			}
			for header, want := range map[string]string{"Content-Type": "image/png", "Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"} {
				if shown.Header().Get(header) != want {
					t.Errorf("%s is %q", header, shown.Header().Get(header))
				}
			}
			admin.want(200, http.MethodDelete, path, "", `"data":true`)
			visitor.want(200, http.MethodGet, "/config", "", `"app.`+which+`_url":"/assets/favicon.svg"`)
			visitor.check(visitor.send(http.MethodGet, got.Data.URL, ""), 200, "mails that were sent still show it", "")
		}
		if n := k.count(`SELECT count(*) FROM activity_logs WHERE activity_type = 'general_settings_changed'`); n != 4 {
			t.Errorf("%d changes in the activity log", n)
		}
	})
}

func TestOnlyPublishedPicturesAreShownToAnybody(t *testing.T) {
	eachAccessDesk(t, func(k *accessDesk) {
		asha := k.signIn("asha@example.com", ashaPassword)
		contentType, body := form{field: "files", file: "me.png", contentType: "image/png", content: photo(8, 8)}.encode()
		asha.check(asha.send(http.MethodPost, api.Base+"/settings/general/logo", body, "Content-Type", contentType), 403, "without permission", "PermissionException")
		var me struct {
			Data struct {
				AvatarURL string `json:"avatar_url"`
			}
		}
		reply := asha.send(http.MethodPut, api.Base+"/agents/me", body, "Content-Type", contentType)
		if err := json.Unmarshal(reply.Body.Bytes(), &me); err != nil {
			t.Fatal(err)
		}
		private := "/branding/" + strings.TrimPrefix(me.Data.AvatarURL, "/uploads/") + ".png"
		visitor := k.guest()
		visitor.check(visitor.send(http.MethodGet, private, ""), 404, "a picture of an agent", "NotFoundException")
		visitor.check(visitor.send(http.MethodGet, "/branding/..%2f..%2fdb", ""), 400, "no uuid", "InputException")
	})
}
