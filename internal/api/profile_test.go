package api_test

import (
	"net/http"
	"testing"

	"github.com/foyerdesk/foyer/internal/api"
)

func TestAgentChoosesLanguageAndTimeZone(t *testing.T) {
	eachAccessDesk(t, func(k *accessDesk) {
		b := k.signIn("asha@example.com", ashaPassword)
		b.want(200, http.MethodGet, "/agents/me", ``, `"language":null`, `"timezone":null`)
		b.want(400, http.MethodPut, "/agents/me", `{"language":"xx-XX"}`, `"field":"language"`)
		b.want(400, http.MethodPut, "/agents/me", `{"language":"de-DE","timezone":"Mars/Base"}`, `"field":"timezone"`)
		b.want(400, http.MethodPut, "/agents/me", `{"timezone":"Local"}`, `"field":"timezone"`)
		b.want(400, http.MethodPut, "/agents/me", `{"language":7}`, "InputException")
		b.want(200, http.MethodGet, "/agents/me", ``, `"language":null`, `"timezone":null`)

		b.want(200, http.MethodPut, "/agents/me", `{"language":"de-DE","timezone":"Europe/Berlin"}`, `"language":"de-DE"`, `"timezone":"Europe/Berlin"`)
		b.want(200, http.MethodPut, "/agents/me", `{"timezone":"Asia/Tehran"}`, `"language":"de-DE"`, `"timezone":"Asia/Tehran"`)
		b.want(200, http.MethodPut, "/agents/me", `{"timezone":null}`, `"language":"de-DE"`, `"timezone":null`)
		b.want(403, http.MethodGet, "/agents", ``, "Dazu fehlt Ihnen")
		b.want(200, http.MethodPut, "/agents/me", `{"language":""}`, `"language":null`)
		b.want(403, http.MethodGet, "/agents", ``, "permission")
		k.guest().want(403, http.MethodPut, "/agents/me", `{"language":"de-DE"}`)
	})
}

func TestPictureLanguageAndTimeZoneComeInOneForm(t *testing.T) {
	eachAccessDesk(t, func(k *accessDesk) {
		b := k.signIn("asha@example.com", ashaPassword)
		put := func(status int, f form, contains ...string) {
			contentType, body := f.encode()
			b.check(b.send(http.MethodPut, api.Base+"/agents/me", body, "Content-Type", contentType), status, "a form", contains...)
		}
		picture := form{field: "files", file: "me.png", contentType: "image/png", content: photo(8, 8)}
		picture.fields = map[string]string{"language": "xx-XX"}
		put(400, picture, `"field":"language"`)
		b.want(200, http.MethodGet, "/agents/me", ``, `"avatar_url":null`)
		picture.fields = map[string]string{"language": "fa-IR", "timezone": "Asia/Tehran"}
		put(200, picture, `"avatar_url":"/uploads/`, `"language":"fa-IR"`, `"timezone":"Asia/Tehran"`)
	})
}

func TestGuestIsAnsweredInTheLanguageOfTheBrowser(t *testing.T) {
	eachAccessDesk(t, func(k *accessDesk) {
		for accept, want := range map[string]string{"de-AT,en;q=0.5": "Bitte anmelden", "xx, fa;q=0.9": "وارد شوید", "xx": "Sign in to continue", ";;;": "Sign in to continue"} {
			g := k.guest()
			g.check(g.send(http.MethodGet, api.Base+"/agents/me", ``, "Accept-Language", accept), 401, accept, want)
		}
	})
}
