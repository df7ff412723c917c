package api

import (
	"context"
	"net/http"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/flow/notify"
)

const (
	defaultNotifications = 20
	maxNotifications     = 100
	maxOffset            = 10_000
)

// channelsBody chooses the ways of one type of event; one that is left out is off.
type channelsBody struct {
	Bell    bool `json:"bell,omitempty"`
	Sound   bool `json:"sound,omitempty"`
	Desktop bool `json:"desktop,omitempty"`
	Push    bool `json:"push,omitempty"`
	Mail    bool `json:"mail,omitempty"`
}

type preferenceBody struct {
	Events     map[string]channelsBody `json:"events,omitempty" nullable:"true" doc:"By type: mention, assignment, reply, new_conversation; types left out stay as they are"`
	Volume     *int                    `json:"volume,omitempty" doc:"Of sounds, 0 to 100"`
	Tone       *string                 `json:"tone,omitempty" doc:"chime, bell, drop or knock"`
	QuietHours *notify.QuietHours      `json:"quiet_hours,omitempty"`
}

func (b preferenceBody) change() notify.PreferenceChange {
	c := notify.PreferenceChange{Volume: b.Volume, Tone: b.Tone, QuietHours: b.QuietHours, Events: map[notify.Type]notify.Channels{}}
	for t, channels := range b.Events {
		c.Events[notify.Type(t)] = notify.Channels(channels)
	}
	return c
}

// Notifications registers the routes of what the caller is told, and of how.
func Notifications(a *API) {
	n := a.Notifications
	route(a, http.MethodGet, "/notifications", "The caller's notifications, newest first", anyone,
		func(ctx context.Context, p *agent.Principal, in *struct {
			Limit  string `query:"limit" doc:"1 to 100, 20 unless given"`
			Offset string `query:"offset" doc:"How many to pass over, at most 10000"`
		}) ([]notify.Notification, error) {
			limit := positiveOr(in.Limit, defaultNotifications)
			if limit > maxNotifications {
				limit = defaultNotifications
			}
			return n.List(ctx, p, limit, min(positiveOr(in.Offset, 0), maxOffset))
		})
	route(a, http.MethodGet, "/notifications/stats", "How many notifications the caller has, counted up to 1000", anyone,
		func(ctx context.Context, p *agent.Principal, _ *struct{}) (notify.Stats, error) {
			return n.Stats(ctx, p.ID)
		})
	route(a, http.MethodPut, "/notifications/{id}/read", "Mark a notification as read", anyone, one(n.MarkRead))
	route(a, http.MethodPut, "/notifications/read-all", "Mark all the caller's notifications as read", anyone,
		func(ctx context.Context, p *agent.Principal, _ *struct{}) (done, error) {
			return true, n.MarkAllRead(ctx, p)
		})
	route(a, http.MethodDelete, "/notifications/{id}", "Delete a notification", anyone, one(n.Delete))
	route(a, http.MethodDelete, "/notifications", "Delete all the caller's notifications", anyone,
		func(ctx context.Context, p *agent.Principal, _ *struct{}) (done, error) {
			return true, n.DeleteAll(ctx, p)
		})
	const preferences = "/agents/me/notification-preferences"
	route(a, http.MethodGet, preferences, "Of what the caller is told, and how", anyone,
		func(ctx context.Context, p *agent.Principal, _ *struct{}) (notify.Preferences, error) {
			return n.Preferences(ctx, p)
		})
	route(a, http.MethodPut, preferences, "Change of what the caller is told, and how; what is left out stays as it is", anyone,
		func(ctx context.Context, p *agent.Principal, in *struct{ Body preferenceBody }) (notify.Preferences, error) {
			return n.SetPreferences(ctx, p, in.Body.change())
		})
}

// one makes the handler of what happens to one of the caller's things by its id.
func one(do func(ctx context.Context, p *agent.Principal, id int64) error) func(context.Context, *agent.Principal, *IDPath) (done, error) {
	return func(ctx context.Context, p *agent.Principal, in *IDPath) (done, error) {
		id, err := pathID(in.ID)
		if err != nil {
			return false, err
		}
		return true, do(ctx, p, id)
	}
}
