package notify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	webpush "github.com/SherClockHolmes/webpush-go"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
	"github.com/foyerdesk/foyer/internal/platform/i18n"
	"github.com/foyerdesk/foyer/internal/platform/jobs"
	"github.com/foyerdesk/foyer/internal/platform/netguard"
)

const (
	// pushKept is how long a push service keeps what it cannot deliver: what is older is no news.
	pushKept     = 4 * time.Hour
	pushAttempts = 5
	// maxPushBody keeps what is sent, which is padded to 4096 bytes, below that.
	maxPushBody = 240
)

// pushJob is the job that tells of a notification on one device.
type pushJob struct {
	NotificationID int64 `json:"notification_id"`
	DeviceID       int64 `json:"device_id"`
}

// Kind implements jobs.Args.
func (pushJob) Kind() string { return "notify.push" }

const devicesOf = `SELECT id FROM push_devices WHERE user_id = $1`

// queuePush has an agent told of a notification on each of their devices; it reports whether there are any.
func (s *Service) queuePush(ctx context.Context, tx *db.Tx, agentID, notificationID int64) (bool, error) {
	devices, err := db.Select[int64](ctx, tx, devicesOf, agentID)
	if err != nil {
		return false, fmt.Errorf("read the devices of agent %d: %w", agentID, err)
	}
	for _, id := range devices {
		if err := s.Jobs.Insert(ctx, tx, pushJob{notificationID, id}, jobs.Options{MaxAttempts: pushAttempts}); err != nil {
			return false, err
		}
	}
	return len(devices) > 0, nil
}

// pushed is what a device is told. Without the agent's leave there is nothing in it of what people wrote, nor who they are.
type pushed struct {
	Title string `json:"title"`
	Body  string `json:"body,omitempty"`
	Path  string `json:"path"`
	Tag   string `json:"tag"` // one about the same conversation takes its place
	Lang  string `json:"lang"`
}

// target is a device with what is needed to send to it.
type target struct {
	id, agentID int64
	withText    bool
	sub         webpush.Subscription
}

func readTarget(ctx context.Context, q db.Querier, id int64) (t target, err error) {
	t.id = id
	err = q.QueryRow(ctx, `SELECT user_id, with_text, endpoint, p256dh, auth FROM push_devices WHERE id = $1`, id).
		Scan(&t.agentID, &t.withText, &t.sub.Endpoint, &t.sub.Keys.P256dh, &t.sub.Keys.Auth)
	return t, err
}

// push runs a [pushJob].
func (s *Service) push(ctx context.Context, job pushJob) error {
	t, err := readTarget(ctx, s.DB, job.DeviceID)
	if errors.Is(err, db.ErrNoRows) {
		return nil // taken away meanwhile
	}
	if err != nil {
		return fmt.Errorf("read a device: %w", err)
	}
	n, err := s.Notification(ctx, job.NotificationID)
	if errors.Is(err, db.ErrNoRows) || (err == nil && (n.IsRead || n.UserID != t.agentID || Path(n) == "")) {
		return nil // gone, read, or the browser is another agent's by now
	}
	if err != nil {
		return fmt.Errorf("read a notification: %w", err)
	}
	var p *agent.Principal
	err = s.DB.Tx(ctx, func(tx *db.Tx) error {
		p, err = agent.PrincipalIn(ctx, tx, t.agentID)
		return err
	})
	if err != nil || p == nil || !n.ReadableBy(p) {
		return err
	}
	return s.deliver(ctx, t, s.word(ctx, p, n, t.withText))
}

// word makes what a device is told of a notification.
func (s *Service) word(ctx context.Context, p *agent.Principal, n *Notification, withText bool) pushed {
	var m meta
	_ = n.Meta.Decode(&m)
	lang := s.language(ctx, p)
	out := pushed{Path: Path(n), Lang: lang}
	if m.InboxID != 0 {
		out.Tag, out.Title = fmt.Sprintf("foyer-inbox-%d", m.InboxID), i18n.T(lang, m.pushKey(), nil)
	} else {
		out.Tag = "foyer-" + value(n.ConversationUUID)
		out.Title = i18n.T(lang, "push.title."+string(n.NotificationType), map[string]string{"reference": m.Reference})
	}
	if withText {
		out.Title = clip(n.Title, maxPushBody)
		if n.Body != nil {
			out.Body = clip(*n.Body, maxPushBody)
		}
	}
	return out
}

// refusal is what a push service answered instead of taking a message.
type refusal int

// Error implements error.
func (r refusal) Error() string { return "the push service answered " + strconv.Itoa(int(r)) }

// gone tells that there is no such subscription any more (RFC 8030, section 7.3).
func (r refusal) gone() bool { return r == http.StatusNotFound || r == http.StatusGone }

// passing tells that trying again later may help.
func (r refusal) passing() bool { return r == http.StatusTooManyRequests || r >= 500 }

// deliver sends to a device. A device that is no more, or must not be called, is taken away. The error ends the job's
// attempts unless trying again may help.
func (s *Service) deliver(ctx context.Context, t target, what pushed) error {
	err := s.sendPush(ctx, t, what)
	var answer refusal
	refused := errors.As(err, &answer)
	switch {
	case err == nil:
		return s.exec(ctx, `UPDATE push_devices SET last_used_at = $2 WHERE id = $1`, t.id, db.Now())
	case (refused && answer.gone()) || errors.Is(err, netguard.ErrForbidden):
		return jobs.Cancel(errors.Join(err, s.exec(ctx, `DELETE FROM push_devices WHERE id = $1`, t.id)))
	case refused && !answer.passing():
		return jobs.Cancel(err)
	}
	return err
}

func (s *Service) exec(ctx context.Context, statement string, args ...any) error {
	return s.DB.Tx(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(ctx, statement, args...)
		return err
	})
}

// sendPush encrypts for a device (RFC 8291) and hands over to its push service (RFC 8030).
func (s *Service) sendPush(ctx context.Context, t target, what pushed) error {
	public, private, err := s.keys(ctx)
	if err != nil {
		return err
	}
	text, err := json.Marshal(what)
	if err != nil {
		return fmt.Errorf("word what a device is told: %w", err)
	}
	res, err := webpush.SendNotificationWithContext(ctx, text, &t.sub, &webpush.Options{
		HTTPClient: s.PushClient, Subscriber: s.Settings.General(ctx).RootURL, TTL: int(pushKept.Seconds()), Urgency: webpush.UrgencyHigh,
		VAPIDPublicKey: public, VAPIDPrivateKey: private,
	})
	if err != nil {
		return fmt.Errorf("call the push service: %w", err)
	}
	if err := res.Body.Close(); err != nil {
		return fmt.Errorf("call the push service: %w", err)
	}
	if res.StatusCode < 200 || res.StatusCode > 299 {
		return refusal(res.StatusCode)
	}
	return nil
}

// TryDevice sends a test to a device of the agent: NotFound if it is not theirs, Upstream if its push service does not take it.
func (s *Service) TryDevice(ctx context.Context, p *agent.Principal, id int64) error {
	t, err := readTarget(ctx, s.DB, id)
	if errors.Is(err, db.ErrNoRows) || (err == nil && t.agentID != p.ID) {
		return fault.Missing("device")
	}
	if err != nil {
		return fmt.Errorf("read a device: %w", err)
	}
	lang := s.language(ctx, p)
	say := func(key string) string { return i18n.T(lang, "push.test."+key, nil) }
	if err := s.deliver(ctx, t, pushed{Title: say("title"), Body: say("text"), Path: "/account/notifications", Tag: "foyer-test", Lang: lang}); err != nil {
		return fault.New(fault.Upstream, "error.push_refused").Because(err)
	}
	return nil
}
