package live

import "time"

// Quicken sets the time between two signs of life to other nodes.
func (h *Hub) Quicken(every time.Duration) {
	h.presence.mu.Lock()
	defer h.presence.mu.Unlock()
	h.presence.nodes.every = every
}
