package live

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/conversation"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

const (
	// typingLasts is for how long a typing frame counts; clients repeat it every three seconds.
	typingLasts = 6 * time.Second
	// presencePause is the least time between two rounds of telling, so that what happens together is told once.
	presencePause = 100 * time.Millisecond
	// presenceLook is how often it is looked for what has run out.
	presenceLook = time.Second
)

// doing is what an agent does in a conversation: looks at it, writes in it, and if so, only a private note.
type doing struct{ viewing, typing, private bool }

func (d doing) and(more doing) doing {
	private := (d.private || !d.typing) && (more.private || !more.typing)
	typing := d.typing || more.typing
	return doing{d.viewing || more.viewing, typing, typing && private}
}

// doings are what agents do in one conversation, by their ids.
type doings map[int64]doing

func (d doings) add(id int64, what doing) { d[id] = d[id].and(what) }

// place is where a connection is: the conversations on its screen and the one it writes in, which may be none.
type place struct {
	viewing []string // replaced, never changed
	typing  string
	private bool
}

func (p place) uuids() []string {
	if p.typing == "" || slices.Contains(p.viewing, p.typing) {
		return p.viewing
	}
	return append(slices.Clone(p.viewing), p.typing)
}

func (p place) in(uuid string) doing {
	typing := p.typing == uuid
	return doing{slices.Contains(p.viewing, uuid), typing, typing && p.private}
}

func (p place) equal(other place) bool {
	return p.typing == other.typing && p.private == other.private && slices.Equal(p.viewing, other.viewing)
}

// presence knows who looks at which conversation and who writes in it, and tells the others who follow it and may read
// it (frame "presence", Foyer's addition: all others who are there, whenever that changes). It costs a look into memory
// as long as nobody else is there: only then the conversation's assignment is read, for who may know.
type presence struct {
	hub *Hub

	mu    sync.Mutex
	here  map[string]map[*conn]struct{} // connections of this node, by conversation
	dirty map[string]struct{}           // conversations in which something changed
	wake  chan struct{}
	nodes nodes
}

func newPresence(h *Hub) *presence {
	return &presence{hub: h, here: map[string]map[*conn]struct{}{}, dirty: map[string]struct{}{}, wake: make(chan struct{}, 1), nodes: newNodes()}
}

// move changes where a connection is.
func (p *presence) move(c *conn, change func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c.mu.Lock()
	was := c.place
	change()
	now := c.place
	c.mu.Unlock()
	if was.equal(now) {
		return
	}
	for _, u := range was.uuids() {
		if delete(p.here[u], c); len(p.here[u]) == 0 {
			delete(p.here, u)
		}
		p.touch(u)
	}
	for _, u := range now.uuids() {
		if p.here[u] == nil {
			p.here[u] = map[*conn]struct{}{}
		}
		p.here[u][c] = struct{}{}
		p.touch(u)
	}
}

// touch lets a conversation be looked at in the next round; the caller holds mu.
func (p *presence) touch(uuid string) {
	p.dirty[uuid] = struct{}{}
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// touchKnown touches those of the conversations in which somebody is.
func (p *presence) touchKnown(uuids ...string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, u := range uuids {
		if len(p.here[u]) > 0 || len(p.nodes.there[u]) > 0 {
			p.touch(u)
		}
	}
}

// run tells until ctx ends.
func (p *presence) run(ctx context.Context) {
	look := time.NewTicker(presenceLook)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-look.C:
			p.stopTyping(now)
			p.keepNodes(now)
			continue
		case <-p.wake:
		}
		p.mu.Lock()
		dirty := p.dirty
		p.dirty = map[string]struct{}{}
		p.mu.Unlock()
		for uuid := range dirty {
			p.tell(ctx, uuid)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(presencePause):
		}
	}
}

// stopTyping ends the typing of clients that fell silent about it.
func (p *presence) stopTyping(now time.Time) {
	var silent []*conn
	p.hub.each(func(c *conn) {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.place.typing != "" && now.After(c.typingUntil) {
			silent = append(silent, c)
		}
	})
	for _, c := range silent {
		p.move(c, func() {
			if now.After(c.typingUntil) {
				c.place.typing, c.place.private = "", false
			}
		})
	}
}

// follower is a connection that follows a conversation, with what it was told last of who is there.
type follower struct {
	*conn
	told string
}

func (p *presence) followers(uuid string) (out []follower) {
	p.hub.each(func(c *conn) {
		if c.follows(uuid) {
			c.mu.Lock()
			out = append(out, follower{c, c.told[uuid]})
			c.mu.Unlock()
		}
	})
	return out
}

// tell sends who is in a conversation to those for whom that changed: connections of this node and other nodes.
func (p *presence) tell(ctx context.Context, uuid string) {
	p.mu.Lock()
	here := make(map[*conn]doing, len(p.here[uuid]))
	for c := range p.here[uuid] {
		c.mu.Lock()
		here[c] = c.place.in(uuid)
		c.mu.Unlock()
	}
	there := p.nodes.doings(uuid)
	publish := p.nodes.any() && (len(here) > 0 || p.nodes.said[uuid] != nil)
	p.mu.Unlock()
	followers := p.followers(uuid)
	if !publish && !concerns(followers, here, there) {
		return
	}
	mayRead, err := p.readers(ctx, uuid)
	if err != nil {
		p.hub.Log.Warn("could not read who may know who is in a conversation", "conversation", uuid, "error", err)
		return
	}
	own := doings{}
	for c, what := range here {
		if who := p.principal(ctx, c.agentID); who != nil && mayRead(who.Within(c.limit)) {
			own.add(c.agentID, what)
		}
	}
	if publish {
		p.say(uuid, own)
	}
	all := doings{}
	for id, what := range own {
		all.add(id, what)
	}
	for id, what := range there {
		if who := p.principal(ctx, id); who != nil && mayRead(who) {
			all.add(id, what)
		}
	}
	for _, f := range followers {
		who := p.principal(ctx, f.agentID)
		if who == nil {
			continue
		}
		seen := all
		if !mayRead(who.Within(f.limit)) {
			seen = nil
		}
		f.present(uuid, p.others(ctx, seen, f.agentID))
	}
}

// concerns reports whether any follower has to hear something: that somebody else is there, or no longer.
func concerns(followers []follower, here map[*conn]doing, there doings) bool {
	for _, f := range followers {
		if f.told != "" {
			return true
		}
		for c := range here {
			if c.agentID != f.agentID {
				return true
			}
		}
		for id := range there {
			if id != f.agentID {
				return true
			}
		}
	}
	return false
}

// readers returns what decides who may read a conversation; nobody may if it does not exist.
func (p *presence) readers(ctx context.Context, uuid string) (func(*agent.Principal) bool, error) {
	user, team, err := p.hub.Conversations.Assignment(ctx, uuid)
	if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Invalid) {
		return func(*agent.Principal) bool { return false }, nil
	}
	return func(who *agent.Principal) bool { return conversation.CanRead(who, user, team) }, err
}

func (p *presence) principal(ctx context.Context, id int64) *agent.Principal {
	who, _ := p.hub.Principal(ctx, id)
	return who
}

// present is an agent who is in a conversation.
type present struct {
	ID      int64  `json:"id"`
	Name    string `json:"name"`
	Viewing bool   `json:"viewing"`
	Typing  bool   `json:"typing"`
	Private bool   `json:"private"` // what is typed is a private note
}

// others are all but one, in the order of their ids.
func (p *presence) others(ctx context.Context, all doings, but int64) []present {
	out := []present{}
	for id, what := range all {
		if who := p.principal(ctx, id); id != but && who != nil {
			out = append(out, present{id, who.Name(), what.viewing, what.typing, what.private})
		}
	}
	slices.SortFunc(out, func(a, b present) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

// present sends who is in a conversation, unless the client knows.
func (c *conn) present(uuid string, agents []present) {
	b := encode(frame{Type: "presence", Data: map[string]any{"conversation_uuid": uuid, "agents": agents}})
	c.mu.Lock()
	known := c.told[uuid] == string(b) || (len(agents) == 0 && c.told[uuid] == "")
	if delete(c.told, uuid); len(agents) > 0 {
		c.told[uuid] = string(b)
	}
	c.mu.Unlock()
	if !known {
		c.send(b)
	}
}

// forget drops what the client was told of conversations that it does not follow any more; the caller holds mu.
func (c *conn) forget() {
	for uuid := range c.told {
		if _, listed := c.list[uuid]; !listed && !slices.Contains(c.open, uuid) {
			delete(c.told, uuid)
		}
	}
}
