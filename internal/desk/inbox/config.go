package inbox

import (
	"encoding/json"
	"time"
)

// The values of EmailConfig.AuthType; an empty one means a password.
const (
	AuthPassword = "password"
	AuthOAuth2   = "oauth2"
)

// The values of TLSType of both kinds of server.
const (
	TLSNone     = "none"
	TLSStart    = "starttls"
	TLSImplicit = "tls"
)

// EmailConfig is the config of an e-mail inbox.
type EmailConfig struct {
	AuthType             string       `json:"auth_type"`
	OAuth                *OAuth       `json:"oauth"`
	SMTP                 []SMTPServer `json:"smtp"`
	IMAP                 []IMAPServer `json:"imap"`
	ReplyTo              string       `json:"reply_to"`
	EnablePlusAddressing bool         `json:"enable_plus_addressing"`
	// Signature is HTML that stands below what agents write, after their own; QuoteHistory lets replies repeat the message
	// that they answer.
	Signature    string `json:"signature"`
	QuoteHistory bool   `json:"quote_history"`
	// KeepAutomatic files automatic answers, such as absences, in the conversation they answer instead of ignoring them.
	KeepAutomatic bool `json:"keep_automatic"`
	// SentCopy keeps a copy of what is sent in the folder SentFolder of the first mailbox; "" is the one that the server says
	// is for that.
	SentCopy   bool   `json:"sent_copy"`
	SentFolder string `json:"sent_folder"`
	// Relays are addresses and domains that pass on what others write, such as a contact form: the Reply-To of their mail is who wrote it.
	Relays []string `json:"relays"`
	// From and FromNameTemplate are part of the shape for old clients; those of the inbox itself count.
	From             string `json:"from"`
	FromNameTemplate string `json:"from_name_template"`
}

// OAuth is the connection to a mailbox of a provider that wants tokens instead of a password.
type OAuth struct {
	Provider     string `json:"provider"`
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret"`
	TenantID     string `json:"tenant_id"`
	// Account is the address that agreed; of a shared mailbox it is not the mailbox's own.
	Account      string    `json:"account"`
	AccessToken  string    `json:"access_token"`
	RefreshToken string    `json:"refresh_token"`
	ExpiresAt    time.Time `json:"expires_at"`
}

// SMTPServer is a server that replies leave by. Durations are Go durations such as "25s".
type SMTPServer struct {
	Host            string `json:"host"`
	Port            int    `json:"port"`
	Username        string `json:"username"`
	Password        string `json:"password"`
	AuthProtocol    string `json:"auth_protocol"` // "" and none: no sign-in; plain, login, cram
	TLSType         string `json:"tls_type"`      // of outgoing servers, whatever is neither none nor tls demands STARTTLS
	TLSSkipVerify   bool   `json:"tls_skip_verify"`
	HelloHostname   string `json:"hello_hostname"`
	MaxConns        int    `json:"max_conns"`
	MaxMsgRetries   int    `json:"max_msg_retries"` // kept without effect here: the outbox tries alike for every inbox
	IdleTimeout     string `json:"idle_timeout"`
	PoolWaitTimeout string `json:"pool_wait_timeout"`
	SSL             bool   `json:"ssl"`
}

// IMAPServer is a mailbox that is read. Durations are Go durations such as "5m".
type IMAPServer struct {
	Host           string `json:"host"`
	Port           int    `json:"port"`
	Username       string `json:"username"`
	Password       string `json:"password"`
	Mailbox        string `json:"mailbox"`
	ReadInterval   string `json:"read_interval"`
	ScanInboxSince string `json:"scan_inbox_since"`
	TLSType        string `json:"tls_type"`
	TLSSkipVerify  bool   `json:"tls_skip_verify"`
}

// What a server of the outgoing mail gets when its settings leave it open.
const (
	defaultMaxConns   = 5
	defaultMsgRetries = 2
)

// UnmarshalJSON gives what is left out its default; a value that is given is kept, and checked later.
func (s *SMTPServer) UnmarshalJSON(data []byte) error {
	type plain SMTPServer
	p := plain{MaxConns: defaultMaxConns, MaxMsgRetries: defaultMsgRetries}
	if err := json.Unmarshal(data, &p); err != nil {
		return err
	}
	*s = SMTPServer(p)
	return nil
}

// keepUnnamed keeps of the stored settings those that clients of the reference do not know and so leave out.
func (c *EmailConfig) keepUnnamed(stored EmailConfig, given []byte) {
	var named struct {
		Signature    json.RawMessage `json:"signature"`
		QuoteHistory json.RawMessage `json:"quote_history"`
		Automatic    json.RawMessage `json:"keep_automatic"`
		SentCopy     json.RawMessage `json:"sent_copy"`
		SentFolder   json.RawMessage `json:"sent_folder"`
		Relays       json.RawMessage `json:"relays"`
	}
	_ = json.Unmarshal(given, &named)
	if named.Signature == nil {
		c.Signature = stored.Signature
	}
	if named.QuoteHistory == nil {
		c.QuoteHistory = stored.QuoteHistory
	}
	if named.Automatic == nil {
		c.KeepAutomatic = stored.KeepAutomatic
	}
	if named.SentCopy == nil {
		c.SentCopy = stored.SentCopy
	}
	if named.SentFolder == nil {
		c.SentFolder = stored.SentFolder
	}
	if named.Relays == nil {
		c.Relays = append([]string{}, stored.Relays...)
	}
}

// eachSecret calls fn with every secret of the settings, to be read or replaced.
func (c *EmailConfig) eachSecret(fn func(secret *string) error) error {
	var all []*string
	for i := range c.SMTP {
		all = append(all, &c.SMTP[i].Password)
	}
	for i := range c.IMAP {
		all = append(all, &c.IMAP[i].Password)
	}
	if c.OAuth != nil {
		all = append(all, &c.OAuth.ClientSecret, &c.OAuth.AccessToken, &c.OAuth.RefreshToken)
	}
	for _, secret := range all {
		if err := fn(secret); err != nil {
			return err
		}
	}
	return nil
}

// masked returns the settings with the mask for every secret, also for one that is not set: whether a password is
// stored is nobody's business.
func (c EmailConfig) masked() EmailConfig {
	c = c.clone()
	_ = c.eachSecret(func(secret *string) error { *secret = Mask; return nil })
	return c
}

func (c EmailConfig) clone() EmailConfig {
	c.SMTP, c.IMAP = append([]SMTPServer{}, c.SMTP...), append([]IMAPServer{}, c.IMAP...)
	c.Relays = append([]string{}, c.Relays...)
	if c.OAuth != nil {
		o := *c.OAuth
		c.OAuth = &o
	}
	return c
}

// cleared names the secrets that a client removed by sending null for them, which a Go string cannot tell from one that
// was left out.
type cleared struct {
	OAuth bool
	SMTP  map[int]bool
	IMAP  map[int]bool
}

// readCleared looks for explicit nulls in a config that is known to decode.
func readCleared(raw []byte) cleared {
	type server struct {
		Password json.RawMessage `json:"password"`
	}
	var doc struct {
		OAuth json.RawMessage `json:"oauth"`
		SMTP  []server        `json:"smtp"`
		IMAP  []server        `json:"imap"`
	}
	_ = json.Unmarshal(raw, &doc)
	nulls := func(servers []server) map[int]bool {
		out := map[int]bool{}
		for i, s := range servers {
			out[i] = string(s.Password) == "null"
		}
		return out
	}
	return cleared{OAuth: string(doc.OAuth) == "null", SMTP: nulls(doc.SMTP), IMAP: nulls(doc.IMAP)}
}
