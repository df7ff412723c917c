package api_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/foyerdesk/foyer/internal/desk/conversation"
	"github.com/foyerdesk/foyer/internal/desk/role"
)

func TestConversationIsOpenedForTheContactWithItsAddress(t *testing.T) {
	eachContactsDesk(t, func(k *contactsDesk) {
		const path = "/api/v1/conversations"
		body := func(email, external string) string {
			return fmt.Sprintf(`{"inbox_id":1,"content":"<p>x</p>","contact_email":%q,"first_name":"New","initiator":"contact","external_user_id":%q}`, email, external)
		}
		k.add("kim@x.test")
		k.play(
			scenario{"a contact stays as it is", http.MethodPost, path, admin, body("Kim@x.test", "crm-1"), 200, []string{`"first_name":"Kim"`, `"external_user_id":null`}, []string{"crm-1"}},
			scenario{"a new one gets the id", http.MethodPost, path, admin, body("eva@x.test", "crm-2"), 200, []string{`"first_name":"New"`, `"external_user_id":"crm-2"`}, nil},
			scenario{"which is nobody else's", http.MethodPost, path, admin, body("max@x.test", "crm-2"), 400, []string{"InputException", `"field":"external_user_id"`}, nil},
			scenario{"and does not lead to them", http.MethodPost, path, admin, body("kim@x.test", "crm-2"), 200, []string{`"email":"kim@x.test"`, `"external_user_id":null`}, nil},
			scenario{"again", http.MethodPost, path, admin, body("eva@x.test", "crm-3"), 200, []string{`"external_user_id":"crm-2"`}, nil},
		)
		if n := k.count(`SELECT count(*) FROM users WHERE type = 'contact'`); n != 2 {
			t.Errorf("%d contacts", n)
		}
		if n := k.count(`SELECT count(*) FROM conversations`); n != 4 {
			t.Errorf("%d conversations", n)
		}
	})
}

func TestConversationsBegunAtOnceForANewContactHaveTheSame(t *testing.T) {
	eachContactsDesk(t, func(k *contactsDesk) {
		const rounds, parallel = 10, 8
		for round := range rounds {
			begin := make(chan struct{})
			var all sync.WaitGroup
			for n := range parallel {
				all.Go(func() {
					email := fmt.Sprintf("new%d@x.test", round)
					if n == 0 {
						email = fmt.Sprintf("other%d@x.test", round)
					}
					body := fmt.Sprintf(`{"inbox_id":1,"content":"<p>x</p>","contact_email":%q,"first_name":"New","initiator":"contact","external_user_id":"crm-%d"}`, email, round)
					<-begin
					w := k.json(http.MethodPost, "/api/v1/conversations", admin, body)
					if w.Code != 200 && !strings.Contains(w.Body.String(), `"field":"external_user_id"`) {
						t.Errorf("%d %s", w.Code, w.Body)
					}
				})
			}
			close(begin)
			all.Wait()
			// The id is that of who came first; the other address gets none, and the same address always its own.
			made := k.count(`SELECT count(*) FROM conversations c JOIN users u ON u.id = c.contact_id WHERE u.external_user_id = $1`, fmt.Sprintf("crm-%d", round))
			first := k.count(`SELECT count(*) FROM users WHERE external_user_id = $1 AND email = $2`, fmt.Sprintf("crm-%d", round), fmt.Sprintf("new%d@x.test", round))
			if want := map[int]int{1: parallel - 1, 0: 1}[first]; made != want {
				t.Errorf("%d conversations, want %d", made, want)
			}
		}
		if n := k.count(`SELECT count(*) FROM users WHERE type = 'contact'`); n != rounds {
			t.Errorf("%d contacts", n)
		}
	})
}

func TestNobodyIsAssignedToWhatNobodyHas(t *testing.T) {
	eachContactsDesk(t, func(k *contactsDesk) {
		k.exec(`INSERT INTO teams (created_at, updated_at, name) VALUES (1, 1, 'Sales')`)
		free, taken, hidden := "/api/v1/conversations/"+k.open(0).UUID, "/api/v1/conversations/"+k.open(3).UUID, "/api/v1/conversations/"+k.open(2).UUID
		may := *k.agents[limited]
		may.Permissions |= role.SetOf(role.ConversationsUpdateTeamAssignee, role.ConversationsUpdateUserAssignee)
		k.agents["assigner"] = &may
		k.play(
			scenario{"0", http.MethodPut, free + "/assignee/user", admin, `{"assignee_id":0}`, 200, []string{`"data":true`}, nil},
			scenario{"nothing", http.MethodPut, free + "/assignee/user", admin, `{}`, 200, nil, nil},
			scenario{"0 of one that somebody has", http.MethodPut, taken + "/assignee/user", admin, `{"assignee_id":0}`, 400, []string{`"field":"assignee_id"`}, nil},
			scenario{"nothing of one that somebody has", http.MethodPut, taken + "/assignee/user", admin, `{}`, 400, []string{`"field":"assignee_id"`}, nil},
			scenario{"an agent that there is not", http.MethodPut, free + "/assignee/user", admin, `{"assignee_id":-1}`, 400, []string{`"field":"assignee_id"`}, nil},
			scenario{"still", http.MethodGet, taken, admin, ``, 200, []string{`"assigned_user_id":3`}, nil},
			scenario{"without access", http.MethodPut, hidden + "/assignee/user", "assigner", `{}`, 403, nil, nil},
			scenario{"no team", http.MethodPut, free + "/assignee/team", admin, `{"assignee_id":0}`, 400, []string{`"field":"assignee_id"`}, nil},
			scenario{"a team that there is not, before access", http.MethodPut, hidden + "/assignee/team", "assigner", `{"assignee_id":99}`, 400, []string{`"field":"assignee_id"`}, nil},
			scenario{"a team without access", http.MethodPut, hidden + "/assignee/team", "assigner", `{"assignee_id":1}`, 403, nil, nil},
			scenario{"a team", http.MethodPut, taken + "/assignee/team", "assigner", `{"assignee_id":1}`, 200, nil, nil},
		)
	})
}

func TestNoAttributesAreNone(t *testing.T) {
	eachContactsDesk(t, func(k *contactsDesk) {
		c := k.open(0)
		path := "/api/v1/conversations/" + c.UUID
		k.play(
			scenario{"some", http.MethodPut, path + "/custom-attributes", admin, `{"x":1}`, 200, nil, nil},
			scenario{"some of the contact", http.MethodPut, path + "/contacts/custom-attributes", admin, `{"y":1}`, 200, nil, nil},
			scenario{"kept", http.MethodGet, path, admin, ``, 200, []string{`"custom_attributes":{"x":1}`, `"custom_attributes":{"y":1}`}, nil},
			scenario{"null", http.MethodPut, path + "/custom-attributes", admin, `null`, 200, []string{`"data":true`}, nil},
			scenario{"null for the contact", http.MethodPut, path + "/contacts/custom-attributes", admin, `null`, 200, []string{`"data":true`}, nil},
			scenario{"a list", http.MethodPut, path + "/custom-attributes", admin, `[]`, 400, []string{"InputException"}, nil},
			scenario{"replaced, and nothing added", http.MethodGet, path, admin, ``, 200, []string{`"custom_attributes":{}`, `"custom_attributes":{"y":1}`}, nil},
		)
	})
}

func TestNumbersOfPages(t *testing.T) {
	eachFilesDesk(t, func(k *filesDesk) {
		c := k.open(0)
		for query, want := range map[string]conversation.Page[conversation.ListItem]{
			"page_size=501": {PerPage: 500, Page: 1}, "page_size=99999999999999999999": {PerPage: 500, Page: 1}, "page_size=0": {PerPage: 30, Page: 1},
			"page_size=-5": {PerPage: 30, Page: 1}, "page_size=x&page=0": {PerPage: 30, Page: 1}, "page=2": {PerPage: 30, Page: 2},
			"page=1000001": {PerPage: 30, Page: 1000001}, "page=99999999999999999999": {PerPage: 30, Page: 4_000_000},
		} {
			for _, list := range []string{"/api/v1/conversations/all?", "/api/v1/conversations/" + c.UUID + "/messages?"} {
				var page conversation.Page[any]
				data(t, k.get(list+query, admin), &page)
				if page.PerPage != want.PerPage || page.Page != want.Page || (len(page.Results) == 0) != (want.Page > 1) {
					t.Errorf("%s%s: %+v", list, query, page)
				}
			}
		}
	})
}

func TestMessagesWithoutWordsAreListedByWhatTheyEnclose(t *testing.T) {
	eachFilesDesk(t, func(k *filesDesk) {
		c := k.open(0)
		lang := "en-US"
		k.c.Language = func(context.Context) string { return lang }
		shown := func() string {
			t.Helper()
			got, err := k.c.Get(t.Context(), k.agents[admin], c.UUID)
			k.must(err)
			return *got.LastMessage
		}
		png := func() int64 { return k.upload("a.png", "image/png", photo(8, 8), asAttachment).ID }
		file := func(name, contentType string) int64 {
			content := "bytes"
			if contentType == "video/mp4" {
				content = "\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom"
			}
			return k.upload(name, contentType, []byte(content), asAttachment).ID
		}
		inside := k.upload("b.png", "image/png", photo(8, 8), asAttachment)
		image := `<p><img src="/uploads/` + inside.UUID + `"></p>`
		send := func(message, as string, ids ...int64) *conversation.Message {
			t.Helper()
			m, err := k.c.SendMessage(t.Context(), k.agents[admin], c.UUID, conversation.Send{Message: message, SenderType: as, Private: as == "agent", Attachments: ids})
			k.must(err)
			return m
		}
		for _, m := range []struct {
			message, as string
			ids         []int64
			lang, want  string
		}{
			{"", "agent", []int64{png()}, "en-US", "Image"},
			{"<p> </p>", "agent", []int64{file("a.mp4", "video/mp4"), png()}, "en-US", "Video"},
			{"", "contact", []int64{file("a.ogg", "audio/ogg")}, "de-DE", "Audio"},
			{"", "contact", []int64{file("a.pdf", "application/pdf"), png()}, "de-DE", "Datei"},
			{image, "agent", nil, "de-DE", "Bild"},
			{image, "agent", []int64{file("b.pdf", "application/pdf")}, "fa-IR", "فایل"},
			{"<p>words</p>", "agent", []int64{png()}, "en-US", "words"},
		} {
			lang = m.lang
			send(m.message, m.as, m.ids...)
			if got := shown(); got != m.want {
				t.Errorf("%q of %s with %v in %s: %q, want %q", m.message, m.as, m.ids, m.lang, got, m.want)
			}
		}
		lang = "de-DE"
		for _, private := range []bool{false, true} {
			first := png()
			opened, err := k.c.Create(t.Context(), k.agents[admin], conversation.Create{InboxID: 1, ContactEmail: "ida@cust.test", FirstName: "Ida",
				Content: "<p>&nbsp;</p>", Initiator: map[bool]string{true: "agent", false: "contact"}[private], Attachments: []int64{first}})
			k.must(err)
			if *opened.LastMessage != "Bild" {
				t.Errorf("opened: %q", *opened.LastMessage)
			}
		}
		note := send("", "agent", png())
		said, err := k.c.DeleteNote(t.Context(), k.agents[admin], c.UUID, note.UUID)
		k.must(err)
		if said != "Diese Notiz wurde gelöscht." || shown() != said {
			t.Errorf("a deleted note says %q, the list %q", said, shown())
		}
		k.play(scenario{"the tombstone", http.MethodGet, "/api/v1/conversations/" + c.UUID + "/messages/" + note.UUID, admin, ``, 200,
			[]string{`"content":"Diese Notiz`, `"text_content":"Diese Notiz`, `"deleted_at"`}, nil})
		_, err = k.c.RestoreNote(t.Context(), k.agents[admin], c.UUID, note.UUID)
		k.must(err)
		if got := shown(); got != "Bild" {
			t.Errorf("restored: %q", got)
		}
	})
}
