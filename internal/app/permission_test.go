package app_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/foyerdesk/foyer/internal/api"
	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
)

// canary begins a word that stands in everything that belongs to a conversation; what follows names the conversation.
const canary = "zqcanary"

// asker is somebody who tries every route, with what they may read beside conversations:read.
type asker struct {
	*client
	name  string
	reads []string
	id    int64
}

// doesAll are the permissions of every asker: only what they may read is between them and a conversation.
var doesAll = []string{"conversations:read", "conversations:update_user_assignee", "conversations:update_team_assignee", "conversations:update_priority",
	"conversations:update_status", "conversations:update_tags", "conversations:delete", "conversations:write", "messages:read", "messages:write",
	"messages:write_as_contact", "view:manage", "contacts:read_all", "contacts:read", "contacts:write", "contacts:block", "contact_notes:read", "contact_notes:write"}

// secretOf is a conversation whose words only those may see who may read it.
type secretOf struct {
	name, uuid, word, note, file string
	user, team                   int64 // 0 for nobody
	status                       int64 // 1, or that of spam or trash
}

// mayRead is the rule R1 of the contract, written down a second time.
func (a *asker) mayRead(myTeam int64, s *secretOf) bool {
	has := func(perm string) bool { return slices.Contains(a.reads, "conversations:"+perm) }
	return has("read_all") ||
		s.user == a.id && has("read_assigned") ||
		s.team == myTeam && has("read_team_all") ||
		s.team == myTeam && s.user == 0 && has("read_team_inbox") ||
		s.team == 0 && s.user == 0 && has("read_unassigned")
}

// vault is a desk with askers and secrets.
type vault struct {
	*office
	askers  []*asker
	secrets []*secretOf
	myTeam  int64
	contact int64
}

// TestNobodyReachesAConversationTheyMayNotRead tries every route of the API that there is, so that a new one cannot be
// forgotten, as everybody on every conversation: who may not read it is refused, who may is not, and no answer and no
// frame holds a word of what the asker may not read.
func TestNobodyReachesAConversationTheyMayNotRead(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		v := &vault{office: newOffice(t, url)}
		v.employ()
		v.hide()
		v.tryEveryRoute()
		v.tryLists()
		v.tryBulk()
		v.trySockets()
	})
}

func (v *vault) employ() {
	var m made
	v.admin.ok(http.MethodPost, "/api/v1/teams", map[string]any{"name": "Theirs", "conversation_assignment_type": "Manual"}, &m)
	v.myTeam = m.ID
	for i, reads := range [][]string{{}, {"read_assigned"}, {"read_unassigned"}, {"read_team_inbox"}, {"read_team_all"}, {"read_all"}} {
		a := &asker{name: fmt.Sprintf("who may %v", reads)}
		for _, r := range reads {
			a.reads = append(a.reads, "conversations:"+r)
		}
		role := fmt.Sprint("Asker ", i)
		v.admin.ok(http.MethodPost, "/api/v1/roles", map[string]any{"name": role, "permissions": slices.Concat(doesAll, a.reads)}, nil)
		email := fmt.Sprintf("asker%d@acme.test", i)
		a.id = v.addAgent(email, role)
		v.admin.ok(http.MethodPut, fmt.Sprintf("/api/v1/agents/%d", a.id), map[string]any{"first_name": "A", "email": email, "roles": []string{role},
			"teams": []string{"Theirs"}, "enabled": true, "availability_status": "offline"}, nil)
		a.client = signIn(v.t, v.app.URL(), email, agentPassword)
		v.askers = append(v.askers, a)
	}
	v.askers = append(v.askers, &asker{client: v.admin, name: "admin", id: 1, reads: []string{"conversations:read_all"}})
}

// hide makes the secrets, all of one customer: at every place a conversation can be, and in spam and trash.
func (v *vault) hide() {
	type where struct {
		name       string
		user, team int64
		status     int64
	}
	places := []where{{"unassigned", 0, 0, 1}, {"the team's", 0, v.myTeam, 1}, {"a colleague's", v.annID, v.myTeam, 1}, {"another team's", 0, v.team, 1},
		{"a stranger's", v.annID, v.team, 1}, {"an agent's", v.annID, 0, 1}, {"spam", 0, 0, -1}, {"a stranger's spam", v.annID, v.team, -1},
		{"trash", 0, v.myTeam, -2}, {"a stranger's trash", v.annID, 0, -2}}
	for _, a := range v.askers {
		places = append(places, where{"own of " + a.name, a.id, 0, 1})
	}
	for i, p := range places {
		s := &secretOf{name: p.name, word: canary + string(rune('a'+i/26)) + string(rune('a'+i%26)) + "end", user: p.user, team: p.team, status: p.status}
		body := newConversation(v.inbox, "kim@x.test")
		body["subject"], body["content"] = "about "+s.word, "<p>says "+s.word+"</p>"
		if p.user > 0 {
			body["agent_id"] = p.user
		}
		if p.team > 0 {
			body["team_id"] = p.team
		}
		var c conv
		v.admin.ok(http.MethodPost, "/api/v1/conversations", body, &c)
		s.uuid, v.contact = c.UUID, c.ContactID
		file := v.upload(v.admin, s.word+".txt", "holds "+s.word)
		mentions := []map[string]any{}
		for _, a := range v.askers {
			mentions = append(mentions, map[string]any{"type": "agent", "id": a.id})
		}
		var m message
		v.admin.ok(http.MethodPost, at(s.uuid, "/messages"), map[string]any{"message": "<p>note " + s.word + "</p>", "private": true, "sender_type": "agent",
			"attachments": []int64{file}, "mentions": mentions}, &m)
		s.note, s.file = m.UUID, m.Attachments[0].UUID
		if s.status < 0 {
			v.admin.ok(http.MethodPut, at(s.uuid, map[int64]string{-1: "/spam", -2: "/trash"}[s.status]), nil, nil)
		}
		v.secrets = append(v.secrets, s)
	}
	eventually(v.t, "everything to be searchable", func() bool { return v.finds(v.secrets[len(v.secrets)-1].word) > 0 })
}

// reset brings a conversation back to its place after somebody who may has changed it.
func (v *vault) reset(s *secretOf) {
	null := func(id int64) any {
		if id == 0 {
			return nil
		}
		return id
	}
	before, hidden := any(nil), any(nil)
	if s.status < 0 {
		before, hidden = 1, 1
	}
	v.exec(`UPDATE conversations SET assigned_user_id = $2, assigned_team_id = $3, status_id = $4, status_before_hidden = $5, hidden_at = $6 WHERE uuid = $1`,
		s.uuid, null(s.user), null(s.team), s.status, before, hidden)
}

// requests are bodies that are taken, for routes that look at the body before the conversation.
var requests = map[string]string{
	"PUT /status": `{"status":"Resolved"}`, "PUT /priority": `{"priority":"Low"}`, "POST /tags": `{"tags":[],"action":"add_tags"}`,
	"PUT /assignee/user": `{"assignee_id":1}`, "PUT /assignee/team": `{"assignee_id":1}`, "PATCH ": `{"subject":"about WORD"}`,
	"POST /messages": `{"message":"<p>x</p>","private":true,"sender_type":"agent"}`, "POST /draft": `{"type":"reply","content":"x","meta":{}}`,
	"POST /merge": `{"uuids":["00000000-0000-4000-8000-000000000000"]}`, "POST /split": `{"message":"00000000-0000-4000-8000-000000000000"}`, "POST /unmerge": `{"uuids":["00000000-0000-4000-8000-000000000000"]}`,
	"PUT /held/{held}": `{"send_at":"TOMORROW"}`, "PUT /custom-attributes": `{}`, "PUT /contacts/custom-attributes": `{}`,
}

func (v *vault) tryEveryRoute() {
	v.t.Helper()
	tried := 0
	for _, r := range v.app.API.Routes() {
		rest, ofOne := strings.CutPrefix(r.Path, api.Base+"/conversations/{uuid}")
		if !ofOne {
			continue
		}
		for _, s := range v.secrets {
			path := at(s.uuid, strings.NewReplacer("{message}", s.note, "{held}", s.note).Replace(rest))
			if strings.Contains(path, "{") {
				v.t.Fatalf("nothing to put into %s", r.Path)
			}
			body := strings.NewReplacer("WORD", s.word, "TOMORROW", time.Now().Add(24*time.Hour).Format(time.RFC3339)).Replace(requests[r.Method+" "+rest])
			if body == "" && r.Method != http.MethodGet {
				body = "{}"
			}
			if a := ask(v.t, v.app.URL(), r.Method, path, body); a.code != 401 && a.code != 403 {
				v.t.Errorf("guest: %s %s: %d", r.Method, path, a.code)
			}
			for _, a := range v.askers {
				tried++
				v.try(a, s, r.Method, rest, path, body)
			}
		}
	}
	if tried < 1000 {
		v.t.Errorf("only %d requests", tried)
	}
	for _, s := range v.secrets {
		for _, a := range v.askers {
			got := ask(v.t, v.app.URL(), http.MethodGet, "/uploads/"+s.file, "", a.session()...)
			if want := a.mayRead(v.myTeam, s); (got.code == 200) != want || !want && got.code != 401 {
				v.t.Errorf("%s: file of %s: %d", a.name, s.name, got.code)
			}
			v.checkLeaks(a, "the file of "+s.name, got.body)
		}
		if got := ask(v.t, v.app.URL(), http.MethodGet, "/uploads/"+s.file, ""); got.code != 401 {
			v.t.Errorf("guest: file of %s: %d", s.name, got.code)
		}
	}
}

func (v *vault) try(a *asker, s *secretOf, method, rest, path, body string) {
	may := a.mayRead(v.myTeam, s)
	if may && method == http.MethodDelete {
		return // what is gone cannot be asked for by the next
	}
	got := ask(v.t, v.app.URL(), method, path, body, a.session()...)
	if method+rest != "DELETE/draft" { // one's own, whatever one may read
		if denied := got.code == 403; denied == may || got.code == 401 || got.code >= 500 {
			v.t.Errorf("%s: %s %s of %s: %d %s", a.name, method, rest, s.name, got.code, clip(got.body))
		}
	}
	v.checkLeaks(a, method+" "+rest+" of "+s.name, got.body)
	if may && method != http.MethodGet {
		v.reset(s)
	}
}

// checkLeaks looks for words that an asker may not read.
func (v *vault) checkLeaks(a *asker, what string, body []byte) {
	v.t.Helper()
	text := string(body)
	for _, s := range v.secrets {
		if !a.mayRead(v.myTeam, s) && (strings.Contains(text, s.word) || strings.Contains(text, s.file)) {
			v.t.Errorf("%s: %s tells of %s", a.name, what, s.name)
		}
	}
}

// tryLists asks for all that is of more than one conversation: lists, views, counts, searches, exports, notifications.
func (v *vault) tryLists() {
	var view made
	filter := `[{"model":"users","field":"email","operator":"equals","value":"kim@x.test"}]`
	v.admin.ok(http.MethodPost, "/api/v1/shared-views", map[string]any{"name": "Kim", "filters": json.RawMessage(filter), "visibility": "all"}, &view)
	ids := map[string]string{"views": fmt.Sprint(view.ID), "contacts": fmt.Sprint(v.contact), "teams": fmt.Sprint(v.myTeam)}
	for _, a := range v.askers {
		readable := 0
		for _, s := range v.secrets {
			if s.status > 0 && a.mayRead(v.myTeam, s) {
				readable++
			}
			v.trySearches(a, s)
		}
		for _, r := range v.app.API.Routes() {
			if r.Method != http.MethodGet || strings.Contains(r.Path, "{uuid}") || r.Path == "/ws" || r.Public {
				continue
			}
			collection, _, _ := strings.Cut(strings.TrimPrefix(r.Path, api.Base+"/"), "/")
			path := strings.NewReplacer("{id}", ids[collection], "{of}", "1", "{note}", "1", "{name}", "x", "{lang}", "de-DE").Replace(r.Path)
			for _, q := range []string{"?query=" + canary + "&page_size=500", "?page_size=500&query=" + url.QueryEscape(canary+" in:trash"), "?limit=50&query=" + url.QueryEscape("in:spam "+canary)} {
				v.checkLeaks(a, path+q, ask(v.t, v.app.URL(), http.MethodGet, path+q, "", a.session()...).body)
			}
		}
		var list struct{ Total int }
		var counts map[string]int
		if code, body := a.do(http.MethodGet, fmt.Sprintf("/api/v1/views/%d/conversations", view.ID), nil); code == 200 {
			_ = decode(body, &list)
		} else if len(a.reads) > 0 {
			v.t.Errorf("%s: the view: %d", a.name, code)
		}
		a.ok(http.MethodGet, "/api/v1/views/counts", nil, &counts)
		if n := counts[fmt.Sprint(view.ID)]; list.Total != readable || n != readable {
			v.t.Errorf("%s: a view shows %d and counts %d of %d", a.name, list.Total, n, readable)
		}
	}
}

// trySearches looks that a conversation is found by exactly those who may read it.
func (v *vault) trySearches(a *asker, s *secretOf) {
	want := s.status > 0 && a.mayRead(v.myTeam, s)
	for _, path := range []string{"/conversations/search", "/messages/search", "/search"} {
		if _, body := a.do(http.MethodGet, "/api/v1"+path+"?query="+s.word, nil); strings.Contains(string(body), s.uuid) != want {
			v.t.Errorf("%s: %s finds %s: %v: %s", a.name, path, s.name, !want, clip(body))
		}
	}
}

// tryBulk changes all of them at once: what may not be read is refused, and its row says nothing of it.
func (v *vault) tryBulk() {
	for _, a := range v.askers {
		var uuids []string
		may := int64(0)
		for _, s := range v.secrets {
			uuids = append(uuids, s.uuid)
			if a.mayRead(v.myTeam, s) {
				may++
			}
		}
		var j bulkStatus
		a.ok(http.MethodPost, "/api/v1/conversations/bulk", map[string]any{"uuids": uuids, "action": map[string]any{"type": "read"}}, &j)
		eventually(v.t, "the change of many to end", func() bool {
			a.ok(http.MethodGet, fmt.Sprintf("/api/v1/bulk/%d", j.ID), nil, &j)
			return !j.Running
		})
		if j.Done+j.Unchanged != may || j.Refused != int64(len(uuids))-may {
			v.t.Errorf("%s: %+v, %d may be read", a.name, j, may)
		}
		_, body := a.do(http.MethodGet, fmt.Sprintf("/api/v1/bulk/%d/refused?page_size=500", j.ID), nil)
		v.checkLeaks(a, "the refused rows", body)
	}
}

// trySockets lets everybody follow everything while the admin looks, types and writes in each conversation.
func (v *vault) trySockets() {
	watch := v.admin.dial("")
	for _, a := range v.askers {
		if a.client == v.admin {
			continue
		}
		sock := a.dial("")
		var uuids []string
		for _, s := range v.secrets {
			uuids = append(uuids, fmt.Sprintf("%q", s.uuid))
		}
		sock.write(`{"type":"list_subscribe_replace","data":{"uuids":[` + strings.Join(uuids, ",") + `]}}`)
		for _, s := range v.secrets {
			sock.write(fmt.Sprintf(`{"type":"conversation_subscribe","data":{"conversation_uuid":%q}}`, s.uuid))
			sock.settle()
			watch.write(fmt.Sprintf(`{"type":"conversation_subscribe","data":{"conversation_uuid":%q}}`, s.uuid))
			watch.write(fmt.Sprintf(`{"type":"typing","data":{"conversation_uuid":%q,"is_typing":true}}`, s.uuid))
			note := v.write(v.admin, s.uuid, "news of "+s.word, map[string]any{"private": true})
			watch.next("new_message", note.UUID)
			if a.mayRead(v.myTeam, s) && s.status > 0 {
				sock.next("new_message", note.UUID)
			}
		}
		sock.settle()
		for _, f := range sock.seen {
			v.checkLeaks(a, "frame "+f.Type, f.Data)
			for _, s := range v.secrets {
				if f.has(s.uuid) && !a.mayRead(v.myTeam, s) {
					v.t.Errorf("%s: frame %s tells of %s: %s", a.name, f.Type, s.name, clip(f.Data))
				}
			}
		}
		_ = sock.ws.CloseNow()
	}
}
