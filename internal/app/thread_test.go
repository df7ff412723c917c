package app_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/foyerdesk/foyer/internal/api"
	"github.com/foyerdesk/foyer/internal/desk/contact"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
)

// withFiles is a mail with two attachments of one name, one of a name with a path in it, and a picture in its text.
func withFiles() []byte {
	part := func(disposition, kind, body string) string {
		return "--b\r\nContent-Type: " + kind + "\r\nContent-Disposition: " + disposition + "\r\n\r\n" + body + "\r\n"
	}
	return []byte("From: Bo Li <bo@x.test>\r\nTo: help@acme.test\r\nSubject: Files\r\nMessage-ID: <files@x.test>\r\n" +
		"Received: from x by mail.acme.test with ESMTP; x\r\nAuthentication-Results: mail.acme.test; spf=pass smtp.mailfrom=x.test; dmarc=fail header.from=x.test\r\n" +
		"X-Odd: <script>alert(1)</script>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" +
		part("inline", "text/html", `<p>See <img src="cid:pic"> the files.</p><script>alert(1)</script>`) +
		part(`attachment; filename="a.txt"`, "text/plain", "one") +
		part(`attachment; filename="A.txt"`, "text/plain", "two") +
		part(`attachment; filename="../../etc/con.txt"`, "text/plain", "three") +
		"--b\r\nContent-Type: image/png\r\nContent-ID: <pic>\r\nContent-Disposition: inline; filename=pic.png\r\n\r\nPNG\r\n--b--\r\n")
}

// raw asks for a file and returns the answer.
func (c *client) raw(path string) (*http.Response, []byte) {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), http.MethodGet, c.base+path, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	res, err := c.http.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return res, body
}

func TestWhatAMessageWasMadeOfIsShownAndSaved(t *testing.T) {
	dbtest.URLs(t, func(t *testing.T, url string) {
		d, s := startDesk(t, url), startMail(t)
		d.addInbox(s)
		d.deliver(s, withFiles())
		c := d.waitConversations(1).Results[0]
		m := d.messages(c.UUID)[0]
		of := "/api/v1/conversations/" + c.UUID + "/messages/" + m.UUID

		res, body := d.admin.raw(of + "/source")
		h := res.Header
		if !bytes.Equal(body, withFiles()) || h.Get("Content-Type") != "text/plain; charset=utf-8" || h.Get("X-Content-Type-Options") != "nosniff" ||
			!strings.HasPrefix(h.Get("Content-Security-Policy"), "sandbox;") || !strings.HasPrefix(h.Get("Content-Disposition"), "inline") {
			t.Errorf("source: %v\n%s", h, body)
		}
		if res, _ := d.admin.raw(of + "/source?download=1"); !strings.HasPrefix(res.Header.Get("Content-Disposition"), "attachment; filename=") {
			t.Errorf("saved as %v", res.Header)
		}
		var header api.MailHeader
		d.admin.ok(http.MethodGet, of+"/headers", nil, &header)
		if !slices.Contains(header.Fields, api.MailField{Name: "X-Odd", Value: "<script>alert(1)</script>"}) || header.Size != int64(len(withFiles())) {
			t.Errorf("header %+v", header)
		}
		if a := header.Authentication; a == nil || a.Server != "mail.acme.test" || !a.Confirmed || len(a.Checks) != 2 || a.Checks[1] != (api.AuthenticationCheck{Method: "dmarc", Result: "fail", Domain: "x.test"}) {
			t.Errorf("authentication %+v", a)
		}

		res, body = d.admin.raw(of + "/attachments")
		if res.Header.Get("Content-Type") != "application/zip" || !strings.HasPrefix(res.Header.Get("Content-Disposition"), "attachment") {
			t.Errorf("archive: %v", res.Header)
		}
		z, err := zip.NewReader(bytes.NewReader(body), int64(len(body)))
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		for _, f := range z.File {
			r, err := f.Open()
			if err != nil {
				t.Fatal(err)
			}
			text, err := io.ReadAll(r)
			if err != nil {
				t.Fatal(err)
			}
			got[f.Name] = string(text)
		}
		if fmt.Sprint(got) != fmt.Sprint(map[string]string{"A.txt": "two", "a (2).txt": "one", "_con.txt": "three"}) {
			t.Errorf("files %v", got)
		}

		// A note was made of no mail and has no files; another conversation has no such message.
		var note made
		d.admin.ok(http.MethodPost, "/api/v1/conversations/"+c.UUID+"/messages", map[string]any{"message": "<p>x</p>", "private": true, "sender_type": "agent"}, &note)
		d.deliver(s, rawMail("second@x.test", "eve@x.test", "Other", "text"))
		d.waitConversations(2)
		other := ""
		for _, row := range d.all().Results {
			if row.UUID != c.UUID {
				other = row.UUID
			}
		}
		for _, what := range []string{"/source", "/headers", "/attachments"} {
			d.admin.want(404, "NotFoundException", http.MethodGet, "/api/v1/conversations/"+c.UUID+"/messages/"+note.UUID+what, nil)
			d.admin.want(404, "NotFoundException", http.MethodGet, "/api/v1/conversations/"+other+"/messages/"+m.UUID+what, nil)
			d.admin.want(400, "InputException", http.MethodGet, "/api/v1/conversations/"+c.UUID+"/messages/x"+what, nil)
		}
		d.limited(c.UUID, of+"/source", of+"/headers", of+"/attachments", "/api/v1/conversations/"+c.UUID+"/transcript", "/api/v1/conversations/"+c.UUID+"/page-visits")
	})
}

// limited looks that nobody reads paths of a conversation without the permission for it, or without having it.
func (d *desk) limited(uuid string, paths ...string) {
	d.t.Helper()
	d.admin.ok(http.MethodPost, "/api/v1/roles", map[string]any{"name": "Own only", "permissions": []string{"conversations:read", "conversations:read_assigned", "messages:read"}}, nil)
	d.admin.ok(http.MethodPost, "/api/v1/roles", map[string]any{"name": "No messages", "permissions": []string{"conversations:read_all"}}, nil)
	id := d.addAgent("own@acme.test", "Own only")
	d.addAgent("none@acme.test", "No messages")
	own, none := signIn(d.t, d.app.URL(), "own@acme.test", agentPassword), signIn(d.t, d.app.URL(), "none@acme.test", agentPassword)
	guest := newClient(d.t, d.app.URL())
	for _, path := range paths {
		guest.want(401, "GeneralException", http.MethodGet, path, nil)
		none.want(403, "PermissionException", http.MethodGet, path, nil)
		own.want(403, "PermissionException", http.MethodGet, path, nil)
	}
	d.admin.ok(http.MethodPut, "/api/v1/conversations/"+uuid+"/assignee/user", map[string]any{"assignee_id": id}, nil)
	for _, path := range paths {
		if res, body := own.raw(path); res.StatusCode != 200 {
			d.t.Errorf("%s of one's own: %d %s", path, res.StatusCode, body)
		}
	}
}

func TestTranscriptHasEveryPublicMessageInOrder(t *testing.T) {
	dbtest.URLs(t, func(t *testing.T, url string) {
		d, s := startDesk(t, url), startMail(t)
		d.addInbox(s)
		d.deliver(s, withFiles())
		c := d.waitConversations(1).Results[0]
		messages := "/api/v1/conversations/" + c.UUID + "/messages"
		d.admin.ok(http.MethodPost, messages, map[string]any{"message": "<p>secret</p>", "private": true, "sender_type": "agent"}, nil)
		d.admin.ok(http.MethodPost, messages, map[string]any{"message": "<p>Got <b>them</b></p>", "sender_type": "agent", "to": []string{"bo@x.test"}}, nil)
		// More than a page of them.
		for i := range 250 {
			d.exec(fmt.Sprintf(`INSERT INTO messages (created_at, updated_at, uuid, conversation_id, inbox_id, type, status, content, text_content, content_type, sender_id, sender_type)
				SELECT created_at, updated_at, '00000000-0000-4000-8000-%012d', conversation_id, inbox_id, type, status, content, 'line %03d', content_type, sender_id, sender_type
				FROM messages WHERE uuid = '%s'`, i, i, d.messages(c.UUID)[0].UUID))
		}
		res, body := d.admin.raw("/api/v1/conversations/" + c.UUID + "/transcript")
		text := string(body)
		if res.Header.Get("Content-Type") != "text/plain; charset=utf-8" || res.Header.Get("X-Content-Type-Options") != "nosniff" ||
			res.Header.Get("Content-Disposition") != `attachment; filename="transcript-`+c.ReferenceNumber+`.txt"` {
			t.Errorf("headers %v", res.Header)
		}
		at := -1
		for _, part := range []string{"Conversation: #" + c.ReferenceNumber + "\nSubject: Files\nCustomer: Bo Li\nCreated: ", "\nDownloaded: ", "---\n\n[", " UTC] Bo Li (Customer):\nSee the files.\n",
			"Attachments: ", "a.txt", "(Agent):\nGot them\n", "line 000", "line 199", "line 200", "line 249"} {
			next := strings.Index(text, part)
			if next <= at {
				t.Fatalf("%q is not there or out of order in\n%s", part, clip(body))
			}
			at = next
		}
		if strings.Contains(text, "secret") || strings.Count(text, "\n[") != 252 {
			t.Errorf("%d entries:\n%s", strings.Count(text, "\n["), clip(body))
		}
		d.admin.ok(http.MethodPut, "/api/v1/settings/general", map[string]any{"app.site_name": "Foyer", "app.lang": "de-DE", "app.root_url": d.app.URL(), "app.logo_url": "", "app.favicon_url": "",
			"app.max_file_upload_size": 20, "app.allowed_file_upload_extensions": []string{"*"}, "app.timezone": "UTC", "app.business_hours_id": "", "app.show_conversation_subject": true}, nil)
		if _, body := d.admin.raw("/api/v1/conversations/" + c.UUID + "/transcript"); !strings.Contains(string(body), "Konversation: #") {
			t.Errorf("not in the desk's language: %s", clip(body))
		}
	})
}

func TestPageVisitsAreTheNewestTwentyOfADay(t *testing.T) {
	dbtest.URLs(t, func(t *testing.T, url string) {
		d, s := startDesk(t, url), startMail(t)
		d.addInbox(s)
		d.deliver(s, rawMail("first@x.test", "bo@x.test", "Hi", "text"))
		c := d.waitConversations(1).Results[0]
		path := "/api/v1/conversations/" + c.UUID + "/page-visits"
		if _, body := d.admin.raw(path); string(bytes.TrimSpace(body)) != `{"status":"success","data":[]}` {
			t.Errorf("none: %s", body)
		}
		visit := func(url, title string, want bool) {
			t.Helper()
			err := d.app.DB.Tx(t.Context(), func(tx *db.Tx) error {
				noted, err := contact.Visited(t.Context(), tx, c.ContactID, url, title)
				if err == nil && noted != want {
					t.Errorf("%q noted: %v", url, noted)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		visit("https://a.test/1", "One", true)
		visit("https://a.test/1", "One", false)
		for _, odd := range []string{"javascript:alert(1)", "", "ftp://a.test/", "https://bo:secret@a.test/", "//a.test/"} {
			visit(odd, "x", false)
		}
		for i := range 21 {
			visit(fmt.Sprintf("https://a.test/page/%d?%s", i, strings.Repeat("é", 2000)), strings.Repeat("ü", 300), true)
		}
		var got []contact.Visit
		d.admin.ok(http.MethodGet, path, nil, &got)
		if len(got) != 20 || !strings.HasPrefix(got[0].URL, "https://a.test/page/20?") || !strings.HasPrefix(got[19].URL, "https://a.test/page/1?") ||
			len(got[0].URL) > 2048 || len(got[0].Title) != 256 || got[0].Time.IsZero() {
			t.Errorf("%d visits, %+v", len(got), got)
		}
		d.exec(`UPDATE page_visits SET visited_at = visited_at - 86500000000`)
		if d.admin.ok(http.MethodGet, path, nil, &got); len(got) != 0 {
			t.Errorf("yesterday's: %+v", got)
		}
		if err := contact.ForgetVisits(t.Context(), d.app.DB); err != nil || d.count(`SELECT count(*) FROM page_visits`) != 0 {
			t.Errorf("they are kept: %v", err)
		}
	})
}

func TestThreadIsNarrowedDownByTheServer(t *testing.T) {
	dbtest.URLs(t, func(t *testing.T, url string) {
		d, s := startDesk(t, url), startMail(t)
		d.addInbox(s)
		d.deliver(s, withFiles())
		c := d.waitConversations(1).Results[0]
		path := "/api/v1/conversations/" + c.UUID + "/messages"
		d.admin.ok(http.MethodPost, path, map[string]any{"message": "<p>note of umbrellas</p>", "private": true, "sender_type": "agent"}, nil)
		d.admin.ok(http.MethodPost, path, map[string]any{"message": "<p>reply</p>", "sender_type": "agent", "to": []string{"bo@x.test"}}, nil)
		d.admin.ok(http.MethodPut, "/api/v1/conversations/"+c.UUID+"/status", map[string]string{"status": "Resolved"}, nil)
		for query, want := range map[string]string{
			"":                            "activity reply note files",
			"?attachments=true":           "files",
			"?attachments=1&private=true": "",
			"?private=true&type=outgoing": "note",
			"?private=true":               "activity note",
			"?private=false":              "reply files",
			"?attachments=false":          "activity reply note files",
		} {
			var l struct {
				Results []message
				Total   int
			}
			d.admin.ok(http.MethodGet, path+query, nil, &l)
			var got []string
			for _, m := range l.Results {
				switch {
				case m.Type == "activity":
					got = append(got, "activity")
				case len(m.Attachments) > 0:
					got = append(got, "files")
				default:
					got = append(got, strings.Fields(m.TextContent)[0])
				}
			}
			if strings.Join(got, " ") != want || l.Total != len(got) {
				t.Errorf("%q: %v of %d, want %s", query, got, l.Total, want)
			}
		}
		var found struct {
			Total   int
			Results []made
		}
		if d.admin.ok(http.MethodGet, path+"/find?query=umbr", nil, &found); found.Total != 1 {
			t.Errorf("found %+v", found)
		}
		if d.admin.ok(http.MethodGet, path+"/find?query=con.txt", nil, &found); found.Total != 1 {
			t.Errorf("a name: %+v", found)
		}
		d.admin.want(400, "InputException", http.MethodGet, path+"/find?query=", nil)
		d.limited(c.UUID, path+"?attachments=true", path+"/find?query=umbrellas")
		checkNotesPlan(t, d)
	})
}

// checkNotesPlan looks that which messages are notes is told by their index alone, in order, however long the thread.
func checkNotesPlan(t *testing.T, d *desk) {
	t.Helper()
	if d.app.DB.Engine() != db.SQLite {
		return // of so few rows PostgreSQL reads all
	}
	plan, err := db.Explain(t.Context(), d.app.DB, `SELECT m.id FROM messages m WHERE m.conversation_id = $1 AND m.private = $2 AND m.type IN ($3) ORDER BY m.id DESC LIMIT 40`, 1, true, "outgoing")
	if text := strings.Join(plan, "\n"); err != nil || !strings.Contains(text, "COVERING INDEX messages_conversation") || strings.Contains(text, "TEMP B-TREE") {
		t.Errorf("%v\n%s", err, text)
	}
}
