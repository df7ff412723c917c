package api_test

import (
	"net/http"
	"testing"
)

func TestAgentChoosesHowToWork(t *testing.T) {
	eachAccessDesk(t, func(k *accessDesk) {
		asha, system := k.signIn("asha@example.com", ashaPassword), k.system()
		const path = "/agents/me/preferences"
		asha.want(200, http.MethodGet, path, ``, `{"after_send":"stay"}`)
		asha.want(200, http.MethodPut, path, `{"after_send":"next"}`, `{"after_send":"next"}`)
		asha.want(400, http.MethodPut, path, `{"after_send":"leave"}`, `"field":"after_send"`)
		asha.want(400, http.MethodPut, path, `{"after_send":7}`, "InputException")
		asha.want(200, http.MethodPut, path, `{}`, `{"after_send":"next"}`)
		asha.want(200, http.MethodPut, path, `{"something":"else"}`, `"data":{"after_send":"next"}`)
		k.signIn("asha@example.com", ashaPassword).want(200, http.MethodGet, path, ``, `{"after_send":"next"}`)
		system.want(200, http.MethodGet, path, ``, `{"after_send":"stay"}`)
		k.guest().want(401, http.MethodGet, path, ``)
		k.guest().want(403, http.MethodPut, path, `{"after_send":"next"}`)
	})
}
