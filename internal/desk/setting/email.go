package setting

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/mail"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/foyerdesk/foyer/internal/desk/audit"
	"github.com/foyerdesk/foyer/internal/platform/crypt"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// Email are the settings of the server by which the desk sends its own mail, by the names that clients know. Durations
// are Go durations such as "25s".
type Email struct {
	Username      string `json:"notification.email.username"`
	Host          string `json:"notification.email.host"`
	Port          int    `json:"notification.email.port"`
	Password      string `json:"notification.email.password"`
	MaxConns      int    `json:"notification.email.max_conns"`
	IdleTimeout   string `json:"notification.email.idle_timeout"`
	WaitTimeout   string `json:"notification.email.wait_timeout"`
	AuthProtocol  string `json:"notification.email.auth_protocol"` // "" and none: no sign-in; plain, login, cram
	TLSType       string `json:"notification.email.tls_type"`      // none, starttls, tls
	TLSSkipVerify bool   `json:"notification.email.tls_skip_verify"`
	HelloHostname string `json:"notification.email.hello_hostname"`
	EmailAddress  string `json:"notification.email.email_address"` // of the sender, a name allowed
	MaxMsgRetries int    `json:"notification.email.max_msg_retries"`
	Enabled       bool   `json:"notification.email.enabled"`
}

// EmailMask is shown in the place of the password. Dots sent back mean that it stays what it is.
const EmailMask = "••••••••••"

// DefaultEmail are the settings of a new desk.
func DefaultEmail() Email {
	return Email{Username: "admin@yourcompany.com", Port: 587, MaxConns: 5, IdleTimeout: "25s", WaitTimeout: "60s", AuthProtocol: "plain", TLSType: "starttls",
		EmailAddress: "admin@yourcompany.com", MaxMsgRetries: 3}
}

func emailFields(e *Email) map[string]any {
	return map[string]any{"username": &e.Username, "host": &e.Host, "port": &e.Port, "password": &e.Password, "max_conns": &e.MaxConns,
		"idle_timeout": &e.IdleTimeout, "wait_timeout": &e.WaitTimeout, "auth_protocol": &e.AuthProtocol, "tls_type": &e.TLSType,
		"tls_skip_verify": &e.TLSSkipVerify, "hello_hostname": &e.HelloHostname, "email_address": &e.EmailAddress,
		"max_msg_retries": &e.MaxMsgRetries, "enabled": &e.Enabled}
}

const (
	emailPrefix  = "notification.email."
	passwordSeat = "setting.notification.email.password" // where the password is sealed for
)

// tidy trims the texts and gives what was left out its default.
func (e *Email) tidy() {
	for _, s := range []*string{&e.Host, &e.Username, &e.EmailAddress, &e.HelloHostname, &e.IdleTimeout, &e.WaitTimeout} {
		*s = strings.TrimSpace(*s)
	}
	d := DefaultEmail()
	for _, n := range []struct{ given, usual *int }{{&e.Port, &d.Port}, {&e.MaxConns, &d.MaxConns}} {
		if *n.given == 0 {
			*n.given = *n.usual
		}
	}
	for _, s := range []struct{ given, usual *string }{{&e.IdleTimeout, &d.IdleTimeout}, {&e.WaitTimeout, &d.WaitTimeout}, {&e.TLSType, &d.TLSType}} {
		if *s.given == "" {
			*s.given = *s.usual
		}
	}
}

// validate names the field that is wrong, so that nothing can be stored that the sender could not use.
func (e *Email) validate() error {
	for name, text := range map[string]string{"username": e.Username, "host": e.Host, "hello_hostname": e.HelloHostname, "email_address": e.EmailAddress, "password": e.Password} {
		if strings.ContainsFunc(text, unicode.IsControl) {
			return fault.Field(emailPrefix+name, "error.control_characters")
		}
		if len(text) > maxText {
			return fault.TooLong(emailPrefix+name, maxText)
		}
	}
	if a, err := mail.ParseAddress(e.EmailAddress); err != nil || !strings.Contains(a.Address, "@") {
		return fault.Field(emailPrefix+"email_address", "error.address_invalid", "value", e.EmailAddress)
	}
	if e.Host == "" && e.Enabled {
		return fault.Required(emailPrefix + "host")
	}
	for name, host := range map[string]string{"host": e.Host, "hello_hostname": e.HelloHostname} {
		if len(host) > 253 || strings.ContainsAny(host, " /@\\?#\"'<>,;") {
			return fault.Field(emailPrefix+name, "error.host_invalid", "value", host)
		}
	}
	for _, n := range []struct {
		name           string
		n, least, most int
	}{{"port", e.Port, 1, 65535}, {"max_conns", e.MaxConns, 1, 100}, {"max_msg_retries", e.MaxMsgRetries, 0, 100}} {
		if n.n < n.least || n.n > n.most {
			return fault.Field(emailPrefix+n.name, "error.number_range", "min", fmt.Sprint(n.least), "max", fmt.Sprint(n.most))
		}
	}
	for _, v := range []struct {
		name, value string
		allowed     []string
	}{{"auth_protocol", e.AuthProtocol, []string{"", "none", "plain", "login", "cram"}}, {"tls_type", e.TLSType, []string{"none", "starttls", "tls"}}} {
		if !slices.Contains(v.allowed, v.value) {
			return fault.Field(emailPrefix+v.name, "error.unknown_value", "value", v.value)
		}
	}
	if err := checkTimeout("idle_timeout", e.IdleTimeout, time.Hour); err != nil {
		return err
	}
	return checkTimeout("wait_timeout", e.WaitTimeout, 10*time.Minute)
}

func checkTimeout(name, text string, most time.Duration) error {
	d, err := time.ParseDuration(text)
	if err != nil {
		return fault.Field(emailPrefix+name, "error.duration_invalid", "value", text)
	}
	if d < time.Second || d > most {
		return fault.Field(emailPrefix+name, "error.duration_range", "value", text, "min", "1s", "max", most.String())
	}
	return nil
}

// EmailService is the settings of the desk's own mail. What is saved counts from the next mail on, on every node.
type EmailService struct {
	db  *db.DB
	box *crypt.Box
}

// NewEmail makes the service; box seals the password.
func NewEmail(d *db.DB, box *crypt.Box) *EmailService { return &EmailService{db: d, box: box} }

// Get returns the settings with the password masked.
func (s *EmailService) Get(ctx context.Context) (Email, error) {
	e, err := storedEmail(ctx, s.db)
	if e.Password != "" {
		e.Password = EmailMask
	}
	return e, err
}

// Opened returns the settings with the password in clear, for the sender. A password that was sealed with another key is
// as good as none.
func (s *EmailService) Opened(ctx context.Context) (Email, error) {
	e, err := storedEmail(ctx, s.db)
	if err != nil {
		return e, err
	}
	return s.open(e)
}

// Enabled reports whether the desk sends mail by a server of its own, and how often a mail that fails is tried again. It
// reads by q, for what happens within a transaction.
func (s *EmailService) Enabled(ctx context.Context, q db.Querier) (on bool, retries int, err error) {
	e, err := storedEmail(ctx, q)
	return e.Enabled, e.MaxMsgRetries, err
}

func (s *EmailService) open(e Email) (Email, error) {
	if !strings.HasPrefix(e.Password, "enc:") { // never sealed, or not set
		return e, nil
	}
	password, err := s.box.Open(passwordSeat, e.Password)
	if errors.Is(err, crypt.ErrUnreadable) {
		password, err = "", nil
	}
	e.Password = password
	return e, err
}

// Draft returns the settings that an input stands for, checked, with the password in clear, without storing anything. The
// stored password stands for one that is left out only with the server it was given for: a test must not tell it to another.
func (s *EmailService) Draft(ctx context.Context, e Email) (Email, error) {
	e.tidy()
	e.Enabled = true // as if: what is tried must have a server
	if err := e.validate(); err != nil {
		return e, err
	}
	if keepsPassword(e.Password) {
		stored, err := s.Opened(ctx)
		if err != nil {
			return e, err
		}
		e.Password = ""
		if strings.EqualFold(stored.Host, e.Host) {
			e.Password = stored.Password
		}
	}
	return e, nil
}

func keepsPassword(given string) bool { return strings.Trim(given, "•") == "" }

// Set replaces the settings. A password that is empty or only dots stays what it is. An Invalid error names the field.
func (s *EmailService) Set(ctx context.Context, e Email) error {
	e.tidy()
	if err := e.validate(); err != nil {
		return err
	}
	given := e.Password
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		before, err := storedEmail(ctx, tx)
		if err != nil {
			return err
		}
		after := e
		switch {
		case keepsPassword(given) && !strings.HasPrefix(before.Password, "enc:"):
			after.Password = s.seal(before.Password)
		case keepsPassword(given):
			after.Password = before.Password
		default:
			after.Password = s.seal(given)
		}
		fields := emailFields(&after)
		for _, name := range slices.Sorted(maps.Keys(fields)) {
			_, err := tx.Exec(ctx, `INSERT INTO settings (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value`, emailPrefix+name, db.ToJSON(fields[name]))
			if err != nil {
				return fmt.Errorf("save setting %s%s: %w", emailPrefix, name, err)
			}
		}
		return audit.Record(ctx, tx, audit.Entry{Type: audit.EmailSettingsChanged, Target: audit.Target{Model: "setting", Name: "notification.email"}, Before: before, After: after})
	})
}

func (s *EmailService) seal(password string) string {
	if password == "" {
		return ""
	}
	return s.box.Seal(passwordSeat, password)
}

// ResealTx seals the password anew.
func (s *EmailService) ResealTx(ctx context.Context, tx *db.Tx, r *crypt.Resealer) error {
	e, err := storedEmail(ctx, tx)
	if err != nil || !strings.HasPrefix(e.Password, "enc:") {
		return err
	}
	r.Reseal(passwordSeat, &e.Password)
	if _, err := tx.Exec(ctx, `UPDATE settings SET value = $2 WHERE key = $1`, emailPrefix+"password", db.ToJSON(e.Password)); err != nil {
		return fmt.Errorf("keep the password of the desk's own mail: %w", err)
	}
	return nil
}

// Tested notes in the activity log that a test mail was sent to an address.
func (s *EmailService) Tested(ctx context.Context, to string) error {
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		return audit.Record(ctx, tx, audit.Entry{Type: audit.EmailSettingsTested, Target: audit.Target{Model: "email", Name: to}})
	})
}

// storedEmail reads the settings, the password sealed; what is missing or cannot be used is at its default, so that no
// stored setting keeps mail from leaving or a desk from starting.
func storedEmail(ctx context.Context, q db.Querier) (Email, error) {
	e := DefaultEmail()
	fields := emailFields(&e)
	err := db.Each(ctx, q, func(r db.Rows) error {
		var key string
		var value db.JSON
		if err := r.Scan(&key, &value); err != nil {
			return err
		}
		if dest, known := fields[strings.TrimPrefix(key, emailPrefix)]; known {
			_ = value.Decode(dest)
		}
		return nil
	}, `SELECT key, value FROM settings WHERE key LIKE 'notification.email.%'`)
	if err != nil {
		return e, fmt.Errorf("read the settings of the desk's own mail: %w", err)
	}
	return e, nil
}
