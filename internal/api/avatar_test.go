package api_test

import (
	"net/http"
	"testing"

	"github.com/foyerdesk/foyer/internal/api"
)

func TestAvatarMustBeAPicture(t *testing.T) {
	eachAccessDesk(t, func(k *accessDesk) {
		b := k.signIn("asha@example.com", ashaPassword)
		put := func(name string, content []byte) (string, string) {
			return form{field: "files", file: name, contentType: "image/png", content: content}.encode()
		}
		for name, content := range map[string][]byte{"script.png": []byte("<script>alert(1)</script>"), "cut.png": photo(8, 8)[:40], "large.png": append(photo(8, 8), make([]byte, 2<<20)...)} {
			contentType, body := put(name, content)
			b.check(b.send(http.MethodPut, api.Base+"/agents/me", body, "Content-Type", contentType), 400, name, "InputException")
		}
		b.check(b.send(http.MethodPut, api.Base+"/agents/me", `{}`), 400, "no form", "InputException")
		contentType, body := put("me.PNG", append(photo(8, 8), "<script>"...))
		b.check(b.send(http.MethodPut, api.Base+"/agents/me", body, "Content-Type", contentType), 200, "a picture", `"avatar_url":"/uploads/`)
		b.want(200, http.MethodDelete, "/agents/me/avatar", ``, `"data":true`)
		b.want(200, http.MethodDelete, "/agents/me/avatar", ``, `"data":true`)
		b.want(200, http.MethodGet, "/agents/me", ``, `"avatar_url":null`)
	})
}
