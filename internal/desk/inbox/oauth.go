package inbox

import (
	"context"
	"errors"
	"fmt"
	"net/mail"
	"strings"

	"github.com/foyerdesk/foyer/internal/desk/audit"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// The values of OAuth.Provider.
const (
	Google    = "google"
	Microsoft = "microsoft"
)

// ErrOtherAccount says that the account that agreed to a reconnection is not the one whose mail the inbox reads.
var ErrOtherAccount = errors.New("the account is not the inbox's")

// ErrTaken is returned when an inbox has the address of another.
var ErrTaken = errors.New("an inbox with this address exists")

// CreateOnly makes an inbox unless one, of any channel and enabled or not, sends from the same address, whatever the case of
// its letters: [ErrTaken] then, also if both are made at the same time.
func (s *Service) CreateOnly(ctx context.Context, in Input) (Inbox, error) {
	return s.create(ctx, in, func(tx *db.Tx) error {
		if tx.Engine() == db.Postgres {
			if _, err := tx.Exec(ctx, `LOCK TABLE inboxes IN SHARE ROW EXCLUSIVE MODE`); err != nil {
				return fmt.Errorf("lock the inboxes: %w", err)
			}
		}
		all, err := db.Select[string](ctx, tx, `SELECT from_address FROM inboxes WHERE deleted_at IS NULL`)
		if err != nil {
			return fmt.Errorf("look for the address of a mailbox: %w", err)
		}
		for _, from := range all {
			if strings.EqualFold(bare(from), bare(in.From)) {
				return ErrTaken
			}
		}
		return nil
	})
}

func bare(from string) string {
	a, err := mail.ParseAddress(from)
	if err != nil {
		return ""
	}
	return a.Address
}

// ErrUnreadable says that the settings of an inbox, as they are stored, are none.
var ErrUnreadable = errors.New("the settings cannot be read")

// Reconnect replaces the connection of an inbox to its provider, and has it sign in that way from now on; everything else
// stays. NotFound if there is no such inbox of e-mail, [ErrOtherAccount] if another account agreed than the one that reads
// the mailbox: its From, the account that agreed before (which for a shared mailbox is another), or a server's username;
// [ErrUnreadable].
func (s *Service) Reconnect(ctx context.Context, id int64, o OAuth) error {
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		stored, cfg, err := readEmail(ctx, tx, id)
		if err != nil {
			return err
		}
		if !cfg.knows(stored.From, o.Account) {
			return ErrOtherAccount
		}
		cfg.AuthType = AuthOAuth2
		cfg.OAuth = sealed(o, s.sealer(stored.UUID))
		out, err := db.Get[Inbox](ctx, tx, `UPDATE inboxes SET updated_at = $2, config = $3 WHERE id = $1 RETURNING `+columns, id, db.Now(), db.ToJSON(cfg))
		if err != nil {
			return fmt.Errorf("reconnect inbox %d: %w", id, err)
		}
		s.announce(tx, id)
		return audit.Record(ctx, tx, audit.Entry{Type: audit.InboxUpdated, Target: out.target(), Before: stored, After: out, Note: "reconnected as " + o.Account})
	})
}

// knows reports whether an account is one of those that the settings speak of.
func (c EmailConfig) knows(from, account string) bool {
	known := []string{bare(from)}
	if c.OAuth != nil {
		known = append(known, c.OAuth.Account)
	}
	for _, server := range c.IMAP {
		known = append(known, server.Username)
	}
	for _, k := range known {
		if k != "" && strings.EqualFold(k, account) {
			return true
		}
	}
	return false
}

// KeepTokens stores renewed tokens of an inbox, unless it was connected anew since its refresh token was was. It is no
// change of the inbox: nothing is announced or recorded.
func (s *Service) KeepTokens(ctx context.Context, id int64, was string, o OAuth) error {
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		stored, cfg, err := readEmail(ctx, tx, id)
		if err != nil {
			return err
		}
		if cfg.OAuth == nil {
			return nil
		}
		present, err := s.box.Open(seat(stored.UUID), cfg.OAuth.RefreshToken)
		if err != nil {
			return fmt.Errorf("open the refresh token of inbox %d: %w", id, err)
		}
		if present != was {
			return nil
		}
		seal := s.sealer(stored.UUID)
		cfg.OAuth.AccessToken, cfg.OAuth.RefreshToken, cfg.OAuth.ExpiresAt = seal(o.AccessToken), seal(o.RefreshToken), o.ExpiresAt
		if _, err := tx.Exec(ctx, `UPDATE inboxes SET config = $2 WHERE id = $1`, id, db.ToJSON(cfg)); err != nil {
			return fmt.Errorf("keep the tokens of inbox %d: %w", id, err)
		}
		return nil
	})
}

// sealed returns a connection as it is stored.
func sealed(o OAuth, seal func(string) string) *OAuth {
	for _, secret := range []*string{&o.ClientSecret, &o.AccessToken, &o.RefreshToken} {
		*secret = seal(*secret)
	}
	return &o
}

// readEmail reads an inbox of e-mail and its settings, secrets sealed, for a change.
func readEmail(ctx context.Context, tx *db.Tx, id int64) (in Inbox, cfg EmailConfig, err error) {
	if in, err = read(ctx, tx, id, forUpdate(tx)); err != nil {
		return in, cfg, err
	}
	if in.Channel != Email {
		return in, cfg, fault.Missing("inbox")
	}
	if err := in.Config.Decode(&cfg); err != nil {
		return in, cfg, fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	return in, cfg, nil
}
