package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/foyerdesk/foyer/internal/api"
	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/audit"
	"github.com/foyerdesk/foyer/internal/desk/contact"
	"github.com/foyerdesk/foyer/internal/desk/conversation"
	"github.com/foyerdesk/foyer/internal/desk/event"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/desk/setting"
	"github.com/foyerdesk/foyer/internal/flow/search"
	"github.com/foyerdesk/foyer/internal/platform/bus"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
	"github.com/foyerdesk/foyer/internal/platform/i18n"
)

// author may write and delete notes about contacts without being an administrator.
const author = "author"

// contactsDesk is the API over a desk with contacts. Admin holds the Admin role.
type contactsDesk struct {
	*filesDesk
	contacts *contact.Service
}

func eachContactsDesk(t *testing.T, fn func(k *contactsDesk)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := &contactsDesk{filesDesk: newFilesDesk(t, d)}
		events := event.NewLog(d, bus.Local{}, k.deps.Log)
		index := search.New(d, k.deps.Log, "node")
		k.contacts = contact.New(d, events, k.deps.Media)
		k.contacts.Conversations, k.contacts.Owners = k.c, index.AddressOwners
		k.deps.Contacts, k.deps.Search = k.contacts, index
		k.deps.Settings = setting.New(d, "https://desk.test", []string{i18n.Default})
		k.agents[author] = &agent.Principal{ID: 3, FirstName: "Leo", Permissions: role.SetOf(role.ContactsRead, role.ContactNotesRead, role.ContactNotesWrite, role.ContactNotesDelete)}
		k.exec(`INSERT INTO roles (created_at, updated_at, name) VALUES (1, 1, 'Admin')`)
		k.exec(`INSERT INTO user_roles (user_id, role_id) VALUES (2, 1)`)
		k.api = api.New(k.deps, api.Conversations, api.Contacts, api.Search, api.Media)
		fn(k)
	})
}

func (k *contactsDesk) exec(query string, args ...any) {
	k.t.Helper()
	k.must(k.db.Tx(k.t.Context(), func(tx *db.Tx) error { _, err := tx.Exec(k.t.Context(), query, args...); return err }))
}

func (k *contactsDesk) count(query string, args ...any) (n int) {
	k.t.Helper()
	k.must(k.db.QueryRow(k.t.Context(), query, args...).Scan(&n))
	return n
}

// add makes a contact and returns the path of it.
func (k *contactsDesk) add(email string) (path string, id int64) {
	k.t.Helper()
	w := k.json(http.MethodPost, "/api/v1/contacts", admin, fmt.Sprintf(`{"email":%q,"first_name":"Kim","last_name":"Old","phone_number":"123","country":"NL"}`, email))
	if w.Code != http.StatusOK {
		k.t.Fatalf("add %s: %d %s", email, w.Code, w.Body)
	}
	var c contact.Detail
	data(k.t, w, &c)
	return fmt.Sprintf("/api/v1/contacts/%d", c.ID), c.ID
}

// put replaces a contact by a form.
func (k *contactsDesk) put(path string, f form, code int, has ...string) {
	k.t.Helper()
	contentType, body := f.encode()
	w := k.send(http.MethodPut, path, admin, contentType, body)
	if w.Code != code {
		k.t.Fatalf("PUT %v gave %d, want %d: %s", f.fields, w.Code, code, w.Body)
	}
	for _, part := range has {
		if !strings.Contains(w.Body.String(), part) {
			k.t.Errorf("PUT %v: %s lacks %s", f.fields, w.Body, part)
		}
	}
}

func fields(pairs ...string) form {
	f := form{fields: map[string]string{}}
	for i := 0; i+1 < len(pairs); i += 2 {
		f.fields[pairs[i]] = pairs[i+1]
	}
	return f
}

func TestContactIsReplacedWhole(t *testing.T) {
	eachContactsDesk(t, func(k *contactsDesk) {
		path, id := k.add("kim@x.test")
		k.add("other@x.test")
		f := fields("email", " Kim@X.Test ", "first_name", "Kim", "phone_number", "0201", "phone_number_country_code", "+31", "country", "NL")
		f.field, f.file, f.contentType, f.content = "files", "me.png", "image/png", photo(700, 300)
		k.put(path, f, 200, `"email":"kim@x.test"`, `"avatar_url":"/uploads/`, `"phone_number":"0201"`)
		var c contact.Detail
		data(t, k.get(path, admin), &c)
		if w := k.get(*c.AvatarURL, limited); w.Code != 200 || w.Header().Get("Content-Type") != "image/png" || len(w.Body.Bytes()) == len(f.content) {
			t.Errorf("the picture: %d %v", w.Code, w.Header())
		}
		k.put(path, fields("email", "kim@x.test", "first_name", "Kim", "avatar_url", *c.AvatarURL), 200, `"avatar_url":"`+*c.AvatarURL+`"`, `"phone_number":null`, `"last_name":""`)
		k.put(path, fields("email", "kim@x.test", "first_name", "Kim", "country", "null", "avatar_url", "null"), 200, `"avatar_url":null`, `"country":null`)
		if w := k.get(*c.AvatarURL, limited); w.Code != 404 {
			t.Errorf("the picture that was removed: %d", w.Code)
		}
		k.rules.Extensions = []string{"pdf"} // which is for what conversations are sent
		for _, name := range []string{"me.jpg", "me.gif", "me.PNG"} {
			f = fields("email", "kim@x.test", "first_name", "Kim")
			f.field, f.file, f.contentType, f.content = "files", name, "image/png", photo(8, 8)
			k.put(path, f, 200, `"avatar_url":"/uploads/`)
		}
		if n := k.count(`SELECT count(*) FROM activity_logs WHERE activity_type = 'contact_updated' AND target_model_id = $1`, id); n != 6 {
			t.Errorf("%d entries in the activity log", n)
		}
	})
}

func TestContactFormIsRefusedWhole(t *testing.T) {
	eachContactsDesk(t, func(k *contactsDesk) {
		path, _ := k.add("kim@x.test")
		k.add("other@x.test")
		file := k.upload("secret.png", "image/png", photo(20, 20), map[string]string{"linked_model": "messages"})
		bad := func(field string, pairs ...string) {
			t.Helper()
			k.put(path, fields(pairs...), 400, `"error_type":"InputException"`, `"field":"`+field+`"`)
		}
		bad("email", "first_name", "Kim")
		bad("email", "email", "nobody", "first_name", "Kim")
		bad("email", "email", "OTHER@x.test", "first_name", "Kim")
		bad("first_name", "email", "kim@x.test", "first_name", " ")
		bad("first_name", "email", "kim@x.test", "first_name", strings.Repeat("x", 141))
		bad("phone_number", "email", "kim@x.test", "first_name", "K", "phone_number", strings.Repeat("1", 21))
		bad("country", "email", "kim@x.test", "first_name", "K", "country", "N\nL")
		bad("avatar_url", "email", "kim@x.test", "first_name", "K", "avatar_url", "/uploads/"+file.UUID)
		f := fields("email", "kim@x.test", "first_name", "Changed")
		f.field, f.file, f.content = "files", "me.png", []byte("<svg onload=alert(1)>")
		k.put(path, f, 400, `"field":"files"`)
		f.content = append(photo(8, 8), make([]byte, 2<<20)...)
		k.put(path, f, 400, `"field":"files"`)
		k.play(
			scenario{"not a form", http.MethodPut, path, admin, `{}`, 400, []string{"InputException"}, nil},
			scenario{"nothing was changed", http.MethodGet, path, admin, ``, 200, []string{`"first_name":"Kim"`, `"last_name":"Old"`, `"phone_number":"123"`, `"country":"NL"`}, nil},
			scenario{"unknown", http.MethodGet, "/api/v1/contacts/999", admin, ``, 404, nil, nil},
			scenario{"an agent", http.MethodGet, "/api/v1/contacts/2", admin, ``, 404, nil, nil},
			scenario{"no id", http.MethodGet, "/api/v1/contacts/x", admin, ``, 400, []string{"InputException"}, nil},
		)
		if w := k.get("/uploads/"+file.UUID, admin); w.Code != 200 {
			t.Errorf("the attachment that somebody named as a picture: %d", w.Code)
		}
	})
}

func TestSomeFieldsOfAContactAreChanged(t *testing.T) {
	eachContactsDesk(t, func(k *contactsDesk) {
		path, id := k.add("kim@x.test")
		k.exec(`UPDATE users SET email_bounced_at = 5, email_bounce = 'no such user' WHERE id = $1`, id)
		k.play(
			scenario{"a field", http.MethodPatch, path, admin, `{"last_name":"New"}`, 200, []string{`"last_name":"New"`, `"phone_number":"123"`, `"email_bounce":"no such user"`}, nil},
			scenario{"to nothing", http.MethodPatch, path, admin, `{"phone_number":""}`, 200, []string{`"phone_number":null`, `"country":"NL"`}, nil},
			scenario{"no name", http.MethodPatch, path, admin, `{"first_name":""}`, 400, []string{`"field":"first_name"`}, nil},
			scenario{"a number", http.MethodPatch, path, admin, `{"first_name":3}`, 400, []string{`"field":"first_name"`}, nil},
			scenario{"attributes", http.MethodPatch, path, admin, `{"custom_attributes":{"plan":"pro","seats":3}}`, 200, []string{`"custom_attributes":{"plan":"pro","seats":3}`}, nil},
			scenario{"one more", http.MethodPatch, path, admin, `{"custom_attributes":{"seats":4}}`, 200, []string{`"custom_attributes":{"plan":"pro","seats":4}`}, nil},
			scenario{"another address", http.MethodPatch, path, admin, `{"email":"Kim2@X.test"}`, 200, []string{`"email":"kim2@x.test"`, `"email_bounced_at":null`, `"email_bounce":""`}, nil},
			scenario{"without permission", http.MethodPatch, path, author, `{"last_name":"New"}`, 403, nil, nil},
			scenario{"guest", http.MethodPatch, path, guest, `{}`, 403, nil, nil},
			scenario{"another's address", http.MethodPost, "/api/v1/contacts", admin, `{"email":"kim2@x.test","first_name":"Z"}`, 400, []string{`"field":"email"`}, nil},
			scenario{"an external id", http.MethodPost, "/api/v1/contacts", admin, `{"email":"e@x.test","first_name":"E","external_user_id":"7"}`, 200, nil, nil},
			scenario{"the same external id", http.MethodPost, "/api/v1/contacts", admin, `{"email":"f@x.test","first_name":"F","external_user_id":"7"}`, 400, []string{`"field":"external_user_id"`}, nil},
		)
	})
}

func TestContactsAreListedByPagesAndFilters(t *testing.T) {
	eachContactsDesk(t, func(k *contactsDesk) {
		for i := range 12 {
			k.add(fmt.Sprintf("p%02d@%s.test", 11-i, []string{"x", "y_z"}[i%2]))
		}
		k.exec(`INSERT INTO users (created_at, updated_at, type, email, first_name) VALUES (1, 1, 'visitor', 'v@x.test', 'V')`)
		k.exec(`INSERT INTO users (created_at, updated_at, type, first_name) VALUES (1, 1, 'visitor', 'Nobody')`)
		k.must(k.deps.Search.CatchUp(t.Context(), nil))
		list := func(query string) (p contact.Page) {
			t.Helper()
			w := k.get("/api/v1/contacts?"+query, admin)
			if w.Code != 200 {
				t.Fatalf("%s: %d %s", query, w.Code, w.Body)
			}
			data(t, w, &p)
			return p
		}
		filtered := func(op, value string) string {
			f, _ := json.Marshal([]map[string]string{{"model": "users", "field": "email", "operator": op, "value": value}})
			return "filters=" + url.QueryEscape(string(f))
		}
		if p := list(""); p.Total != 13 || p.PerPage != 30 || p.TotalPages != 1 || *p.Results[0].Email != "p00@y_z.test" || p.Results[12].Type != "visitor" {
			t.Errorf("all: %+v", p)
		}
		if p := list("page_size=900&page=x"); p.PerPage != 500 || p.Page != 1 {
			t.Errorf("sizes: %+v", p)
		}
		if p := list("page=9&page_size=5"); p.Total != 13 || p.TotalPages != 3 || len(p.Results) != 0 {
			t.Errorf("behind the end: %+v", p)
		}
		for _, c := range []struct {
			query string
			want  int64
		}{{filtered("ilike", "Y_Z.T"), 6}, {filtered("contains", "p0"), 10}, {filtered("ilike", "nobody"), 0}, {filtered("ilike", "%"), 0},
			{filtered("equals", "v@x.test"), 1}, {filtered("not contains", "x.test"), 6}, {filtered("ilike", "_z.t"), 6}} {
			if p := list(c.query); p.Total != c.want || int64(len(p.Results)) != c.want {
				t.Errorf("%s: %d of %d, want %d", c.query, len(p.Results), p.Total, c.want)
			}
		}
		for _, order := range []string{"users.email", "users.created_at", "users.updated_at"} {
			for _, dir := range []string{"asc", "DESC"} {
				query := "order_by=" + order + "&order=" + dir
				var byNumber, byCursor []string
				for n := 1; n <= 3; n++ {
					for _, c := range list(fmt.Sprintf("%s&page_size=5&page=%d", query, n)).Results {
						byNumber = append(byNumber, *c.Email)
					}
				}
				for cursor := ""; ; {
					p := list(query + "&page_size=5&cursor=" + cursor)
					for _, c := range p.Results {
						byCursor = append(byCursor, *c.Email)
					}
					if p.NextCursor == nil {
						break
					}
					cursor = *p.NextCursor
				}
				if len(byNumber) != 13 || fmt.Sprint(byNumber) != fmt.Sprint(byCursor) {
					t.Errorf("%s: by number %v, by cursor %v", query, byNumber, byCursor)
				}
			}
		}
		k.play(
			scenario{"guest", http.MethodGet, "/api/v1/contacts", guest, ``, 401, nil, nil},
			scenario{"who may read one only", http.MethodGet, "/api/v1/contacts", author, ``, 403, nil, nil},
			scenario{"another field", http.MethodGet, "/api/v1/contacts?" + strings.ReplaceAll(filtered("equals", "x"), "email", "phone_number"), admin, ``, 400, []string{`"field":"filters"`}, nil},
			scenario{"another order", http.MethodGet, "/api/v1/contacts?order_by=users.password", admin, ``, 400, []string{`"field":"order_by"`}, nil},
			scenario{"a bad cursor", http.MethodGet, "/api/v1/contacts?cursor=x", admin, ``, 400, []string{`"field":"cursor"`}, nil},
		)
	})
}

func TestBlockingAContactIsRecorded(t *testing.T) {
	eachContactsDesk(t, func(k *contactsDesk) {
		path, id := k.add("kim@x.test")
		k.play(
			scenario{"left out", http.MethodPut, path + "/block", admin, `{}`, 200, []string{`"enabled":false`}, nil},
			scenario{"again", http.MethodPut, path + "/block", admin, `{"enabled":false}`, 200, []string{`"enabled":false`}, nil},
			scenario{"unblock", http.MethodPut, path + "/block", admin, `{"enabled":true}`, 200, []string{`"enabled":true`}, nil},
			scenario{"without permission", http.MethodPut, path + "/block", author, `{}`, 403, nil, nil},
			scenario{"an agent", http.MethodPut, "/api/v1/contacts/2/block", admin, `{}`, 404, nil, nil},
		)
		for _, kind := range []audit.Type{audit.ContactBlocked, audit.ContactUnblocked} {
			if n := k.count(`SELECT count(*) FROM activity_logs WHERE activity_type = $1 AND target_model_id = $2`, string(kind), id); n != 1 {
				t.Errorf("%s was recorded %d times", kind, n)
			}
		}
	})
}

func TestNotesAreDeletedByTheirAuthorOrAnAdministrator(t *testing.T) {
	eachContactsDesk(t, func(k *contactsDesk) {
		path, _ := k.add("kim@x.test")
		other, _ := k.add("other@x.test")
		k.play(
			scenario{"empty", http.MethodPost, path + "/notes", author, `{"note":"<p> </p>"}`, 400, []string{`"field":"note"`}, nil},
			scenario{"of nobody", http.MethodPost, "/api/v1/contacts/99/notes", author, `{"note":"x"}`, 404, nil, nil},
			scenario{"hostile", http.MethodPost, path + "/notes", admin, `{"note":"<p onclick=\"x()\">calls<script>alert(1)</script></p>"}`, 200, []string{`calls`, `"user_id":2`, `"first_name":"Asha"`}, []string{"script", "onclick"}},
			scenario{"own", http.MethodPost, path + "/notes", author, `{"note":"<p><b>second</b></p>"}`, 200, []string{`"id":2`}, nil},
			scenario{"read", http.MethodGet, path + "/notes", author, ``, 200, []string{`[{"id":2,`}, nil},
			scenario{"of nobody", http.MethodGet, "/api/v1/contacts/99/notes", author, ``, 200, []string{`"data":[]`}, nil},
			scenario{"without permission", http.MethodGet, path + "/notes", limited, ``, 403, nil, nil},
			scenario{"another's", http.MethodDelete, path + "/notes/1", author, ``, 403, []string{`"error_type":"InputException"`}, nil},
			scenario{"another's, of another contact", http.MethodDelete, other + "/notes/1", author, ``, 403, []string{`"error_type":"InputException"`}, nil},
			scenario{"of another contact", http.MethodDelete, other + "/notes/2", author, ``, 200, nil, nil},
			scenario{"of another contact, as administrator", http.MethodDelete, other + "/notes/2", admin, ``, 200, nil, nil},
			scenario{"it is there still", http.MethodGet, path + "/notes", author, ``, 200, []string{`[{"id":2,`}, nil},
			scenario{"own", http.MethodDelete, path + "/notes/2", author, ``, 200, nil, nil},
			scenario{"gone", http.MethodDelete, path + "/notes/2", author, ``, 404, nil, nil},
			scenario{"gone, as administrator", http.MethodDelete, path + "/notes/2", admin, ``, 200, nil, nil},
			scenario{"another's, as administrator", http.MethodDelete, path + "/notes/1", admin, ``, 200, nil, nil},
			scenario{"none left", http.MethodGet, path + "/notes", author, ``, 200, []string{`"data":[]`}, nil},
		)
	})
}

func TestAttributesOfConversationsAreReplacedThoseOfContactsMerged(t *testing.T) {
	eachContactsDesk(t, func(k *contactsDesk) {
		c := k.open(0)
		conversation, ofContact := "/api/v1/conversations/"+c.UUID+"/custom-attributes", "/api/v1/conversations/"+c.UUID+"/contacts/custom-attributes"
		long := `{"` + strings.Repeat("k", 141) + `":1}`
		k.exec(`INSERT INTO custom_attributes (created_at, updated_at, name, description, applies_to, key, options, data_type, regex, regex_hint)
			VALUES (1, 1, 'Seats', 'How many', 'contact', 'seats', '[]', 'number', '', ''), (1, 1, 'Due', 'When', 'conversation', 'due', '[]', 'date', '', '')`)
		k.play(
			scenario{"no date", http.MethodPut, conversation, admin, `{"due":"soon","y":2}`, 400, []string{"InputException", `"field":"due"`}, nil},
			scenario{"no number", http.MethodPut, ofContact, admin, `{"seats":"many"}`, 400, []string{"InputException", `"field":"seats"`}, nil},
			scenario{"no number", http.MethodPatch, fmt.Sprintf("/api/v1/contacts/%d", c.ContactID), admin, `{"custom_attributes":{"seats":true}}`, 400, []string{`"field":"seats"`}, nil},
			scenario{"one", http.MethodPut, conversation, admin, `{"x":1}`, 200, []string{`"data":true`}, nil},
			scenario{"another", http.MethodPut, conversation, admin, `{"y":2}`, 200, nil, nil},
			scenario{"one", http.MethodPut, ofContact, admin, `{"x":1}`, 200, nil, nil},
			scenario{"another", http.MethodPut, ofContact, admin, `{"y":2}`, 200, nil, nil},
			scenario{"both", http.MethodGet, "/api/v1/conversations/" + c.UUID, admin, ``, 200, []string{`"custom_attributes":{"y":2}`, `"custom_attributes":{"x":1,"y":2}`}, nil},
			scenario{"no access", http.MethodPut, conversation, limited, `{"y":3}`, 403, nil, nil},
			scenario{"no access", http.MethodPut, ofContact, limited, `{"y":3}`, 403, nil, nil},
			scenario{"no object", http.MethodPut, conversation, admin, `[1]`, 400, []string{"InputException"}, nil},
			scenario{"no JSON", http.MethodPut, conversation, admin, `{"y"`, 400, []string{"InputException"}, nil},
			scenario{"a long key", http.MethodPut, conversation, admin, long, 400, []string{"InputException"}, nil},
			scenario{"too much", http.MethodPut, ofContact, admin, `{"y":"` + strings.Repeat("v", 64<<10) + `"}`, 400, []string{"custom_attributes"}, nil},
			scenario{"unknown", http.MethodPut, "/api/v1/conversations/5c0e5c0e-5c0e-4c0e-8c0e-5c0e5c0e5c0e/custom-attributes", admin, `{}`, 404, nil, nil},
			scenario{"none", http.MethodPut, conversation, admin, `{}`, 200, nil, nil},
			scenario{"none left", http.MethodGet, "/api/v1/conversations/" + c.UUID, admin, ``, 200, []string{`"custom_attributes":{}`}, nil},
		)
	})
}

func TestContactIsErasedAndTheMessagesStay(t *testing.T) {
	eachContactsDesk(t, func(k *contactsDesk) {
		c := k.open(0)
		path := fmt.Sprintf("/api/v1/contacts/%d", c.ContactID)
		k.exec(`UPDATE messages SET meta = '{"from":["ida@cust.test"],"from_name":"Ida","to":["help@acme.test","Ida <IDA@cust.test>"]}' WHERE conversation_id = $1 AND type = 'incoming'`, c.ID)
		k.exec(`INSERT INTO contact_notes (created_at, updated_at, contact_id, user_id, note) VALUES (1, 1, $1, 2, 'secret')`, c.ContactID)
		k.play(
			scenario{"what with the conversations", http.MethodDelete, path, admin, ``, 400, []string{`"field":"conversations"`}, nil},
			scenario{"an unknown answer", http.MethodDelete, path + "?conversations=burn", admin, ``, 400, []string{`"field":"conversations"`}, nil},
			scenario{"without permission", http.MethodDelete, path + "?conversations=keep", author, ``, 403, nil, nil},
			scenario{"erased", http.MethodDelete, path + "?conversations=keep", admin, ``, 200, []string{`"data":true`}, nil},
			scenario{"gone", http.MethodGet, path, admin, ``, 404, nil, nil},
			scenario{"gone", http.MethodDelete, path + "?conversations=keep", admin, ``, 404, nil, nil},
			scenario{"the conversation", http.MethodGet, "/api/v1/conversations/" + c.UUID, admin, ``, 200, []string{"Deleted contact"}, []string{"Ida", "ida@cust.test"}},
			scenario{"the messages", http.MethodGet, "/api/v1/conversations/" + c.UUID + "/messages", admin, ``, 200, []string{"hi", "Deleted contact", "help@acme.test"}, []string{"Ida", "ida@cust.test", "IDA@cust.test"}},
		)
		if n := k.count(`SELECT count(*) FROM activity_logs WHERE activity_type = 'contact_deleted' AND target_model_id = $1 AND CAST(detail AS TEXT) NOT LIKE '%ida%'`, c.ContactID); n != 1 {
			t.Errorf("recorded %d times without the name", n)
		}
		if n := k.count(`SELECT (SELECT count(*) FROM contact_notes) + (SELECT count(*) FROM events WHERE CAST(payload AS TEXT) LIKE '%ida@%')`); n != 0 {
			t.Errorf("%d notes and events still say who it was", n)
		}
		if again := k.open(0); again.ContactID == c.ContactID {
			t.Error("who writes again is the contact that was erased")
		}
	})
}

func TestSeveralContactsAreChangedEachByItself(t *testing.T) {
	eachContactsDesk(t, func(k *contactsDesk) {
		_, a := k.add("a@x.test")
		pathB, b := k.add("b@x.test")
		_, c := k.add("c@x.test")
		k.json(http.MethodPut, pathB+"/block", admin, `{"enabled":false}`)
		const path = "/api/v1/contacts/bulk"
		body := func(action, more string, ids ...int64) string {
			return fmt.Sprintf(`{"action":%q,"ids":%s%s}`, action, db.ToJSON(ids), more)
		}
		many := make([]int64, contact.MaxBulk+1)
		for i := range many {
			many[i] = int64(i + 1)
		}
		k.play(
			scenario{"without permission", http.MethodPost, path, author, body("block", "", a), 403, nil, nil},
			scenario{"an unknown action", http.MethodPost, path, admin, body("burn", "", a), 400, []string{`"field":"action"`}, nil},
			scenario{"none", http.MethodPost, path, admin, body("block", ""), 400, []string{`"field":"ids"`}, nil},
			scenario{"too many", http.MethodPost, path, admin, body("block", "", many...), 400, []string{`"field":"ids"`}, nil},
			scenario{"erased, but with what of their conversations", http.MethodPost, path, admin, body("delete", "", a), 400, []string{`"field":"conversations"`}, nil},
			scenario{"blocked: one, one that was, one that is none, an agent", http.MethodPost, path, admin, body("block", "", a, b, 999999, 2, a), 200,
				[]string{fmt.Sprintf(`"done":[%d]`, a), fmt.Sprintf(`"unchanged":[%d]`, b), `"id":999999,"message":"`, `{"id":2,`}, nil},
			scenario{"let in again", http.MethodPost, path, admin, body("unblock", "", a, b, c), 200, []string{fmt.Sprintf(`"done":[%d,%d]`, a, b), fmt.Sprintf(`"unchanged":[%d]`, c)}, nil},
			scenario{"exported", http.MethodGet, fmt.Sprintf("/api/v1/contacts/export?ids=%d,%d", a, c), admin, ``, 200, []string{"a@x.test", "c@x.test"}, []string{"b@x.test"}},
			scenario{"exported: what is no id", http.MethodGet, "/api/v1/contacts/export?ids=1,x", admin, ``, 400, []string{`"field":"ids"`}, nil},
			scenario{"exported: too many", http.MethodGet, "/api/v1/contacts/export?ids=1" + strings.Repeat(",1", contact.MaxExported), admin, ``, 400, []string{`"field":"ids"`}, nil},
			scenario{"erased", http.MethodPost, path, admin, body("delete", `,"conversations":"keep"`, a, c), 200, []string{fmt.Sprintf(`"done":[%d,%d]`, a, c), `"refused":[]`}, nil},
			scenario{"one is left", http.MethodGet, "/api/v1/contacts", admin, ``, 200, []string{"b@x.test", `"total":1`}, nil},
		)
		for kind, want := range map[string]int{"contact_blocked": 2, "contact_unblocked": 2, "contact_deleted": 2, "contacts_exported": 1} {
			if n := k.count(`SELECT count(*) FROM activity_logs WHERE activity_type = $1`, kind); n != want {
				t.Errorf("%s: recorded %d times, want %d", kind, n, want)
			}
		}
	})
}

func TestConversationsOfAnErasedContactAreDeletedOnRequest(t *testing.T) {
	eachContactsDesk(t, func(k *contactsDesk) {
		c, other := k.open(0), k.open(0)
		path := fmt.Sprintf("/api/v1/contacts/%d?conversations=delete", c.ContactID)
		k.must(k.c.MoveToTrash(t.Context(), k.agents[admin], other.UUID))
		k.agents["eraser"] = &agent.Principal{ID: 3, Permissions: role.SetOf(role.ContactsDelete, role.ConversationsDelete)}
		k.play(
			scenario{"by who may not see them", http.MethodDelete, path, "eraser", ``, 403, nil, nil},
			scenario{"the contact is still there", http.MethodGet, "/api/v1/conversations/" + c.UUID, admin, ``, 200, []string{"ida@cust.test"}, nil},
			scenario{"erased", http.MethodDelete, path, admin, ``, 200, []string{`"data":true`}, nil},
		)
		if n := k.count(`SELECT count(*) FROM river_job WHERE kind = 'conversation.purge_contact'`); n != 1 {
			t.Fatalf("%d jobs", n)
		}
		job := conversation.PurgeContactJob{ContactID: c.ContactID, AgentID: 2, Actor: audit.Actor{ID: 2, Name: "asha@acme.test"}}
		k.exec(`INSERT INTO outbox (message_id, conversation_id, inbox_id, state, created_at, updated_at, next_attempt_at)
			SELECT id, conversation_id, 1, 'sending', 1, 1, 1 FROM messages WHERE conversation_id = $1 LIMIT 1`, c.ID)
		if err := k.c.PurgeContact(t.Context(), job); err == nil {
			t.Error("one that is being sent did not make the job come again")
		}
		if n := k.count(`SELECT count(*) FROM conversations WHERE contact_id = $1`, c.ContactID); n != 1 {
			t.Errorf("%d conversations are left, want the one that is being sent", n)
		}
		k.exec(`UPDATE outbox SET state = 'sent'`)
		for range 2 { // a job may run again
			k.must(k.c.PurgeContact(t.Context(), job))
		}
		if n := k.count(`SELECT (SELECT count(*) FROM conversations) + (SELECT count(*) FROM messages)`); n != 0 {
			t.Errorf("%d conversations and messages are left", n)
		}
		if n := k.count(`SELECT count(*) FROM activity_logs WHERE activity_type = 'conversation_deleted' AND actor_id = 2`); n != 2 {
			t.Errorf("recorded %d times", n)
		}
	})
}

func TestMergedContactsAreOne(t *testing.T) {
	eachContactsDesk(t, func(k *contactsDesk) {
		c := k.open(0) // of ida@cust.test
		path, id := k.add("ida@home.test")
		from := fmt.Sprintf("/api/v1/contacts/%d", c.ContactID)
		k.json(http.MethodPatch, from, admin, `{"phone_number":"999","country":"DE","custom_attributes":{"plan":"pro","x":1}}`)
		k.json(http.MethodPatch, path, admin, `{"phone_number":"","custom_attributes":{"x":2}}`)
		k.json(http.MethodPost, from+"/notes", admin, `{"note":"about Ida"}`)
		into := fmt.Sprintf(`{"into":%d}`, id)
		k.play(
			scenario{"into whom", http.MethodPost, from + "/merge", admin, `{}`, 400, []string{`"field":"into"`}, nil},
			scenario{"the same", http.MethodPost, path + "/merge", admin, into, 400, []string{`"field":"into"`}, nil},
			scenario{"an agent", http.MethodPost, from + "/merge", admin, `{"into":2}`, 400, []string{`"field":"into"`}, nil},
			scenario{"without permission", http.MethodPost, from + "/merge", author, into, 403, nil, nil},
			scenario{"merged", http.MethodPost, from + "/merge", admin, into, 200, []string{`"email":"ida@home.test"`, `"other_emails":["ida@cust.test"]`,
				`"phone_number":"999"`, `"country":"NL"`, `"plan":"pro"`, `"x":2`}, nil},
			scenario{"gone", http.MethodGet, from, admin, ``, 404, nil, nil},
			scenario{"the conversation", http.MethodGet, "/api/v1/conversations/" + c.UUID, admin, ``, 200, []string{fmt.Sprintf(`"contact_id":%d`, id), "ida@home.test"}, nil},
			scenario{"the message", http.MethodGet, "/api/v1/conversations/" + c.UUID + "/messages", admin, ``, 200, []string{fmt.Sprintf(`"sender_id":%d`, id)}, []string{fmt.Sprintf(`"sender_id":%d,`, c.ContactID)}},
			scenario{"who wrote", http.MethodGet, "/api/v1/conversations/" + c.UUID + "/participants", admin, ``, 200, []string{fmt.Sprintf(`"id":%d`, id), `"role":"contact","email":"ida@home.test"`}, []string{fmt.Sprintf(`"id":%d`, c.ContactID)}},
			scenario{"the note", http.MethodGet, path + "/notes", admin, ``, 200, []string{"about Ida"}, nil},
			scenario{"their conversations", http.MethodGet, path + "/conversations", admin, ``, 200, []string{c.UUID, `"total":1`}, nil},
			scenario{"their conversations, to who may not read them", http.MethodGet, path + "/conversations", author, ``, 200, []string{`"results":[]`, `"total":0`}, nil},
		)
		if again := k.open(0); again.ContactID != id {
			t.Errorf("who writes from the address that was merged is contact %d, want %d", again.ContactID, id)
		}
		k.json(http.MethodPut, path+"/block", admin, `{"enabled":false}`)
		if blocked, err := contact.Blocked(t.Context(), k.db, "Ida@Cust.test"); err != nil || !blocked {
			t.Errorf("the address that was merged into a blocked contact: %v %v", blocked, err)
		}
		if n := k.count(`SELECT count(*) FROM activity_logs WHERE activity_type = 'contact_merged' AND target_model_id = $1 AND CAST(detail AS TEXT) LIKE '%ida@cust.test%'`, id); n != 1 {
			t.Errorf("recorded %d times", n)
		}
		k.json(http.MethodDelete, path+"?conversations=keep", admin, ``)
		if n := k.count(`SELECT count(*) FROM users WHERE email LIKE 'ida@%'`); n != 0 {
			t.Errorf("%d addresses are left of who was erased", n)
		}
	})
}

func TestContactsWhoMayBeOnePersonAreSuggested(t *testing.T) {
	eachContactsDesk(t, func(k *contactsDesk) {
		add := func(body string) (path string, id int64) {
			k.t.Helper()
			var c contact.Detail
			data(k.t, k.json(http.MethodPost, "/api/v1/contacts", admin, body), &c)
			return fmt.Sprintf("/api/v1/contacts/%d", c.ID), c.ID
		}
		path, id := add(`{"email":"ida.lund@acme.test","first_name":"Ida","last_name":"Lund","phone_number":"030 1234-567"}`)
		_, tagged := add(`{"email":"ida.lund+shop@acme.test","first_name":"I","last_name":"L"}`)
		_, called := add(`{"email":"x@other.test","first_name":"X","last_name":"Y","phone_number":"(030) 1234567"}`)
		_, named := add(`{"email":"i.lund@acme.test","first_name":"IDA","last_name":"lund"}`)
		add(`{"email":"ida@elsewhere.test","first_name":"Ida","last_name":"Lund"}`)
		add(`{"email":"ida.lunde@acme.test","first_name":"Ida","last_name":"Lunde","phone_number":"030 1234568"}`)
		one := func(id int64, reason string) string {
			return fmt.Sprintf(`"id":%d,`, id) + "|" + `"reasons":["` + reason + `"]`
		}
		for _, want := range []string{one(tagged, "email"), one(called, "phone"), one(named, "name")} {
			for _, part := range strings.Split(want, "|") {
				k.play(scenario{"suggested", http.MethodGet, path + "/twins", admin, ``, 200, []string{part}, []string{"elsewhere", "lunde", fmt.Sprintf(`"id":%d,`, id)}})
			}
		}
		apart := fmt.Sprintf("/twins/%d", named)
		k.play(
			scenario{"without permission", http.MethodGet, path + "/twins", author, ``, 403, nil, nil},
			scenario{"without permission", http.MethodDelete, path + apart, author, ``, 403, nil, nil},
			scenario{"of nobody", http.MethodGet, "/api/v1/contacts/999999/twins", admin, ``, 404, nil, nil},
			scenario{"from nobody", http.MethodDelete, path + "/twins/999999", admin, ``, 404, nil, nil},
			scenario{"from themselves", http.MethodDelete, path + fmt.Sprintf("/twins/%d", id), admin, ``, 400, nil, nil},
			scenario{"told apart", http.MethodDelete, path + apart, admin, ``, 200, nil, nil},
			scenario{"told apart again", http.MethodDelete, path + apart, admin, ``, 200, nil, nil},
			scenario{"no longer", http.MethodGet, path + "/twins", admin, ``, 200, []string{`"reasons":["email"]`}, []string{`"reasons":["name"]`}},
			scenario{"the other way round", http.MethodGet, fmt.Sprintf("/api/v1/contacts/%d/twins", named), admin, ``, 200, nil, []string{`"reasons":["name"]`}},
		)
	})
}

func TestContactsAreExportedAsInertCSV(t *testing.T) {
	eachContactsDesk(t, func(k *contactsDesk) {
		k.add("a@x.test")
		k.json(http.MethodPost, "/api/v1/contacts", admin, `{"email":"b@x.test","first_name":"=cmd()"}`)
		w := k.get("/api/v1/contacts/export", admin)
		if w.Code != 200 || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/csv") || strings.Count(w.Body.String(), "\n") != 3 || !strings.Contains(w.Body.String(), ",'=cmd(),") {
			t.Errorf("%d %v\n%s", w.Code, w.Header(), w.Body)
		}
		if n := k.count(`SELECT count(*) FROM activity_logs WHERE activity_type = 'contacts_exported'`); n != 1 {
			t.Errorf("recorded %d times", n)
		}
		k.play(
			scenario{"without permission", http.MethodGet, "/api/v1/contacts/export", author, ``, 403, nil, nil},
			scenario{"a bad filter", http.MethodGet, "/api/v1/contacts/export?filters=x", admin, ``, 400, []string{`"field":"filters"`}, nil},
		)
	})
}

func TestSearchFollowsAContact(t *testing.T) {
	eachContactsDesk(t, func(k *contactsDesk) {
		path, _ := k.add("kim@x.test")
		find := func(query string, has bool) {
			t.Helper()
			k.must(k.deps.Search.CatchUp(t.Context(), nil))
			w := k.get("/api/v1/contacts/search?query="+query, admin)
			if got := strings.Contains(w.Body.String(), `"id":`); got != has {
				t.Errorf("%s: %s", query, w.Body)
			}
		}
		find("kim", true)
		k.json(http.MethodPatch, path, admin, `{"first_name":"Zora","email":"zora@new.test"}`)
		find("zora", true)
		find("new.test", true)
		find("kim@x.test", false)
		k.json(http.MethodDelete, path+"?conversations=keep", admin, ``)
		find("zora", false)
	})
}
