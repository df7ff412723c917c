package app_test

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"mime/multipart"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/foyerdesk/foyer/internal/api"
	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
)

// deed is something that an administrator does, and what the activity log calls it. In path, {key} is an API key of the
// agent, {team} and so on are what the desk has.
type deed struct {
	method, path string
	body         any
	kind         string
}

// picture is sent as a file.
type picture struct{}

// unrecorded are the routes that change something and leave no entry, each for a reason.
var unrecorded = map[string]string{
	"POST /agents/import/check":           "changes nothing",
	"POST /agents/import":                 "its entry comes with its end: TestAgentsAreImportedRowByRow",
	"POST /oidc/test":                     "changes nothing",
	"PUT /settings/guide":                 "how far an administrator got in a guide",
	"POST /templates/preview":             "changes nothing",
	"POST /templates/{id}/reset":          "an update: TestABuiltInTemplateIsSaidInEachLanguageUntilItIsChanged",
	"POST /tags/import":                   "its entry comes with its end",
	"POST /bulk/{id}/undo":                "a change of conversations",
	"POST /views/me":                      "one's own view",
	"PUT /views/me/{id}":                  "one's own view",
	"DELETE /views/me/{id}":               "one's own view",
	"POST /contacts/{id}/notes":           "what is written about a customer, as a message is",
	"PUT /contacts/{id}":                  "the form of PATCH /contacts/{id}",
	"DELETE /agents/{id}/sessions":        "together with DELETE /agents/{id}/sessions/{of}",
	"POST /contacts/bulk":                 "as of each contact by itself: TestSeveralContactsAreChangedEachByItself",
	"DELETE /contacts/{id}/twins/{other}": "what an agent thinks of a suggestion",

	"POST /outbox/resend":                         "needs a reply: TestRepliesThatFailedAreSentAgainAtOnce",
	"PUT /outbox/{message}/resend":                "needs a reply: TestRepliesAreListedResentReaddressedAndTakenBack",
	"PUT /outbox/{message}/cancel":                "needs a reply: TestRepliesAreListedResentReaddressedAndTakenBack",
	"POST /inboxes/oauth/{provider}/authorize":    "changes nothing until the provider sends the browser back: TestMailboxIsConnectedByOAuthReadAndAnswered",
	"POST /mails/{mail}/release":                  "needs a mail: TestMailsAreListedByStateReadAndReleased",
	"PUT /inboxes/{id}/mailboxes/{mailbox}/since": "needs a mailbox: TestOlderMailIsLeftOutUntilAskedFor",
}

func deeds(p *prepared, agent, role, inbox, oidc string) []deed {
	who := map[string]any{"first_name": "Asha", "email": "asha@x.test", "roles": []string{"Agent"}, "enabled": true, "availability_status": "offline"}
	with := func(field string, value any) map[string]any {
		out := map[string]any{field: value}
		for k, v := range who {
			if k != field {
				out[k] = v
			}
		}
		return out
	}
	general := func(name string) map[string]any {
		return map[string]any{"app.site_name": name, "app.lang": "en-US", "app.root_url": "http://desk.test", "app.max_file_upload_size": 5, "app.allowed_file_upload_extensions": []string{"*"}}
	}
	attribute := func(name, key string) map[string]any {
		return map[string]any{"name": name, "description": "What they pay for", "applies_to": "contact", "key": key, "data_type": "text"}
	}
	inboxBody := func(name string) map[string]any {
		b := inboxBody(startMail(p.t), "Care <care@acme.test>")
		b["name"], b["enabled"] = name, false
		return b
	}
	idp := startIdentity(p.t)
	login := providerBody(idp)
	renamed := providerBody(idp)
	renamed["name"] = "Other login"
	host, port := hostPort(startMail(p.t).SMTPAddr)
	contact, err := strconv.Atoi(p.ids["contacts"])
	if err != nil {
		p.t.Fatal(err)
	}
	tried := inboxBody("Care")
	tried["to"] = "a@x.test"
	return []deed{
		{"POST", "/agents", map[string]any{"first_name": "Nu", "email": "nu@x.test", "roles": []string{"Agent"}}, "agent_created"},
		{"POST", "/agents/" + agent + "/invitation", nil, "agent_invited"},
		{"PUT", "/agents/" + agent + "/avatar", picture{}, "agent_updated"},
		{"DELETE", "/agents/" + agent + "/avatar", nil, "agent_updated"},
		{"PUT", "/agents/" + agent, with("first_name", "Asha B."), "agent_updated"},
		{"PUT", "/agents/" + agent, with("roles", []string{}), "agent_roles_changed"},
		{"PUT", "/agents/" + agent, with("availability_status", "away_manual"), "agent_away"},
		{"PUT", "/agents/" + agent, with("new_password", "An0ther!Passw0rd"), "agent_password_set"},
		{"PUT", "/agents/" + agent, with("enabled", false), "agent_disabled"},
		{"PUT", "/agents/" + agent, who, "agent_enabled"},
		{"POST", "/agents/" + agent + "/api-key", nil, "agent_api_key_generated"},
		{"DELETE", "/agents/" + agent + "/api-key", nil, "agent_api_key_revoked"},
		{"POST", "/agents/" + agent + "/api-keys", map[string]any{"name": "Export", "permissions": []string{"messages:read"}}, "agent_api_key_generated"},
		{"DELETE", "/agents/" + agent + "/api-keys/{key}", nil, "agent_api_key_revoked"},
		{"DELETE", "/agents/" + agent + "/sessions/{session}", nil, "agent_sessions_revoked"},
		{"DELETE", "/agents/" + agent + "/identities", nil, "agent_identities_unlinked"},
		{"DELETE", "/agents/" + agent + "/two-factor", nil, "agent_two_factor_disabled"},
		{"DELETE", "/agents/" + agent, nil, "agent_deleted"},
		{"POST", "/roles", map[string]any{"name": "R2", "permissions": []string{"messages:read"}}, "role_created"},
		{"PUT", "/roles/" + role, map[string]any{"name": "Reads", "permissions": []string{"messages:read"}}, "role_updated"},
		{"PUT", "/roles/" + role, map[string]any{"name": "Reads", "permissions": []string{"messages:read", "messages:write"}}, "agent_role_permissions_changed"},
		{"PUT", "/roles/" + role + "/two-factor", map[string]any{"require_two_factor": true}, "role_updated"},
		{"DELETE", "/roles/" + role, nil, "role_deleted"},
		{"POST", "/teams", map[string]any{"name": "Care", "conversation_assignment_type": "Manual"}, "team_created"},
		{"PUT", "/teams/" + p.ids["teams"], map[string]any{"name": "Bills", "conversation_assignment_type": "Manual"}, "team_updated"},
		{"DELETE", "/teams/" + p.ids["teams"], nil, "team_deleted"},
		{"POST", "/statuses", map[string]any{"name": "Parked", "category": "waiting"}, "status_created"},
		{"PUT", "/statuses/" + p.ids["statuses"], map[string]any{"name": "Waits for parts", "category": "waiting"}, "status_updated"},
		{"DELETE", "/statuses/" + p.ids["statuses"], nil, "status_deleted"},
		{"POST", "/tags", map[string]any{"name": "urgent"}, "tag_created"},
		{"PUT", "/tags/" + p.ids["tags"], map[string]any{"name": "important"}, "tag_updated"},
		{"DELETE", "/tags/" + p.ids["tags"], nil, "tag_deleted"},
		{"POST", "/custom-attributes", attribute("Seats", "seats"), "custom_attribute_created"},
		{"PUT", "/custom-attributes/" + p.ids["custom-attributes"], attribute("Tariff", "plan"), "custom_attribute_updated"},
		{"DELETE", "/custom-attributes/" + p.ids["custom-attributes"], nil, "custom_attribute_deleted"},
		{"POST", "/shared-views", map[string]any{"name": "All", "filters": []any{}, "visibility": "all"}, "shared_view_created"},
		{"PUT", "/shared-views/" + p.ids["shared-views"], map[string]any{"name": "Our own", "filters": []any{}, "visibility": "all"}, "shared_view_updated"},
		{"DELETE", "/shared-views/" + p.ids["shared-views"], nil, "shared_view_deleted"},
		{"POST", "/templates", map[string]any{"name": "Brand", "type": "email_outgoing", "body": "x"}, "template_created"},
		{"PUT", "/templates/" + p.ids["templates"], map[string]any{"name": "Plainer", "type": "email_outgoing", "body": "y"}, "template_updated"},
		{"POST", "/templates/test", map[string]any{"name": "Brand", "type": "email_outgoing", "body": "x", "to": "a@x.test"}, "template_tested"},
		{"DELETE", "/templates/" + p.ids["templates"], nil, "template_deleted"},
		{"POST", "/inboxes", inboxBody("Care"), "inbox_created"},
		{"PUT", "/inboxes/" + inbox, inboxBody("Caring"), "inbox_updated"},
		{"PUT", "/inboxes/" + inbox + "/toggle", nil, "inbox_updated"},
		{"PUT", "/inboxes/" + inbox + "/pace", map[string]any{"per_minute": 60}, "inbox_updated"},
		{"POST", "/inboxes/test", tried, "inbox_tested"},
		{"DELETE", "/inboxes/" + inbox, nil, "inbox_deleted"},
		{"PUT", "/settings/general", general("Acme"), "general_settings_changed"},
		{"POST", "/settings/general/logo", picture{}, "general_settings_changed"},
		{"DELETE", "/settings/general/logo", nil, "general_settings_changed"},
		{"POST", "/settings/general/favicon", picture{}, "general_settings_changed"},
		{"DELETE", "/settings/general/favicon", nil, "general_settings_changed"},
		{"PUT", "/settings/notifications/email", ownMail(host, port, map[string]any{"notification.email.max_conns": 3}), "email_notification_settings_changed"},
		{"POST", "/settings/notifications/email/test", ownMail(host, port, map[string]any{"email": "a@x.test"}), "email_notification_settings_tested"},
		{"PUT", "/settings/activity-log", map[string]any{"retention_days": 365}, "activity_log_retention_changed"},
		{"POST", "/oidc", login, "oidc_provider_created"},
		{"PUT", "/oidc/" + oidc, renamed, "oidc_provider_updated"},
		{"PUT", "/settings/sign-in", map[string]any{"app.sso_only": true}, "sso_only_enabled"},
		{"PUT", "/settings/sign-in", map[string]any{"app.sso_only": false}, "sso_only_disabled"},
		{"DELETE", "/oidc/" + oidc, nil, "oidc_provider_deleted"},
		{"PUT", "/agents/me", picture{}, "agent_updated"},
		{"DELETE", "/agents/me/avatar", nil, "agent_updated"},
		{"POST", "/contacts", map[string]any{"first_name": "Ida", "email": "ida@x.test"}, "contact_created"},
		{"PATCH", "/contacts/" + p.ids["contacts"], map[string]any{"country": "NO"}, "contact_updated"},
		{"PUT", "/contacts/" + p.ids["contacts"] + "/block", map[string]any{"enabled": false}, "contact_blocked"},
		{"DELETE", "/contacts/" + p.ids["contacts"] + "/notes/" + p.ids["notes"], nil, "contact_note_deleted"},
		{"POST", "/contacts/{contact}/merge", map[string]any{"into": contact}, "contact_merged"},
		{"DELETE", "/contacts/" + p.ids["contacts"] + "?conversations=keep", nil, "contact_deleted"},
		{"POST", "/organizations", map[string]any{"name": "Globex", "domains": []string{"globex.test"}}, "organization_created"},
		{"PATCH", "/organizations/" + p.ids["organizations"], map[string]any{"note": "pays late"}, "organization_updated"},
		{"DELETE", "/organizations/" + p.ids["organizations"], nil, "organization_deleted"},
		{"DELETE", "/conversations/" + p.ids["conversations"] + "/messages/" + p.ids["messages"], nil, "data_deleted"},
	}
}

// perform does a deed and returns the status and body of the answer.
func (c *client) perform(method, path string, body any) (int, []byte) {
	c.t.Helper()
	if _, file := body.(picture); !file {
		return c.do(method, api.Base+path, body)
	}
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	part, err := w.CreateFormFile("files", "a.png")
	if err == nil {
		err = png.Encode(part, image.NewGray(image.Rect(0, 0, 8, 8)))
	}
	if err != nil || w.Close() != nil {
		c.t.Fatal(err)
	}
	a := ask(c.t, c.base, method, api.Base+path, form.String(), append(c.session(), "Content-Type", w.FormDataContentType())...)
	return a.code, a.body
}

func TestEveryDeedOfAnAdministratorIsInTheActivityLog(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		cfg := deskConfig(t, url)
		cfg.OutboundAllow = []string{"127.0.0.0/8"}
		d := startWith(t, cfg)
		p := prepareOn(t, d)
		id := d.addAgent("asha@x.test", "Agent")
		var role, inbox, oidc made
		d.admin.ok(http.MethodPost, "/api/v1/roles", map[string]any{"name": "R", "permissions": []string{"messages:read"}}, &role)
		inboxBody := inboxBody(startMail(t), "More <more@acme.test>")
		inboxBody["enabled"] = false
		d.admin.ok(http.MethodPost, "/api/v1/inboxes", inboxBody, &inbox)
		d.admin.ok(http.MethodPost, "/api/v1/oidc", providerBody(startIdentity(t)), &oidc)
		d.exec(`INSERT INTO oidc_identities (user_id, issuer, subject, email, created_at, last_used_at) VALUES ($1, 'https://id.test', 'sub', 'asha@x.test', 1, 1)`, id)
		done := map[string]bool{}
		for _, one := range deeds(p, fmt.Sprint(id), fmt.Sprint(role.ID), fmt.Sprint(inbox.ID), fmt.Sprint(oidc.ID)) {
			path := one.path
			for place, newest := range map[string]string{"{key}": `SELECT COALESCE(max(id), 0) FROM api_keys WHERE user_id = $1`, "{contact}": `SELECT COALESCE(max(id), 0) FROM users WHERE id > $1 AND type = 'contact'`} {
				path = strings.Replace(path, place, fmt.Sprint(d.count(newest, id)), 1)
			}
			if strings.Contains(path, "{session}") {
				signIn(t, d.app.URL(), "asha@x.test", "An0ther!Passw0rd")
				path = strings.Replace(path, "{session}", fmt.Sprint(d.count(`SELECT max(id) FROM sessions WHERE user_id = $1`, id)), 1)
			}
			before := d.count(`SELECT COALESCE(max(id), 0) FROM activity_logs`)
			if code, raw := d.admin.perform(one.method, path, one.body); code != http.StatusOK {
				t.Errorf("%s %s: %d %s", one.method, path, code, clip(raw))
				continue
			}
			if n := d.count(`SELECT count(*) FROM activity_logs WHERE id > $1 AND activity_type = $2 AND actor_id = 1 AND ip <> ''`, before, one.kind); n != 1 {
				t.Errorf("%s %s: %d entries %s", one.method, path, n, one.kind)
			}
			done[one.method+" "+shape(d, one.method, path)] = true
		}
		if testing.Short() { // the quick loop asks only about what is listed
			return
		}
		for _, r := range d.app.API.Routes() {
			route := r.Method + " " + strings.TrimPrefix(r.Path, api.Base)
			if r.Permission == "" || !changes(r.Method) || done[route] || unrecorded[route] != "" || strings.HasPrefix(route, r.Method+" /conversations") || route == "POST /media" {
				continue
			}
			t.Errorf("%s: nobody says whether it is in the activity log", route)
		}
	})
}

// shape returns the route of a path.
func shape(d *desk, method, path string) string {
	path, _, _ = strings.Cut(path, "?")
	parts := strings.Split(path, "/")
	for _, r := range d.app.API.Routes() {
		want := strings.Split(strings.TrimPrefix(r.Path, api.Base), "/")
		same := r.Method == method && slices.EqualFunc(parts, want, func(a, b string) bool { return a == b || strings.HasPrefix(b, "{") })
		if same && strings.Count(r.Path, "{") <= strings.Count(path, "/") {
			return strings.TrimPrefix(r.Path, api.Base)
		}
	}
	return path
}
