package live

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/foyerdesk/foyer/internal/platform/bus"
	"github.com/foyerdesk/foyer/internal/platform/crypt"
)

// presenceTopic is what nodes tell each other of who is in which conversation. A notice is
//
//	node;kind;conversation agent agent …;conversation …
//
// with an agent as its id and the letters v (viewing), t (typing) and p (a private note). A conversation with nobody
// behind it was left. Kinds: "" is a change; "beat" says that the node is alive, and everything it said before; "ask"
// is a beat that wants one back.
const presenceTopic = "presence"

// lostAfter is how many beats of another node may be missing before it is taken for dead.
const lostAfter = 3

// nodes is what is known of the other nodes, and what they know of this one. A node that has no connections is silent,
// and while no other is heard of nothing is said. presence.mu guards it.
type nodes struct {
	self  string
	every time.Duration // between two beats
	beat  time.Time     // when the last one was sent
	alive map[string]time.Time
	there map[string]map[string]doings // by conversation and node
	said  map[string]doings            // what the others know of this node
}

func newNodes() nodes {
	return nodes{self: crypt.Token(9), every: 20 * time.Second, alive: map[string]time.Time{}, there: map[string]map[string]doings{}, said: map[string]doings{}}
}

func (n *nodes) any() bool { return len(n.alive) > 0 }

// doings are what agents do in a conversation by way of other nodes.
func (n *nodes) doings(uuid string) doings {
	out := doings{}
	for _, node := range n.there[uuid] {
		for id, what := range node {
			out.add(id, what)
		}
	}
	return out
}

// listen connects presence to the bus.
func (p *presence) listen(b bus.Bus) {
	b.Subscribe(presenceTopic, p.heard)
	b.OnGap(func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		for node := range p.nodes.alive {
			p.leftAll(node) // what has changed meanwhile is not known
		}
		p.ask()
	})
}

// arrived is called when a connection was made: the first one makes this node heard.
func (p *presence) arrived() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if time.Since(p.nodes.beat) > p.nodes.every {
		p.ask()
	}
}

func (p *presence) ask() {
	p.nodes.beat = time.Now()
	p.publish("ask", p.nodes.said)
}

// keepNodes sends the beat and gives up nodes that are silent.
func (p *presence) keepNodes(now time.Time) {
	idle := p.hub.idle()
	p.mu.Lock()
	defer p.mu.Unlock()
	n := &p.nodes
	if !idle && now.Sub(n.beat) >= n.every {
		n.beat = now
		p.publish("beat", n.said)
	}
	for node, last := range n.alive {
		if now.Sub(last) <= lostAfter*n.every {
			continue
		}
		delete(n.alive, node)
		p.leftAll(node)
	}
}

func (p *presence) leftAll(node string) {
	for uuid := range p.nodes.there {
		p.left(uuid, node)
	}
}

// left forgets what a node said of a conversation.
func (p *presence) left(uuid, node string) {
	if p.nodes.there[uuid][node] == nil {
		return
	}
	if delete(p.nodes.there[uuid], node); len(p.nodes.there[uuid]) == 0 {
		delete(p.nodes.there, uuid)
	}
	p.touch(uuid)
}

// say tells the other nodes who is in a conversation by way of this one, unless they know.
func (p *presence) say(uuid string, own doings) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if maps.Equal(p.nodes.said[uuid], own) {
		return
	}
	if delete(p.nodes.said, uuid); len(own) > 0 {
		p.nodes.said[uuid] = own
	}
	p.publish("", map[string]doings{uuid: own})
}

// publish sends entries in as many notices as they need.
func (p *presence) publish(kind string, entries map[string]doings) {
	notice := p.nodes.self + ";" + kind
	for uuid, who := range entries {
		entry := ";" + uuid
		for id, what := range who {
			if one := " " + formatDoing(id, what); len(entry)+len(one) < bus.MaxPayload/2 {
				entry += one
			}
		}
		if len(notice)+len(entry) > bus.MaxPayload {
			p.hub.Bus.Publish(presenceTopic, notice)
			notice, kind = p.nodes.self+";beat", "beat"
		}
		notice += entry
	}
	p.hub.Bus.Publish(presenceTopic, notice)
}

// heard takes in what another node says. A node that is new, or asks, is told everything.
func (p *presence) heard(notice string) {
	node, rest, _ := strings.Cut(notice, ";")
	kind, rest, _ := strings.Cut(rest, ";")
	idle := p.hub.idle()
	p.mu.Lock()
	defer p.mu.Unlock()
	n := &p.nodes
	_, known := n.alive[node]
	n.alive[node] = time.Now()
	if (kind == "ask" || !known) && !idle {
		p.nodes.beat = time.Now()
		p.publish("beat", n.said)
		for uuid := range p.here {
			p.touch(uuid) // what was not said while nobody listened
		}
	}
	for entry := range strings.SplitSeq(rest, ";") {
		if uuid, who := parseEntry(entry); uuid != "" {
			p.learn(uuid, node, who)
		}
	}
}

func (p *presence) learn(uuid, node string, who doings) {
	if len(who) == 0 {
		p.left(uuid, node)
		return
	}
	at := p.nodes.there[uuid]
	if maps.Equal(at[node], who) {
		return
	}
	if at == nil {
		at = map[string]doings{}
		p.nodes.there[uuid] = at
	}
	at[node] = who
	p.touch(uuid)
}

func formatDoing(id int64, what doing) string {
	s := strconv.FormatInt(id, 10)
	for _, flag := range []struct {
		on     bool
		letter string
	}{{what.viewing, "v"}, {what.typing, "t"}, {what.private, "p"}} {
		if flag.on {
			s += flag.letter
		}
	}
	return s
}

func parseEntry(entry string) (uuid string, who doings) {
	parts := strings.Fields(entry)
	if len(parts) == 0 {
		return "", nil
	}
	who = doings{}
	for _, one := range parts[1:] {
		digits := strings.TrimRight(one, "vtp")
		flags := []byte(one[len(digits):])
		if id, err := strconv.ParseInt(digits, 10, 64); err == nil {
			who[id] = doing{slices.Contains(flags, 'v'), slices.Contains(flags, 't'), slices.Contains(flags, 'p')}
		}
	}
	return parts[0], who
}
