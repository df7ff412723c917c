package live_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/conversation"
	"github.com/foyerdesk/foyer/internal/desk/event"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/live"
	"github.com/foyerdesk/foyer/internal/platform/bus"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
)

func (s *socket) types(uuid string, is, private bool) {
	s.write(websocket.MessageText, fmt.Sprintf(`{"type":"typing","data":{"conversation_uuid":%q,"is_typing":%t,"is_private_message":%t}}`, uuid, is, private))
}

func (s *socket) lists(uuids ...string) {
	s.write(websocket.MessageText, fmt.Sprintf(`{"type":"list_subscribe_replace","data":{"uuids":["%s"]}}`, strings.Join(uuids, `","`)))
}

const (
	ashaViews  = `{"id":2,"name":"Asha","viewing":true,"typing":false,"private":false}`
	ashaWrites = `{"id":2,"name":"Asha","viewing":true,"typing":true,"private":false}`
	ashaNotes  = `{"id":2,"name":"Asha","viewing":true,"typing":true,"private":true}`
	leoViews   = `{"id":3,"name":"Leo","viewing":true,"typing":false,"private":false}`
	nobody     = `"agents":[]`
)

// twoAgents lets Leo read a conversation that Asha, who reads everything, can see as well.
func twoAgents(k *desk) (uuid string) {
	leo := own
	uuid = k.open("a@x.test")
	k.must(k.c.AssignAgent(k.Context(), k.admin(), uuid, &leo))
	return uuid
}

func TestOthersSeeWhoViewsAndWrites(t *testing.T) {
	each(t, func(k *desk) {
		uuid := twoAgents(k)
		asha, leo := k.join(everything), k.join(own)
		asha.subscribe(uuid)
		leo.subscribe(uuid)
		asha.next("presence", uuid, leoViews)
		leo.next("presence", uuid, ashaViews)
		asha.types(uuid, true, false)
		leo.next("presence", ashaWrites)
		asha.types(uuid, true, true)
		leo.next("presence", ashaNotes)
		asha.types(uuid, false, true)
		leo.next("presence", ashaViews)
		asha.write(websocket.MessageText, `{"type":"away","data":{"away":true}}`)
		leo.next("presence", nobody)
		asha.write(websocket.MessageText, `{"type":"away","data":{"away":false}}`)
		leo.next("presence", ashaViews)
		_ = asha.ws.CloseNow()
		leo.next("presence", nobody)
		for _, f := range leo.seen {
			if f.Type == "presence" && strings.Contains(string(f.Data), `"id":3`) {
				k.Errorf("Leo was told of himself: %s", f.Data)
			}
		}
	})
}

// A browser in which an agent has several tabs open holds one connection for all of them.
func TestOneConnectionMayHaveSeveralConversationsOpen(t *testing.T) {
	each(t, func(k *desk) {
		uuid, other := twoAgents(k), k.open("b@x.test")
		leo := own
		k.must(k.c.AssignAgent(k.Context(), k.admin(), other, &leo))
		asha, first, second := k.join(everything), k.join(own), k.join(own)
		first.lists(uuid)
		second.lists(other)
		asha.write(websocket.MessageText, fmt.Sprintf(`{"type":"conversation_subscribe","data":{"conversation_uuid":%q,"beside":[%q,%q,"none"]}}`, uuid, other, uuid))
		first.next("presence", uuid, ashaViews)
		second.next("presence", other, ashaViews)
		asha.types(other, true, false)
		second.next("presence", other, ashaWrites)
		k.must(k.c.SetStatus(k.Context(), k.admin(), other, "Resolved", nil))
		asha.next("conversation_update", other, "Resolved")
		asha.types(other, false, false)
		second.next("presence", other, ashaViews)
		asha.subscribe(uuid)
		second.next("presence", other, nobody)
		if first.saw("presence", uuid, nobody) {
			k.Error("the conversation that stayed open was left")
		}
	})
}

func TestRowsOfAListSayWhoIsThere(t *testing.T) {
	each(t, func(k *desk) {
		uuid, other := twoAgents(k), k.open("b@x.test")
		asha, leo := k.join(everything), k.join(own)
		asha.subscribe(uuid)
		leo.lists(uuid)
		leo.next("presence", uuid, ashaViews)
		asha.subscribe(other)
		leo.next("presence", uuid, nobody)
		if leo.saw("presence", other) {
			k.Error("Leo was told of a conversation that he does not follow")
		}
	})
}

func TestWhoMayNotReadNeitherSeesNorIsSeen(t *testing.T) {
	each(t, func(k *desk) {
		secret, shared := k.open("a@x.test"), twoAgents(k)
		asha, leo, second := k.join(everything), k.join(own), k.join(everything)
		k.become(5, &agent.Principal{ID: 5, FirstName: "Mo", Permissions: role.SetOf(role.All...)})
		mo := k.join(5)
		leo.subscribe(secret) // may not read it
		leo.types(secret, true, false)
		asha.subscribe(secret)
		second.subscribe(secret) // the same agent in another tab
		mo.subscribe(secret)
		mo.next("presence", secret, ashaViews)
		asha.next("presence", secret, `"Mo"`)
		leo.subscribe(shared)
		mo.subscribe(shared)
		leo.next("presence", shared, `"Mo"`)
		for name, s := range map[string]*socket{"Asha": asha, "Mo": mo} {
			if s.saw("presence", secret, `"id":3`) {
				k.Errorf("%s was told of Leo, who may not read the conversation", name)
			}
		}
		if leo.saw("presence", secret) {
			k.Error("Leo was told who is in a conversation that he may not read")
		}

		// Who loses the right while it is open is not told any more, and not seen any more.
		id := everything
		k.must(k.c.AssignAgent(k.Context(), k.admin(), shared, &id))
		leo.next("presence", shared, nobody)
		mo.next("presence", shared, nobody)
	})
}

func TestTwoTabsOfAnAgentAreOnePerson(t *testing.T) {
	each(t, func(k *desk) {
		uuid := twoAgents(k)
		one, two, leo := k.join(everything), k.join(everything), k.join(own)
		one.subscribe(uuid)
		two.subscribe(uuid)
		two.types(uuid, true, true)
		leo.subscribe(uuid)
		leo.next("presence", `[`+ashaNotes+`]`)
		one.types(uuid, true, false) // a reply in one of them is a reply
		leo.next("presence", `[`+ashaWrites+`]`)
		_ = one.ws.CloseNow()
		leo.next("presence", `[`+ashaNotes+`]`)
		if one.saw("presence", "") || two.saw("presence", `"id":2`) {
			k.Error("an agent was told of themselves")
		}
	})
}

func TestTypingEndsWithASilentClient(t *testing.T) {
	k := newDesk(t, dbtest.SQLite(t))
	uuid := twoAgents(k)
	asha, leo := k.join(everything), k.join(own)
	asha.subscribe(uuid)
	leo.subscribe(uuid)
	asha.types(uuid, true, false)
	leo.next("presence", ashaWrites)
	leo.next("presence", ashaViews)
}

func TestWhoIsKickedIsGone(t *testing.T) {
	k := newDesk(t, dbtest.SQLite(t))
	uuid := twoAgents(k)
	asha, leo := k.join(everything), k.join(own)
	asha.subscribe(uuid)
	leo.subscribe(uuid)
	leo.next("presence", ashaViews)
	k.hub.Kick(everything)
	leo.next("presence", nobody)
}

// TestNodesTellEachOtherWhoIsThere also lets a node die without a word.
func TestNodesTellEachOtherWhoIsThere(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		if d.Engine() != db.Postgres {
			t.Skip("several nodes need PostgreSQL")
		}
		a := newNode(t, d)
		b, kill := a.neighbour()
		uuid := twoAgents(a)
		leo := a.join(own)
		leo.subscribe(uuid)
		asha := b.join(everything) // her node was silent until now
		asha.subscribe(uuid)
		leo.next("presence", ashaViews)
		asha.next("presence", leoViews)
		asha.types(uuid, true, false)
		leo.next("presence", ashaWrites)
		asha.types(uuid, false, false)
		leo.next("presence", ashaViews)
		_ = asha.ws.CloseNow()
		leo.next("presence", nobody)

		asha = b.join(everything)
		asha.subscribe(uuid)
		leo.next("presence", ashaViews)
		kill()
		leo.next("presence", nobody)
	})
}

// newNode is a desk whose hub speaks to others.
func newNode(t *testing.T, d *db.DB) *desk {
	t.Helper()
	k := newDesk(t, d)
	k.hub, _ = k.hubOnBus()
	k.url = k.serve(k.hub)
	return k
}

// neighbour is another node of the desk, and what kills it: it neither hears nor says anything any more.
func (k *desk) neighbour() (other *desk, kill func()) {
	other = &desk{T: k.T, db: k.db, events: k.events, c: k.c, agents: k.agents}
	other.hub, kill = other.hubOnBus()
	other.url = other.serve(other.hub)
	return other, kill
}

func (k *desk) hubOnBus() (hub *live.Hub, stop func()) {
	var b bus.Bus = bus.Local{}
	var wg sync.WaitGroup
	running, cancel := context.WithCancel(context.Background())
	if k.db.Engine() == db.Postgres {
		p := bus.NewPostgres(k.db.Pool(), discard)
		wg.Go(func() { p.Run(running) })
		b = p
	}
	hub = live.New(live.Options{Events: event.NewLog(k.db, bus.Local{}, discard), Conversations: k.c, Bus: b, Log: discard, Principal: k.principal, Alive: func(context.Context, int64) {}})
	hub.Quicken(200 * time.Millisecond)
	wg.Go(func() { hub.Run(running) })
	stop = sync.OnceFunc(func() { cancel(); wg.Wait() })
	k.Cleanup(stop)
	return hub, stop
}

func TestOtherConnectionsOfAnAgentHearOfTheirDrafts(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		a := newNode(t, d)
		b := a
		if d.Engine() == db.Postgres {
			b, _ = a.neighbour()
		}
		here, there, other := a.join(own), b.join(own), b.join(everything)
		uuid := twoAgents(a)
		here.subscribe(uuid)
		other.subscribe(uuid)
		other.next("presence", leoViews) // the nodes hear each other
		a.hub.DraftChanged(own, conversation.DraftChange{ConversationUUID: uuid, Type: "reply", UpdatedAt: db.Now().Ptr()})
		a.hub.DraftChanged(own, conversation.DraftChange{ConversationUUID: uuid, Type: "reply"})
		for _, s := range []*socket{here, there} {
			s.next("draft_update", uuid, `"type":"reply"`, `"updated_at":"20`)
			s.next("draft_update", `"updated_at":null`)
		}
		other.write(websocket.MessageText, "ping")
		other.next("pong")
		if other.saw("draft_update", "") {
			t.Error("another agent heard of it")
		}
	})
}
