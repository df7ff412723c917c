// Package inbox owns the inboxes: the connections to the channels on which customers write. It keeps their settings,
// checks them before they are saved, and keeps their secrets: a password that was given is sealed at once, is never part
// of an answer, and is only opened for the channel that signs in with it ([Service.Decrypted]).
//
// Every change is announced after its commit ([Service.OnChange]), so that the channel follows without being asked to.
package inbox

import (
	"strings"

	"github.com/foyerdesk/foyer/internal/desk/audit"
	"github.com/foyerdesk/foyer/internal/platform/db"
)

// Email is the channel of inboxes that read IMAP mailboxes and answer by SMTP.
const Email = "email"

// Mask is shown in the place of a secret. Sent back, it means that the secret stays what it is.
const Mask = "••••••••••"

// Inbox is one inbox as clients see it: secrets in Config and Secret are masked.
type Inbox struct {
	ID                 int64   `json:"id"`
	UUID               string  `json:"uuid"`
	CreatedAt          db.Time `json:"created_at"`
	UpdatedAt          db.Time `json:"updated_at"`
	Name               string  `json:"name"`
	Channel            string  `json:"channel"`
	Enabled            bool    `json:"enabled"`
	CSATEnabled        bool    `json:"csat_enabled" db:"csat_enabled"`
	PromptTagsOnReply  bool    `json:"prompt_tags_on_reply"` // asked by the reply box; the API takes replies without tags
	From               string  `json:"from" db:"from_address"`
	FromNameTemplate   string  `json:"from_name_template"`
	Config             db.JSON `json:"config"`
	Secret             *string `json:"secret"`
	LinkedEmailInboxID *int64  `json:"linked_email_inbox_id" db:"linked_email_inbox_id"`
}

const columns = `id, uuid, created_at, updated_at, name, channel, enabled, csat_enabled, prompt_tags_on_reply, from_address,
	from_name_template, config, secret, linked_email_inbox_id`

// target returns the inbox as the activity log names it.
func (in Inbox) target() audit.Target { return audit.Target{Model: "inbox", ID: in.ID, Name: in.Name} }

// masked returns the inbox with every secret replaced by the mask.
func (in Inbox) masked() (Inbox, error) {
	if in.Secret != nil && *in.Secret != "" {
		mask := Mask
		in.Secret = &mask
	}
	if in.Channel != Email {
		return in, nil
	}
	var cfg EmailConfig
	if err := in.Config.Decode(&cfg); err != nil {
		return in, err
	}
	in.Config = db.ToJSON(cfg.masked())
	return in, nil
}

// compact returns the inbox as agents see it who do not manage inboxes: of its settings only where replies go.
func (in Inbox) compact() (Inbox, error) {
	var cfg struct {
		ReplyTo string `json:"reply_to"`
	}
	if err := in.Config.Decode(&cfg); err != nil {
		return in, err
	}
	in.Config, in.Secret = db.ToJSON(cfg), nil
	return in, nil
}

// Input is what a client gives to create an inbox or to replace its settings.
type Input struct {
	Name               string
	Channel            string
	Enabled            bool
	CSATEnabled        bool
	PromptTagsOnReply  bool
	From               string
	FromNameTemplate   string
	Config             db.JSON
	Secret             *string
	LinkedEmailInboxID *int64
}

// keeps reports whether a given secret means that the stored one stays: nothing given, or only the dots of the mask.
func keeps(secret string) bool { return strings.Trim(secret, "•") == "" }
