// Package live is the WebSocket face of the desk: it tells connected agents what happens, as it happens.
//
// The hub listens to the event log. For each event it makes the frames that clients know (new_message,
// new_conversation, conversation_update, message_update, …), once, and puts them into the queues of the connections
// whose agent may see them at that moment: access is asked for every frame, not when a subscription was made. Every
// frame carries the id of its event; a client that lost its connection names the last id it saw and gets what it
// missed ([Hub.Serve]). A client too slow for its queue is told to fetch anew (frame "resync") instead of silently
// losing frames.
//
// Who has a conversation open and who writes in it is told to the others who follow it (frame "presence"). That is kept
// in memory only: it ends with the connection, and with the node that does not say any more that it lives.
package live

import (
	"cmp"
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/contact"
	"github.com/foyerdesk/foyer/internal/desk/conversation"
	"github.com/foyerdesk/foyer/internal/desk/event"
	"github.com/foyerdesk/foyer/internal/flow/notify"
	"github.com/foyerdesk/foyer/internal/platform/burst"
	"github.com/foyerdesk/foyer/internal/platform/bus"
)

var (
	connected = promauto.NewGauge(prometheus.GaugeOpts{
		Name: "foyer_live_connections", Help: "WebSocket connections of agents that are open on this node.",
	})
	overflows = promauto.NewCounter(prometheus.CounterOpts{
		Name: "foyer_live_overflows_total", Help: "Times a connection was too slow for its frames and was told to fetch anew.",
	})
)

// Options wire a hub.
type Options struct {
	Events        *event.Log
	Conversations *conversation.Service
	Notifications *notify.Service
	Contacts      *contact.Service
	Bus           bus.Bus
	Log           *slog.Logger
	// Principal returns what an agent may do now; it answers from memory.
	Principal func(ctx context.Context, id int64) (*agent.Principal, error)
	// SessionEnds returns when a session ends unless it is used before, the zero time if it is over; nil if none ends early.
	SessionEnds func(ctx context.Context, sessionID int64) (time.Time, error)
	// Alive is called when an agent's client says that it is there.
	Alive func(ctx context.Context, agentID int64)
	// Origins are those of other sites whose pages may connect, besides the host that is asked.
	Origins []string
	// Silence is how long a client may give no sign of life; three minutes if it is left out.
	Silence time.Duration
	// Overlap is how many events before the last one seen are repeated to a client that comes back; see event.Log.
	Overlap int64
}

// Hub is all connections of this node.
type Hub struct {
	Options

	mu    sync.RWMutex
	conns map[*conn]struct{}

	many        many
	work        chan event.Event
	countsDirty chan struct{}
	presence    *presence
}

// New makes a hub and lets it listen to the log. Nothing is sent before Run.
func New(o Options) *Hub {
	o.Silence = cmp.Or(o.Silence, silence)
	h := &Hub{Options: o, conns: map[*conn]struct{}{}, many: newMany(), work: make(chan event.Event, 8192), countsDirty: make(chan struct{}, 1)}
	h.presence = newPresence(h)
	h.presence.listen(o.Bus)
	o.Bus.Subscribe(draftTopic, h.heardOfDraft)
	o.Events.Listen(h.hear)
	return h
}

// hear is the log's listener: it must not block, so what does not fit makes every client fetch anew.
func (h *Hub) hear(e event.Event) {
	if h.idle() {
		return
	}
	if h.many.takes(e) {
		return
	}
	select {
	case h.work <- e:
	default:
		h.each(func(c *conn) { c.overflow() })
	}
}

func (h *Hub) idle() bool {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return len(h.conns) == 0
}

// countsPause is the least time between two hints that the counts of lists have changed.
const countsPause = 250 * time.Millisecond

// Run makes and sends frames until ctx ends, then closes every connection with a hint to come back.
func (h *Hub) Run(ctx context.Context) {
	var beside sync.WaitGroup
	beside.Go(func() { h.hintCounts(ctx) })
	beside.Go(func() { h.tellMany(ctx) })
	beside.Go(func() { h.presence.run(ctx) })
	defer beside.Wait()
	var pace burst.Pacer
	for {
		select {
		case <-ctx.Done():
			h.each(func(c *conn) { c.close(closeGoingAway, "restart") })
			return
		case e := <-h.work:
			if len(h.work) < atOnce {
				pace.Wait(ctx)
			}
			h.spread(ctx, h.waiting(e))
		}
	}
}

// atOnce is how many events are read up for at once.
const atOnce = 32

// waiting returns an event and what is queued behind it, up to a bound. In a burst the conversations of many events are then
// read together, and one that several events are of but once.
func (h *Hub) waiting(first event.Event) []event.Event {
	events := []event.Event{first}
	for len(events) < atOnce {
		select {
		case e := <-h.work:
			events = append(events, e)
		default:
			return events
		}
	}
	return events
}

func (h *Hub) hintCounts(ctx context.Context) {
	frame := encode(frame{Type: "counts", Data: struct{}{}})
	for {
		select {
		case <-ctx.Done():
			return
		case <-h.countsDirty:
			h.each(func(c *conn) { c.send(frame) })
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(countsPause):
		}
	}
}

func (h *Hub) each(fn func(*conn)) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	for c := range h.conns {
		fn(c)
	}
}

// spread sends what events mean to everybody they concern, in their order.
func (h *Hub) spread(ctx context.Context, events []event.Event) {
	rows := h.rows(ctx, events)
	for _, e := range events {
		h.send(ctx, e, h.frames(ctx, e, rows))
	}
}

// send sends the frames of an event to those who may get them.
func (h *Hub) send(ctx context.Context, e event.Event, frames []addressed) {
	if len(frames) == 0 {
		return
	}
	encoded := make([][]byte, len(frames))
	for i, f := range frames {
		encoded[i] = encode(f.frame)
	}
	principals := map[int64]*agent.Principal{}
	h.each(func(c *conn) {
		p, ok := principals[c.agentID]
		if !ok {
			p, _ = h.Principal(ctx, c.agentID)
			principals[c.agentID] = p
		}
		if p == nil {
			return
		}
		p = p.Within(c.limit)
		for i, f := range frames {
			if f.visible(p) && f.reaches(c, p) {
				c.send(encoded[i])
			}
		}
	})
	if row, ok := frames[0].Data.(*conversation.ListItem); ok && e.Type == event.ConversationAssigned {
		h.presence.touchKnown(row.UUID) // others may know now who is there
	}
	switch e.Type {
	case event.ConversationCreated, event.ConversationAssigned, event.ConversationStatus, event.ConversationDeleted:
		select {
		case h.countsDirty <- struct{}{}:
		default:
		}
	}
}

// Kick closes every connection of an agent, whose client comes back with what the agent may do now.
func (h *Hub) Kick(agentID int64) {
	h.each(func(c *conn) {
		if c.agentID == agentID {
			c.close(closeNormal, "kicked")
		}
	})
}

func encode(f frame) []byte {
	b, err := json.Marshal(f)
	if err != nil {
		panic(err) // our own structures
	}
	return b
}
