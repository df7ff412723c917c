package api_test

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/foyerdesk/foyer/internal/api"
	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/contact"
	"github.com/foyerdesk/foyer/internal/desk/conversation"
	"github.com/foyerdesk/foyer/internal/desk/event"
	"github.com/foyerdesk/foyer/internal/desk/organization"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/platform/bus"
	"github.com/foyerdesk/foyer/internal/platform/db"
)

// keeper may look after contacts and organizations without being an administrator, and reads only what is assigned to it.
const keeper = "keeper"

func eachOrganizationsDesk(t *testing.T, fn func(k *contactsDesk)) {
	t.Helper()
	eachContactsDesk(t, func(k *contactsDesk) {
		k.deps.Organizations = organization.New(k.db, event.NewLog(k.db, bus.Local{}, k.deps.Log), k.contacts)
		k.agents[keeper] = &agent.Principal{ID: 3, FirstName: "Leo", Permissions: role.SetOf(role.ContactsRead, role.ContactsWrite, role.ConversationsRead, role.ConversationsReadAssigned)}
		k.api = api.New(k.deps, api.Conversations, api.Contacts, api.Organizations, api.Search, api.Media)
		fn(k)
	})
}

// ask sends JSON and decodes the data of the answer, which must have a status.
func (k *contactsDesk) ask(who, method, path, body string, code int, out any) {
	k.t.Helper()
	w := k.json(method, "/api/v1"+path, who, body)
	if w.Code != code {
		k.t.Fatalf("%s %s %s gave %d, want %d: %s", method, path, body, w.Code, code, w.Body)
	}
	if out != nil {
		data(k.t, w, out)
	}
}

func (k *contactsDesk) organization(name string, domains ...string) (o organization.Organization) {
	k.t.Helper()
	k.ask(admin, http.MethodPost, "/organizations", fmt.Sprintf(`{"name":%q,"domains":%s}`, name, db.ToJSON(append([]string{}, domains...))), 200, &o)
	return o
}

// company is the name of the organization that a contact belongs to, "" for none.
func (k *contactsDesk) company(id int64) string {
	k.t.Helper()
	var c contact.Detail
	k.ask(admin, http.MethodGet, fmt.Sprintf("/contacts/%d", id), "", 200, &c)
	if (c.Organization == nil) != (c.OrganizationID == nil) {
		k.t.Errorf("contact %d: organization %v, name %v", id, c.OrganizationID, c.Organization)
	}
	if c.Organization == nil {
		return ""
	}
	return *c.Organization
}

func TestContactsBelongToTheOrganizationOfTheirDomain(t *testing.T) {
	eachOrganizationsDesk(t, func(k *contactsDesk) {
		_, before := k.add("kim@acme.test")
		_, stranger := k.add("bo@notacme.test")
		acme := k.organization(" Acme ", "@ACME.test", "acme.example", "acme.test")
		if acme.Name != "Acme" || strings.Join(acme.Domains, " ") != "acme.example acme.test" || acme.Contacts != 1 {
			t.Errorf("made %+v", acme)
		}
		_, after := k.add("lou@acme.test")
		var written int64
		k.must(k.db.Tx(t.Context(), func(tx *db.Tx) (err error) {
			written, _, err = contact.FindOrCreate(t.Context(), tx, contact.Identity{Email: "Post@Acme.Example"})
			return err
		}))
		expect := func(id int64, want string) {
			t.Helper()
			if got := k.company(id); got != want {
				t.Errorf("contact %d belongs to %q, want %q", id, got, want)
			}
		}
		for id, want := range map[int64]string{before: "Acme", after: "Acme", written: "Acme", stranger: ""} {
			expect(id, want)
		}
		// Who was taken out by hand stays out, whatever happens to the domain or to the address.
		patch := func(id int64, body string, code int) {
			t.Helper()
			k.ask(admin, http.MethodPatch, fmt.Sprintf("/contacts/%d", id), body, code, nil)
		}
		path := fmt.Sprintf("/organizations/%d", acme.ID)
		patch(after, `{"organization_id":0}`, 200)
		patch(stranger, fmt.Sprintf(`{"organization_id":%d}`, acme.ID), 200)
		k.ask(admin, http.MethodPatch, path, `{"domains":["acme.example"]}`, 200, nil)
		k.ask(admin, http.MethodPatch, path, `{"domains":["acme.example","acme.test"]}`, 200, nil)
		patch(after, `{"email":"lou@acme.example"}`, 200)
		expect(after, "")
		expect(stranger, "Acme")
		expect(before, "Acme")
		_, late := k.add("late@elsewhere.test")
		patch(late, `{"email":"late@acme.test"}`, 200)
		expect(late, "Acme")
		patch(late, `{"organization_id":999}`, 400)
		patch(late, `{"country":"NO"}`, 200)
		expect(late, "Acme")
		// A merged contact brings its organization, unless the other was taken out of one.
		_, into := k.add("late@home.test")
		k.ask(admin, http.MethodPost, fmt.Sprintf("/contacts/%d/merge", late), fmt.Sprintf(`{"into":%d}`, into), 200, nil)
		expect(into, "Acme")
		k.ask(admin, http.MethodPost, fmt.Sprintf("/contacts/%d/merge", before), fmt.Sprintf(`{"into":%d}`, after), 200, nil)
		expect(after, "")
		rows, err := csv.NewReader(k.get("/api/v1/contacts/export", admin).Body).ReadAll()
		if err != nil || rows[0][len(rows[0])-1] != "organization" || !strings.Contains(fmt.Sprint(rows), "Acme]") {
			t.Errorf("the export: %v %v", rows, err)
		}
		k.ask(admin, http.MethodPatch, path, `{"name":"Acme Ltd"}`, 200, nil)
		expect(into, "Acme Ltd")
		k.ask(admin, http.MethodDelete, path, "", 200, nil)
		expect(into, "")
		k.ask(admin, http.MethodGet, path, "", 404, nil)
		k.ask(admin, http.MethodDelete, path, "", 404, nil)
	})
}

func TestWrongOrganizationsAreRefusedByField(t *testing.T) {
	eachOrganizationsDesk(t, func(k *contactsDesk) {
		acme := k.organization("Acme", "acme.test")
		globex := k.organization("Globex", "globex.test")
		long := strings.Repeat("x", 141)
		for body, field := range map[string]string{
			`{}`: `"name"`, `{"name":"  "}`: `"name"`, `{"name":"` + long + `"}`: `"name"`, `{"name":"a\u0007b"}`: `"name"`, `{"name":"ACME "}`: `"name"`,
			`{"name":"x","domains":["gmail.com"]}`: `"domains"`, `{"name":"x","domains":["acme.test"]}`: `"domains"`, `{"name":"x","domains":["nodots"]}`: `"domains"`,
			`{"name":"x","domains":["a b.test"]}`: `"domains"`, `{"name":"x","domains":["kim@acme.test"]}`: `"domains"`, `{"name":"x","domains":[""]}`: `"domains"`,
			`{"name":"x","domains":["` + long + long + `.test"]}`: `"domains"`, `{"name":"x","note":"` + strings.Repeat("n", 10_001) + `"}`: `"note"`,
		} {
			w := k.json(http.MethodPost, "/api/v1/organizations", admin, body)
			if w.Code != 400 || !strings.Contains(w.Body.String(), field) {
				t.Errorf("%.60s: %d %s", body, w.Code, w.Body)
			}
		}
		// Nothing is half done: neither the name nor the first of two domains.
		k.ask(admin, http.MethodPatch, fmt.Sprintf("/organizations/%d", globex.ID), `{"name":"Other","domains":["free.test","acme.test"]}`, 400, nil)
		var same organization.Organization
		k.ask(admin, http.MethodGet, fmt.Sprintf("/organizations/%d", globex.ID), "", 200, &same)
		if same.Name != "Globex" || strings.Join(same.Domains, " ") != "globex.test" {
			t.Errorf("half done: %+v", same)
		}
		k.ask(admin, http.MethodPatch, fmt.Sprintf("/organizations/%d", acme.ID), `{"name":"acme"}`, 200, nil)
		for path, code := range map[string]int{"/organizations?cursor=x": 400, "/organizations?q=" + long: 400, "/organizations/0": 400, "/organizations/999": 404,
			"/organizations/999/contacts": 404, "/organizations/999/conversations": 404, "/organizations?q=%25": 200} {
			k.ask(admin, http.MethodGet, path, "", code, nil)
		}
	})
}

func TestOrganizationsAreListedByNameInPages(t *testing.T) {
	eachOrganizationsDesk(t, func(k *contactsDesk) {
		for _, name := range []string{"delta", "Alpha", "Charlie 100%", "bravo", "Échelle"} {
			k.organization(name, strings.ToLower(name[:2])+"x.test")
		}
		var names []string
		path := "/organizations?page_size=2"
		for range 3 {
			var page organization.Page
			k.ask(admin, http.MethodGet, path, "", 200, &page)
			if page.Total != 5 || page.TotalPages != 3 {
				t.Errorf("total %d, pages %d", page.Total, page.TotalPages)
			}
			for _, o := range page.Results {
				names = append(names, o.Name)
			}
			if page.NextCursor != nil {
				path = "/organizations?page_size=2&cursor=" + *page.NextCursor
			}
		}
		if got := strings.Join(names, ","); got != "Alpha,bravo,Charlie 100%,delta,Échelle" {
			t.Error(got)
		}
		for search, want := range map[string]string{"RAV": "bravo", "0%25": "Charlie 100%", "%25": "Charlie 100%", "dex": "delta", "x.test": "", "ÉCH": "Échelle"} {
			var page organization.Page
			k.ask(admin, http.MethodGet, "/organizations?q="+search, "", 200, &page)
			if got := fmt.Sprint(len(page.Results)); (want == "") != (got == "0") || want != "" && (len(page.Results) != 1 || page.Results[0].Name != want) {
				t.Errorf("%s: %+v", search, page.Results)
			}
		}
	})
}

func TestWhatAgentsSeeOfAnOrganization(t *testing.T) {
	eachOrganizationsDesk(t, func(k *contactsDesk) {
		acme := k.organization("Acme", "acme.test")
		open := func(email string, assignee int64) string {
			t.Helper()
			c, err := k.c.Create(t.Context(), k.agents[admin], conversation.Create{InboxID: 1, ContactEmail: email, FirstName: "Kim", Subject: "Lamp", Content: "<p>hi</p>", Initiator: "contact"})
			k.must(err)
			if assignee != 0 {
				k.must(k.c.AssignAgent(t.Context(), k.agents[admin], c.UUID, &assignee))
			}
			return c.UUID
		}
		theirs, others, foreign := open("kim@acme.test", 3), open("lou@acme.test", 0), open("bo@shop.test", 3)
		path := fmt.Sprintf("/organizations/%d", acme.ID)
		uuids := func(who, path string) string {
			t.Helper()
			w := k.get("/api/v1"+path, who)
			var out []string
			for name, id := range map[string]string{"theirs": theirs, "others": others, "foreign": foreign} {
				if strings.Contains(w.Body.String(), id) {
					out = append(out, name)
				}
			}
			slices.Sort(out)
			return strings.Join(out, " ")
		}
		filter := `?filters=` + strings.ReplaceAll(fmt.Sprintf(`[{"model":"users","field":"organization_id","operator":"OP","value":"%d"}]`, acme.ID), " ", "%20")
		for _, c := range []struct{ who, path, want string }{
			{admin, path + "/conversations", "others theirs"}, {keeper, path + "/conversations", "theirs"}, {author, path + "/conversations", ""},
			{admin, "/conversations/all" + strings.Replace(filter, "OP", "equals", 1), "others theirs"}, {admin, "/conversations/all" + strings.Replace(filter, "OP", "not%20equals", 1), "foreign"},
			{admin, "/conversations/all" + strings.Replace(filter, "OP", "set", 1), "others theirs"}, {admin, "/conversations/all" + strings.Replace(filter, "OP", "not%20set", 1), "foreign"}, {keeper, "/conversations/assigned" + strings.Replace(filter, "OP", "equals", 1), "theirs"},
		} {
			if got := uuids(c.who, c.path); got != c.want {
				t.Errorf("%s: %s shows %q, want %q", c.who, c.path, got, c.want)
			}
		}
		if body := k.get("/api/v1/conversations/"+theirs, admin).Body.String(); !strings.Contains(body, `"organization":"Acme"`) {
			t.Errorf("the conversation: %s", body)
		}
		for _, c := range []struct {
			who, method, path, body string
			code                    int
		}{
			{"", http.MethodGet, "/organizations", "", 401}, {"", http.MethodGet, path + "/conversations", "", 401},
			{limited, http.MethodGet, "/organizations", "", 403}, {limited, http.MethodGet, path, "", 403}, {limited, http.MethodGet, path + "/conversations", "", 403},
			{author, http.MethodGet, "/organizations", "", 200}, {author, http.MethodPost, "/organizations", `{"name":"x"}`, 403}, {author, http.MethodPatch, path, `{"note":"x"}`, 403},
			{author, http.MethodGet, path + "/contacts", "", 403}, {keeper, http.MethodGet, path + "/contacts", "", 403}, {keeper, http.MethodDelete, path, "", 403},
			{keeper, http.MethodPost, "/organizations", `{"name":"Globex"}`, 200}, {keeper, http.MethodPatch, path, `{"note":"x"}`, 200}, {admin, http.MethodGet, path + "/contacts", "", 200},
		} {
			if w := k.json(c.method, "/api/v1"+c.path, c.who, c.body); w.Code != c.code {
				t.Errorf("%s %s %s: %d, want %d: %s", c.who, c.method, c.path, w.Code, c.code, w.Body)
			}
		}
		var page contact.Page
		k.ask(admin, http.MethodGet, path+"/contacts?order_by=users.email&order=asc", "", 200, &page)
		if len(page.Results) != 2 || *page.Results[0].Email != "kim@acme.test" || page.Total != 2 {
			t.Errorf("contacts %+v", page)
		}
		if n := k.count(`SELECT count(*) FROM activity_logs WHERE activity_type IN ('organization_created', 'organization_updated')`); n != 3 {
			t.Errorf("%d entries of the activity log", n)
		}
	})
}
