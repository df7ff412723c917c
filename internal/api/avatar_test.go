package api_test

import (
	"fmt"
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

		// Of somebody else it takes the right to manage agents.
		b.check(b.send(http.MethodPut, api.Base+"/agents/1/avatar", body, "Content-Type", contentType), 403, "another's picture", "PermissionException")
		system := k.signIn("System", systemPassword)
		path := fmt.Sprintf("/agents/%d/avatar", k.asha)
		system.check(system.send(http.MethodPut, api.Base+path, body, "Content-Type", contentType), 200, "by an administrator", `"avatar_url":"/uploads/`)
		system.check(system.send(http.MethodPut, api.Base+"/agents/999/avatar", body, "Content-Type", contentType), 404, "of nobody", "NotFoundException")
		system.check(system.send(http.MethodPut, api.Base+path, `{}`), 400, "no form", "InputException")
		system.want(200, http.MethodGet, "/activity-logs?filters=%5B%7B%22model%22%3A%22activity_logs%22%2C%22field%22%3A%22activity_type%22%2C%22operator%22%3A%22equals%22%2C%22value%22%3A%22agent_updated%22%7D%5D", ``, `"avatar_url":"/uploads/`)
		system.want(200, http.MethodDelete, path, ``, `"data":true`)
		b.want(200, http.MethodGet, "/agents/me", ``, `"avatar_url":null`)
	})
}
