package app_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-smtp"

	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
	"github.com/foyerdesk/foyer/internal/sandbox"
)

// kept returns the Message-IDs of the mails in a folder of the mailbox; it fails if one of them is not marked as read.
func kept(t *testing.T, s *sandbox.Servers, folder string) (ids []string) {
	t.Helper()
	client, err := imapclient.DialInsecure(s.IMAPAddr, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	if err := client.Login(s.User, s.Password).Wait(); err != nil {
		t.Fatal(err)
	}
	selected, err := client.Select(folder, &imap.SelectOptions{ReadOnly: true}).Wait()
	if err != nil {
		t.Fatal(err)
	}
	if selected.NumMessages == 0 {
		return nil
	}
	all, err := client.Fetch(imap.SeqSet{{Start: 1}}, &imap.FetchOptions{Flags: true, BodySection: []*imap.FetchItemBodySection{{Peek: true}}}).Collect()
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range all {
		if !slices.Contains(one.Flags, imap.FlagSeen) {
			t.Errorf("a copy is not marked as read: %v", one.Flags)
		}
		ids = append(ids, parsed(t, one.BodySection[0].Bytes).MessageID)
	}
	return ids
}

// copied waits until so many jobs of copies have ended.
func (d *desk) copied(n int) {
	d.t.Helper()
	eventually(d.t, fmt.Sprintf("%d copies", n), func() bool {
		var done int
		if err := d.app.DB.QueryRow(d.t.Context(), `SELECT count(*) FROM river_job WHERE kind = 'email.sent_copy' AND state = 'completed'`).Scan(&done); err != nil {
			d.t.Fatal(err)
		}
		return done >= n
	})
}

// answer answers a conversation and waits until the reply has left.
func (d *desk) answer(uuid, text string, to ...string) {
	d.t.Helper()
	var m message
	d.admin.ok(http.MethodPost, "/api/v1/conversations/"+uuid+"/messages", map[string]any{"message": "<p>" + text + "</p>", "sender_type": "agent", "to": to}, &m)
	eventually(d.t, "the reply to leave", func() bool {
		return slices.ContainsFunc(d.messages(uuid), func(one message) bool { return one.UUID == m.UUID && one.Status == "sent" })
	})
}

func TestCopyOfAReplyIsKeptOnceInTheFolderForSentMailAndIsNoNewMail(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		d, s := startDesk(t, url), startMail(t)
		for _, folder := range []string{"Sent", "Nothing"} {
			if err := s.MakeFolder(folder); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.MakeFolder("Gesendet", imap.MailboxAttrSent); err != nil {
			t.Fatal(err)
		}
		id := d.addInbox(s)
		d.deliver(s, rawMail("first@x.test", "bo@x.test", "Printer", "It does not print."))
		uuid := d.waitConversations(1).Results[0].UUID
		d.answer(uuid, "not kept", "bo@x.test")

		// The folder is read as well, so that a copy in it would be seen as a mail that came.
		body := inboxBody(s, "Help <help@acme.test>")
		config := body["config"].(map[string]any)
		second := map[string]any{"mailbox": "Gesendet"}
		for k, v := range config["imap"].([]any)[0].(map[string]any) {
			if k != "mailbox" {
				second[k] = v
			}
		}
		config["imap"], config["sent_copy"] = append(config["imap"].([]any), second), true
		d.admin.ok(http.MethodPut, fmt.Sprintf("/api/v1/inboxes/%d", id), body, nil)

		s.Refuse(func(to string) error {
			if to == "eve@x.test" {
				return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 7, 1}, Message: "later"}
			}
			return nil
		})
		d.answer(uuid, "kept", "bo@x.test")
		d.copied(1)
		want := []string{parsed(t, s.Sent()[len(s.Sent())-1].Raw).MessageID}
		if got := kept(t, s, "Gesendet"); !slices.Equal(got, want) {
			t.Fatalf("the folder holds %v, want %v", got, want)
		}
		var m message
		d.admin.ok(http.MethodPost, "/api/v1/conversations/"+uuid+"/messages", map[string]any{"message": "<p>to two</p>", "sender_type": "agent", "to": []string{"bo@x.test", "eve@x.test"}}, &m)
		d.copied(2)
		s.Refuse(nil)
		d.admin.ok(http.MethodPut, "/api/v1/outbox/"+m.UUID+"/resend", map[string]any{}, nil)
		d.copied(3)
		want = append(want, parsed(t, s.Sent()[len(s.Sent())-1].Raw).MessageID)
		if got := kept(t, s, "Gesendet"); !slices.Equal(got, want) {
			t.Errorf("after an attempt for the rest the folder holds %v, want %v", got, want)
		}
		if got := append(kept(t, s, "Sent"), kept(t, s, "Nothing")...); len(got) != 0 {
			t.Errorf("copies in other folders: %v", got)
		}
		eventually(t, "the copies in the ledger", func() bool {
			var seen int
			if err := d.app.DB.QueryRow(t.Context(), `SELECT count(*) FROM mail_ledger WHERE state = 'ignored' AND rule = 'loop'`).Scan(&seen); err != nil {
				t.Fatal(err)
			}
			return seen == 2
		})
		if got := d.messages(uuid); len(got) != 4 || len(d.all().Results) != 1 {
			t.Errorf("%d messages in %d conversations", len(got), len(d.all().Results))
		}
	})
}

func TestReplyLeavesThoughItsCopyCannotBeKeptYet(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		d, s := startDesk(t, url), startMail(t)
		body := inboxBody(s, "Help <help@acme.test>")
		body["config"].(map[string]any)["sent_copy"], body["config"].(map[string]any)["sent_folder"] = true, " Archive/Ausgang "
		var in struct {
			Config struct {
				SentFolder string `json:"sent_folder"`
			}
		}
		d.admin.ok(http.MethodPost, "/api/v1/inboxes", body, &in)
		if in.Config.SentFolder != "Archive/Ausgang" {
			t.Errorf("the folder is %q", in.Config.SentFolder)
		}
		d.deliver(s, rawMail("first@x.test", "bo@x.test", "Printer", "It does not print."))
		uuid := d.waitConversations(1).Results[0].UUID
		d.answer(uuid, "on its way", "bo@x.test")
		eventually(t, "an attempt that fails", func() bool {
			var tried int
			if err := d.app.DB.QueryRow(t.Context(), `SELECT count(*) FROM river_job WHERE kind = 'email.sent_copy' AND state = 'retryable'`).Scan(&tried); err != nil {
				t.Fatal(err)
			}
			return tried == 1
		})
		if err := s.MakeFolder("Archive/Ausgang"); err != nil {
			t.Fatal(err)
		}
		d.copied(1)
		if got := kept(t, s, "Archive/Ausgang"); len(got) != 1 || len(s.Sent()) != 1 {
			t.Errorf("%v are kept of %d", got, len(s.Sent()))
		}
	})
}

// Dovecot says by itself which folder is for sent mail.
func TestCopyOfAReplyIsKeptAtDovecot(t *testing.T) {
	t.Parallel()
	server := startDovecot(t)
	d := startDesk(t, dbtest.SQLiteURL(t))
	s := startMail(t)
	s.User, s.IMAPAddr = "copies", server.addr
	body := inboxBody(s, "Help <help@acme.test>")
	body["config"].(map[string]any)["sent_copy"] = true
	d.admin.ok(http.MethodPost, "/api/v1/inboxes", body, nil)
	m := openMailbox(t, s)
	m.put("INBOX", rawMail("first@x.test", "bo@x.test", "Printer", "It does not print."))
	_ = m.Close()
	uuid := d.waitConversations(1).Results[0].UUID
	d.answer(uuid, "kept", "bo@x.test")
	d.copied(1)
	if got, want := kept(t, s, "Gesendet"), []string{parsed(t, s.Sent()[0].Raw).MessageID}; !slices.Equal(got, want) {
		t.Errorf("the folder holds %v, want %v", got, want)
	}
}
