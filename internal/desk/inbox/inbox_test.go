package inbox_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/inbox"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/platform/crypt"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

func newBox(t *testing.T, letter string) *crypt.Box {
	t.Helper()
	box, err := crypt.NewBox([]byte(strings.Repeat(letter, crypt.KeySize)))
	if err != nil {
		t.Fatal(err)
	}
	return box
}

const twoServers = `{"auth_type":"password","reply_to":" help@acme.test ","enable_plus_addressing":true,"surprise":1,
	"smtp":[{"host":" smtp.acme.test ","port":587,"username":"out","password":"s3cret-out","auth_protocol":"plain","tls_type":"starttls"}],
	"imap":[{"host":"imap.acme.test","port":993,"username":"one","password":"s3cret-one","mailbox":"INBOX","tls_type":"tls","read_interval":"1m","scan_inbox_since":"48h"},
	        {"host":"imap.acme.test","port":993,"username":"two","password":"s3cret-two","mailbox":"INBOX","tls_type":"tls"}]}`

func input(config string) inbox.Input {
	return inbox.Input{Name: " Billing ", Channel: "email", Enabled: true, From: "Billing <billing@acme.test>", Config: db.JSON(config)}
}

// change returns a config with one thing replaced.
func change(from, to string) string { return strings.Replace(twoServers, from, to, 1) }

func create(t *testing.T, s *inbox.Service, config string) inbox.Inbox {
	t.Helper()
	in, err := s.Create(context.Background(), input(config))
	if err != nil {
		t.Fatal(err)
	}
	return in
}

func decrypted(t *testing.T, s *inbox.Service, id int64) inbox.EmailConfig {
	t.Helper()
	_, cfg, err := s.Decrypted(context.Background(), id)
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

func TestSecretsAreSealedMaskedAndOnlyOpenedForTheChannel(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		s := inbox.New(d, newBox(t, "k"))
		in := create(t, s, twoServers)
		if in.Name != "Billing" || in.UUID == "" || !in.Enabled || in.Secret != nil {
			t.Errorf("created %+v", in)
		}
		got, err := s.Get(ctx, in.ID)
		if err != nil {
			t.Fatal(err)
		}
		list, err := s.List(ctx, &agent.Principal{Permissions: role.SetOf(role.InboxesManage)})
		if err != nil || len(list) != 1 {
			t.Fatalf("list: %v, %v", list, err)
		}
		var stored string
		if err := d.QueryRow(ctx, `SELECT config FROM inboxes`).Scan(&stored); err != nil {
			t.Fatal(err)
		}
		for name, config := range map[string]string{"created": string(in.Config), "got": string(got.Config), "listed": string(list[0].Config), "stored": stored} {
			if strings.Contains(config, "s3cret") || strings.Contains(config, "surprise") || !strings.Contains(config, "smtp.acme.test") {
				t.Errorf("%s: %s", name, config)
			}
		}
		if strings.Count(string(got.Config), inbox.Mask) != 3 || strings.Contains(string(got.Config), "enc:") {
			t.Errorf("not masked: %s", got.Config)
		}
		full, cfg, err := s.Decrypted(ctx, in.ID)
		if err != nil {
			t.Fatal(err)
		}
		if full.Config != nil || cfg.SMTP[0].Password != "s3cret-out" || cfg.IMAP[1].Password != "s3cret-two" || cfg.SMTP[0].Host != "smtp.acme.test" ||
			cfg.ReplyTo != "help@acme.test" || !cfg.EnablePlusAddressing || cfg.SMTP[0].MaxConns < 1 {
			t.Errorf("decrypted %+v", cfg)
		}
		if _, _, err := inbox.New(d, newBox(t, "x")).Decrypted(ctx, in.ID); !errors.Is(err, crypt.ErrUnreadable) {
			t.Errorf("with another key: %v", err)
		}
	})
}

func TestAgentsWhoDoNotManageInboxesSeeNoServers(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := inbox.New(d, newBox(t, "k"))
		create(t, s, twoServers)
		list, err := s.List(context.Background(), &agent.Principal{})
		if err != nil || len(list) != 1 {
			t.Fatalf("list: %v, %v", list, err)
		}
		if string(list[0].Config) != `{"reply_to":"help@acme.test"}` {
			t.Errorf("config %s", list[0].Config)
		}
	})
}

func TestUpdateKeepsSecretsThatAreNotGiven(t *testing.T) {
	swapped := `{"smtp":[{"host":"smtp.acme.test","port":587,"username":"out","auth_protocol":"plain"}],
		"imap":[{"host":"imap.acme.test","port":993,"username":"two","password":"","mailbox":"INBOX","tls_type":"tls"},
		        {"host":"IMAP.acme.test","port":143,"username":"one","password":"•••","mailbox":"Support","tls_type":"starttls"}]}`
	renamed := `{"smtp":[{"host":"relay.acme.test","port":25,"username":"out"}],"imap":[{"host":"imap.acme.test","port":993,"username":"first","mailbox":"INBOX","tls_type":"tls"},
		        {"host":"imap.acme.test","port":993,"username":"two","mailbox":"INBOX","tls_type":"tls"},{"host":"imap.acme.test","port":993,"username":"three","mailbox":"INBOX","tls_type":"tls"}]}`
	for name, c := range map[string]struct {
		config     string
		smtp, imap []string
	}{
		"masked":           {strings.NewReplacer("s3cret-out", inbox.Mask, "s3cret-one", inbox.Mask, "s3cret-two", inbox.Mask).Replace(twoServers), []string{"s3cret-out"}, []string{"s3cret-one", "s3cret-two"}},
		"one given":        {change("s3cret-one", "new"), []string{"s3cret-out"}, []string{"new", "s3cret-two"}},
		"moved":            {swapped, []string{"s3cret-out"}, []string{"s3cret-two", "s3cret-one"}},
		"renamed and more": {renamed, []string{"s3cret-out"}, []string{"s3cret-one", "s3cret-two", ""}},
		"null":             {change(`"s3cret-out"`, `null`), []string{""}, []string{"s3cret-one", "s3cret-two"}},
	} {
		t.Run(name, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				s := inbox.New(d, newBox(t, "k"))
				in := create(t, s, twoServers)
				out, err := s.Update(context.Background(), in.ID, input(c.config))
				if err != nil {
					t.Fatal(err)
				}
				if strings.Contains(string(out.Config), "s3cret") || strings.Contains(string(out.Config), "enc:") {
					t.Errorf("answer %s", out.Config)
				}
				cfg := decrypted(t, s, in.ID)
				var smtp, imap []string
				for _, x := range cfg.SMTP {
					smtp = append(smtp, x.Password)
				}
				for _, x := range cfg.IMAP {
					imap = append(imap, x.Password)
				}
				if !slices.Equal(smtp, c.smtp) || !slices.Equal(imap, c.imap) {
					t.Errorf("passwords %q, %q; want %q, %q", smtp, imap, c.smtp, c.imap)
				}
			})
		})
	}
}

func TestOAuthStaysUntilItIsRemoved(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		s := inbox.New(d, newBox(t, "k"))
		with := change(`"auth_type":"password"`, `"auth_type":"oauth2","oauth":{"provider":"google","client_id":"c","client_secret":"shh","refresh_token":"r","expires_at":"2026-03-02T09:00:00Z"}`)
		in := create(t, s, with)
		if strings.Contains(string(in.Config), "shh") {
			t.Fatalf("answer %s", in.Config)
		}
		for _, step := range []struct {
			config string
			kept   bool
		}{{twoServers, true}, {change(`"auth_type":"password"`, `"oauth":{"client_secret":"`+inbox.Mask+`"}`), true}, {change(`"auth_type":"password"`, `"oauth":null`), false}} {
			if _, err := s.Update(ctx, in.ID, input(step.config)); err != nil {
				t.Fatal(err)
			}
			o := decrypted(t, s, in.ID).OAuth
			if (o != nil) != step.kept || (o != nil && (o.ClientSecret != "shh" || o.RefreshToken != "r" || o.Provider != "google" || o.ExpiresAt.Year() != 2026)) {
				t.Errorf("after %s: %+v", step.config, o)
			}
		}
	})
}

func TestBadSettingsAreRefusedByField(t *testing.T) {
	d := dbtest.SQLite(t)
	s := inbox.New(d, newBox(t, "k"))
	stored := create(t, s, twoServers)
	config := func(from, to string) func(*inbox.Input) {
		return func(in *inbox.Input) { in.Config = db.JSON(change(from, to)) }
	}
	unknown := int64(999)
	for _, c := range []struct {
		field string
		with  func(*inbox.Input)
	}{
		{"name", func(in *inbox.Input) { in.Name = "  " }},
		{"name", func(in *inbox.Input) { in.Name = strings.Repeat("n", 141) }},
		{"name", func(in *inbox.Input) { in.Name = "a\x00b" }},
		{"channel", func(in *inbox.Input) { in.Channel = "" }},
		{"channel", func(in *inbox.Input) { in.Channel = "fax" }},
		{"from", func(in *inbox.Input) { in.From = "nobody" }},
		{"from", func(in *inbox.Input) { in.From = "a@b.test, c@d.test" }},
		{"from", func(in *inbox.Input) { in.From = "A <a@b.test>\r\nBcc: x@y.test" }},
		{"config", func(in *inbox.Input) { in.Config = nil }},
		{"config", func(in *inbox.Input) { in.Config = db.JSON(`[]`) }},
		{"linked_email_inbox_id", func(in *inbox.Input) { in.LinkedEmailInboxID = &unknown }},
		{"config.reply_to", config("help@acme.test", "help")},
		{"config.auth_type", config(`"auth_type":"password"`, `"auth_type":"magic"`)},
		{"config.oauth", config(`"auth_type":"password"`, `"auth_type":"oauth2"`)},
		{"config.oauth.provider", config(`"auth_type":"password"`, `"auth_type":"oauth2","oauth":{"provider":"x","client_id":"y"}`)},
		{"config.oauth.client_id", config(`"auth_type":"password"`, `"auth_type":"oauth2","oauth":{"provider":"google"}`)},
		{"config.smtp[0].host", config(" smtp.acme.test ", " ")},
		{"config.smtp[0].host", config(" smtp.acme.test ", "smtp.acme.test:587")},
		{"config.smtp[0].host", config(" smtp.acme.test ", "https://smtp.acme.test")},
		{"config.smtp[0].port", config("587", "0")},
		{"config.smtp[0].port", config("587", "65536")},
		{"config.smtp[0].auth_protocol", config(`"plain"`, `"PLAIN"`)},
		{"config.smtp[0].max_conns", config(`"auth_protocol":"plain"`, `"max_conns":0`)},
		{"config.smtp[0].max_msg_retries", config(`"auth_protocol":"plain"`, `"max_msg_retries":-1`)},
		{"config.smtp[0].idle_timeout", config(`"auth_protocol":"plain"`, `"idle_timeout":"soon"`)},
		{"config.smtp[0].pool_wait_timeout", config(`"auth_protocol":"plain"`, `"pool_wait_timeout":"-1s"`)},
		{"config.smtp[0].hello_hostname", config(`"auth_protocol":"plain"`, `"hello_hostname":"a b"`)},
		{"config.imap[1].username", config(`"username":"two"`, `"username":"t\nwo"`)},
		{"config.imap[1].password", config(`s3cret-two`, `a\r\nb`)},
		{"config.imap[0].port", config("993", "-1")},
		{"config.imap[0].mailbox", config(`"mailbox":"INBOX"`, `"mailbox":""`)},
		{"config.imap[0].tls_type", config(`"tls_type":"tls"`, `"tls_type":""`)},
		{"config.imap[0].read_interval", config(`"1m"`, `"0s"`)},
		{"config.imap[0].read_interval", config(`"1m"`, `"-5m"`)},
		{"config.imap[0].read_interval", config(`"1m"`, `"5"`)},
		{"config.imap[0].scan_inbox_since", config(`"48h"`, `"-48h"`)},
	} {
		in := input(twoServers)
		c.with(&in)
		_, created := s.Create(t.Context(), in)
		_, updated := s.Update(t.Context(), stored.ID, in)
		for what, err := range map[string]error{"create": created, "update": updated} {
			var f *fault.Error
			if !errors.As(err, &f) || f.Kind != fault.Invalid || f.Field != c.field {
				t.Errorf("%s with a bad %s: %v", what, c.field, err)
			}
		}
	}
	in := input(change(`"port":587`, `"port":"587"`))
	if _, err := s.Create(t.Context(), in); !fault.Is(err, fault.Invalid) {
		t.Errorf("a port in quotes: %v", err)
	}
	for field, config := range map[string]string{"config.imap": `{"smtp":[]}`, "config.smtp": `{"imap":[{"host":"h","port":1,"mailbox":"m","tls_type":"none"}]}`} {
		_, err := s.Update(t.Context(), stored.ID, input(config))
		var f *fault.Error
		if !errors.As(err, &f) || f.Field != field {
			t.Errorf("update without %s: %v", field, err)
		}
		if _, err := s.Create(t.Context(), input(config)); err != nil {
			t.Errorf("create without %s: %v", field, err)
		}
	}
}

func TestChangesAreAnnouncedAfterTheirCommit(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		s := inbox.New(d, newBox(t, "k"))
		var heard []int64
		s.OnChange(func(id int64) { heard = append(heard, id) })
		in := create(t, s, twoServers)
		off, err := s.Toggle(ctx, in.ID)
		if err != nil || off.Enabled || !off.UpdatedAt.After(in.UpdatedAt.Time) {
			t.Errorf("toggled %+v, %v", off, err)
		}
		if _, err := s.Update(ctx, in.ID, input(twoServers)); err != nil {
			t.Fatal(err)
		}
		if err := s.Delete(ctx, in.ID); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(heard, []int64{in.ID, in.ID, in.ID, in.ID}) {
			t.Errorf("heard %v", heard)
		}
	})
}

func TestDeletedInboxIsGoneWithItsSettings(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		s := inbox.New(d, newBox(t, "k"))
		in := create(t, s, twoServers)
		if err := s.Delete(ctx, in.ID); err != nil {
			t.Fatal(err)
		}
		var config string
		var enabled bool
		if err := d.QueryRow(ctx, `SELECT config, enabled FROM inboxes WHERE id = $1`, in.ID).Scan(&config, &enabled); err != nil || config != "{}" || enabled {
			t.Errorf("left over: %s, %v, %v", config, enabled, err)
		}
		_, get := s.Get(ctx, in.ID)
		_, update := s.Update(ctx, in.ID, input(twoServers))
		_, toggle := s.Toggle(ctx, in.ID)
		_, draft := s.Draft(ctx, in.ID, input(twoServers))
		_, _, open := s.Decrypted(ctx, in.ID)
		for what, err := range map[string]error{"get": get, "update": update, "toggle": toggle, "draft": draft, "decrypted": open} {
			if !fault.Is(err, fault.NotFound) {
				t.Errorf("%s: %v", what, err)
			}
		}
		if err := s.Delete(ctx, in.ID); err != nil {
			t.Errorf("delete again: %v", err)
		}
		if list, err := s.List(ctx, &agent.Principal{}); err != nil || len(list) != 0 {
			t.Errorf("list: %v, %v", list, err)
		}
	})
}

func TestDraftUsesStoredSecretsAndStoresNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		s := inbox.New(d, newBox(t, "k"))
		in := create(t, s, twoServers)
		cfg, err := s.Draft(ctx, in.ID, input(strings.NewReplacer("s3cret-out", "other", "s3cret-one", "").Replace(twoServers)))
		if err != nil {
			t.Fatal(err)
		}
		if cfg.SMTP[0].Password != "other" || cfg.IMAP[0].Password != "s3cret-one" {
			t.Errorf("draft %+v", cfg)
		}
		if got := decrypted(t, s, in.ID).SMTP[0].Password; got != "s3cret-out" {
			t.Errorf("stored password became %q", got)
		}
		cfg, err = s.Draft(ctx, 0, input(twoServers))
		if err != nil || cfg.IMAP[0].Password != "s3cret-one" {
			t.Errorf("new draft %+v, %v", cfg, err)
		}
	})
}

func TestJSONHasEveryFieldOfTheInterface(t *testing.T) {
	s := inbox.New(dbtest.SQLite(t), newBox(t, "k"))
	raw, err := json.Marshal(create(t, s, twoServers))
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Inbox  map[string]any
		Config struct{ Config map[string]any }
		Lists  struct {
			Config struct{ SMTP, IMAP []map[string]any }
		}
	}
	for _, v := range []any{&doc.Inbox, &doc.Config, &doc.Lists} {
		if err := json.Unmarshal(raw, v); err != nil {
			t.Fatal(err)
		}
	}
	for what, c := range map[string]struct {
		got  map[string]any
		want string
	}{
		"inbox":  {doc.Inbox, "id uuid created_at updated_at name channel enabled csat_enabled prompt_tags_on_reply from from_name_template config secret linked_email_inbox_id"},
		"config": {doc.Config.Config, "auth_type oauth reply_to enable_plus_addressing signature quote_history keep_automatic relays sent_copy sent_folder from from_name_template smtp imap"},
		"smtp":   {doc.Lists.Config.SMTP[0], "host port username password auth_protocol tls_type tls_skip_verify hello_hostname max_conns max_msg_retries idle_timeout pool_wait_timeout ssl"},
		"imap":   {doc.Lists.Config.IMAP[0], "host port username password mailbox read_interval scan_inbox_since tls_type tls_skip_verify"},
	} {
		want := strings.Fields(c.want)
		for _, key := range want {
			if _, ok := c.got[key]; !ok {
				t.Errorf("%s lacks %s", what, key)
			}
		}
		if len(c.got) != len(want) {
			t.Errorf("%s has %d fields, want %d: %v", what, len(c.got), len(want), c.got)
		}
	}
}
