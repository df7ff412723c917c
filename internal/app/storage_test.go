package app_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
)

// While stored files cannot be read, mail that has arrived waits, however often it is tried; what is unreadable by itself is set aside.
func TestMailWaitsWhileStoredFilesCannotBeRead(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		d := newTroubled(t, url)
		d.set("smtp", "password", d.mail.Password)
		d.deliver(d.mail, rawMail("first@x.test", "bo@x.test", "Printer", "It smokes."))
		d.waitConversations(1)
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		var name string
		must(d.app.DB.QueryRow(t.Context(), `SELECT blob FROM mail_ledger`).Scan(&name))
		stored, err := filepath.Glob(filepath.Join(d.cfg.DataDir, "blobs", "*", name))
		if err != nil || len(stored) != 1 {
			t.Fatalf("the mail is stored in %v, %v", stored, err)
		}
		mail, tmp := stored[0], filepath.Join(d.cfg.DataDir, "blobs", "tmp")
		again := func() {
			t.Helper()
			toggle := fmt.Sprintf("/api/v1/inboxes/%d/toggle", d.inbox)
			d.admin.ok(http.MethodPut, toggle, nil, nil)
			d.exec(`UPDATE mail_ledger SET state = 'pending', settled_at = NULL, message_id = NULL`)
			d.exec(`UPDATE mailboxes SET last_error = '', last_error_at = NULL`)
			d.admin.ok(http.MethodPut, toggle, nil, nil)
		}
		ledger := func() health {
			t.Helper()
			var h health
			d.admin.ok(http.MethodGet, fmt.Sprintf("/api/v1/inboxes/%d/health", d.inbox), nil, &h)
			return h
		}
		settled := func(state string, n func(health) int) {
			t.Helper()
			eventually(t, "the mail to be "+state, func() bool { return n(ledger()) == 1 })
		}

		// A folder in the place of a file can neither be read nor written.
		must(os.Rename(mail, mail+".aside"))
		must(os.Mkdir(mail, 0o700))
		must(os.Rename(tmp, tmp+".aside"))
		must(os.WriteFile(tmp, nil, 0o600))
		for range 6 { // more than it would be tried
			again()
			eventually(t, "the trouble to be noticed", func() bool { return d.count(`SELECT count(*) FROM mailboxes WHERE last_error <> ''`) == 1 })
		}
		if l := ledger().Mailboxes[0].Ledger; l.Pending != 1 || l.Quarantined != 0 {
			t.Fatalf("while nothing can be stored: %+v", l)
		}
		must(os.Remove(tmp))
		must(os.Rename(tmp+".aside", tmp))
		settled("set aside", func(h health) int { return h.Mailboxes[0].Ledger.Quarantined })

		must(os.Remove(mail))
		must(os.Rename(mail+".aside", mail))
		again()
		settled("known", func(h health) int { return h.Mailboxes[0].Ledger.Duplicate })
	})
}
