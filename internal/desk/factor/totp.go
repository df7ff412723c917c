package factor

import (
	"bytes"
	"context"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/boombuler/barcode/qr"
	"github.com/pquerna/otp/totp"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/audit"
	"github.com/foyerdesk/foyer/internal/platform/crypt"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

const (
	step  = 30 // seconds, RFC 6238 §5.2
	drift = 1  // steps that a phone's clock may be off
)

// NewTOTP is an authenticator app that is being set up. It is worth nothing until a code of it was given.
type NewTOTP struct {
	Secret string `json:"secret" doc:"To be typed, in base32"`
	URI    string `json:"uri" doc:"otpauth://, to be opened on the phone itself"`
	QRCode string `json:"qr_code" doc:"The same to be scanned: an SVG as data URI"`
}

// BeginTOTP makes the secret of a new authenticator app, in place of one that was begun. Conflict if one is set up.
func (s *Service) BeginTOTP(ctx context.Context, p *agent.Principal, session string, proof Proof) (n NewTOTP, err error) {
	if err := s.mayAdd(ctx, p, session, proof); err != nil {
		return n, err
	}
	key, err := totp.Generate(totp.GenerateOpts{Issuer: strings.ReplaceAll(s.site(), ":", " "), AccountName: p.Email})
	if err != nil {
		return n, fmt.Errorf("make a TOTP secret: %w", err)
	}
	n = NewTOTP{Secret: key.Secret(), URI: key.URL()}
	if n.QRCode, err = qrCode(n.URI); err != nil {
		return n, err
	}
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		changed, err := tx.Exec(ctx, `INSERT INTO agent_totp (user_id, secret, created_at) VALUES ($1, $2, $3)
			ON CONFLICT (user_id) DO UPDATE SET secret = excluded.secret, created_at = excluded.created_at, last_step = 0 WHERE agent_totp.confirmed_at IS NULL`,
			p.ID, s.box.Seal(place(p.ID), n.Secret), s.at())
		if err != nil {
			return fmt.Errorf("keep a TOTP secret: %w", err)
		}
		if changed == 0 {
			return fault.New(fault.Conflict, "error.totp_exists")
		}
		return nil
	})
	return n, err
}

// place names what a secret is sealed for.
func place(id int64) string { return fmt.Sprintf("agent.%d.totp", id) }

// ConfirmTOTP sets up the app that was begun, by a code of it. It returns recovery codes if the agent has none.
func (s *Service) ConfirmTOTP(ctx context.Context, p *agent.Principal, code string) (codes []string, err error) {
	if err := needsSession(p); err != nil {
		return nil, err
	}
	var refused error
	err = s.db.Tx(ctx, func(tx *db.Tx) (err error) {
		refused, err = s.guess(ctx, tx, p.ID, func() (bool, error) { return s.useTOTP(ctx, tx, p.ID, code, false) })
		if err != nil || refused != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE agent_totp SET confirmed_at = $2 WHERE user_id = $1`, p.ID, s.at()); err != nil {
			return fmt.Errorf("set up an authenticator app: %w", err)
		}
		if codes, err = s.firstCodes(ctx, tx, p.ID); err != nil {
			return err
		}
		return s.record(ctx, tx, p, audit.TwoFactorEnabled, "authenticator app")
	})
	if err = errors.Join(err, refused); err != nil {
		return nil, err
	}
	s.dir.Changed(p.ID)
	return codes, nil
}

// RemoveTOTP takes away the authenticator app of an agent who proves who they are.
func (s *Service) RemoveTOTP(ctx context.Context, p *agent.Principal, proof Proof) error {
	if err := s.prove(ctx, p, proof); err != nil {
		return err
	}
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		n, err := tx.Exec(ctx, `DELETE FROM agent_totp WHERE user_id = $1`, p.ID)
		if err != nil || n == 0 {
			return err
		}
		if err := dropCodesOfNothing(ctx, tx, p.ID); err != nil {
			return err
		}
		return s.record(ctx, tx, p, audit.TwoFactorDisabled, "authenticator app")
	})
	if err == nil {
		s.dir.Changed(p.ID)
	}
	return err
}

// useTOTP reports whether a code is right, and uses it up with all that are older. confirmed says whether the app must
// be set up already, or must not.
func (s *Service) useTOTP(ctx context.Context, tx *db.Tx, id int64, code string, confirmed bool) (bool, error) {
	var sealed string
	err := tx.QueryRow(ctx, `SELECT secret FROM agent_totp WHERE user_id = $1 AND (confirmed_at IS NOT NULL) = $2`, id, confirmed).Scan(&sealed)
	if errors.Is(err, db.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read a TOTP secret: %w", err)
	}
	secret, err := s.box.Open(place(id), sealed)
	if err != nil {
		return false, fmt.Errorf("open a TOTP secret: %w", err)
	}
	at, ok, err := stepOf(secret, code, s.Now())
	if err != nil || !ok {
		return false, err
	}
	n, err := tx.Exec(ctx, `UPDATE agent_totp SET last_step = $2 WHERE user_id = $1 AND last_step < $2`, id, at)
	if err != nil {
		return false, fmt.Errorf("use a code: %w", err)
	}
	return n == 1, nil
}

// stepOf returns the time step, near now, whose code is given (RFC 6238 §5.2). Spaces in the code do not matter.
func stepOf(secret, code string, now time.Time) (int64, bool, error) {
	code = strings.ReplaceAll(strings.TrimSpace(code), " ", "")
	found, at := false, int64(0)
	for d := int64(-drift); d <= drift; d++ {
		n := now.Unix()/step + d
		right, err := totp.GenerateCode(secret, time.Unix(n*step, 0))
		if err != nil {
			return 0, false, fmt.Errorf("make a code: %w", err)
		}
		if subtle.ConstantTimeCompare([]byte(right), []byte(code)) == 1 {
			found, at = true, n
		}
	}
	return at, found, nil
}

// qrCode draws a text as an SVG, dark on light whatever the theme, with the quiet zone that scanners need.
func qrCode(text string) (string, error) {
	const quiet = 4
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return "", fmt.Errorf("draw a QR code: %w", err)
	}
	size := code.Bounds().Dx()
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %[1]d" shape-rendering="crispEdges"><path fill="#fff" d="M0 0h%[1]dv%[1]dH0z"/><path d="`, size+2*quiet)
	for y := range size {
		for x := range size {
			if r, _, _, _ := code.At(x, y).RGBA(); r == 0 {
				fmt.Fprintf(&b, "M%d %dh1v1h-1z", x+quiet, y+quiet)
			}
		}
	}
	b.WriteString(`"/></svg>`)
	return "data:image/svg+xml;base64," + base64.StdEncoding.EncodeToString(b.Bytes()), nil
}

// Unreadable returns of how many agents the secret of the authenticator app is kept, and of how many it was encrypted with
// another key, so that no code of theirs is right.
func Unreadable(ctx context.Context, q db.Querier, box *crypt.Box) (kept, unreadable int, err error) {
	err = db.Each(ctx, q, func(r db.Rows) error {
		var id int64
		var sealed string
		if err := r.Scan(&id, &sealed); err != nil {
			return err
		}
		kept++
		if _, err := box.Open(place(id), sealed); err != nil {
			unreadable++
		}
		return nil
	}, `SELECT user_id, secret FROM agent_totp WHERE confirmed_at IS NOT NULL`)
	if err != nil {
		return 0, 0, fmt.Errorf("read the secrets of authenticator apps: %w", err)
	}
	return kept, unreadable, nil
}
