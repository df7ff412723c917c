package app

import (
	"context"
	"strconv"
	"time"

	"github.com/foyerdesk/foyer/internal/desk/event"
	"github.com/foyerdesk/foyer/internal/platform/db"
)

// accessTopic tells other nodes that what an agent may do has changed.
const accessTopic = "access"

// react ties what one part does to what another must know.
func (a *App) react() {
	a.Directory.Announce = func(id int64) {
		a.hub.Kick(id)
		a.bus.Publish(accessTopic, strconv.FormatInt(id, 10))
	}
	a.bus.Subscribe(accessTopic, func(payload string) {
		if id, err := strconv.ParseInt(payload, 10, 64); err == nil {
			a.Directory.Invalidate(id)
			a.hub.Kick(id)
		}
	})
	a.bus.OnGap(a.Directory.InvalidateAll)
	changed := func(agents []int64) {
		for _, id := range agents {
			a.Directory.Changed(id)
		}
	}
	a.Roles.Changed, a.Teams.Changed = changed, changed
	a.Conversations.OnDraft = a.hub.DraftChanged
	a.Agents.Unassign = a.Conversations.UnassignAll
	a.Agents.PasswordAllowed = a.SSO.PasswordAllowed
	a.Conversations.Seen = a.Notifications.Seen
	a.Contacts.Conversations, a.Contacts.Owners = a.Conversations, a.Search.AddressOwners
	a.Conversations.RootURL = func() string { return a.Settings.General(context.Background()).RootURL }
	a.Conversations.Location = func(ctx context.Context) *time.Location { return a.Settings.General(ctx).Location() }
	a.Conversations.Language = func(ctx context.Context) string { return a.Settings.General(ctx).Lang }
	a.Search.Location = a.Conversations.Location
	a.Agents.Available = func(ctx context.Context, tx *db.Tx, actorID, agentID int64, status string) error {
		return a.events.Append(ctx, tx, event.New{Type: event.AgentAvailability, ActorID: actorID,
			Payload: map[string]any{"agent_id": agentID, "availability_status": status}})
	}
}
