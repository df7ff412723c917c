package app_test

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"sync"
	"testing"

	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
)

// relay stands before an IMAP server, hides that it can announce mail (IDLE, RFC 2177), and can go away and come back.
type relay struct {
	t            *testing.T
	server, addr string
	listener     net.Listener

	mu    sync.Mutex
	conns []net.Conn
}

func newRelay(t *testing.T, server string) *relay {
	t.Helper()
	r := &relay{t: t, server: server, addr: "127.0.0.1:0"}
	r.start()
	t.Cleanup(r.stop)
	return r
}

func (r *relay) start() {
	r.t.Helper()
	l, err := net.Listen("tcp", r.addr)
	if err != nil {
		r.t.Fatal(err)
	}
	r.listener, r.addr = l, l.Addr().String()
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", r.server)
			if err != nil {
				_ = client.Close()
				continue
			}
			r.mu.Lock()
			r.conns = append(r.conns, client, server)
			r.mu.Unlock()
			go pass(server, client, nil)
			go pass(client, server, []byte("IDLE"))
		}
	}()
}

// pass copies what one side says to the other, with a word in it made unknown.
func pass(to, from net.Conn, word []byte) {
	defer func() { _, _ = to.Close(), from.Close() }()
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		said := buf[:n]
		if word != nil {
			said = bytes.ReplaceAll(said, word, []byte("NONE"))
		}
		if _, werr := to.Write(said); err != nil || werr != nil {
			return
		}
	}
}

func (r *relay) stop() {
	_ = r.listener.Close()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.conns {
		_ = c.Close()
	}
	r.conns = nil
}

func TestMailboxWithoutIdleIsPolledAndOneThatWasAwayIsReadAgain(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		d, s := startDesk(t, url), startMail(t)
		between := newRelay(t, s.IMAPAddr)
		body := inboxBody(s, "Help <help@acme.test>")
		server := body["config"].(map[string]any)["imap"].([]any)[0].(map[string]any)
		server["host"], server["port"] = hostPort(between.addr)
		var in struct{ ID int64 }
		d.admin.ok(http.MethodPost, "/api/v1/inboxes", body, &in)
		d.deliver(s, rawMail("one@x.test", "bo@x.test", "one", "text"))
		d.waitConversations(1)
		var h struct {
			Mailboxes []struct {
				Mode      string
				LastError string `json:"last_error"`
			}
		}
		read := func() { d.admin.ok(http.MethodGet, fmt.Sprintf("/api/v1/inboxes/%d/health", in.ID), nil, &h) }
		eventually(t, "the mailbox to be polled", func() bool { read(); return len(h.Mailboxes) == 1 && h.Mailboxes[0].Mode == "polling" })
		d.deliver(s, rawMail("two@x.test", "bo@x.test", "two", "text"))
		d.waitConversations(2)

		between.stop()
		eventually(t, "its absence to be said", func() bool { read(); return h.Mailboxes[0].LastError != "" })
		d.deliver(s, rawMail("three@x.test", "bo@x.test", "three", "text"))
		between.start()
		d.waitConversations(3)
		eventually(t, "its absence to be forgotten", func() bool { read(); return h.Mailboxes[0].LastError == "" })
	})
}
