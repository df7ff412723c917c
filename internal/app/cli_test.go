package app_test

import (
	"encoding/json"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/foyerdesk/foyer/internal/app"
	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
)

// command runs the command line on a desk with a line on standard input, and returns its exit code and output.
func command(t *testing.T, input string, args ...string) (code int, out string) {
	t.Helper()
	stdin, stdout := os.Stdin, os.Stdout
	defer func() { os.Stdin, os.Stdout = stdin, stdout }()
	in, feed := pipe(t)
	drain, made := pipe(t)
	os.Stdin, os.Stdout = in, made
	if _, err := io.WriteString(feed, input); err != nil {
		t.Fatal(err)
	}
	_ = feed.Close()
	read := make(chan string)
	go func() {
		raw, _ := io.ReadAll(drain)
		read <- string(raw)
	}()
	code = app.Main(args)
	_ = made.Close()
	return code, <-read
}

func pipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close(); _ = w.Close() })
	return r, w
}

// answerTo runs a command that must succeed and reads the JSON it prints.
func answerTo[T any](t *testing.T, args ...string) (v T) {
	t.Helper()
	code, out := command(t, "", append(args, "--json")...)
	if err := json.Unmarshal([]byte(out), &v); code != 0 || err != nil {
		t.Fatalf("%v: exit code %d, %v: %s", args, code, err, out)
	}
	return v
}

func TestAgentsAndKeysAreManagedByTheCommandLine(t *testing.T) {
	dbtest.URLs(t, func(t *testing.T, url string) {
		t.Setenv("FOYER_DATA_DIR", t.TempDir())
		t.Setenv("FOYER_DATABASE_URL", url)
		t.Setenv("FOYER_SYSTEM_USER_PASSWORD", systemPassword)
		type person struct {
			ID           int64
			Email        string
			Enabled      bool
			Roles        []string
			PasswordLink string `json:"password_link"`
		}
		type key struct {
			ID          int64
			Name        string
			Primary     bool
			Permissions []string
			Secret      string `json:"api_secret"`
		}
		asha := answerTo[person](t, "user", "add", "Asha@Example.com", "--first-name", "Asha")
		if asha.Email != "asha@example.com" || !asha.Enabled || len(asha.Roles) != 1 || !strings.Contains(asha.PasswordLink, "/set-password?token=") {
			t.Errorf("made %+v", asha)
		}
		if code, _ := command(t, "", "user", "add", "asha@example.com", "--first-name", "Again"); code != 1 {
			t.Errorf("adding an address twice ends with %d", code)
		}
		if all := answerTo[[]person](t, "user", "list"); len(all) != 1 || all[0].ID != asha.ID {
			t.Errorf("listed %+v", all)
		}
		if code, _ := command(t, "weak\n", "user", "reset-password", "asha@example.com"); code != 1 {
			t.Errorf("a weak password ends with %d", code)
		}
		if code, _ := command(t, agentPassword+"\n", "user", "reset-password", "asha@example.com"); code != 0 {
			t.Errorf("a good password ends with %d", code)
		}
		answerTo[map[string]string](t, "apikey", "create", "asha@example.com")
		limited := answerTo[key](t, "apikey", "create", "asha@example.com", "--name", "Export", "--permission", "messages:read", "--expires-in", "720h")
		if limited.Secret == "" || limited.Name != "Export" || len(limited.Permissions) != 1 {
			t.Errorf("made %+v", limited)
		}
		if code, _ := command(t, "", "apikey", "create", "asha@example.com", "--permission", "messages:read"); code != 1 {
			t.Errorf("a limited key without a name ends with %d", code)
		}
		keys := answerTo[[]key](t, "apikey", "list", "asha@example.com")
		if len(keys) != 2 || !keys[0].Primary || keys[1].ID != limited.ID || keys[1].Secret != "" {
			t.Errorf("keys: %+v", keys)
		}
		answerTo[map[string]bool](t, "apikey", "revoke", "asha@example.com")
		if keys = answerTo[[]key](t, "apikey", "list", "asha@example.com"); len(keys) != 1 || keys[0].Primary {
			t.Errorf("keys after the primary one was revoked: %+v", keys)
		}
		if disabled := answerTo[person](t, "user", "disable", "asha@example.com"); disabled.Enabled || len(disabled.Roles) != 1 {
			t.Errorf("disabled: %+v", disabled)
		}
		for _, args := range [][]string{{"user", "disable", "System"}, {"user", "disable", "nobody@example.com"}, {"apikey", "list", "nobody@example.com"}} {
			if code, _ := command(t, "", args...); code != 1 {
				t.Errorf("%v ends with %d", args, code)
			}
		}
	})
}
