package api

import (
	"context"
	"net/http"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/flow/notify"
)

// deviceBody is what a browser's PushSubscription is as JSON.
type deviceBody struct {
	Endpoint string `json:"endpoint,omitempty" doc:"Where the browser's push service takes what is for it"`
	Keys     struct {
		P256dh string `json:"p256dh,omitempty"`
		Auth   string `json:"auth,omitempty"`
	} `json:"keys,omitempty"`
}

// Push registers the routes of the browsers on which the caller is told of things while the desk is closed.
func Push(a *API) {
	n := a.Notifications
	const devices = "/agents/me/push"
	route(a, http.MethodGet, devices, "The caller's devices for push messages, and the key to add one", anyone,
		func(ctx context.Context, p *agent.Principal, _ *struct{}) (notify.Devices, error) {
			return n.Devices(ctx, p)
		})
	route(a, http.MethodPost, devices, "Add a browser to the caller's devices, or renew it", anyone,
		func(ctx context.Context, p *agent.Principal, in *struct{ Body deviceBody }) (notify.Device, error) {
			b := in.Body
			return n.AddDevice(ctx, p, notify.Subscription{Endpoint: b.Endpoint, P256dh: b.Keys.P256dh, Auth: b.Keys.Auth}, agent.DeviceName(callerOf(ctx).userAgent))
		})
	route(a, http.MethodPut, devices+"/{id}", "Say whether names and texts may pass the push service of a device", anyone,
		func(ctx context.Context, p *agent.Principal, in *struct {
			IDPath
			Body struct {
				WithText bool `json:"with_text,omitempty"`
			}
		}) (d notify.Device, err error) {
			id, err := pathID(in.ID)
			if err != nil {
				return d, err
			}
			return n.AllowText(ctx, p, id, in.Body.WithText)
		})
	route(a, http.MethodDelete, devices+"/{id}", "Take one of the caller's devices away", anyone, one(n.RemoveDevice))
	route(a, http.MethodPost, devices+"/{id}/test", "Send a test to one of the caller's devices", anyone, one(n.TryDevice))
}
