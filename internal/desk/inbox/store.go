package inbox

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/google/uuid"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/audit"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/platform/crypt"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// Service manages inboxes. It is safe for concurrent use.
type Service struct {
	db  *db.DB
	box *crypt.Box

	mu       sync.RWMutex
	onChange []func(id int64)
}

// New returns the service; box seals the secrets.
func New(d *db.DB, box *crypt.Box) *Service { return &Service{db: d, box: box} }

// OnChange registers a function that is called with the id of an inbox after the commit that created, changed, toggled
// or deleted it. It must be quick and must not use the database.
func (s *Service) OnChange(fn func(id int64)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.onChange = append(s.onChange, fn)
}

func (s *Service) announce(tx *db.Tx, id int64) {
	tx.AfterCommit(func() {
		s.mu.RLock()
		defer s.mu.RUnlock()
		for _, fn := range s.onChange {
			fn(id)
		}
	})
}

// List returns all inboxes that are not deleted, by name. Those who manage inboxes see the settings, with secrets
// masked; others see no servers and no accounts. The secret is not part of a list for anybody.
func (s *Service) List(ctx context.Context, p *agent.Principal) ([]Inbox, error) {
	all, err := db.Select[Inbox](ctx, s.db, `SELECT `+columns+` FROM inboxes WHERE deleted_at IS NULL ORDER BY lower(name), id`)
	if err != nil {
		return nil, fmt.Errorf("list inboxes: %w", err)
	}
	show := Inbox.compact
	if p.Can(role.InboxesManage) {
		show = Inbox.masked
	}
	for i := range all {
		if all[i], err = show(all[i]); err != nil {
			return nil, fmt.Errorf("show inbox %d: %w", all[i].ID, err)
		}
		all[i].Secret = nil
	}
	return all, nil
}

// Get returns one inbox, masked; NotFound if there is none.
func (s *Service) Get(ctx context.Context, id int64) (Inbox, error) {
	in, err := read(ctx, s.db, id, "")
	if err != nil {
		return in, err
	}
	return in.masked()
}

// Create stores a new inbox and returns it, masked; an Invalid error names the field that is wrong.
func (s *Service) Create(ctx context.Context, in Input) (Inbox, error) {
	return s.create(ctx, in, func(*db.Tx) error { return nil })
}

// create makes an inbox unless a check in the same transaction fails.
func (s *Service) create(ctx context.Context, in Input, check func(*db.Tx) error) (out Inbox, err error) {
	cfg, err := in.check()
	if err != nil {
		return out, err
	}
	id := uuid.NewString()
	cfg.keepSecrets(EmailConfig{}, readCleared(in.Config), s.sealer(id))
	if err := cfg.checkOAuth(); err != nil {
		return out, err
	}
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		if err := check(tx); err != nil {
			return err
		}
		if err := checkLinked(ctx, tx, in.LinkedEmailInboxID, 0); err != nil {
			return err
		}
		out, err = db.Get[Inbox](ctx, tx, `INSERT INTO inboxes (created_at, updated_at, uuid, name, channel, enabled, csat_enabled, prompt_tags_on_reply,
			from_address, from_name_template, config, secret, linked_email_inbox_id)
			VALUES ($1, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) RETURNING `+columns,
			db.Now(), id, in.Name, in.Channel, in.Enabled, in.CSATEnabled, in.PromptTagsOnReply, in.From, in.FromNameTemplate,
			db.ToJSON(cfg), s.secret(id, in.Secret, nil), in.LinkedEmailInboxID)
		if err != nil {
			return fmt.Errorf("create inbox: %w", err)
		}
		s.announce(tx, out.ID)
		return audit.Record(ctx, tx, audit.Entry{Type: audit.InboxCreated, Target: out.target(), After: out})
	})
	if err != nil {
		return out, err
	}
	return out.masked()
}

// Update replaces everything about an inbox but the secrets that the input leaves as they are: those that are empty,
// left out or masked. A secret that is null is removed. It returns the inbox, masked; NotFound if there is none, an
// Invalid error that names the field otherwise. The channel cannot be changed.
func (s *Service) Update(ctx context.Context, id int64, in Input) (out Inbox, err error) {
	given, err := in.check()
	if err != nil {
		return out, err
	}
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		stored, err := read(ctx, tx, id, forUpdate(tx))
		if err != nil {
			return err
		}
		cfg, err := s.merge(stored, in, given)
		if err != nil {
			return err
		}
		if len(cfg.IMAP) == 0 {
			return fault.Required("config.imap")
		}
		if len(cfg.SMTP) == 0 {
			return fault.Required("config.smtp")
		}
		if err := checkLinked(ctx, tx, in.LinkedEmailInboxID, id); err != nil {
			return err
		}
		out, err = db.Get[Inbox](ctx, tx, `UPDATE inboxes SET updated_at = $2, name = $3, enabled = $4, csat_enabled = $5, prompt_tags_on_reply = $6,
			from_address = $7, from_name_template = $8, config = $9, secret = $10, linked_email_inbox_id = $11 WHERE id = $1 RETURNING `+columns,
			id, db.Now(), in.Name, in.Enabled, in.CSATEnabled, in.PromptTagsOnReply, in.From, in.FromNameTemplate,
			db.ToJSON(cfg), s.secret(stored.UUID, in.Secret, stored.Secret), in.LinkedEmailInboxID)
		if err != nil {
			return fmt.Errorf("update inbox %d: %w", id, err)
		}
		s.announce(tx, id)
		return audit.Record(ctx, tx, audit.Entry{Type: audit.InboxUpdated, Target: out.target(), Before: stored, After: out})
	})
	if err != nil {
		return out, err
	}
	return out.masked()
}

// merge returns the given settings with the stored secrets that stay; all of them are sealed.
func (s *Service) merge(stored Inbox, in Input, given EmailConfig) (EmailConfig, error) {
	if stored.Channel != in.Channel {
		return given, fault.Field("channel", "error.channel_fixed")
	}
	var was EmailConfig
	if err := stored.Config.Decode(&was); err != nil {
		return given, err
	}
	cfg := given.clone() // a transaction may run again
	cfg.keepSecrets(was, readCleared(in.Config), s.sealer(stored.UUID))
	cfg.keepUnnamed(was, in.Config)
	return cfg, cfg.checkOAuth()
}

// Draft returns the settings that an input stands for, secrets opened, without storing anything: what a test of the
// connection works with. With an id, the secrets that are left out are those of that inbox.
func (s *Service) Draft(ctx context.Context, id int64, in Input) (EmailConfig, error) {
	given, err := in.check()
	if err != nil {
		return given, err
	}
	if id == 0 {
		given.keepSecrets(EmailConfig{}, cleared{}, func(secret string) string { return secret })
		return given, given.checkOAuth()
	}
	stored, err := read(ctx, s.db, id, "")
	if err != nil {
		return given, err
	}
	cfg, err := s.merge(stored, in, given)
	if err != nil {
		return cfg, err
	}
	return cfg, s.open(stored.UUID, &cfg)
}

// Tested notes in the activity log that a test mail was sent to an address by the settings of an inbox, which need not
// be stored: id is 0 then.
func (s *Service) Tested(ctx context.Context, id int64, name, to string) error {
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		return audit.Record(ctx, tx, audit.Entry{Type: audit.InboxTested, Target: audit.Target{Model: "inbox", ID: id, Name: name}, Note: to})
	})
}

// Toggle enables a disabled inbox and disables an enabled one, and returns it, masked; NotFound if there is none.
func (s *Service) Toggle(ctx context.Context, id int64) (out Inbox, err error) {
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		out, err = db.Get[Inbox](ctx, tx, `UPDATE inboxes SET enabled = NOT enabled, updated_at = $2 WHERE id = $1 AND deleted_at IS NULL
			RETURNING `+columns, id, db.Now())
		if errors.Is(err, db.ErrNoRows) {
			return fault.Missing("inbox")
		}
		if err != nil {
			return fmt.Errorf("toggle inbox %d: %w", id, err)
		}
		s.announce(tx, id)
		before := out
		before.Enabled = !out.Enabled
		return audit.Record(ctx, tx, audit.Entry{Type: audit.InboxUpdated, Target: out.target(), Before: before, After: out})
	})
	if err != nil {
		return out, err
	}
	return out.masked()
}

// TouchTx makes the channel begin anew with an inbox, as after a change of its settings, in the caller's transaction, and
// returns its name; NotFound if there is none.
func (s *Service) TouchTx(ctx context.Context, tx *db.Tx, id int64) (name string, err error) {
	err = tx.QueryRow(ctx, `UPDATE inboxes SET updated_at = $2 WHERE id = $1 AND deleted_at IS NULL RETURNING name`, id, db.Now()).Scan(&name)
	if errors.Is(err, db.ErrNoRows) {
		return "", fault.Missing("inbox")
	}
	if err != nil {
		return "", fmt.Errorf("touch inbox %d: %w", id, err)
	}
	s.announce(tx, id)
	return name, nil
}

// Delete takes an inbox out of use for good: its conversations stay and can be read, its settings and secrets are gone.
// One that is not there is none any more, either.
func (s *Service) Delete(ctx context.Context, id int64) error {
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		stored, err := read(ctx, tx, id, forUpdate(tx))
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE inboxes SET deleted_at = $2, updated_at = $2, enabled = FALSE, config = '{}', secret = NULL
			WHERE id = $1 AND deleted_at IS NULL`, id, db.Now())
		if err != nil {
			return fmt.Errorf("delete inbox %d: %w", id, err)
		}
		s.announce(tx, id)
		return audit.Record(ctx, tx, audit.Entry{Type: audit.InboxDeleted, Target: stored.target(), Before: stored})
	})
}

// Decrypted returns an e-mail inbox and its settings with their secrets, for the channel; the inbox's own Config is
// left empty so that the two cannot be confused. NotFound if there is none or it is of another channel,
// [crypt.ErrUnreadable] if a secret was sealed with another key.
func (s *Service) Decrypted(ctx context.Context, id int64) (in Inbox, cfg EmailConfig, err error) {
	in, err = read(ctx, s.db, id, "")
	if err != nil {
		return in, cfg, err
	}
	if in.Channel != Email {
		return in, cfg, fault.Missing("inbox")
	}
	if err := in.Config.Decode(&cfg); err != nil {
		return in, cfg, err
	}
	if err := s.open(in.UUID, &cfg); err != nil {
		return in, EmailConfig{}, fmt.Errorf("open the secrets of inbox %d: %w", id, err)
	}
	in.Config, in.Secret = nil, nil
	return in, cfg, nil
}

func read(ctx context.Context, q db.Querier, id int64, suffix string) (Inbox, error) {
	in, err := db.Get[Inbox](ctx, q, `SELECT `+columns+` FROM inboxes WHERE id = $1 AND deleted_at IS NULL`+suffix, id)
	if errors.Is(err, db.ErrNoRows) {
		return in, fault.Missing("inbox")
	}
	if err != nil {
		return in, fmt.Errorf("read inbox %d: %w", id, err)
	}
	return in, nil
}

// forUpdate is the clause that locks rows read; SQLite has one writer and needs none.
func forUpdate(q db.Querier) string {
	if q.Engine() == db.Postgres {
		return " FOR UPDATE"
	}
	return ""
}

// checkLinked refuses to link to what is not another e-mail inbox.
func checkLinked(ctx context.Context, q db.Querier, linked *int64, self int64) error {
	if linked == nil {
		return nil
	}
	var n int
	if err := q.QueryRow(ctx, `SELECT count(*) FROM inboxes WHERE id = $1 AND id <> $2 AND channel = 'email' AND deleted_at IS NULL`, *linked, self).
		Scan(&n); err != nil {
		return fmt.Errorf("look for the linked inbox: %w", err)
	}
	if n == 0 {
		return fault.Field("linked_email_inbox_id", "error.inbox_not_email")
	}
	return nil
}

// seat is where an inbox's secrets are sealed for. It names the inbox and not the position in its lists, so that a
// sealed password stays readable when servers change places.
func seat(inboxUUID string) string { return "inbox." + inboxUUID }

func (s *Service) sealer(inboxUUID string) func(string) string {
	return func(secret string) string { return s.box.Seal(seat(inboxUUID), secret) }
}

func (s *Service) open(inboxUUID string, cfg *EmailConfig) error {
	return cfg.eachSecret(func(secret *string) (err error) {
		*secret, err = s.box.Open(seat(inboxUUID), *secret)
		return err
	})
}

// secret returns the inbox's own secret as it is to be stored: the present one unless another is given.
func (s *Service) secret(inboxUUID string, given, stored *string) *string {
	if given == nil || keeps(*given) {
		return stored
	}
	sealed := s.box.Seal(seat(inboxUUID), *given)
	return &sealed
}
