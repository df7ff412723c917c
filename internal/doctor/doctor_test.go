package doctor_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/foyerdesk/foyer/internal/desk/inbox"
	"github.com/foyerdesk/foyer/internal/doctor"
	"github.com/foyerdesk/foyer/internal/platform/blob"
	"github.com/foyerdesk/foyer/internal/platform/config"
	"github.com/foyerdesk/foyer/internal/platform/crypt"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
	"github.com/foyerdesk/foyer/internal/platform/i18n"
	"github.com/foyerdesk/foyer/internal/sandbox"
)

const (
	mailPassword = "hunter2-mail"
	key          = "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"
)

// patient is a desk with a mailbox, an attachment and everything else in order.
type patient struct {
	t     *testing.T
	db    *db.DB
	mail  *sandbox.Servers
	inbox inbox.Inbox
	blobs *blob.Disk
	o     doctor.Options
}

func healthy(w http.ResponseWriter, _ *http.Request) {
	_, _ = fmt.Fprint(w, `{"status":"success","data":true}`)
}

func serve(t *testing.T, fn http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(fn)
	t.Cleanup(s.Close)
	return s.URL
}

func makePatient(t *testing.T, url string) *patient {
	t.Helper()
	if err := i18n.Load(); err != nil {
		t.Fatal(err)
	}
	p := &patient{t: t}
	var err error
	if p.db, err = db.Open(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.db.Close() })
	if p.mail, err = sandbox.Start("help@acme.test", mailPassword, "127.0.0.1:0", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.mail.Close() })
	dir := t.TempDir()
	address := serve(t, healthy)
	p.o = doctor.Options{Version: "test", BlobDir: filepath.Join(dir, "blobs"), KeyFile: filepath.Join(dir, "encryption.key"), OpenBox: func() (*crypt.Box, error) { return crypt.NewBox([]byte(key)) }}
	p.o.OpenBlobs = func(context.Context) (blob.Store, error) { return blob.NewDisk(p.o.BlobDir) }
	p.o.Config = config.Defaults()
	p.o.Config.DataDir, p.o.Config.DatabaseURL, p.o.Config.RootURL, p.o.Config.InsecureCookies = dir, url, address, true
	p.o.Config.Address = strings.TrimPrefix(address, "http://")
	if err := os.WriteFile(p.o.KeyFile, []byte("a key"), 0o600); err != nil {
		t.Fatal(err)
	}
	if p.blobs, err = blob.NewDisk(p.o.BlobDir); err != nil {
		t.Fatal(err)
	}
	p.connect(mailPassword)
	p.read(db.Now())
	p.attach("letter")
	return p
}

func split(address string) (string, int) {
	host, port, _ := net.SplitHostPort(address)
	n, _ := strconv.Atoi(port)
	return host, n
}

// connect makes an inbox on the mail servers.
func (p *patient) connect(password string) {
	p.t.Helper()
	imapHost, imapPort := split(p.mail.IMAPAddr)
	smtpHost, smtpPort := split(p.mail.SMTPAddr)
	box, _ := crypt.NewBox([]byte(key))
	in, err := inbox.New(p.db, box).Create(p.t.Context(), inbox.Input{Name: "Support", Channel: inbox.Email, Enabled: true, From: "help@acme.test", Config: db.ToJSON(map[string]any{
		"auth_type": "password",
		"imap": []any{map[string]any{"host": imapHost, "port": imapPort, "username": p.mail.User, "password": password, "mailbox": "INBOX",
			"tls_type": "none", "read_interval": "5m", "scan_inbox_since": "48h"}},
		"smtp": []any{map[string]any{"host": smtpHost, "port": smtpPort, "username": p.mail.User, "password": password, "auth_protocol": "plain",
			"tls_type": "none", "max_conns": 2, "max_msg_retries": 3, "idle_timeout": "25s", "pool_wait_timeout": "10s"}}})})
	if err != nil {
		p.t.Fatal(err)
	}
	p.inbox = in
}

func (p *patient) exec(query string, args ...any) {
	p.t.Helper()
	err := p.db.Tx(context.Background(), func(tx *db.Tx) error {
		_, err := tx.Exec(context.Background(), query, args...)
		return err
	})
	if err != nil {
		p.t.Fatalf("%s: %v", query, err)
	}
}

// read notes that the desk read the mailbox.
func (p *patient) read(at db.Time) {
	p.t.Helper()
	p.exec(`DELETE FROM mailboxes`)
	p.exec(`INSERT INTO mailboxes (inbox_id, name, uid_validity, last_uid, since, last_contact_at) VALUES ($1, $2, 1, 0, 0, $3)`,
		p.inbox.ID, p.mail.User+"@"+p.mail.IMAPAddr+"/INBOX", at)
}

// attach stores an attachment.
func (p *patient) attach(name string) {
	p.t.Helper()
	p.exec(`INSERT INTO media (created_at, updated_at, uuid, filename, content_type, size) VALUES (1, 1, $1, $1, 'text/plain', 3)`, name)
	if _, err := p.blobs.Put(context.Background(), name, strings.NewReader("abc")); err != nil {
		p.t.Fatal(err)
	}
}

// examined is a report with what tests ask of it.
type examined struct {
	doctor.Report
	t *testing.T
}

func (p *patient) examine() examined {
	p.t.Helper()
	return examined{doctor.Examine(p.t.Context(), p.o), p.t}
}

func (r examined) want(name string, status doctor.Status, words ...string) {
	r.t.Helper()
	for _, f := range r.Checks {
		if f.Name != name {
			continue
		}
		for _, w := range words {
			if !strings.Contains(f.Found+" "+f.Advice, w) {
				r.t.Errorf("%s lacks %q: %+v", name, w, f)
			}
		}
		if f.Status != status || f.Found == "" || (f.Advice == "") != (status == doctor.OK) {
			r.t.Errorf("%s is not %s: %+v", name, status, f)
		}
		return
	}
	r.t.Errorf("no check %s in %+v", name, r.Checks)
}

func TestADeskInOrderIsWell(t *testing.T) {
	dbtest.URLs(t, func(t *testing.T, url string) {
		p := makePatient(t, url)
		before := p.files()
		r := p.examine()
		if r.Status != doctor.OK {
			t.Errorf("%+v", r.Report)
		}
		id := p.inbox.ID
		names := []string{}
		for _, f := range r.Checks {
			names = append(names, f.Name)
			r.want(f.Name, doctor.OK)
		}
		want := fmt.Sprintf("database desk encryption_key migrations integrity search blobs attachments templates disk clock root_url cookies own_mail inbox.%d.imap.1 inbox.%d.smtp.1 configuration", id, id)
		if strings.Join(names, " ") != want {
			t.Errorf("%s", names)
		}
		if after := p.files(); after != before {
			t.Errorf("the probe left %s, there was %s", after, before)
		}
		raw, err := json.Marshal(r.Report)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := r.Write(&out, false); err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{mailPassword, key, "enc:", "\x1b"} {
			if strings.Contains(string(raw)+out.String(), secret) {
				t.Errorf("%q is in %s %s", secret, raw, out.String())
			}
		}
		if !strings.Contains(out.String(), "Everything is well: 17 checks.") {
			t.Errorf("%s", out.String())
		}
	})
}

// files lists the blobs.
func (p *patient) files() string {
	var names []string
	_ = filepath.WalkDir(p.o.BlobDir, func(path string, d os.DirEntry, _ error) error {
		if d != nil && !d.IsDir() {
			names = append(names, path)
		}
		return nil
	})
	return strings.Join(names, " ")
}

func TestWhatIsWrongIsNamed(t *testing.T) {
	type step struct {
		name   string
		hurt   func(p *patient)
		check  string
		status doctor.Status
		words  []string
	}
	idle := func(p *patient) { p.o.Config.Address = "127.0.0.1:1" }
	steps := []step{
		{"mail was read long ago", func(p *patient) { p.read(db.At(time.Now().Add(-2 * time.Hour))) }, "inbox.ID.imap.1", doctor.Failed, []string{"2 h ago", "could not start inbox"}},
		{"mail was read long ago, the desk is stopped", func(p *patient) { idle(p); p.read(db.At(time.Now().Add(-2 * time.Hour))) }, "inbox.ID.imap.1", doctor.Warning, []string{"until the desk runs"}},
		{"mail was never read", func(p *patient) { p.exec(`DELETE FROM mailboxes`) }, "inbox.ID.imap.1", doctor.Warning, []string{"not read it yet"}},
		{"a wrong password to read", func(p *patient) { p.connect("wrong") }, "inbox.ID.imap.1", doctor.Failed, []string{"password"}},
		{"a wrong password to send", func(p *patient) { p.connect("wrong") }, "inbox.ID.smtp.1", doctor.Failed, []string{"password"}},
		{"mail servers away", func(p *patient) { _ = p.mail.Close() }, "inbox.ID.smtp.1", doctor.Failed, []string{"refused"}},
		{"no inbox", func(p *patient) { p.exec(`UPDATE inboxes SET enabled = FALSE`) }, "inboxes", doctor.Warning, nil},
		{"no way for the desk's mail", func(p *patient) { p.exec(`UPDATE inboxes SET enabled = FALSE`) }, "own_mail", doctor.Warning, nil},
		{"a server for the desk's mail that is not there", func(p *patient) {
			p.exec(`INSERT INTO settings (key, value) VALUES ('notification.email.enabled', 'true'), ('notification.email.host', '"mail.acme.invalid"')`)
		}, "own_mail", doctor.Failed, []string{"mail.acme.invalid", "DNS"}},
		{"another key", func(p *patient) {
			p.o.OpenBox = func() (*crypt.Box, error) { return crypt.NewBox([]byte(strings.Repeat("x", 32))) }
		}, "encryption_key", doctor.Failed, []string{`the inbox "Support"`}},
		{"no key", func(p *patient) { _ = os.Remove(p.o.KeyFile) }, "encryption_key", doctor.Failed, []string{"backup"}},
		{"a key that others read", func(p *patient) { _ = os.Chmod(p.o.KeyFile, 0o644) }, "encryption_key", doctor.Warning, []string{"chmod 600"}},
		{"an attachment without bytes", func(p *patient) { _ = p.blobs.Delete(context.Background(), "letter") }, "attachments", doctor.Failed, []string{`1 of 1`, `"letter"`}},
		{"no folder of files", func(p *patient) { _ = os.RemoveAll(p.o.BlobDir) }, "blobs", doctor.Failed, []string{"not mounted"}},
		{"a bucket that does not answer", func(p *patient) {
			p.o.BlobDir, p.o.Config.S3Bucket = "", "foyer"
			p.o.OpenBlobs = func(ctx context.Context) (blob.Store, error) {
				s, err := blob.NewS3(blob.S3Options{URL: "http://127.0.0.1:1", Bucket: "foyer", AccessKey: "k", SecretKey: mailPassword})
				if err != nil {
					return nil, err
				}
				return s, s.Check(ctx)
			}
		}, "blobs", doctor.Failed, []string{"s3_bucket"}},
		{"a folder of files that is a file", func(p *patient) {
			_ = os.RemoveAll(p.o.BlobDir)
			_ = os.WriteFile(p.o.BlobDir, nil, 0o600)
		}, "blobs", doctor.Failed, nil},
		{"an older database", func(p *patient) { p.exec(`DELETE FROM goose_db_version WHERE version_id = 12`) }, "migrations", doctor.Warning, []string{"12", "foyer migrate"}},
		{"a later database", func(p *patient) {
			p.exec(`UPDATE goose_db_version SET version_id = 99999 WHERE version_id = 12`)
		}, "migrations", doctor.Failed, []string{"99999", "later version"}},
		{"an index that is behind", func(p *patient) {
			p.exec(`INSERT INTO search_queue (kind, id) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1500) SELECT 'message', i FROM n`)
		}, "search", doctor.Warning, []string{"1500 texts"}},
		{"a stopped desk", idle, "desk", doctor.Warning, []string{"127.0.0.1:1"}},
		{"another program in its place", func(p *patient) {
			p.o.Config.Address = strings.TrimPrefix(serve(t, http.NotFound), "http://")
		}, "desk", doctor.Failed, []string{"404"}},
		{"an address that answers something else", func(p *patient) { p.o.Config.RootURL = serve(t, http.NotFound) }, "root_url", doctor.Failed, []string{"404"}},
		{"an address that sends on", func(p *patient) {
			p.o.Config.RootURL = serve(t, func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, "https://desk.example.com/health", http.StatusMovedPermanently)
			})
		}, "root_url", doctor.Failed, []string{"https://desk.example.com"}},
		{"an address in the settings that does not exist", func(p *patient) {
			p.exec(`INSERT INTO settings (key, value) VALUES ('app.root_url', '"https://desk.acme.invalid"')`)
		}, "root_url", doctor.Failed, []string{"desk.acme.invalid"}},
		{"a certificate that nobody knows", func(p *patient) {
			s := httptest.NewUnstartedServer(http.HandlerFunc(healthy))
			s.Config.ErrorLog = log.New(io.Discard, "", 0)
			s.StartTLS()
			t.Cleanup(s.Close)
			p.o.Config.RootURL = s.URL
		}, "root_url", doctor.Failed, []string{"certificate"}},
		{"cookies that https does not protect", func(p *patient) { p.o.Config.RootURL = "https://127.0.0.1:1" }, "cookies", doctor.Warning, []string{"insecure_cookies"}},
		{"cookies that browsers drop", func(p *patient) {
			p.o.Config.RootURL, p.o.Config.InsecureCookies = "http://desk.acme.invalid", false
		}, "cookies", doctor.Failed, nil},
		{"a proxy that is not trusted", func(p *patient) { p.o.Config.RootURL = "https://127.0.0.1:1" }, "configuration.trusted_proxies", doctor.Warning, nil},
		{"everybody is a proxy", func(p *patient) { p.o.Config.TrustedProxies = []string{"0.0.0.0/0"} }, "configuration.trusted_proxies", doctor.Warning, nil},
		{"metrics for everybody", func(p *patient) { p.o.Config.MetricsAddress = ":9100" }, "configuration.metrics_address", doctor.Warning, nil},
		{"no database", func(p *patient) { p.o.Config.DatabaseURL = filepath.Join(p.o.Config.DataDir, "none.db") }, "database", doctor.Failed, []string{"none.db"}},
		{"a database that does not let in", func(p *patient) { p.o.Config.DatabaseURL = "postgres://foyer:" + mailPassword + "@127.0.0.1:1/desk" }, "database", doctor.Failed, []string{"refused"}},
		{"no data folder", func(p *patient) {
			p.o.Config.DataDir, p.o.BlobDir, p.o.Config.DatabaseURL = "/none", "/none/blobs", "/none/foyer.db"
		}, "disk", doctor.Failed, []string{"/none"}},
	}
	dbtest.URLs(t, func(t *testing.T, url string) {
		for _, s := range steps {
			t.Run(s.name, func(t *testing.T) {
				p := makePatient(t, url)
				t.Cleanup(func() { // the next one has the same database
					p.exec(`DELETE FROM inboxes`)
					p.exec(`DELETE FROM media`)
					p.exec(`DELETE FROM settings`)
					p.exec(`DELETE FROM search_queue`)
					p.exec(`DELETE FROM goose_db_version WHERE version_id IN (12, 99999)`)
					p.exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (12, TRUE)`)
				})
				s.hurt(p)
				r := p.examine()
				r.want(strings.ReplaceAll(s.check, "ID", fmt.Sprint(p.inbox.ID)), s.status, s.words...)
				if raw, _ := json.Marshal(r.Report); strings.Contains(string(raw), mailPassword) {
					t.Errorf("a password is in %s", raw)
				}
			})
		}
	})
}

func TestRootWritesNothingAmongTheFilesOfAnother(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give a folder to another user")
	}
	p := makePatient(t, dbtest.SQLiteURL(t))
	before := p.files()
	if err := os.Chown(p.o.BlobDir, 4711, -1); err != nil {
		t.Skip(err)
	}
	p.examine().want("blobs", doctor.Warning, "desk's user")
	if after := p.files(); after != before {
		t.Errorf("%s", after)
	}
}

func TestTheClockIsComparedWithAnIdentityProvider(t *testing.T) {
	p := makePatient(t, dbtest.SQLiteURL(t))
	off := time.Duration(0)
	address := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Date", time.Now().Add(off).UTC().Format(http.TimeFormat))
	})
	p.o.Config.OutboundAllow = []string{"127.0.0.0/8"}
	box, _ := crypt.NewBox([]byte(key))
	p.exec(`INSERT INTO oidc_providers (created_at, updated_at, name, provider, provider_url, client_id, client_secret, enabled) VALUES (1, 1, 'Acme', 'Custom', $1, $2, $3, TRUE)`,
		address, box.Seal("oidc_providers.client_id", "desk"), box.Seal("oidc_providers.client_secret", "s3cret"))
	p.examine().want("clock", doctor.OK, address)
	off = time.Minute
	p.examine().want("clock", doctor.Warning, "behind")
	off = -time.Hour
	p.examine().want("clock", doctor.Failed, "ahead of")
	p.o.Config.OutboundAllow = nil // the provider is not asked
	p.examine().want("clock", doctor.OK)
}

func TestAConfigurationThatCannotBeReadIsAFinding(t *testing.T) {
	r := examined{doctor.Broken("test", fmt.Errorf("root_url is odd")), t}
	if r.Status != doctor.Failed {
		t.Errorf("%+v", r.Report)
	}
	r.want("configuration", doctor.Failed, "root_url is odd")
	var out bytes.Buffer
	if err := r.Write(&out, true); err != nil || !strings.Contains(out.String(), "\x1b[31mfailed") || !strings.Contains(out.String(), "1 failed, 0 to look at, 0 well.") {
		t.Errorf("%q %v", out.String(), err)
	}
}
