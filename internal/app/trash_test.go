package app_test

import (
	"fmt"
	"io/fs"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
)

// files counts the files in and below a folder.
func files(t *testing.T, dir string) (n int) {
	t.Helper()
	err := filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			n++
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// What was deleted for good stays deleted, whatever a mailbox shows again: after a scan from the beginning with new UIDs,
// and in a second mailbox. Neither its bytes nor its words are left.
func TestDeletedMailNeverComesBack(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		cfg := deskConfig(t, url)
		d, s := startWith(t, cfg), startMail(t)
		blobs := filepath.Join(cfg.DataDir, "blobs")
		id := d.addInbox(s)
		secret := rawMail("secret@x.test", "eve@x.test", "the secret", "zanzibar")
		other := rawMail("other@x.test", "bo@x.test", "the other", "text")
		d.deliver(s, other)
		d.waitBooks(id, ledger{Filed: 1})
		before := files(t, blobs)
		d.deliver(s, secret)
		d.waitBooks(id, ledger{Filed: 2})
		var uuid string
		for _, r := range d.all().Results {
			if r.Subject == "the secret" {
				uuid = r.UUID
			}
		}
		at := "/api/v1/conversations/" + uuid
		eventually(t, "the secret to be found", func() bool { return d.finds("zanzibar") == 1 })
		if code, _ := d.admin.do(http.MethodDelete, at, nil); code != http.StatusConflict {
			t.Fatalf("deleted outside the trash: %d", code)
		}
		d.admin.ok(http.MethodPut, at+"/trash", nil, nil)
		eventually(t, "the trash not to be found", func() bool { return d.finds("zanzibar") == 0 })
		d.admin.ok(http.MethodPut, at+"/restore", nil, nil)
		eventually(t, "the restored to be found", func() bool { return d.finds("zanzibar") == 1 })
		d.admin.ok(http.MethodPut, at+"/trash", nil, nil)
		d.admin.ok(http.MethodDelete, at, nil, nil)
		if code, _ := d.admin.do(http.MethodGet, at, nil); code != http.StatusNotFound {
			t.Fatalf("still there: %d", code)
		}
		eventually(t, "the raw mail to be deleted", func() bool { return files(t, blobs) == before })

		if err := s.Restore(secret, other); err != nil {
			t.Fatal(err)
		}
		d.waitBooks(id, ledger{Filed: 2, Duplicate: 1, Ignored: 1})
		second := startMail(t)
		d.deliver(second, secret)
		d.deliver(second, other)
		body := inboxBody(s, "Help <help@acme.test>")
		config := body["config"].(map[string]any)
		config["imap"] = append(config["imap"].([]any), inboxBody(second, "")["config"].(map[string]any)["imap"].([]any)...)
		d.admin.ok(http.MethodPut, fmt.Sprintf("/api/v1/inboxes/%d", id), body, nil)
		d.waitBooks(id, ledger{Filed: 2, Duplicate: 2, Ignored: 2})
		if got := d.subjects(); len(got) != 1 || got["the other"] != 1 {
			t.Fatalf("conversations %v", got)
		}
		// A raw mail of each duplicate is kept, none of the deleted one.
		eventually(t, "the raw mails that came again to be deleted", func() bool { return files(t, blobs) == before+2 })
		_, log := d.admin.do(http.MethodGet, "/api/v1/activity-logs?page_size=5", nil)
		if !strings.Contains(string(log), "conversation_deleted") || strings.Contains(string(log), "the secret") {
			t.Fatalf("activity log: %s", log)
		}
	})
}

// finds returns how many messages a search finds.
func (d *desk) finds(word string) int {
	d.t.Helper()
	var found []struct{}
	d.admin.ok(http.MethodGet, "/api/v1/messages/search?query="+word, nil, &found)
	return len(found)
}
