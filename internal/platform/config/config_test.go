package config_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/foyerdesk/foyer/internal/platform/config"
)

func TestEnvironmentWinsOverFileAndFileOverDefaults(t *testing.T) {
	path := filepath.Join(t.TempDir(), "foyer.toml")
	text := "address = \":1\"\nroot_url = \"https://desk.example/\"\nsession_lifetime = \"2h\"\ntrusted_proxies = [\"10.0.0.0/8\"]\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("FOYER_ADDRESS", ":2")
	t.Setenv("FOYER_OUTBOUND_ALLOW", "127.0.0.0/8, ::1")
	t.Setenv("FOYER_BLOB_DIR", "/srv/blobs")
	t.Setenv("FOYER_SOCKET_ORIGINS", "https://intranet.example,http://wall.example:8080")
	c, err := config.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if c.Address != ":2" || c.BlobDir != "/srv/blobs" || c.RootURL != "https://desk.example" || c.SessionLifetime != 2*time.Hour || c.LogLevel != "info" ||
		len(c.OutboundAllow) != 2 || len(c.TrustedProxies) != 1 || len(c.SocketOrigins) != 2 || c.InsecureCookies {
		t.Fatalf("got %+v", c)
	}
	if c.DatabaseURL != filepath.Join("data", "foyer.db") {
		t.Fatalf("database %q", c.DatabaseURL)
	}
}

func TestBadConfigurationSaysWhich(t *testing.T) {
	for name, value := range map[string]string{"FOYER_ENCRYPTION_KEY": "short", "FOYER_ROOT_URL": "desk", "FOYER_TRUSTED_PROXIES": "x", "FOYER_SOCKET_ORIGINS": "https://*.example", "FOYER_SUBJECT_REF_FORMAT": "Ticket"} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(name, value)
			if _, err := config.Load(""); err == nil {
				t.Fatal("accepted")
			}
		})
	}
	if _, err := config.Load("/no/such/file.toml"); err == nil {
		t.Fatal("a missing file that was named is accepted")
	}
}
