package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/foyerdesk/foyer/internal/desk/conversation"
)

func (k *filesDesk) drafts(who string) (out []conversation.Draft) {
	k.t.Helper()
	data(k.t, k.get("/api/v1/drafts", who), &out)
	return out
}

func TestAgentHasOneDraftOfEachTypeForAConversation(t *testing.T) {
	eachFilesDesk(t, func(k *filesDesk) {
		c := k.open(0)
		path := "/api/v1/conversations/" + c.UUID + "/draft"
		k.play(
			scenario{"guest", http.MethodPost, path, guest, `{"content":"a","meta":{}}`, 403, nil, nil},
			scenario{"guest reads", http.MethodGet, "/api/v1/drafts", guest, ``, 401, nil, nil},
			scenario{"no access", http.MethodPost, path, limited, `{"content":"a","meta":{}}`, 403, []string{"PermissionException"}, nil},
			scenario{"first", http.MethodPost, path, admin, `{"content":"one","meta":{}}`, 200, []string{`"type":"reply"`, c.UUID, `"meta":{}`}, nil},
			scenario{"again", http.MethodPost, path, admin, `{"type":"reply","content":"two","meta":{"to":["a@b.test"]}}`, 200, []string{`"content":"two"`, `"to":["a@b.test"]`}, nil},
			scenario{"not what there is", http.MethodPost, path, admin, `{"content":"three","meta":{},"base_updated_at":""}`, 409, []string{"ConflictException", `"content":"two"`, `"updated_at"`}, nil},
			scenario{"a bad time", http.MethodPost, path, admin, `{"content":"three","meta":{},"base_updated_at":"x"}`, 400, []string{`"field":"base_updated_at"`}, nil},
			scenario{"a note", http.MethodPost, path, admin, `{"type":"private_note","content":"n","meta":null}`, 200, []string{`"private_note"`}, nil},
			scenario{"meta left out", http.MethodPost, path, admin, `{"type":"private_note","content":"n2"}`, 200, []string{`"n2"`}, nil},
			scenario{"only attachments", http.MethodPost, path, admin, `{"content":"","meta":{"attachments":[]}}`, 200, nil, nil},
			scenario{"list", http.MethodGet, "/api/v1/drafts", admin, ``, 200, []string{`"n2"`, c.UUID}, []string{`"one"`, `"two"`}},
			scenario{"of others", http.MethodGet, "/api/v1/drafts", limited, ``, 200, []string{`"data":[]`}, nil},
			scenario{"empty", http.MethodPost, path, admin, `{"content":" \n","meta":{}}`, 400, []string{"InputException"}, nil},
			scenario{"empty without meta", http.MethodPost, path, admin, `{}`, 400, []string{"InputException"}, nil},
			scenario{"unknown type", http.MethodPost, path, admin, `{"type":"mail","content":"x"}`, 400, []string{`"field":"type"`}, nil},
			scenario{"meta is a list", http.MethodPost, path, admin, `{"content":"x","meta":[]}`, 400, []string{`"field":"meta"`}, nil},
			scenario{"meta too large", http.MethodPost, path, admin, fmt.Sprintf(`{"content":"x","meta":{"a":%q}}`, strings.Repeat("a", 33<<10)), 400, []string{`"field":"meta"`}, nil},
			scenario{"meta with a number beyond all", http.MethodPost, path, admin, `{"content":"x","meta":{"a":1e999999}}`, 400, []string{"InputException"}, nil},
			scenario{"NUL", http.MethodPost, path, admin, `{"type":"private_note","content":"n\u00002","meta":{"a\u0000":["\u0000b",{"c":1e-999999}]}}`, 200, []string{`"content":"n2"`, `{"a":["b",{"c":0}]}`}, nil},
			scenario{"no JSON", http.MethodPost, path, admin, `{`, 400, []string{"InputException"}, nil},
			scenario{"no uuid", http.MethodPost, "/api/v1/conversations/x/draft", admin, `{"content":"x"}`, 400, nil, nil},
			scenario{"unknown conversation", http.MethodPost, "/api/v1/conversations/00000000-0000-4000-8000-000000000000/draft", admin, `{"content":"x"}`, 404, nil, nil},
			scenario{"delete a bad type", http.MethodDelete, path + "?type=x", admin, ``, 400, nil, nil},
			scenario{"delete as guest", http.MethodDelete, path, guest, ``, 403, nil, nil},
			scenario{"delete another's", http.MethodDelete, path, limited, ``, 200, []string{`"data":true`}, nil},
			scenario{"delete of an unknown conversation", http.MethodDelete, "/api/v1/conversations/00000000-0000-4000-8000-000000000000/draft", admin, ``, 200, nil, nil},
		)
		if got := k.drafts(admin); len(got) != 2 || got[0].ConversationID != c.ID || got[0].UserID != k.agents[admin].ID {
			k.t.Fatalf("drafts: %+v", got)
		}
		k.play(scenario{"delete the reply", http.MethodDelete, path + "?type=reply", admin, ``, 200, nil, nil})
		if got := k.drafts(admin); len(got) != 1 || got[0].Type != "private_note" {
			k.t.Errorf("drafts: %+v", got)
		}
		k.play(scenario{"delete both", http.MethodDelete, path, admin, ``, 200, nil, nil})
		if got := k.drafts(admin); len(got) != 0 {
			k.t.Errorf("drafts: %+v", got)
		}
	})
}

func TestFilesInDraftsAreSignedForWhoMayReadThem(t *testing.T) {
	eachFilesDesk(t, func(k *filesDesk) {
		own, other := k.open(k.agents[limited].ID), k.open(0)
		pending := k.upload("a.png", "image/png", photo(2, 2), asAttachment)
		secret := k.upload("b.png", "image/png", photo(2, 2), asAttachment)
		k.note(other, secret.ID)
		image := func(src string) string { return fmt.Sprintf(`<p>see <img src="%s"></p>`, src) }
		foreign := "https://evil.test/uploads/00000000-0000-4000-8000-000000000000?x=1"
		body, err := json.Marshal(map[string]any{
			"content": image(pending.URL) + image("/uploads/"+secret.UUID) + image(foreign),
			"meta":    map[string]any{"n": 12345678901234567, "attachments": []any{map[string]any{"uuid": pending.UUID, "url": "old"}, map[string]any{"uuid": secret.UUID, "url": "old"}}},
		})
		k.must(err)
		if w := k.json(http.MethodPost, "/api/v1/conversations/"+own.UUID+"/draft", limited, string(body)); w.Code != 200 {
			k.t.Fatalf("%d %s", w.Code, w.Body)
		}
		var stored string
		k.must(k.db.QueryRow(k.t.Context(), `SELECT content FROM drafts`).Scan(&stored))
		if strings.Contains(stored, "sig=") || !strings.Contains(stored, "cid:ldsk-"+pending.UUID) || !strings.Contains(stored, foreign) {
			k.t.Errorf("stored as %s", stored)
		}
		drafts := k.drafts(limited)
		if len(drafts) != 1 {
			k.t.Fatalf("drafts: %+v", drafts)
		}
		d := drafts[0]
		if !strings.Contains(d.Content, "/uploads/"+pending.UUID+"?sig=") || !strings.Contains(d.Content, "cid:ldsk-"+secret.UUID) || strings.Contains(d.Content, secret.UUID+"?sig=") {
			k.t.Errorf("content: %s", d.Content)
		}
		meta := string(d.Meta)
		if !strings.Contains(meta, "/uploads/"+pending.UUID+"?sig=") || strings.Contains(meta, secret.UUID+"?sig=") || !strings.Contains(meta, "12345678901234567") {
			k.t.Errorf("meta: %s", meta)
		}
	})
}

func TestDraftsThatNobodyTouchesAreCleaned(t *testing.T) {
	eachFilesDesk(t, func(k *filesDesk) {
		path := "/api/v1/conversations/" + k.open(0).UUID + "/draft"
		k.play(scenario{"a draft", http.MethodPost, path, admin, `{"content":"a"}`, 200, nil, nil})
		for _, c := range []struct {
			after time.Duration
			left  int
		}{{-time.Hour, 1}, {0, 1}, {time.Hour, 1}, {time.Nanosecond, 0}} {
			if _, err := k.c.CleanDrafts(k.t.Context(), c.after); err != nil {
				k.t.Fatal(err)
			}
			if got := len(k.drafts(admin)); got != c.left {
				k.t.Errorf("cleaned after %v: %d left, want %d", c.after, got, c.left)
			}
		}
	})
}
