package live

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/coder/websocket"
	"github.com/google/uuid"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/event"
	"github.com/foyerdesk/foyer/internal/desk/role"
)

const (
	closeNormal    = websocket.StatusNormalClosure
	closeGoingAway = websocket.StatusGoingAway

	// queueLength is how many frames may wait for a slow client.
	queueLength = 512
	// writeTimeout is how long one frame may take to leave.
	writeTimeout = 10 * time.Second
	// pingEvery is how often a client is asked for a sign of life (RFC 6455, section 5.5.2), which its library gives by itself.
	pingEvery = 2 * time.Second
	// silence is how long it may give none before it is taken for gone.
	silence = 3 * time.Minute
	// askAgain is after how long a session is asked for its end again when that could not be read.
	askAgain = 30 * time.Second
	// maxFollowed is how many conversations of a list a client may follow.
	maxFollowed = 500
	// maxOpen is how many conversations a client may have on its screen at once.
	maxOpen = 50
	// maxReplayed is how many missed events a client gets one by one; beyond that it fetches anew.
	maxReplayed = 1000
)

// conn is one connection. The queue is drained by its writer; everything else is guarded by mu.
type conn struct {
	hub     *Hub
	ws      *websocket.Conn
	agentID int64
	limit   *role.Set // of an API key that may not do all that its agent may
	cancel  context.CancelFunc

	mu     sync.Mutex
	wake   chan struct{}
	queue  [][]byte
	held   [][]byte // what happens while the connection still catches up on what it missed
	behind bool
	open   []string
	list   map[string]struct{}
	closed bool

	place       place // where its agent is seen; changed by presence.move only
	away        bool  // the client has nobody before it
	typingUntil time.Time
	told        map[string]string // frames of who is in followed conversations, where somebody is
}

// Serve takes over a request for a WebSocket. The browser's Origin must be the host that is asked or
// one of Origins, else 403.
// A client that comes back adds ?last_event_id= with the last id it saw, and first gets the frames it missed, or the
// frame "resync" when they are too many; then "hello" with the id to go on from. The connection ends with what the
// principal is known by; that it is open does not count as a use of a session.
func (h *Hub) Serve(w http.ResponseWriter, r *http.Request, p *agent.Principal) {
	ws, err := websocket.Accept(w, r, &websocket.AcceptOptions{OriginPatterns: h.Origins, CompressionMode: websocket.CompressionDisabled})
	if err != nil {
		return // Accept has answered
	}
	ws.SetReadLimit(128 << 10)
	ctx, cancel := context.WithCancel(context.WithoutCancel(r.Context()))
	c := &conn{hub: h, ws: ws, agentID: p.ID, limit: p.Limit, cancel: cancel, wake: make(chan struct{}, 1), behind: true, list: map[string]struct{}{}, told: map[string]string{}}
	h.mu.Lock()
	h.conns[c] = struct{}{}
	h.mu.Unlock()
	connected.Inc()
	h.presence.arrived()
	defer func() {
		h.mu.Lock()
		delete(h.conns, c)
		h.mu.Unlock()
		h.presence.move(c, func() { c.place = place{} })
		connected.Dec()
		cancel()
		_ = ws.CloseNow()
	}()
	go c.expire(ctx, p)
	last, _ := strconv.ParseInt(r.URL.Query().Get("last_event_id"), 10, 64)
	go c.write(ctx)
	go c.ping(ctx, h.Silence)
	c.resume(ctx, p, last)
	c.read(ctx)
}

// expire closes the connection when the key or session of its principal ends. A session that ends when nobody uses it may
// have been used meanwhile, so it is asked for its end anew.
func (c *conn) expire(ctx context.Context, p *agent.Principal) {
	for until := p.Until; !until.IsZero(); {
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Until(until)):
		}
		later := time.Time{}
		if p.SessionID != 0 && c.hub.SessionEnds != nil {
			var err error
			if later, err = c.hub.SessionEnds(ctx, p.SessionID); err != nil {
				later = time.Now().Add(askAgain)
			}
		}
		if !later.After(time.Now()) {
			c.close(closeNormal, "session ended")
			return
		}
		until = later
	}
}

// resume sends what was missed, and behind it what happened meanwhile: a client that loses its connection again in
// between has then seen everything up to the last id it saw. Some frames come twice; clients do the same thing twice
// without harm.
func (c *conn) resume(ctx context.Context, p *agent.Principal, last int64) {
	defer c.caughtUp()
	now, err := c.hub.Events.Last(ctx)
	if err != nil {
		c.enqueue(encode(frame{Type: "resync", Data: struct{}{}}))
		return
	}
	if last > 0 && last <= now {
		missed, err := c.hub.Events.After(ctx, max(0, last-c.hub.Overlap), maxReplayed+1)
		if err != nil || len(missed) > maxReplayed {
			c.enqueue(encode(frame{Type: "resync", Data: struct{}{}}))
		} else {
			c.replay(ctx, p, missed)
		}
	} else if last > now {
		c.enqueue(encode(frame{Type: "resync", Data: struct{}{}})) // another database
	}
	c.enqueue(encode(frame{Type: "hello", Data: map[string]int64{"last_event_id": now}, ID: now}))
}

func (c *conn) replay(ctx context.Context, p *agent.Principal, missed []event.Event) {
	for events := range slices.Chunk(missed, atOnce) {
		rows := c.hub.rows(ctx, events)
		for _, e := range events {
			for _, f := range c.hub.frames(ctx, e, rows) {
				if f.visible(p) {
					c.enqueue(encode(f.frame))
				}
			}
		}
	}
}

// caughtUp lets through what was held back.
func (c *conn) caughtUp() {
	c.mu.Lock()
	held := c.held
	c.held, c.behind = nil, false
	c.queue = append(c.queue, held...)
	c.mu.Unlock()
	c.poke()
}

// send queues the frame of something that happens now.
func (c *conn) send(b []byte) {
	c.mu.Lock()
	behind, full := c.behind, len(c.held) >= queueLength
	if behind && !full {
		c.held = append(c.held, b)
	}
	c.mu.Unlock()
	switch {
	case !behind:
		c.enqueue(b)
	case full:
		c.overflow()
	}
}

// enqueue puts a frame into the queue. When the queue is full it is emptied and the client told to fetch anew.
func (c *conn) enqueue(b []byte) {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return
	}
	if len(c.queue) >= queueLength {
		c.mu.Unlock()
		c.overflow()
		return
	}
	c.queue = append(c.queue, b)
	c.mu.Unlock()
	c.poke()
}

func (c *conn) overflow() {
	overflows.Inc()
	c.mu.Lock()
	c.queue, c.held = [][]byte{encode(frame{Type: "resync", Data: struct{}{}})}, nil
	clear(c.told) // it may not have got that; presence is sent anew
	followed := append(slices.Collect(maps.Keys(c.list)), c.open...)
	c.mu.Unlock()
	c.poke()
	c.hub.presence.touchKnown(followed...)
}

func (c *conn) poke() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

func (c *conn) write(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.wake:
		}
		c.mu.Lock()
		queue := c.queue
		c.queue = nil
		c.mu.Unlock()
		for _, b := range queue {
			wctx, cancel := context.WithTimeout(ctx, writeTimeout)
			err := c.ws.Write(wctx, websocket.MessageText, b)
			cancel()
			if err != nil {
				c.cancel()
				return
			}
		}
	}
}

// ping asks the client for signs of life until it gives none for too long.
func (c *conn) ping(ctx context.Context, silence time.Duration) {
	every := time.NewTicker(pingEvery)
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-every.C:
		}
		pctx, cancel := context.WithTimeout(ctx, silence)
		err := c.ws.Ping(pctx)
		cancel()
		if err != nil {
			c.cancel()
			return
		}
	}
}

// close ends the connection with a code and a reason, without waiting for the client.
func (c *conn) close(code websocket.StatusCode, reason string) {
	c.mu.Lock()
	again := c.closed
	c.closed = true
	c.mu.Unlock()
	if again {
		return
	}
	c.hub.presence.move(c, func() { c.place = place{} })
	go func() {
		_ = c.ws.Close(code, reason)
		c.cancel()
	}()
}

// follows reports whether the client has the conversation open or in its list.
func (c *conn) follows(uuid string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, listed := c.list[uuid]
	return listed || slices.Contains(c.open, uuid)
}

// read handles what the client says until it leaves.
func (c *conn) read(ctx context.Context) {
	for {
		kind, data, err := c.ws.Read(ctx)
		if err != nil {
			return
		}
		if kind != websocket.MessageText {
			_ = c.ws.Close(websocket.StatusUnsupportedData, "text only") // before the connection is dropped behind this
			return
		}
		if string(data) == "ping" {
			c.hub.Alive(ctx, c.agentID)
			c.send([]byte("pong"))
			continue
		}
		c.command(data)
	}
}

// command is one JSON frame of the client.
func (c *conn) command(data []byte) {
	var in struct {
		Type string `json:"type"`
		Data struct {
			ConversationUUID string    `json:"conversation_uuid"`
			Beside           []string  `json:"beside"` // Foyer's addition: what else is open, in other tabs
			UUIDs            *[]string `json:"uuids"`
			IsTyping         bool      `json:"is_typing"`
			IsPrivate        bool      `json:"is_private_message"`
			Away             bool      `json:"away"`
		} `json:"data"`
	}
	if err := json.Unmarshal(data, &in); err != nil {
		c.send(encode(frame{Type: "error", Data: "the frame is not valid JSON of the form {type, data}"}))
		return
	}
	if in.Data.ConversationUUID == "" && (in.Type == "conversation_subscribe" || in.Type == "typing") {
		c.send(encode(frame{Type: "error", Data: "conversation_uuid is missing"}))
		return
	}
	switch in.Type {
	case "conversation_subscribe":
		open := opened(in.Data.ConversationUUID, in.Data.Beside)
		c.hub.presence.move(c, func() {
			c.look(open, c.away)
			delete(c.told, in.Data.ConversationUUID) // a client that comes to it knows nothing of it
		})
		c.hub.presence.touchKnown(open...)
	case "list_subscribe_replace":
		c.follow(in.Data.UUIDs)
	case "typing":
		// Colleagues see it; it would also go to the customer's chat widget, but email has none.
		c.hub.presence.move(c, func() { c.typing(in.Data.ConversationUUID, in.Data.IsTyping, in.Data.IsPrivate) })
	case "away": // Foyer's addition: nobody is before the client, or is again
		c.hub.presence.move(c, func() { c.look(c.open, in.Data.Away) })
	default:
		c.send(encode(frame{Type: "error", Data: "unknown frame type"}))
	}
}

// isUUID reports whether a text has the form in which conversations are named.
func isUUID(s string) bool { return len(s) == 36 && uuid.Validate(s) == nil }

// opened are the conversations on a client's screen, each once. What is no UUID beside the first is passed over.
func opened(uuid string, beside []string) []string {
	open := []string{uuid}
	for _, u := range beside {
		if isUUID(u) && len(open) < maxOpen && !slices.Contains(open, u) {
			open = append(open, u)
		}
	}
	return open
}

// look sets what is on the client's screen and whether somebody is before it; the caller holds mu.
func (c *conn) look(open []string, away bool) {
	c.open, c.away = open, away
	c.forget()
	switch {
	case away:
		c.place = place{}
	case !c.closed:
		c.place.viewing = open
	}
}

// typing notes that the client writes in a conversation, or has stopped; the caller holds mu.
func (c *conn) typing(uuid string, is, private bool) {
	if !is || c.closed || len(uuid) != 36 {
		c.place.typing, c.place.private = "", false
		return
	}
	c.place.typing, c.place.private, c.typingUntil = uuid, private, time.Now().Add(typingLasts)
}

func (c *conn) follow(uuids *[]string) {
	if uuids == nil {
		c.send(encode(frame{Type: "error", Data: "uuids is missing"}))
		return
	}
	list := make(map[string]struct{}, len(*uuids))
	for _, u := range *uuids {
		if !isUUID(u) {
			return // a malformed one keeps the old set
		}
		if len(list) < maxFollowed {
			list[u] = struct{}{}
		}
	}
	c.mu.Lock()
	for u := range list {
		if _, listed := c.list[u]; !listed {
			delete(c.told, u)
		}
	}
	c.list = list
	c.forget()
	c.mu.Unlock()
	c.hub.presence.touchKnown(slices.Collect(maps.Keys(list))...)
}
