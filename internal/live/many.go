package live

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/foyerdesk/foyer/internal/desk/bulk"
	"github.com/foyerdesk/foyer/internal/desk/event"
)

// many gathers the conversations that a change of many has changed. A frame for each change of each would flood every
// browser; instead each connection is told now and then which of those it follows have changed, and that lists have.
type many struct {
	mu      *sync.Mutex
	changed map[string]struct{} // by uuid
	dirty   chan struct{}
}

const (
	// manyPause is the least time between two frames about changes of many.
	manyPause = 500 * time.Millisecond
	// manyKept bounds what is gathered; nobody follows more.
	manyKept = 100_000
)

func newMany() many {
	return many{mu: &sync.Mutex{}, changed: map[string]struct{}{}, dirty: make(chan struct{}, 1)}
}

// takes reports whether an event is part of a change of many, and remembers its conversation.
func (m *many) takes(e event.Event) bool {
	if e.ConversationID == nil || !strings.HasPrefix(e.Cause, bulk.CausePrefix) {
		return false
	}
	var of struct {
		UUID string `json:"conversation_uuid"`
	}
	if err := e.Payload.Decode(&of); err != nil {
		return false
	}
	m.mu.Lock()
	if len(m.changed) < manyKept {
		m.changed[of.UUID] = struct{}{}
	}
	m.mu.Unlock()
	select {
	case m.dirty <- struct{}{}:
	default:
	}
	return true
}

func (m *many) take() map[string]struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	changed := m.changed
	m.changed = map[string]struct{}{}
	return changed
}

// tellMany sends each connection the frame conversations_changed, Foyer's addition, with those of the changed
// conversations that it follows: it fetches them anew, and its list, and sees of them what it may.
func (h *Hub) tellMany(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-h.many.dirty:
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(manyPause):
		}
		changed := h.many.take()
		h.presence.touchKnown(slices.Collect(maps.Keys(changed))...) // others may know now who is there
		h.each(func(c *conn) {
			c.send(encode(frame{Type: "conversations_changed", Data: map[string][]string{"uuids": c.followed(changed)}}))
		})
		select {
		case h.countsDirty <- struct{}{}:
		default:
		}
	}
}

// followed returns which of the conversations the client has open or in its list.
func (c *conn) followed(changed map[string]struct{}) []string {
	out := []string{}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, id := range c.open {
		if _, ok := changed[id]; ok {
			out = append(out, id)
		}
	}
	for id := range c.list {
		if _, ok := changed[id]; ok && !slices.Contains(c.open, id) {
			out = append(out, id)
		}
	}
	return out
}
