package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

func TestAgentChoosesHowToWork(t *testing.T) {
	eachAccessDesk(t, func(k *accessDesk) {
		asha, system := k.signIn("asha@example.com", ashaPassword), k.system()
		const path = "/agents/me/preferences"
		asha.want(200, http.MethodGet, path, ``, `"after_send":"stay"`)
		asha.want(200, http.MethodPut, path, `{"after_send":"next"}`, `"after_send":"next"`)
		asha.want(400, http.MethodPut, path, `{"after_send":"leave"}`, `"field":"after_send"`)
		asha.want(400, http.MethodPut, path, `{"after_send":7}`, "InputException")
		asha.want(200, http.MethodPut, path, `{}`, `"after_send":"next"`)
		asha.want(200, http.MethodPut, path, `{"something":"else"}`, `"data":{"after_send":"next",`)
		k.signIn("asha@example.com", ashaPassword).want(200, http.MethodGet, path, ``, `"after_send":"next"`)
		system.want(200, http.MethodGet, path, ``, `"after_send":"stay"`)
		asha.want(200, http.MethodGet, path, ``, `"undo_send_seconds":10`)
		asha.want(200, http.MethodPut, path, `{"undo_send_seconds":0}`, `"after_send":"next"`, `"undo_send_seconds":0`)
		asha.want(400, http.MethodPut, path, `{"undo_send_seconds":31}`, `"field":"undo_send_seconds"`)
		asha.want(400, http.MethodPut, path, `{"undo_send_seconds":-1}`, `"field":"undo_send_seconds"`)
		asha.want(200, http.MethodPut, path, `{"after_send":"next"}`, `"undo_send_seconds":0`)
		k.guest().want(401, http.MethodGet, path, ``)
		k.guest().want(403, http.MethodPut, path, `{"after_send":"next"}`)
	})
}

func TestAgentChoosesHowTheDeskLooks(t *testing.T) {
	eachAccessDesk(t, func(k *accessDesk) {
		asha := k.signIn("asha@example.com", ashaPassword)
		const path = "/agents/me/preferences"
		asha.want(200, http.MethodGet, path, ``, `"look":null`)
		asha.want(200, http.MethodPut, path, `{"look":{"theme":"dark","contrast":"high","text_size":125}}`, `"look":{"theme":"dark","contrast":"high","text_size":125}`)
		for field, bad := range map[string]string{"look.theme": `{"theme":"pink","contrast":"high","text_size":100}`,
			"look.contrast": `{"theme":"dark","contrast":"low","text_size":100}`, "look.text_size": `{"theme":"dark","contrast":"high","text_size":400}`} {
			asha.want(400, http.MethodPut, path, `{"look":`+bad+`}`, `"field":"`+field+`"`)
		}
		asha.want(200, http.MethodPut, path, `{"after_send":"next"}`, `"text_size":125`)
	})
}

func TestAgentChoosesHowListsLook(t *testing.T) {
	eachAccessDesk(t, func(k *accessDesk) {
		asha, system := k.signIn("asha@example.com", ashaPassword), k.system()
		const path = "/agents/me/preferences"
		asha.want(200, http.MethodGet, path, ``, `"list_density":"comfortable"`, `"lists":{}`)
		asha.want(200, http.MethodPut, path, `{"list_density":"compact","lists":{"view:7":{"layout":"table","sort":"waiting","columns":[{"name":"subject","width":320},{"name":"tags"}]}}}`,
			`"list_density":"compact"`, `"view:7":{"layout":"table","sort":"waiting","columns":[{"name":"subject","width":320},{"name":"tags"}]}`)
		// Others stay; a look that says nothing forgets one.
		asha.want(200, http.MethodPut, path, `{"lists":{"assigned":{"sort":"oldest"},"every":{"columns":[{"name":"contact"}]}}}`, `"view:7"`, `"assigned":{"sort":"oldest"}`)
		asha.want(200, http.MethodPut, path, `{"lists":{"view:7":{},"assigned":{},"every":{}}}`, `"list_density":"compact"`, `"lists":{}`)
		for name, bad := range map[string]string{
			"a list that cannot be":     `{"lists":{"team:x":{"sort":"oldest"}}}`,
			"a list without a number":   `{"lists":{"view:":{"sort":"oldest"}}}`,
			"an unknown layout":         `{"lists":{"all":{"layout":"cubes"}}}`,
			"an unknown order":          `{"lists":{"all":{"sort":"random"}}}`,
			"an unknown column":         `{"lists":{"all":{"columns":[{"name":"shoe_size"}]}}}`,
			"a column twice":            `{"lists":{"all":{"columns":[{"name":"tags"},{"name":"tags"}]}}}`,
			"a column nobody could see": `{"lists":{"all":{"columns":[{"name":"tags","width":1}]}}}`,
			"a column wider than walls": `{"lists":{"all":{"columns":[{"name":"tags","width":99999}]}}}`,
			"no list at all":            `{"lists":7}`,
		} {
			t.Run(name, func(*testing.T) { asha.want(400, http.MethodPut, path, bad) })
		}
		asha.want(400, http.MethodPut, path, `{"list_density":"tight"}`, `"field":"list_density"`)
		var many strings.Builder
		for n := range 201 {
			fmt.Fprintf(&many, `,"view:%d":{"sort":"oldest"}`, n)
		}
		asha.want(400, http.MethodPut, path, `{"lists":{`+many.String()[1:]+`}}`, `"field":"lists"`)
		asha.want(200, http.MethodGet, path, ``, `"lists":{}`) // nothing half done
		system.want(200, http.MethodGet, path, ``, `"list_density":"comfortable"`)
	})
}

func TestAgentChoosesWhoseImagesAreShown(t *testing.T) {
	eachAccessDesk(t, func(k *accessDesk) {
		asha, system := k.signIn("asha@example.com", ashaPassword), k.system()
		const path = "/agents/me/preferences"
		asha.want(200, http.MethodGet, path, ``, `"picture_senders":[]`)
		asha.want(200, http.MethodPut, path, `{"picture_senders":{"Shop@example.com":true}}`, `"picture_senders":["shop@example.com"]`)
		asha.want(200, http.MethodPut, path, `{"picture_senders":{"ida@example.com":true}}`, `"picture_senders":["ida@example.com","shop@example.com"]`)
		asha.want(200, http.MethodPut, path, `{"after_send":"next"}`, `"picture_senders":["ida@example.com","shop@example.com"]`)
		asha.want(200, http.MethodPut, path, `{"picture_senders":{"shop@example.com":false,"nobody@example.com":false}}`, `"picture_senders":["ida@example.com"]`)
		for _, bad := range []string{`{"everybody":true}`, `{"":true}`, `{"Ida <ida@example.com>":true}`, `["ida@example.com"]`,
			`{"` + strings.Repeat("x", 300) + `@example.com":true}`} {
			asha.want(400, http.MethodPut, path, `{"picture_senders":`+bad+`}`)
		}
		var many strings.Builder
		for n := range 501 {
			fmt.Fprintf(&many, `,"n%d@example.com":true`, n)
		}
		asha.want(400, http.MethodPut, path, `{"picture_senders":{`+many.String()[1:]+`}}`, `"field":"picture_senders"`)
		asha.want(200, http.MethodGet, path, ``, `"picture_senders":["ida@example.com"]`) // nothing half done
		system.want(200, http.MethodGet, path, ``, `"picture_senders":[]`)
	})
}
