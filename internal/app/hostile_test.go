package app_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"sort"
	"strings"
	"testing"

	"github.com/foyerdesk/foyer/internal/api"
	"github.com/foyerdesk/foyer/internal/desk/remote"
	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
)

// bodies are requests that are accepted, for every route that takes one.
func (p *prepared) bodies(imapUser string) map[string]string {
	agent := `{"first_name":"Vic","last_name":"Tor","email":"vic@acme.test","roles":["Reader"],"teams":["Billing"],"enabled":true,"availability_status":"offline","new_password":"","send_welcome_email":true}`
	role := `{"name":"Reader","description":"reads","permissions":["messages:read"]}`
	team := `{"name":"Billing","emoji":"x","timezone":"Europe/Oslo","conversation_assignment_type":"Manual","business_hours_id":null,"sla_policy_id":null,"max_auto_assigned_conversations":3}`
	inbox := `{"name":"More","channel":"email","enabled":false,"csat_enabled":false,"prompt_tags_on_reply":false,"from":"More <more@acme.test>","from_name_template":"","secret":"s","linked_email_inbox_id":null,
		"config":{"auth_type":"password","enable_plus_addressing":true,"reply_to":"","imap":[{"host":"127.0.0.1","port":1,"username":"` + imapUser + `","password":"p","mailbox":"INBOX","tls_type":"none","read_interval":"1m","scan_inbox_since":"48h"}],
		"smtp":[{"host":"127.0.0.1","port":1,"username":"u","password":"p","auth_protocol":"plain","tls_type":"none","max_conns":1,"max_msg_retries":1,"idle_timeout":"25s","pool_wait_timeout":"10s","hello_hostname":"x"}]}}`
	return map[string]string{
		"POST /agents":                            strings.Replace(agent, "vic@", "new@", 1),
		"PUT /agents/{id}":                        agent,
		"POST /roles":                             strings.Replace(role, "Reader", "Other", 1),
		"PUT /roles/{id}":                         role,
		"POST /teams":                             strings.Replace(team, "Billing", "Other", 1),
		"PUT /teams/{id}":                         team,
		"POST /inboxes":                           inbox,
		"PUT /inboxes/{id}":                       inbox,
		"POST /inboxes/test":                      strings.Replace(inbox, `"name":`, `"id":1,"name":`, 1),
		"PUT /agents/me/availability":             `{"status":"online","source":"idle"}`,
		"PUT /settings/general":                   `{"app.site_name":"Foyer","app.lang":"en-US","app.root_url":"http://desk.test","app.logo_url":"","app.favicon_url":"/f.svg","app.max_file_upload_size":20,"app.allowed_file_upload_extensions":["*"],"app.timezone":"UTC","app.business_hours_id":"","app.show_conversation_subject":true}`,
		"PUT /settings/activity-log":              `{"retention_days":365}`,
		"PUT /settings/guide":                     `{"state":"open","step":"mailbox"}`,
		"POST /conversations":                     `{"inbox_id":` + p.ids["inboxes"] + `,"content":"<p>x</p>","contact_email":"new@x.test","first_name":"N","last_name":"L","external_user_id":"","subject":"S","initiator":"contact","agent_id":1,"team_id":` + p.ids["teams"] + `,"attachments":[],"tags":[],"custom_attributes":{}}`,
		"POST /conversations/{uuid}/messages":     `{"message":"<p>x</p>","sender_type":"agent","private":false,"to":["bo@x.test"],"cc":["c@x.test"],"bcc":["d@x.test"],"attachments":[],"mentions":[{"type":"agent","id":1}],"echo_id":"e","subject":"Other","status":"Resolved","seen_held":["00000000-0000-4000-8000-000000000000"],"undoable":true,"unless_answered":true}`,
		"PUT /conversations/{uuid}/held/{held}":   `{"send_at":"` + inAnHour() + `"}`,
		"POST /conversations/{uuid}/draft":        `{"type":"reply","content":"<p>x</p>","meta":{"to":["a@x.test"]}}`,
		"POST /conversations/{uuid}/tags":         `{"tags":["vip"],"action":"set_tags"}`,
		"PUT /conversations/{uuid}/status":        `{"status":"Snoozed","snoozed_until":"90m"}`,
		"PUT /conversations/{uuid}/priority":      `{"priority":"Low"}`,
		"PUT /conversations/{uuid}/assignee/user": `{"assignee_id":1}`,
		"PUT /conversations/{uuid}/assignee/team": `{"assignee_id":` + p.ids["teams"] + `}`,
		"POST /auth/login":                        `{"email":"nobody@x.test","password":"x"}`,
		"POST /agents/reset-password":             `{"email":"nobody@x.test"}`,
		"POST /agents/set-password":               `{"token":"x","password":"Str0ng!Passw0rd"}`,
		"POST /setup":                             `{"token":"x","password":"Str0ng!Passw0rd"}`,
	}
}

// whole are bodies that no route takes.
var whole = map[string]string{
	"empty": "", "null": "null", "list": "[]", "text": `"x"`, "number": "1", "cut short": `{"name":`, "huge number": `{"id":1e999}`,
	"deep": strings.Repeat(`{"config":`, 20000) + "1" + strings.Repeat("}", 20000), "deep list": strings.Repeat("[", 100000),
	"NUL": "\x00", "not UTF-8": "{\"name\":\"\xff\xfe\"}", "twice": `{}{}`, "many keys": "{" + strings.Repeat(`"a":1,`, 50000) + `"b":1}`,
}

// values stand for a field's: of the wrong type, out of range, or of the right type and awkward.
var values = map[string]any{
	"null": nil, "true": true, "minus one": -1, "huge": json.RawMessage("1e300"), "big": json.RawMessage("9223372036854775807"), "beyond": json.RawMessage("18446744073709551616"),
	"fraction": 1.5, "empty": "", "NUL": "a\x00b", "not UTF-8": json.RawMessage("\"a\xffb\""), "surrogate": json.RawMessage(`"\ud800"`),
	"line break": "a\r\nBcc: x@y.test", "address": "a@b.test\r\nX: y", "text": "x", "long": strings.Repeat("x", 1<<18),
	"wide": strings.Repeat("\U0001F600", 200), "SQL": "' OR 1=1; --", "template": "{{.}}${x}%s%n", "list": []any{}, "list of NUL": []any{"a\x00b"},
	"list of numbers": []any{-1, json.RawMessage("9223372036854775807")}, "list of null": []any{nil}, "long list": manyTexts(2000), "object": map[string]any{"a\x00b": "\x00"},
	"objects": []any{map[string]any{"type": "x\x00", "id": -1}}, "path": "../../../../etc/passwd", "script": "<script>alert(1)</script>",
}

func manyTexts(n int) (out []any) {
	for range n {
		out = append(out, "x@y.test")
	}
	return out
}

// replaced gives a body once for every field and awkward value, fields of fields included.
func replaced(body map[string]any, fn func(field, value string, body []byte)) {
	var walk func(at string, m map[string]any)
	walk = func(at string, m map[string]any) {
		var keys []string
		for k := range m {
			keys = append(keys, k)
		}
		sort.Strings(keys)
		for _, k := range keys {
			was := m[k]
			for name, v := range values {
				m[k] = v
				raw, err := json.Marshal(body)
				if err != nil {
					raw = rawBody(body)
				}
				fn(at+k, name, raw)
			}
			m[k] = was
			switch inner := was.(type) {
			case map[string]any:
				walk(at+k+".", inner)
			case []any:
				if len(inner) > 0 {
					if o, ok := inner[0].(map[string]any); ok {
						walk(at+k+"[0].", o)
					}
				}
			}
		}
	}
	walk("", body)
}

// rawBody writes a body whose raw values need not be valid JSON.
func rawBody(v any) []byte {
	switch v := v.(type) {
	case json.RawMessage:
		return v
	case map[string]any:
		var parts []string
		for k, inner := range v {
			parts = append(parts, string(rawBody(k))+":"+string(rawBody(inner)))
		}
		return []byte("{" + strings.Join(parts, ",") + "}")
	case []any:
		var parts []string
		for _, inner := range v {
			parts = append(parts, string(rawBody(inner)))
		}
		return []byte("[" + strings.Join(parts, ",") + "]")
	}
	raw, _ := json.Marshal(v)
	return raw
}

// places are what may stand in a path for an id, a uuid or a name.
var places = []string{"0", "-1", "abc", "9223372036854775807", "99999999999999999999", "%00", "1%00", "%ff", "%2e%2e", "00000000-0000-4000-8000-000000000000",
	"00000000-0000-4000-8000-00000000000%00", "' OR 1=1--", strings.Repeat("a", 4000), "{{.}}", "%E2%80%AE"}

// queries are hostile query strings.
var queries = func() (out []string) {
	filter := func(s string) string { return "filters=" + url.QueryEscape(s) }
	return []string{"page=-1&page_size=-1", "page=1e9&page_size=999999999999999999999", "page=999999&page_size=500", "order_by=%00&order=%00", "order_by=x;drop&order=desc",
		"order_by=conversations.id%00", "cursor=%00", "cursor=eyJhIjoxfQ", "cursor=" + strings.Repeat("A", 5000), "type=%00&type=%ff", "private=%00", "before=%00", "after=x", "around=%00",
		filter("["), filter("null"), filter(strings.Repeat("[", 20000)), filter(`[{"model":"conversations","field":"subject","operator":"contains","value":"a\u0000b"}]`),
		filter(`[{"model":"conversations","field":"id","operator":"equals","value":"99999999999999999999"}]`), filter(`[{"model":"conversations","field":"status_id","operator":"in","value":"[]"}]`),
		filter(`[{"model":"conversations","field":"status_id","operator":"equals","value":"x"}]`), filter(`[{"model":"conversations","field":"created_at","operator":"between","value":","}]`),
		filter(`[{"model":"conversations","field":"created_at","operator":"equals","value":"9999-99-99"}]`), filter(`[{"model":1}]`), "sig=%00&exp=99999999999999999999", "next=%00"}
}()

func TestHostileRequestsAreRefusedNotFailed(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, dsn string) {
		p := prepare(t, dsn)
		base, key := p.app.URL(), token(p.newKey(1))
		try := func(what string, r api.RouteInfo, path, body string) {
			t.Helper()
			check(t, what, r, path, ask(t, base, r.Method, path, body, key...))
		}
		unused := map[string]bool{}
		for k := range p.valid {
			unused[k] = true
		}
		for _, r := range p.app.API.Routes() {
			deletes := r.Method == http.MethodDelete
			if strings.Contains(r.Path, "{") {
				start := strings.Index(r.Path, "{")
				for _, place := range places {
					if path := r.Path[:start] + url.PathEscape(unescaped(place)) + p.fill(r.Path[strings.Index(r.Path, "}")+1:]); !strings.Contains(path, "{") {
						try("place "+clip([]byte(place)), r, path, `{}`)
					}
				}
			}
			if r.Method == http.MethodGet {
				for _, q := range queries {
					try("query "+clip([]byte(q)), r, p.fill(r.Path)+"?"+q, "")
				}
				continue
			}
			if deletes {
				continue
			}
			for what, body := range whole {
				try("body "+what, r, p.fill(r.Path), body)
			}
			name := r.Method + " " + strings.TrimPrefix(r.Path, api.Base)
			valid, ok := p.valid[name]
			if !ok {
				continue
			}
			delete(unused, name)
			var body map[string]any
			if err := json.Unmarshal([]byte(valid), &body); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			replaced(body, func(field, value string, raw []byte) {
				try(field+" is "+value, r, p.fill(r.Path), string(raw))
			})
		}
		for name := range unused {
			t.Errorf("there is no route %s", name)
		}
		// The desk has taken no harm: what was accepted can be read.
		for _, r := range p.app.API.Routes() {
			leads := strings.HasSuffix(r.Path, "/callback") // a browser elsewhere, whatever comes of it
			if r.Method == http.MethodGet && !r.Public && r.Path != "/ws" && r.Path != remote.Path && !leads {
				if a := ask(t, base, r.Method, asked(p.fill(r.Path)), "", key...); a.code != http.StatusOK && a.code != http.StatusNotFound {
					t.Errorf("afterwards %s: %d %s", p.fill(r.Path), a.code, clip(a.body))
				}
			}
		}
	})
}

func unescaped(s string) string {
	if out, err := url.PathUnescape(s); err == nil {
		return out
	}
	return s
}

func TestHostileHeadersAndFormsAreRefusedNotFailed(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, dsn string) {
		p := prepare(t, dsn)
		base, key := p.app.URL(), token(p.newKey(1))
		var teams api.RouteInfo
		for _, r := range p.app.API.Routes() {
			if r.Method+" "+r.Path == "POST "+api.Base+"/teams" {
				teams = r
			}
			if !changes(r.Method) || r.Method == http.MethodDelete {
				continue
			}
			for ct, bodies := range map[string][]string{
				"application/x-www-form-urlencoded": {"", "%", "name=%00", "name=a&name=b", "=&=", "a;b", strings.Repeat("a=1&", 20000)},
				"multipart/form-data":               {"", "--x"},
				"multipart/form-data; boundary=x":   {"", "--x--", "--x\r\nContent-Disposition: form-data; name=\"files\"; filename=\"a\x00.png\"\r\n\r\nx\r\n--x--", "--x\r\n\r\n" + strings.Repeat("--x\r\n\r\n", 2000)},
				"application/xml":                   {"<a/>"}, "nonsense": {"{}"}, "application/json; charset=utf-16": {"{}"}, "application/cbor": {"\xa0"},
			} {
				for _, body := range bodies {
					check(t, ct+" "+clip([]byte(body)), r, p.fill(r.Path), ask(t, base, r.Method, p.fill(r.Path), body, append([]string{"Content-Type", ct}, key...)...))
				}
			}
		}
		for _, text := range []string{"\xff\xfe", "a\tb", "' OR 1=1--", strings.Repeat("k", 200), "\u202e", " "} {
			for _, name := range []string{"Idempotency-Key", "User-Agent", "X-Forwarded-For", "Accept", "Accept-Language", "Origin", "Referer"} {
				a := ask(t, base, http.MethodPost, api.Base+"/teams", `{"name":""}`, append([]string{name, text}, key...)...)
				check(t, name+" "+text, teams, api.Base+"/teams", a)
			}
			for what, header := range map[string][]string{"token": token(text + ":" + text), "NUL": basic(text + "\x00:\x00" + text), "basic": basic("\xff\xff" + text + ":x"),
				"cookie": {"Cookie", "libredesk_session=" + strings.ReplaceAll(text, "\t", ""), "X-CSRFTOKEN", text}} {
				a := ask(t, base, http.MethodGet, api.Base+"/teams", "", header...)
				check(t, what+" "+text, teams, api.Base+"/teams", a)
				if a.code != http.StatusUnauthorized {
					t.Errorf("%s %q: %d", what, text, a.code)
				}
			}
			ask(t, base, http.MethodPost, api.Base+"/auth/login", `{"email":"System","password":"`+systemPassword+`"}`, "User-Agent", text)
		}
	})
}
