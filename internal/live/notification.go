package live

import (
	"context"
	"errors"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/event"
	"github.com/foyerdesk/foyer/internal/flow/notify"
	"github.com/foyerdesk/foyer/internal/platform/db"
)

// newNotification is a notification with how its agent wants to be told of it at once, and how many there are now. Both
// are Foyer's additions.
type newNotification struct {
	notify.Notification
	notify.Stats
	Alert notify.Alert `json:"alert"`
}

// notificationUpdate says that notifications were read or deleted: those with the ids, or all when ids is null. It keeps an
// agent's tabs alike, and is Foyer's addition.
type notificationUpdate struct {
	Action string  `json:"action"`
	IDs    []int64 `json:"ids"`
	notify.Stats
}

// notified makes the frames for the tabs of an agent who is told something or has read it.
func (h *Hub) notified(ctx context.Context, e event.Event) []addressed {
	if e.Type == event.NotificationCreated {
		return h.notification(ctx, e)
	}
	var c notify.Changed
	if err := e.Payload.Decode(&c); err != nil {
		return nil
	}
	stats, err := h.Notifications.Stats(ctx, c.UserID)
	if err != nil {
		h.Log.Warn("could not count the notifications of an agent", "event", e.ID, "error", err)
		return nil
	}
	return []addressed{{frame: frame{"notification_update", notificationUpdate{c.Action, c.IDs, stats}, e.ID},
		visible: func(p *agent.Principal) bool { return p.ID == c.UserID }}}
}

func (h *Hub) notification(ctx context.Context, e event.Event) []addressed {
	var c notify.Created
	if err := e.Payload.Decode(&c); err != nil {
		return nil
	}
	n, err := h.Notifications.Notification(ctx, c.ID)
	if err != nil {
		if !errors.Is(err, db.ErrNoRows) { // deleted meanwhile
			h.Log.Warn("could not read the notification of an event", "event", e.ID, "error", err)
		}
		return nil
	}
	stats, err := h.Notifications.Stats(ctx, c.UserID)
	if err != nil {
		h.Log.Warn("could not count the notifications of an agent", "event", e.ID, "error", err)
		return nil
	}
	return []addressed{{frame: frame{"new_notification", newNotification{*n, stats, c.Alert}, e.ID},
		visible: func(p *agent.Principal) bool { return p.ID == n.UserID && n.ReadableBy(p) }}}
}
