package app_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/foyerdesk/foyer/internal/platform/config"
	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
	"github.com/foyerdesk/foyer/internal/sandbox"
)

// needPostgres skips a test where there is no PostgreSQL: only there a desk has several nodes.
func needPostgres(t *testing.T) {
	t.Helper()
	if os.Getenv("FOYER_TEST_POSTGRES_URL") == "" {
		t.Skip("several nodes need PostgreSQL")
	}
}

// nodeConfigs are two nodes of one desk: they share a database, an encryption key and a folder of files.
func nodeConfigs(t *testing.T, url string) [2]config.Config {
	t.Helper()
	blobs := t.TempDir()
	var out [2]config.Config
	for i := range out {
		out[i] = deskConfig(t, url)
		out[i].BlobDir, out[i].EncryptionKey = blobs, strings.Repeat("k", 32)
	}
	return out
}

func twoNodes(t *testing.T) (a, b *desk) {
	t.Helper()
	needPostgres(t)
	cfg := nodeConfigs(t, dbtest.PostgresURL(t))
	return startWith(t, cfg[0]), startWith(t, cfg[1])
}

func TestTwoNodesReadAMailboxOnceAndSendEachReplyOnce(t *testing.T) {
	t.Parallel()
	a, b := twoNodes(t)
	s := startMail(t)
	id := a.addInbox(s)
	const mails = 100
	for i := range mails {
		a.deliver(s, rawMail(fmt.Sprintf("n%d@x.test", i), fmt.Sprintf("c%d@x.test", i), fmt.Sprintf("mail %d", i), "text"))
	}
	rows := b.waitConversations(mails).Results
	var h health
	eventually(t, "the ledger to settle", func() bool {
		b.admin.ok(http.MethodGet, fmt.Sprintf("/api/v1/inboxes/%d/health", id), nil, &h)
		return len(h.Mailboxes) == 1 && h.Mailboxes[0].Ledger.Filed == mails
	})
	if l := h.Mailboxes[0].Ledger; l.Duplicate+l.Ignored+l.Quarantined+l.Pending != 0 {
		t.Errorf("ledger %+v", l)
	}
	if n := a.count(`SELECT count(*) FROM leases WHERE name LIKE 'mailbox:%'`); n != 1 {
		t.Errorf("%d leases", n)
	}
	// Half of the replies are queued on each node; both work on the outbox.
	var wg sync.WaitGroup
	for i, r := range rows {
		wg.Go(func() {
			d := []*desk{a, b}[i%2]
			code, raw, err := d.admin.try(http.MethodPost, "/api/v1/conversations/"+r.UUID+"/messages", map[string]any{"message": "<p>answer</p>", "sender_type": "agent", "to": []string{r.Contact.Email}})
			if err != nil || code != http.StatusOK {
				t.Errorf("reply: %d %s %v", code, raw, err)
			}
		})
	}
	wg.Wait()
	eventually(t, "the outbox to be empty", func() bool {
		return a.count(`SELECT count(*) FROM outbox WHERE state = 'sent'`) == mails
	})
	seen := map[string]int{}
	for _, m := range s.Sent() {
		seen[m.To[0]]++
	}
	for _, r := range rows {
		if seen[r.Contact.Email] != 1 {
			t.Errorf("%s got %d replies", r.Contact.Email, seen[r.Contact.Email])
		}
	}
	if len(s.Sent()) != mails {
		t.Errorf("%d replies were sent", len(s.Sent()))
	}
	if n := a.count(`SELECT count(DISTINCT lease_owner) FROM outbox`); n != 2 {
		t.Logf("%d nodes sent replies", n)
	}
}

func TestWhatHappensOnOneNodeReachesBrowsersOnTheOther(t *testing.T) {
	t.Parallel()
	a, b := twoNodes(t)
	s := startMail(t)
	inboxID := a.addInbox(s)
	var r, c made
	role := map[string]any{"name": "R", "permissions": []string{"conversations:read", "conversations:read_all", "messages:read", "messages:write"}}
	a.admin.ok(http.MethodPost, "/api/v1/roles", role, &r)
	a.addAgent("asha@example.com", "R")
	a.admin.ok(http.MethodPost, "/api/v1/conversations", newConversation(inboxID, "bo@x.test"), &c)
	asha := signIn(t, b.app.URL(), "asha@example.com", agentPassword)
	sock := asha.dial("")
	messages := "/api/v1/conversations/" + c.UUID + "/messages"
	note := map[string]any{"message": "<p>from the other node</p>", "private": true, "sender_type": "agent"}
	a.admin.ok(http.MethodPost, messages, note, nil)
	sock.within(2*time.Second, "new_message", c.UUID, "from the other node")
	a.deliver(s, rawMail("live@x.test", "new@x.test", "By mail", "text"))
	sock.within(10*time.Second, "new_conversation", "By mail")

	// What an agent may do changes on one node and holds on the other at once.
	asha.ok(http.MethodPost, messages, note, nil)
	role["permissions"] = []string{"conversations:read", "conversations:read_all", "messages:read"}
	a.admin.ok(http.MethodPut, fmt.Sprintf("/api/v1/roles/%d", r.ID), role, nil)
	if e := sock.kicked(); e.Code != websocket.StatusNormalClosure || !strings.Contains(e.Reason, "kicked") {
		t.Errorf("closed with %d %s", e.Code, e.Reason)
	}
	asha.want(403, "PermissionException", http.MethodPost, messages, note)
	asha.ok(http.MethodGet, messages, nil, nil)

	// So do a revoked key and a session that ended.
	id := a.addAgent("kim@example.com", "R")
	key := newClient(t, b.app.URL())
	key.key = a.newKey(id)
	key.ok(http.MethodGet, "/api/v1/agents/me", nil, nil)
	a.admin.ok(http.MethodDelete, fmt.Sprintf("/api/v1/agents/%d/api-key", id), nil, nil)
	eventually(t, "the key to be refused", func() bool {
		code, _ := key.do(http.MethodGet, "/api/v1/agents/me", nil)
		return code == http.StatusUnauthorized
	})
}

// TestSignedOutOnOneNodeIsSignedOutOnTheOther also looks that the sockets of the session end.
func TestSignedOutOnOneNodeIsSignedOutOnTheOther(t *testing.T) {
	t.Parallel()
	a, b := twoNodes(t)
	a.addAgent("asha@example.com", "Agent")
	asha := signIn(t, a.app.URL(), "asha@example.com", agentPassword)
	session := asha.session()
	me := func(d *desk) int {
		return ask(t, d.app.URL(), http.MethodGet, "/api/v1/agents/me", "", session...).code
	}
	if me(a) != 200 || me(b) != 200 {
		t.Fatal("the session does not hold on both nodes")
	}
	other := newClient(t, b.app.URL())
	other.http.Jar = asha.http.Jar
	sock := other.dial("")
	asha.ok(http.MethodPost, "/api/v1/auth/logout", nil, nil)
	if me(a) != 401 {
		t.Error("still signed in where it signed out")
	}
	sock.kicked()
	if me(b) != 401 {
		t.Error("still signed in on the other node")
	}
}

func TestAPermissionThatIsTakenOnOneNodeIsGoneOnTheOther(t *testing.T) {
	t.Parallel()
	a, b := twoNodes(t)
	var r made
	body := map[string]any{"name": "R", "permissions": []string{"teams:manage", "messages:read"}}
	a.admin.ok(http.MethodPost, "/api/v1/roles", body, &r)
	a.addAgent("asha@example.com", "R")
	asha := signIn(t, b.app.URL(), "asha@example.com", agentPassword)
	asha.ok(http.MethodGet, "/api/v1/teams", nil, nil)
	sock := asha.dial("")
	body["permissions"] = []string{"messages:read"}
	a.admin.ok(http.MethodPut, fmt.Sprintf("/api/v1/roles/%d", r.ID), body, nil)
	sock.kicked()
	asha.want(403, "PermissionException", http.MethodGet, "/api/v1/teams", nil)
}

func TestOtherNodeTakesOverTheMailboxOfOneThatDied(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("waits for a lease to run out")
	}
	needPostgres(t)
	url := dbtest.PostgresURL(t)
	cfg := nodeConfigs(t, url)
	s := startMail(t)
	first := newChild(t, url, cfg[0].DataDir)
	first.env = append(first.env, "FOYER_BLOB_DIR="+cfg[0].BlobDir, "FOYER_ENCRYPTION_KEY="+cfg[0].EncryptionKey)
	first.start()
	admin := signIn(t, first.url, "System", systemPassword)
	admin.ok(http.MethodPost, "/api/v1/inboxes", inboxBody(s, "Help <help@acme.test>"), nil)
	d := &desk{t: t, admin: admin}
	d.deliver(s, rawMail("one@x.test", "bo@x.test", "one", "text"))
	d.waitConversations(1)

	second := startWith(t, cfg[1])
	sock := second.admin.dial("")
	second.deliver(s, rawMail("two@x.test", "bo@x.test", "two", "text"))
	sock.next("new_conversation", `"two"`)
	first.kill() // it had no chance to give its lease back
	second.deliver(s, rawMail("three@x.test", "bo@x.test", "three", "text"))
	reply(t, second, s)
	sock.within(60*time.Second, "new_conversation", `"three"`)
	second.waitConversations(3)
	if n := second.count(`SELECT count(*) FROM mail_ledger`); n != 3 {
		t.Errorf("%d mails in the ledger", n)
	}
}

// reply answers the conversation "one" and waits until the answer has left.
func reply(t *testing.T, d *desk, s *sandbox.Servers) {
	t.Helper()
	for _, r := range d.all().Results {
		if r.Subject == "one" {
			d.admin.ok(http.MethodPost, "/api/v1/conversations/"+r.UUID+"/messages", map[string]any{"message": "<p>answer</p>", "sender_type": "agent", "to": []string{"bo@x.test"}}, nil)
		}
	}
	eventually(t, "the reply to leave", func() bool { return len(s.Sent()) == 1 })
}

func TestSocketThatComesBackGetsWhatItMissed(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		d, s := startDesk(t, url), startMail(t)
		inboxID := d.addInbox(s)
		d.admin.ok(http.MethodPost, "/api/v1/roles", map[string]any{"name": "Own", "permissions": []string{"conversations:read", "conversations:read_assigned", "messages:read", "messages:write"}}, nil)
		id := d.addAgent("asha@example.com", "Own")
		asha := signIn(t, d.app.URL(), "asha@example.com", agentPassword)
		var mine, others made
		for email, c := range map[string]*made{"mine@x.test": &mine, "others@x.test": &others} {
			d.admin.ok(http.MethodPost, "/api/v1/conversations", newConversation(inboxID, email), c)
		}
		d.admin.ok(http.MethodPut, "/api/v1/conversations/"+mine.UUID+"/assignee/user", map[string]any{"assignee_id": id}, nil)
		sock := asha.dial("")
		note := func(c made, text string) {
			d.admin.ok(http.MethodPost, "/api/v1/conversations/"+c.UUID+"/messages", map[string]any{"message": "<p>" + text + "</p>", "private": true, "sender_type": "agent"}, nil)
		}
		note(mine, "seen")
		last := sock.next("new_message", `"preview":"seen"`).ID
		_ = sock.ws.CloseNow()
		for i := range 20 {
			note(mine, fmt.Sprintf("missed %02d", i))
			note(others, fmt.Sprintf("secret %02d", i))
		}
		back := asha.connect(fmt.Sprintf("?last_event_id=%d", last))
		hello := back.next("hello")
		var got []string
		before := int64(0)
		for _, f := range back.seen {
			var m struct{ Preview string }
			if err := json.Unmarshal(f.Data, &m); err != nil {
				t.Fatal(err)
			}
			if f.Type == "new_message" && strings.HasPrefix(m.Preview, "missed") {
				got = append(got, m.Preview)
				if f.ID <= before {
					t.Errorf("frame %d comes after %d", f.ID, before)
				}
				before = f.ID
			}
			if f.has("secret") || f.has(others.UUID) {
				t.Errorf("a frame of a conversation that is not readable: %s", f.Data)
			}
			if f.Type == "resync" {
				t.Error("told to fetch anew")
			}
		}
		if len(got) != 20 || got[0] != "missed 00" || got[19] != "missed 19" || hello.ID < before {
			t.Errorf("got %v, hello %d", got, hello.ID)
		}
		// An id of another database, and more than can be replayed, mean: fetch anew.
		if f := asha.connect("?last_event_id=999999999").next("resync"); f.ID != 0 {
			t.Errorf("%+v", f)
		}
		for _, bad := range []string{"?last_event_id=x", "?last_event_id=-1", "?last_event_id=99999999999999999999"} {
			asha.connect(bad).next("hello")
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		for _, origin := range []string{"https://evil.example", "null", "http://127.0.0.1:1"} {
			_, res, err := websocket.Dial(ctx, d.app.URL()+"/ws", &websocket.DialOptions{HTTPHeader: http.Header{"Cookie": {asha.cookies()}, "Origin": {origin}}})
			if err == nil || res == nil || res.StatusCode != http.StatusForbidden {
				t.Errorf("origin %s: %v %v", origin, res, err)
			}
		}
	})
}
