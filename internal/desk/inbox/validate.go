package inbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/mail"
	"net/netip"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

const (
	maxName     = 140
	maxText     = 1000
	maxServers  = 20
	maxRelays   = 100
	maxConns    = 100
	maxRetries  = 100
	maxPassword = 10_000
)

// check trims the input and returns the e-mail settings in it; an Invalid error names the field that is wrong. The
// secrets in the settings are as they were given.
func (in *Input) check() (EmailConfig, error) {
	for _, s := range []*string{&in.Name, &in.Channel, &in.From, &in.FromNameTemplate} {
		*s = strings.TrimSpace(*s)
	}
	var cfg EmailConfig
	if len(in.Config) == 0 || string(in.Config) == "null" {
		return cfg, fault.Required("config")
	}
	if err := in.checkNames(); err != nil {
		return cfg, err
	}
	if err := json.Unmarshal(in.Config, &cfg); err != nil {
		return cfg, badJSON("config", err)
	}
	cfg.tidy()
	if err := checkMailbox("from", in.From); err != nil {
		return cfg, err
	}
	return cfg, cfg.check()
}

func (in *Input) checkNames() error {
	switch {
	case in.Name == "":
		return fault.Required("name")
	case utf8.RuneCountInString(in.Name) > maxName:
		return fault.TooLong("name", maxName)
	case in.Channel == "":
		return fault.Required("channel")
	case in.Channel != Email:
		return fault.Field("channel", "error.unknown_value", "value", in.Channel)
	}
	if err := checkText("name", in.Name); err != nil {
		return err
	}
	return checkText("from_name_template", in.FromNameTemplate)
}

// badJSON names the field whose value has the wrong type.
func badJSON(prefix string, err error) error {
	field := prefix
	var typ *json.UnmarshalTypeError
	if errors.As(err, &typ) && typ.Field != "" {
		field += "." + typ.Field
	}
	return fault.Field(field, "error.wrong_type").Because(err)
}

// tidy trims what people type and fills in what follows from other settings. Passwords stay as they are.
func (c *EmailConfig) tidy() {
	c.Signature = agent.CleanSignature(c.Signature)
	c.SentFolder = strings.TrimSpace(c.SentFolder)
	trim := func(texts ...*string) {
		for _, s := range texts {
			*s = strings.TrimSpace(*s)
		}
	}
	trim(&c.ReplyTo, &c.AuthType)
	if c.OAuth != nil {
		trim(&c.OAuth.Provider, &c.OAuth.ClientID, &c.OAuth.TenantID, &c.OAuth.Account)
	}
	relays := []string{}
	for _, r := range c.Relays {
		if r = strings.ToLower(strings.TrimPrefix(strings.TrimSpace(r), "@")); r != "" && !slices.Contains(relays, r) {
			relays = append(relays, r)
		}
	}
	c.Relays = relays
	if c.SMTP == nil {
		c.SMTP = []SMTPServer{}
	}
	if c.IMAP == nil {
		c.IMAP = []IMAPServer{}
	}
	for i := range c.SMTP {
		s := &c.SMTP[i]
		trim(&s.Host, &s.Username, &s.HelloHostname, &s.IdleTimeout, &s.PoolWaitTimeout)
		if s.TLSType == "" {
			s.TLSType = TLSStart
		}
		s.SSL = s.TLSType == TLSImplicit
	}
	for i := range c.IMAP {
		s := &c.IMAP[i]
		trim(&s.Host, &s.Username, &s.Mailbox, &s.ReadInterval, &s.ScanInboxSince)
	}
}

func (c *EmailConfig) check() error {
	if len(c.Signature) > agent.MaxSignature {
		return fault.TooLong("config.signature", agent.MaxSignature)
	}
	if err := checkText("config.sent_folder", c.SentFolder); err != nil {
		return err
	}
	if c.ReplyTo != "" {
		if err := checkMailbox("config.reply_to", c.ReplyTo); err != nil {
			return err
		}
	}
	if err := checkEnum("config.auth_type", c.AuthType, "", AuthPassword, AuthOAuth2); err != nil {
		return err
	}
	if err := checkRelays(c.Relays); err != nil {
		return err
	}
	if len(c.SMTP) > maxServers {
		return fault.Field("config.smtp", "error.too_many", "max", fmt.Sprint(maxServers))
	}
	if len(c.IMAP) > maxServers {
		return fault.Field("config.imap", "error.too_many", "max", fmt.Sprint(maxServers))
	}
	for i, s := range c.SMTP {
		if err := s.check(fmt.Sprintf("config.smtp[%d].", i), c.AuthType); err != nil {
			return err
		}
	}
	for i, s := range c.IMAP {
		if err := s.check(fmt.Sprintf("config.imap[%d].", i)); err != nil {
			return err
		}
	}
	return nil
}

// checkRelays accepts bare addresses and domains.
func checkRelays(list []string) error {
	if len(list) > maxRelays {
		return fault.Field("config.relays", "error.too_many", "max", fmt.Sprint(maxRelays))
	}
	for i, r := range list {
		field := fmt.Sprintf("config.relays[%d]", i)
		_, domain, isAddress := strings.Cut(r, "@")
		if !isAddress {
			domain = r
		}
		if a, err := mail.ParseAddress("x@" + domain); err != nil || a.Address != "x@"+domain || !strings.Contains(domain, ".") {
			return fault.Field(field, "error.address_invalid", "value", r)
		}
		if isAddress {
			if err := checkMailbox(field, r); err != nil {
				return err
			}
			if a, _ := mail.ParseAddress(r); a.Address != r {
				return fault.Field(field, "error.address_invalid", "value", r)
			}
		}
	}
	return nil
}

// checkOAuth is asked after the stored connection was merged in.
func (c *EmailConfig) checkOAuth() error {
	if c.AuthType != AuthOAuth2 {
		return nil
	}
	if c.OAuth == nil {
		return fault.Required("config.oauth")
	}
	if err := checkEnum("config.oauth.provider", c.OAuth.Provider, Google, Microsoft); err != nil {
		return err
	}
	if c.OAuth.ClientID == "" {
		return fault.Required("config.oauth.client_id")
	}
	return nil
}

func (s SMTPServer) check(at, authType string) error {
	if err := checkServer(at, s.Host, s.Port, s.Username, s.Password); err != nil {
		return err
	}
	if authType != AuthOAuth2 {
		if err := checkEnum(at+"auth_protocol", s.AuthProtocol, "", "none", "plain", "login", "cram"); err != nil {
			return err
		}
	}
	if err := checkText(at+"tls_type", s.TLSType); err != nil { // of which the others are none and tls
		return err
	}
	if s.HelloHostname != "" {
		if err := checkHost(at+"hello_hostname", strings.Trim(s.HelloHostname, "[]")); err != nil {
			return err
		}
	}
	if err := checkRange(at+"max_conns", s.MaxConns, 1, maxConns); err != nil {
		return err
	}
	if err := checkRange(at+"max_msg_retries", s.MaxMsgRetries, 0, maxRetries); err != nil {
		return err
	}
	if err := checkDuration(at+"idle_timeout", s.IdleTimeout, 0, time.Hour); err != nil {
		return err
	}
	return checkDuration(at+"pool_wait_timeout", s.PoolWaitTimeout, 0, 10*time.Minute)
}

func (s IMAPServer) check(at string) error {
	if err := checkServer(at, s.Host, s.Port, s.Username, s.Password); err != nil {
		return err
	}
	if s.Mailbox == "" {
		return fault.Required(at + "mailbox")
	}
	if err := checkText(at+"mailbox", s.Mailbox); err != nil {
		return err
	}
	if err := checkEnum(at+"tls_type", s.TLSType, TLSNone, TLSStart, TLSImplicit); err != nil {
		return err
	}
	if err := checkDuration(at+"read_interval", s.ReadInterval, time.Second, 24*time.Hour); err != nil {
		return err
	}
	return checkDuration(at+"scan_inbox_since", s.ScanInboxSince, time.Second, 100*365*24*time.Hour)
}

func checkServer(at, host string, port int, username, password string) error {
	if err := checkHost(at+"host", host); err != nil {
		return err
	}
	if err := checkRange(at+"port", port, 1, 65535); err != nil {
		return err
	}
	if err := checkText(at+"username", username); err != nil {
		return err
	}
	if len(password) > maxPassword {
		return fault.TooLong(at+"password", maxPassword)
	}
	if strings.ContainsAny(password, "\r\n\x00") {
		return fault.Field(at+"password", "error.control_characters")
	}
	return nil
}

// checkHost accepts a name or an IP address, and refuses what belongs into other fields, such as a port or a scheme.
func checkHost(field, host string) error {
	if host == "" {
		return fault.Required(field)
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return nil
	}
	bad := func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune(".-_", r)
	}
	if len(host) > 253 || strings.ContainsFunc(host, bad) {
		return fault.Field(field, "error.host_invalid", "value", host)
	}
	return nil
}

func checkMailbox(field, text string) error {
	if text == "" {
		return fault.Required(field)
	}
	if len(text) > maxText {
		return fault.TooLong(field, maxText)
	}
	a, err := mail.ParseAddress(text)
	if err != nil || strings.ContainsFunc(text, unicode.IsControl) || !strings.Contains(a.Address, "@") {
		return fault.Field(field, "error.address_invalid", "value", text)
	}
	return nil
}

func checkText(field, text string) error {
	if utf8.RuneCountInString(text) > maxText {
		return fault.TooLong(field, maxText)
	}
	if strings.ContainsFunc(text, unicode.IsControl) {
		return fault.Field(field, "error.control_characters")
	}
	return nil
}

func checkEnum(field, value string, allowed ...string) error {
	if !slices.Contains(allowed, value) {
		return fault.Field(field, "error.unknown_value", "value", value)
	}
	return nil
}

func checkRange(field string, n, least, most int) error {
	if n < least || n > most {
		return fault.Field(field, "error.number_range", "min", fmt.Sprint(least), "max", fmt.Sprint(most))
	}
	return nil
}

// checkDuration accepts a Go duration within bounds; an empty one stands for the default.
func checkDuration(field, text string, least, most time.Duration) error {
	if text == "" {
		return nil
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return fault.Field(field, "error.duration_invalid", "value", text)
	}
	if d < least || d > most {
		return fault.Field(field, "error.duration_range", "value", text, "min", least.String(), "max", most.String())
	}
	return nil
}
