package notify

import (
	"context"
	"crypto/ecdh"
	"encoding/base64"
	"errors"
	"fmt"
	"net/netip"
	"strings"

	webpush "github.com/SherClockHolmes/webpush-go"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/platform/crypt"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
	"github.com/foyerdesk/foyer/internal/platform/netguard"
)

// Device is a browser on which an agent is told of things while the desk is closed.
type Device struct {
	ID         int64    `json:"id"`
	CreatedAt  db.Time  `json:"created_at"`
	Name       string   `json:"name" doc:"Browser and system, as in Firefox on Android; empty when the browser did not say"`
	WithText   bool     `json:"with_text" doc:"Whether names and texts may pass the browser's push service, encrypted"`
	LastUsedAt *db.Time `json:"last_used_at" doc:"When the push service last took something for it"`
}

// Devices are an agent's, and the key that a browser needs to become one.
type Devices struct {
	PublicKey string   `json:"public_key" doc:"Of the desk, for a browser's pushManager.subscribe (RFC 8292)"`
	Devices   []Device `json:"devices"`
}

// Subscription is what a browser hands out: where to send what is for it, and the keys to encrypt that by (RFC 8291).
type Subscription struct {
	Endpoint string
	P256dh   string // a point of P-256, uncompressed, base64url
	Auth     string // 16 bytes, base64url
}

const (
	maxEndpoint = 2048
	// maxDevices is how many an agent has at most; the one that was added first makes place.
	maxDevices = 20
)

func (s Subscription) validate() error {
	u, err := netguard.ParseURL(s.Endpoint)
	switch {
	case s.Endpoint == "":
		return fault.Required("endpoint")
	case len(s.Endpoint) > maxEndpoint:
		return fault.TooLong("endpoint", maxEndpoint)
	case err != nil || (u.Scheme != "https" && !loopback(u.Hostname())):
		return fault.Field("endpoint", "error.push_endpoint_invalid").Because(err)
	}
	if point, err := unpadded(s.P256dh); err != nil {
		return fault.Field("keys.p256dh", "error.push_key_invalid").Because(err)
	} else if _, err := ecdh.P256().NewPublicKey(point); err != nil {
		return fault.Field("keys.p256dh", "error.push_key_invalid").Because(err)
	}
	if secret, err := unpadded(s.Auth); err != nil || len(secret) != 16 {
		return fault.Field("keys.auth", "error.push_key_invalid").Because(err)
	}
	return nil
}

// loopback allows a push service on the desk's own machine to go without encryption; whether it may be dialled at all is
// the guard's to say.
func loopback(host string) bool {
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && ip.IsLoopback()
}

func unpadded(text string) ([]byte, error) {
	return base64.RawURLEncoding.DecodeString(strings.TrimRight(text, "="))
}

// vapid are the keys by which push services know the desk (RFC 8292).
type vapid struct {
	Public  string `json:"public"`
	Private string `json:"private"` // sealed
}

const (
	vapidSetting = "notification.push.keys"
	vapidSeat    = "settings.notification.push.private_key"
)

// keys returns the desk's keys, which are made when they are first asked for.
func (s *Service) keys(ctx context.Context) (public, private string, err error) {
	var k vapid
	err = s.DB.Tx(ctx, func(tx *db.Tx) error {
		stored, err := storedVapid(ctx, tx)
		if err != nil || stored != nil {
			k = deref(stored)
			return err
		}
		secret, public, err := webpush.GenerateVAPIDKeys()
		if err != nil {
			return fmt.Errorf("make the keys for push services: %w", err)
		}
		k = vapid{Public: public, Private: s.Box.Seal(vapidSeat, secret)}
		if _, err := tx.Exec(ctx, `INSERT INTO settings (key, value) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING`, vapidSetting, db.ToJSON(k)); err != nil {
			return fmt.Errorf("keep the keys for push services: %w", err)
		}
		stored, err = storedVapid(ctx, tx) // another node's, if that was faster
		k = deref(stored)
		return err
	})
	if err != nil {
		return "", "", err
	}
	private, err = s.Box.Open(vapidSeat, k.Private)
	return k.Public, private, err
}

func deref(k *vapid) vapid {
	if k == nil {
		return vapid{}
	}
	return *k
}

func storedVapid(ctx context.Context, q db.Querier) (*vapid, error) {
	var value db.JSON
	err := q.QueryRow(ctx, `SELECT value FROM settings WHERE key = $1`, vapidSetting).Scan(&value)
	if errors.Is(err, db.ErrNoRows) {
		return nil, nil
	}
	k := new(vapid)
	if err == nil {
		err = value.Decode(k)
	}
	if err != nil {
		return nil, fmt.Errorf("read the keys for push services: %w", err)
	}
	return k, nil
}

// ResealTx seals the desk's private key for push services anew.
func (s *Service) ResealTx(ctx context.Context, tx *db.Tx, r *crypt.Resealer) error {
	k, err := storedVapid(ctx, tx)
	if err != nil || k == nil {
		return err
	}
	r.Reseal(vapidSeat, &k.Private)
	if _, err := tx.Exec(ctx, `UPDATE settings SET value = $2 WHERE key = $1`, vapidSetting, db.ToJSON(*k)); err != nil {
		return fmt.Errorf("keep the keys for push services: %w", err)
	}
	return nil
}

const deviceQuery = `SELECT id, created_at, name, with_text, last_used_at FROM push_devices `

func (d *Device) scan(r db.Row) error {
	return r.Scan(&d.ID, &d.CreatedAt, &d.Name, &d.WithText, &d.LastUsedAt)
}

// Devices returns an agent's, the oldest first.
func (s *Service) Devices(ctx context.Context, p *agent.Principal) (Devices, error) {
	public, _, err := s.keys(ctx)
	if err != nil {
		return Devices{}, err
	}
	out := Devices{PublicKey: public, Devices: []Device{}}
	err = db.Each(ctx, s.DB, func(r db.Rows) error {
		var d Device
		err := d.scan(r)
		out.Devices = append(out.Devices, d)
		return err
	}, deviceQuery+`WHERE user_id = $1 ORDER BY id`, p.ID)
	if err != nil {
		return out, fmt.Errorf("read the devices of agent %d: %w", p.ID, err)
	}
	return out, nil
}

// AddDevice makes a browser one of the agent's devices, or renews it; one that was somebody else's is theirs no more. name
// says which browser it is. An Invalid error names the field.
func (s *Service) AddDevice(ctx context.Context, p *agent.Principal, sub Subscription, name string) (d Device, err error) {
	if err := sub.validate(); err != nil {
		return d, err
	}
	err = s.DB.Tx(ctx, func(tx *db.Tx) error {
		// What one agent allowed does not hold for another.
		if _, err := tx.Exec(ctx, `DELETE FROM push_devices WHERE endpoint = $1 AND user_id <> $2`, sub.Endpoint, p.ID); err != nil {
			return err
		}
		err := d.scan(tx.QueryRow(ctx, `INSERT INTO push_devices (created_at, user_id, name, endpoint, p256dh, auth) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (endpoint) DO UPDATE SET name = excluded.name, p256dh = excluded.p256dh, auth = excluded.auth
			RETURNING id, created_at, name, with_text, last_used_at`, db.Now(), p.ID, name, sub.Endpoint, sub.P256dh, sub.Auth))
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM push_devices WHERE user_id = $1 AND id NOT IN
			(SELECT id FROM push_devices WHERE user_id = $1 ORDER BY id DESC LIMIT $2 + 0)`, p.ID, maxDevices); err != nil {
			return err
		}
		return s.chooseDefaults(ctx, tx, p.ID)
	})
	if err != nil {
		return d, fmt.Errorf("add a device of agent %d: %w", p.ID, err)
	}
	return d, nil
}

// chooseDefaults has what pops up on the computer go to devices as well, for who made their choices before there were any.
func (s *Service) chooseDefaults(ctx context.Context, tx *db.Tx, agentID int64) error {
	choices, err := preferences(ctx, tx, agentID)
	if err != nil {
		return err
	}
	for _, by := range choices.Events {
		if by.Push {
			return nil
		}
	}
	for t, by := range choices.Events {
		by.Push = by.Desktop
		choices.Events[t] = by
	}
	return storePreferences(ctx, tx, agentID, choices)
}

// AllowText says whether names and texts may pass the push service of a device of the agent; NotFound if it is not theirs.
func (s *Service) AllowText(ctx context.Context, p *agent.Principal, id int64, allowed bool) (d Device, err error) {
	err = s.DB.Tx(ctx, func(tx *db.Tx) error {
		return d.scan(tx.QueryRow(ctx, `UPDATE push_devices SET with_text = $3 WHERE id = $1 AND user_id = $2
			RETURNING id, created_at, name, with_text, last_used_at`, id, p.ID, allowed))
	})
	if errors.Is(err, db.ErrNoRows) {
		return d, fault.Missing("device")
	}
	return d, err
}

// RemoveDevice takes a device of the agent away; NotFound if it is not theirs.
func (s *Service) RemoveDevice(ctx context.Context, p *agent.Principal, id int64) error {
	return s.DB.Tx(ctx, func(tx *db.Tx) error {
		n, err := tx.Exec(ctx, `DELETE FROM push_devices WHERE id = $1 AND user_id = $2`, id, p.ID)
		if err == nil && n == 0 {
			return fault.Missing("device")
		}
		return err
	})
}
