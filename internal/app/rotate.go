package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/audit"
	"github.com/foyerdesk/foyer/internal/platform/config"
	"github.com/foyerdesk/foyer/internal/platform/crypt"
	"github.com/foyerdesk/foyer/internal/platform/db"
)

type rotateCmd struct{ output }

// Run replaces the encryption key. Wherever it is broken off, the next start reads every secret, and running it again
// finishes: until all secrets are sealed with the new key, the old one is kept beside it.
func (r rotateCmd) Run(ctx context.Context, c *commands) error {
	cfg, _, err := c.load()
	if err != nil {
		return err
	}
	prepare, finish := addKey, forgetOldKeys
	if cfg.EncryptionKey != "" {
		prepare, finish = needPrevious, nothing
	}
	if err := prepare(ctx, c, cfg); err != nil {
		return err
	}
	return withSystem(ctx, c, func(a *App, by *agent.Principal) error {
		done, err := a.reseal(ctx, by)
		if err != nil {
			return err
		}
		if err := finish(cfg); err != nil {
			return err
		}
		text := fmt.Sprintf("%d secrets are encrypted with the new key; the old one is no longer needed.\n", done.Resealed)
		if done.Unreadable > 0 {
			text += fmt.Sprintf("%d could be read with neither key and were left as they are: enter them again.\n", done.Unreadable)
		}
		return r.print(map[string]int{"resealed": done.Resealed, "unreadable": done.Unreadable}, text)
	})
}

// needPrevious wants the key that the configured one takes the place of.
func needPrevious(_ context.Context, _ *commands, cfg config.Config) error {
	_, previous, err := encryptionKeys(cfg)
	if err == nil && len(previous) == 0 {
		err = errors.New("set encryption_key to a new key and previous_encryption_key to the one that was used until now, then run this again")
	}
	return err
}

func nothing(config.Config) error { return nil }

// addKey puts a new key before those in the data folder. The desk is opened for it, so that it cannot run meanwhile.
func addKey(ctx context.Context, c *commands, cfg config.Config) error {
	a, err := c.open(ctx)
	if err != nil {
		return err
	}
	keys, err := crypt.LoadOrCreateKeys(keyFile(cfg))
	if err == nil && len(keys) == 1 { // otherwise an earlier attempt was broken off after this step
		err = crypt.ReplaceKeys(keyFile(cfg), [][]byte{crypt.NewKey(), keys[0]})
	}
	return errors.Join(err, a.Close())
}

func forgetOldKeys(cfg config.Config) error {
	keys, err := crypt.LoadOrCreateKeys(keyFile(cfg))
	if err != nil {
		return err
	}
	return crypt.ReplaceKeys(keyFile(cfg), keys[:1])
}

// reseal seals every stored secret with the current key, all or none.
func (a *App) reseal(ctx context.Context, by *agent.Principal) (done crypt.Resealer, err error) {
	err = a.DB.Tx(ctx, func(tx *db.Tx) error {
		done = crypt.Resealer{Box: a.box}
		for _, part := range []interface {
			ResealTx(ctx context.Context, tx *db.Tx, r *crypt.Resealer) error
		}{a.Inboxes, a.mailAuth, a.SSO, a.Factors, a.emailSettings, a.Notifications} {
			if err := part.ResealTx(ctx, tx, &done); err != nil {
				return err
			}
		}
		return audit.Record(ctx, tx, audit.Entry{Type: audit.EncryptionReplaced, Actor: by.Audited(),
			Target: audit.Target{Model: "setting", Name: "encryption_key"}, Note: fmt.Sprintf("%d secrets", done.Resealed)})
	})
	return done, err
}
