// Package config reads what an operator may set: a TOML file, then the environment, which wins. Every key has a default
// with which a desk works, so that "foyer serve" in an empty folder needs neither.
package config

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/knadh/koanf/parsers/toml/v2"
	"github.com/knadh/koanf/providers/env/v2"
	"github.com/knadh/koanf/providers/file"
	"github.com/knadh/koanf/v2"
)

// Config is the operator's settings. Names in the file are the koanf tags; in the environment FOYER_ and the same name
// in capitals. Lists in the environment are separated by commas.
type Config struct {
	Address            string        `koanf:"address"`              // where HTTP is served
	DataDir            string        `koanf:"data_dir"`             // database, files and keys of a node
	BlobDir            string        `koanf:"blob_dir"`             // mails and files, which all nodes of a desk share; "blobs" in DataDir when empty
	S3Bucket           string        `koanf:"s3_bucket"`            // keeps mails and files in a bucket instead of a folder
	S3URL              string        `koanf:"s3_url"`               // of the server that has the bucket; Amazon's when empty
	S3Region           string        `koanf:"s3_region"`            //
	S3Path             string        `koanf:"s3_path"`              // below which objects are kept in the bucket
	S3AccessKey        string        `koanf:"s3_access_key"`        // with the secret key empty too: the machine's role or AWS_… of the environment
	S3SecretKey        string        `koanf:"s3_secret_key"`        //
	DatabaseURL        string        `koanf:"database_url"`         // postgres://…, or the path of a SQLite file; default in DataDir
	RootURL            string        `koanf:"root_url"`             // the address by which browsers reach the desk
	EncryptionKey      string        `koanf:"encryption_key"`       // 32 bytes; generated into DataDir if not set
	SystemUserPassword string        `koanf:"system_user_password"` // of the System user, on first start
	LogLevel           string        `koanf:"log_level"`            // debug, info, warn, error
	LogFormat          string        `koanf:"log_format"`           // text or json
	MetricsAddress     string        `koanf:"metrics_address"`      // where /metrics is served; off when empty
	OutboundAllow      []string      `koanf:"outbound_allow"`       // networks that configured URLs may reach besides public ones
	TrustedProxies     []string      `koanf:"trusted_proxies"`      // networks whose X-Forwarded-For is believed
	SocketOrigins      []string      `koanf:"socket_origins"`       // of other sites whose pages may open the WebSocket
	SessionLifetime    time.Duration `koanf:"session_lifetime"`     // how long a sign-in lasts
	SessionIdle        time.Duration `koanf:"session_idle"`         // after how long without a request it is over; 0 for never before that
	InsecureCookies    bool          `koanf:"insecure_cookies"`     // cookies without Secure; implied by an http:// root URL
	OAuthGoogleURL     string        `koanf:"oauth_google_url"`     // stands for Google's hosts when mailboxes are connected; theirs when empty
	OAuthMicrosoftURL  string        `koanf:"oauth_microsoft_url"`  // the same for Microsoft, such as https://login.microsoftonline.us
	MailAlarmAfter     time.Duration `koanf:"mail_alarm_after"`     // after how long without reading a mailbox foyer doctor alarms
	IMAPTimeout        time.Duration `koanf:"imap_timeout"`         // how long a mail server may take for one command
	AuthPerMinute      int           `koanf:"auth_per_minute"`      // sign-in requests an address may make in a minute

	HSTS                   time.Duration `koanf:"hsts"`                     // how long browsers shall ask for HTTPS only; 0 to say nothing
	PreviousEncryptionKey  string        `koanf:"previous_encryption_key"`  // the one before EncryptionKey, while secrets are sealed with it
	SubjectRefFormat       string        `koanf:"subject_ref_format"`       // how a conversation's number {ref} stands in a subject
	ContinuityScanInterval time.Duration `koanf:"continuity_scan_interval"` // how often chats are looked for that go on by mail
}

// Defaults is the configuration of an operator who sets nothing.
func Defaults() Config {
	return Config{Address: ":9000", DataDir: "./data", RootURL: "http://localhost:9000", LogLevel: "info", LogFormat: "text",
		SessionLifetime: 9 * time.Hour, MailAlarmAfter: 30 * time.Minute, IMAPTimeout: time.Minute, AuthPerMinute: 30, ContinuityScanInterval: 5 * time.Minute, SubjectRefFormat: "#{ref}"}
}

// Load reads the file, if it exists, and the environment over the defaults. Naming a file that does not exist is an
// error; the default file "foyer.toml" may be absent.
func Load(path string) (Config, error) {
	c := Defaults()
	k := koanf.New("\x00") // no nesting
	required := path != ""
	if !required {
		path = "foyer.toml"
	}
	if err := k.Load(file.Provider(path), toml.Parser()); err != nil && (required || !errors.Is(err, os.ErrNotExist)) {
		return c, fmt.Errorf("read configuration %s: %w", path, err)
	}
	err := k.Load(env.Provider("\x00", env.Opt{Prefix: "FOYER_", TransformFunc: func(name, value string) (string, any) {
		key := strings.ToLower(strings.TrimPrefix(name, "FOYER_"))
		if strings.HasPrefix(key, "test_") {
			return "", nil
		}
		if slices.Contains([]string{"outbound_allow", "trusted_proxies", "socket_origins"}, key) {
			return key, strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == ' ' })
		}
		return key, value
	}}), nil)
	if err != nil {
		return c, fmt.Errorf("read the environment: %w", err)
	}
	if err := k.Unmarshal("", &c); err != nil {
		return c, fmt.Errorf("read configuration: %w", err)
	}
	if c.SystemUserPassword == "" {
		c.SystemUserPassword = os.Getenv("LIBREDESK_SYSTEM_USER_PASSWORD")
	}
	return c, c.check()
}

func (c *Config) check() error {
	if c.DatabaseURL == "" {
		c.DatabaseURL = filepath.Join(c.DataDir, "foyer.db")
	}
	c.RootURL = strings.TrimRight(strings.TrimSpace(c.RootURL), "/")
	if !strings.HasPrefix(c.RootURL, "http://") && !strings.HasPrefix(c.RootURL, "https://") {
		return fmt.Errorf("root_url %q must begin with http:// or https://", c.RootURL)
	}
	for name, address := range map[string]*string{"oauth_google_url": &c.OAuthGoogleURL, "oauth_microsoft_url": &c.OAuthMicrosoftURL} {
		*address = strings.TrimRight(strings.TrimSpace(*address), "/")
		if *address != "" && !strings.HasPrefix(*address, "http://") && !strings.HasPrefix(*address, "https://") {
			return fmt.Errorf("%s %q must begin with http:// or https://", name, *address)
		}
	}
	if c.EncryptionKey != "" && len(c.EncryptionKey) != 32 {
		return fmt.Errorf("encryption_key has %d characters; it must have exactly 32", len(c.EncryptionKey))
	}
	if n := len(c.PreviousEncryptionKey); n != 0 && (n != 32 || c.EncryptionKey == "") {
		return errors.New("previous_encryption_key must have exactly 32 characters and stand beside encryption_key")
	}
	if c.HSTS < 0 || (c.HSTS > 0 && !strings.HasPrefix(c.RootURL, "https://")) {
		return fmt.Errorf("hsts %s needs a root_url that begins with https://, and must not be negative", c.HSTS)
	}
	if strings.HasPrefix(c.RootURL, "http://") {
		c.InsecureCookies = true
	}
	if c.SessionLifetime <= 0 {
		c.SessionLifetime = 9 * time.Hour
	}
	if c.SessionIdle < 0 || (c.SessionIdle > 0 && c.SessionIdle < 5*time.Minute) {
		return fmt.Errorf("session_idle %s must be 0 or at least 5m", c.SessionIdle)
	}
	if c.MailAlarmAfter < time.Minute {
		return fmt.Errorf("mail_alarm_after %s must be at least 1m", c.MailAlarmAfter)
	}
	if c.IMAPTimeout < time.Second {
		return fmt.Errorf("imap_timeout %s must be at least 1s", c.IMAPTimeout)
	}
	if !strings.Contains(c.SubjectRefFormat, "{ref}") || len(c.SubjectRefFormat) > 100 || strings.ContainsFunc(c.SubjectRefFormat, unicode.IsControl) {
		return fmt.Errorf("subject_ref_format %q must have {ref} in it, and at most 100 characters on one line", c.SubjectRefFormat)
	}
	if c.ContinuityScanInterval < time.Second {
		return fmt.Errorf("continuity_scan_interval %s must be at least 1s", c.ContinuityScanInterval)
	}
	for name, list := range map[string][]string{"outbound_allow": c.OutboundAllow, "trusted_proxies": c.TrustedProxies} {
		if _, err := Prefixes(list); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	for _, origin := range c.SocketOrigins {
		u, err := url.Parse(origin)
		if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Scheme+"://"+u.Host != origin || strings.ContainsAny(u.Host, "*?[\\") {
			return fmt.Errorf("socket_origins: %q is not an origin such as https://intranet.example", origin)
		}
	}
	return nil
}

// Prefixes reads networks in CIDR notation; a single address is a network of one.
func Prefixes(list []string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, s := range list {
		p, err := netip.ParsePrefix(s)
		if err != nil {
			a, aerr := netip.ParseAddr(s)
			if aerr != nil {
				return nil, fmt.Errorf("%q is not a network such as 10.0.0.0/8", s)
			}
			p = netip.PrefixFrom(a, a.BitLen())
		}
		out = append(out, p.Masked())
	}
	return out, nil
}
