package live_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/contact"
	"github.com/foyerdesk/foyer/internal/desk/conversation"
	"github.com/foyerdesk/foyer/internal/desk/event"
	"github.com/foyerdesk/foyer/internal/desk/media"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/live"
	"github.com/foyerdesk/foyer/internal/platform/blob"
	"github.com/foyerdesk/foyer/internal/platform/bus"
	"github.com/foyerdesk/foyer/internal/platform/crypt"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
	"github.com/foyerdesk/foyer/internal/platform/fault"
	"github.com/foyerdesk/foyer/internal/platform/jobs"
)

var discard = slog.New(slog.DiscardHandler)

// The agents: one may read everything, one only what is assigned to them, one nothing.
const (
	everything int64 = 2
	own        int64 = 3
	nothing    int64 = 4
)

// desk is a hub over conversations, served by HTTP to the agent whose id is in the query.
type desk struct {
	*testing.T
	db     *db.DB
	hub    *live.Hub
	events *event.Log
	c      *conversation.Service
	url    string

	contacts *contact.Service
	alive    atomic.Int64

	mu     sync.Mutex
	agents map[int64]*agent.Principal
}

func each(t *testing.T, fn func(k *desk)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) { fn(newDesk(t, d)) })
}

func newDesk(t *testing.T, d *db.DB) *desk {
	t.Helper()
	ctx := t.Context()
	k := &desk{T: t, db: d, agents: map[int64]*agent.Principal{
		everything: {ID: everything, FirstName: "Asha", Permissions: role.SetOf(role.All...)},
		own:        {ID: own, FirstName: "Leo", Permissions: role.SetOf(role.ConversationsRead, role.ConversationsReadAssigned, role.MessagesRead)},
		nothing:    {ID: nothing, FirstName: "Kim"},
	}}
	k.must(jobs.Migrate(ctx, d))
	for _, q := range []string{
		`INSERT INTO users (created_at, updated_at, type, is_system, email, first_name) VALUES (1, 1, 'agent', TRUE, 'System', 'System')`,
		`INSERT INTO users (created_at, updated_at, type, email, first_name) VALUES (1, 1, 'agent', 'asha@acme.test', 'Asha'), (1, 1, 'agent', 'leo@acme.test', 'Leo'), (1, 1, 'agent', 'kim@acme.test', 'Kim')`,
		`INSERT INTO statuses (created_at, name, category) VALUES (1, 'Open', 'open'), (1, 'Resolved', 'resolved')`,
		`INSERT INTO priorities (created_at, name) VALUES (1, 'Low')`,
		`INSERT INTO inboxes (created_at, updated_at, uuid, name, channel, enabled, from_address) VALUES (1, 1, 'u', 'Support', 'email', TRUE, 'Help <help@acme.test>')`,
	} {
		k.must(d.Tx(ctx, func(tx *db.Tx) error { _, err := tx.Exec(ctx, q); return err }))
	}
	log := discard
	runner, err := jobs.New(d, "here", log)
	k.must(err)
	blobs, err := blob.NewDisk(t.TempDir())
	k.must(err)
	box, err := crypt.NewBox([]byte(strings.Repeat("k", crypt.KeySize)))
	k.must(err)
	files := media.New(d, blobs, box, func(context.Context) (media.Limits, error) { return media.Limits{MaxBytes: 1 << 20}, nil }, func() string { return "" })
	k.events = event.NewLog(d, bus.Local{}, log)
	k.c = conversation.New(d, k.events, runner, files)
	k.contacts = contact.New(d, k.events, files)
	k.contacts.Conversations = k.c
	k.hub = live.New(live.Options{Events: k.events, Conversations: k.c, Contacts: k.contacts, Bus: bus.Local{}, Log: log, Principal: k.principal,
		Alive: func(_ context.Context, id int64) { k.alive.Store(id) }})
	running, stop := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { k.events.Run(running) })
	wg.Go(func() { k.hub.Run(running) })
	t.Cleanup(func() { stop(); wg.Wait() })
	k.url = k.serve(k.hub)
	return k
}

// serve lets clients connect to a hub and returns its address.
func (k *desk) serve(hub *live.Hub) string {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, _ := strconv.ParseInt(r.URL.Query().Get("agent"), 10, 64)
		p, _ := k.principal(r.Context(), id)
		if lasts, err := time.ParseDuration(r.URL.Query().Get("lasts")); err == nil {
			limited := *p
			limited.Until = time.Now().Add(lasts)
			p = &limited
		}
		if only := r.URL.Query().Get("only"); only != "" {
			set := role.SetOf(role.Permission(only))
			p = p.Within(&set)
		}
		hub.Serve(w, r, p)
	}))
	k.Cleanup(server.Close)
	return server.URL
}

func (k *desk) must(err error) {
	k.Helper()
	if err != nil {
		k.Fatal(err)
	}
}

func (k *desk) principal(_ context.Context, id int64) (*agent.Principal, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if p := k.agents[id]; p != nil {
		return p, nil
	}
	return nil, fault.New(fault.Unauthorized, "error.not_signed_in")
}

// become changes what an agent may do.
func (k *desk) become(id int64, p *agent.Principal) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.agents[id] = p
}

func (k *desk) admin() *agent.Principal {
	p, err := k.principal(k.Context(), everything)
	k.must(err)
	return p
}

func (k *desk) open(email string) string {
	k.Helper()
	c, err := k.c.Create(k.Context(), k.admin(), conversation.Create{InboxID: 1, Content: "<p>Hi</p>", ContactEmail: email, FirstName: "Bo", Subject: email, Initiator: "contact"})
	k.must(err)
	return c.UUID
}

func (k *desk) note(uuid, text string) {
	k.Helper()
	_, err := k.c.SendMessage(k.Context(), k.admin(), uuid, conversation.Send{Message: "<p>" + text + "</p>", Private: true, SenderType: "agent"})
	k.must(err)
}

// announce appends an event that every agent hears of.
func (k *desk) announce(payloads ...string) {
	k.Helper()
	k.must(k.db.Tx(k.Context(), func(tx *db.Tx) error {
		for _, p := range payloads {
			if err := k.events.Append(k.Context(), tx, event.New{Type: event.AgentAvailability, ActorID: 1, Payload: map[string]any{"text": p}}); err != nil {
				return err
			}
		}
		return nil
	}))
}

type frame struct {
	Type string
	Data json.RawMessage
	ID   int64
}

// socket is a client.
type socket struct {
	k    *desk
	ws   *websocket.Conn
	seen []frame
}

func (k *desk) dial(id int64, query string) *socket {
	k.Helper()
	ws, res, err := websocket.Dial(k.Context(), fmt.Sprintf("%s/ws?agent=%d%s", k.url, id, query), nil)
	k.must(err)
	if res.Body != nil {
		_ = res.Body.Close()
	}
	k.Cleanup(func() { _ = ws.CloseNow() })
	return &socket{k: k, ws: ws}
}

// dialPinged connects with a client that gives a sign of life when it is asked for one, or does not.
func (k *desk) dialPinged(id int64, answers bool) (*socket, <-chan struct{}) {
	k.Helper()
	pinged := make(chan struct{}, 100)
	ws, res, err := websocket.Dial(k.Context(), fmt.Sprintf("%s/ws?agent=%d", k.url, id), &websocket.DialOptions{OnPingReceived: func(context.Context, []byte) bool {
		pinged <- struct{}{}
		return answers
	}})
	k.must(err)
	if res.Body != nil {
		_ = res.Body.Close()
	}
	k.Cleanup(func() { _ = ws.CloseNow() })
	return &socket{k: k, ws: ws}, pinged
}

// join connects and waits for the hello.
func (k *desk) join(id int64) *socket {
	s := k.dial(id, "")
	s.next("hello")
	return s
}

func (s *socket) read() (frame, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var f frame
	kind, data, err := s.ws.Read(ctx)
	switch {
	case err != nil:
		return f, err
	case kind != websocket.MessageText:
		s.k.Errorf("a binary frame: %q", data)
	case string(data) == "pong":
		f.Type = "pong"
	default:
		if err := json.Unmarshal(data, &f); err != nil {
			s.k.Errorf("frame %q: %v", data, err)
		}
	}
	s.seen = append(s.seen, f)
	return f, nil
}

// next reads up to a frame of a type whose data has all parts.
func (s *socket) next(kind string, parts ...string) frame {
	s.k.Helper()
	for {
		f, err := s.read()
		if err != nil {
			s.k.Fatalf("waiting for %s %v: %v", kind, parts, err)
		}
		has := f.Type == kind
		for _, p := range parts {
			has = has && strings.Contains(string(f.Data), p)
		}
		if has {
			return f
		}
	}
}

func (s *socket) write(kind websocket.MessageType, data string) {
	s.k.Helper()
	s.k.must(s.ws.Write(s.k.Context(), kind, []byte(data)))
}

func (s *socket) subscribe(uuid string) {
	s.write(websocket.MessageText, fmt.Sprintf(`{"type":"conversation_subscribe","data":{"conversation_uuid":%q}}`, uuid))
	s.write(websocket.MessageText, "ping") // read in order: the answer says that the subscription holds
	s.next("pong")
}

// saw reports whether a frame of a type came, or of any type if kind is "", that holds a text.
func (s *socket) saw(kind string, parts ...string) bool {
	return slices.ContainsFunc(s.seen, func(f frame) bool {
		return (kind == "" || f.Type == kind) && !slices.ContainsFunc(parts, func(part string) bool { return !strings.Contains(string(f.Data), part) })
	})
}

func TestClientsAreAskedForSignsOfLife(t *testing.T) {
	each(t, func(k *desk) {
		k.hub.Silence = time.Second
		quiet, pinged := k.dialPinged(everything, true)
		dead, _ := k.dialPinged(everything, false)
		gone := make(chan error)
		for _, s := range []*socket{quiet, dead} {
			go func() {
				for {
					if _, err := s.read(); err != nil {
						gone <- err
						return
					}
				}
			}()
		}
		if err := <-gone; errors.Is(err, context.DeadlineExceeded) {
			k.Error("a client that gave no sign of life was kept")
		}
		for range 3 { // more pings than the dead one got
			select {
			case <-pinged:
			case err := <-gone:
				k.Fatalf("a client that says nothing by itself was dropped: %v", err)
			}
		}
	})
}

// What differs between agents is told by lists alone: a frame goes to many.
func TestPushedRowsHaveNothingOfOneAgent(t *testing.T) {
	each(t, func(k *desk) {
		uuid := k.open("mia@x.test")
		s := k.join(everything)
		k.note(uuid, "a note")
		message := s.next("new_message", "a note")
		leo := own
		k.must(k.c.AssignAgent(k.Context(), k.admin(), uuid, &leo))
		assigned := s.next("new_conversation", uuid)
		k.must(k.c.SetStatus(k.Context(), k.admin(), uuid, "Resolved", nil))
		moved := s.next("conversation_row", uuid)
		for _, f := range []frame{message, assigned, moved} {
			for _, field := range []string{"unread_message_count", "mentioned_message_uuid"} {
				if strings.Contains(string(f.Data), field) || !strings.Contains(string(f.Data), `"reference_number"`) {
					k.Errorf("%s: %s", f.Type, f.Data)
				}
			}
		}
	})
}

func TestAgentsHearOnlyOfWhatTheyMayRead(t *testing.T) {
	each(t, func(k *desk) {
		mine, others := k.open("mine@x.test"), k.open("others@x.test")
		leo := own
		k.must(k.c.AssignAgent(k.Context(), k.admin(), mine, &leo))
		all, limited, bare := k.join(everything), k.join(own), k.join(nothing)
		for _, s := range []*socket{all, limited, bare} {
			s.subscribe(others) // asking for it is no right to it
		}
		k.note(others, "a secret note")
		k.must(k.c.SetPriority(k.Context(), k.admin(), others, "Low"))
		k.must(k.c.SetStatus(k.Context(), k.admin(), others, "Resolved", nil))
		k.note(mine, "a note for Leo")
		k.announce("the last one")
		for _, s := range []*socket{all, limited, bare} {
			s.next("agent_availability_update", "the last one")
		}
		for _, kind := range []string{"new_message", "conversation_update"} {
			if !all.saw(kind, others) {
				k.Errorf("who may read everything got no %s", kind)
			}
		}
		if limited.saw("", others) || limited.saw("", "secret") || !limited.saw("new_message", "a note for Leo") {
			k.Errorf("who may read their own got %+v", limited.seen)
		}
		if bare.saw("", others) || bare.saw("", mine) {
			k.Errorf("who may read nothing got %+v", bare.seen)
		}
		// What they may do is asked for every frame: it changes under an open connection.
		k.become(own, &agent.Principal{ID: own})
		k.note(mine, "not for Leo any more")
		k.become(everything, nil)
		k.announce("the very last")
		limited.next("agent_availability_update", "the very last")
		if limited.saw("", "not for Leo") {
			k.Error("a frame came after the right to it was gone")
		}
	})
}

func TestOnlyFollowersGetTheFieldsThatChange(t *testing.T) {
	each(t, func(k *desk) {
		a, b := k.open("a@x.test"), k.open("b@x.test")
		follower, lister, other := k.join(everything), k.join(everything), k.join(everything)
		follower.subscribe(a)
		lister.write(websocket.MessageText, fmt.Sprintf(`{"type":"list_subscribe_replace","data":{"uuids":[%q]}}`, a))
		lister.write(websocket.MessageText, "ping")
		lister.next("pong")
		other.subscribe(b)
		k.must(k.c.SetPriority(k.Context(), k.admin(), a, "Low"))
		follower.next("conversation_update", a, `"priority":"Low"`)
		lister.next("conversation_update", a)
		other.next("conversation_row", a) // its place in a list may have changed
		if other.saw("conversation_update", a) {
			k.Error("who follows another conversation got the update")
		}
	})
}

func TestMalformedUUIDKeepsWhatIsFollowed(t *testing.T) {
	each(t, func(k *desk) {
		a, b := k.open("a@x.test"), k.open("b@x.test")
		s := k.join(everything)
		follow := func(uuids ...string) {
			list, err := json.Marshal(uuids)
			k.must(err)
			s.write(websocket.MessageText, fmt.Sprintf(`{"type":"list_subscribe_replace","data":{"uuids":%s}}`, list))
			s.write(websocket.MessageText, "ping")
			s.next("pong")
		}
		follow(a)
		for i, bad := range []string{"x", "", strings.Repeat("z", 36), "{" + b + "}"} {
			follow(b, bad)
			for _, uuid := range []string{b, a} {
				k.must(k.c.SetAttributes(k.Context(), k.admin(), uuid, map[string]json.RawMessage{"n": json.RawMessage(strconv.Itoa(i))}))
			}
			s.next("conversation_update", a, fmt.Sprintf(`"n":%d`, i))
		}
		if s.saw("conversation_update", b) {
			k.Error("what came with one that is malformed is followed")
		}
		follow([]string{}...)
		follow(b)
		k.must(k.c.SetAttributes(k.Context(), k.admin(), a, map[string]json.RawMessage{"n": json.RawMessage(`"none"`)}))
		k.must(k.c.SetAttributes(k.Context(), k.admin(), b, map[string]json.RawMessage{"n": json.RawMessage(`"last"`)}))
		s.next("conversation_update", b, "last")
		if s.saw("conversation_update", a, "none") {
			k.Error("what left the list is followed")
		}
	})
}

func TestWhatMovesAConversationBetweenListsSendsItsRow(t *testing.T) {
	each(t, func(k *desk) {
		uuid := k.open("a@x.test")
		s := k.join(everything)
		k.must(k.db.Tx(k.Context(), func(tx *db.Tx) error {
			_, err := tx.Exec(k.Context(), `INSERT INTO tags (created_at, updated_at, name) VALUES (1, 1, 'refund')`)
			return err
		}))
		k.must(k.c.SetTags(k.Context(), k.admin(), uuid, "add_tags", []string{"refund"}))
		s.next("conversation_row", uuid, `"tags":["refund"]`)
		k.must(k.c.SetAttributes(k.Context(), k.admin(), uuid, map[string]json.RawMessage{"plan": json.RawMessage(`"gold"`)}))
		s.next("conversation_row", uuid)
		k.must(k.c.SetSubject(k.Context(), k.admin(), uuid, "Broken kettle"))
		s.next("conversation_row", uuid, "Broken kettle")
		k.must(k.c.SetPriority(k.Context(), k.admin(), uuid, "Low"))
		s.next("conversation_row", uuid, `"priority":"Low"`)
		k.must(k.c.RemovePriority(k.Context(), k.admin(), uuid))
		s.next("conversation_row", uuid, `"priority":null`)
	})
}

func TestAssignedAwayLeavesTheListsOfWhoCouldReadIt(t *testing.T) {
	each(t, func(k *desk) {
		uuid := k.open("a@x.test")
		leo, asha := own, everything
		k.must(k.c.AssignAgent(k.Context(), k.admin(), uuid, &leo))
		s := k.join(own)
		k.must(k.c.AssignAgent(k.Context(), k.admin(), uuid, &asha))
		s.next("new_conversation", uuid, fmt.Sprintf(`"assigned_user_id":%d`, asha))
	})
}

func TestSlowClientIsToldToFetchAnew(t *testing.T) {
	k := newDesk(t, dbtest.SQLite(t))
	slow := k.dial(everything, "") // it does not read, so the network's buffers fill up
	slow.next("hello")
	fast := k.join(everything)
	const batches, size = 25, 80
	large := make([]string, size)
	for i := range batches {
		for j := range large {
			large[j] = fmt.Sprintf("%d-%d %s", i, j, strings.Repeat("x", 16<<10))
		}
		k.announce(large...)
		fast.next("agent_availability_update", fmt.Sprintf(`"%d-%d `, i, size-1))
	}
	k.announce("after the flood")
	slow.next("agent_availability_update", "after the flood")
	if n := len(slow.seen); n >= batches*size || !slow.saw("resync", "") {
		k.Errorf("%d frames were kept for a client that did not read", n)
	}
	if len(fast.seen) < batches*size || fast.saw("resync", "") {
		k.Errorf("a client that read got %d frames of %d", len(fast.seen), batches*size)
	}
}

func TestWhatHappensWhileCatchingUpComesBehindWhatWasMissed(t *testing.T) {
	each(t, func(k *desk) {
		uuid := k.open("a@x.test")
		first := k.join(everything)
		k.note(uuid, "seen")
		last := first.next("new_message", `"preview":"seen"`).ID
		var wg sync.WaitGroup
		const n = 60
		wg.Go(func() {
			for i := range n {
				k.note(uuid, fmt.Sprintf("note %02d", i))
			}
		})
		for range 4 { // joins in the middle of it
			s := k.dial(everything, fmt.Sprintf("&last_event_id=%d", last))
			s.next("new_message", fmt.Sprintf(`"preview":"note %02d"`, n-1))
			next, id := 0, last
			for _, f := range s.seen {
				if f.Type != "new_message" || f.ID <= id {
					continue // some come twice
				}
				if want := fmt.Sprintf(`"preview":"note %02d"`, next); !strings.Contains(string(f.Data), want) {
					k.Fatalf("frame %d is not %s: %s", f.ID, want, f.Data)
				}
				next, id = next+1, f.ID
			}
			if next != n {
				k.Errorf("got %d of %d", next, n)
			}
		}
		wg.Wait()
	})
}

func TestTooMuchMissedIsFetchedAnew(t *testing.T) {
	k := newDesk(t, dbtest.SQLite(t))
	k.announce("first")
	k.join(everything)
	last, err := k.events.Last(k.Context())
	k.must(err)
	many := make([]string, 1100)
	k.announce(many...)
	s := k.dial(everything, fmt.Sprintf("&last_event_id=%d", last))
	s.next("resync")
	s.next("hello", fmt.Sprint(last+1100))
	if s.saw("agent_availability_update", "") {
		k.Error("some of it was replayed too")
	}
	s = k.dial(everything, fmt.Sprintf("&last_event_id=%d", last+5000))
	s.next("resync") // the id is of another database
}

func TestPingIsAnsweredAndIsASignOfLife(t *testing.T) {
	k := newDesk(t, dbtest.SQLite(t))
	s := k.join(own)
	s.write(websocket.MessageText, "ping")
	s.next("pong")
	if k.alive.Load() != own {
		k.Error("no sign of life was noted")
	}
}

func TestBadFramesAreAnsweredAndBinaryOnesCloseTheConnection(t *testing.T) {
	k := newDesk(t, dbtest.SQLite(t))
	s := k.join(everything)
	for _, bad := range []string{"{", "[]", `"x"`, `{"type":"none"}`, `{"type":"conversation_subscribe","data":{}}`, `{"type":"typing","data":{"is_typing":true}}`, `{"type":"list_subscribe_replace","data":{}}`,
		`{"type":"list_subscribe_replace","data":{"uuids":"x"}}`, strings.Repeat("[", 20000), "\x00"} {
		s.write(websocket.MessageText, bad)
		s.next("error")
	}
	s.write(websocket.MessageText, `{"type":"list_subscribe_replace","data":{"uuids":["not a uuid"]}}`)
	s.write(websocket.MessageText, "ping")
	s.next("pong")
	s.write(websocket.MessageBinary, "\x01\x02")
	s.closesWith(websocket.StatusUnsupportedData, "")
	big := k.join(everything)
	_ = big.ws.Write(k.Context(), websocket.MessageText, []byte(strings.Repeat("x", 200<<10))) // cut off in the middle of it
	for {
		if _, err := big.read(); err != nil {
			break
		}
	}
}

func (s *socket) closesWith(code websocket.StatusCode, reason string) {
	s.k.Helper()
	for {
		_, err := s.read()
		if err == nil {
			continue
		}
		var e websocket.CloseError
		if !errors.As(err, &e) || e.Code != code || e.Reason != reason && reason != "" {
			s.k.Errorf("ended with %v, want %d %s", err, code, reason)
		}
		return
	}
}

func TestKickClosesEveryConnectionOfTheAgentOnly(t *testing.T) {
	k := newDesk(t, dbtest.SQLite(t))
	one, two, other := k.join(own), k.join(own), k.join(everything)
	k.hub.Kick(own)
	one.closesWith(websocket.StatusNormalClosure, "kicked")
	two.closesWith(websocket.StatusNormalClosure, "kicked")
	other.write(websocket.MessageText, "ping")
	other.next("pong")
}

func TestAnotherSitesPageCannotConnect(t *testing.T) {
	k := newDesk(t, dbtest.SQLite(t))
	host := strings.TrimPrefix(k.url, "http://")
	k.hub.Origins = []string{"https://intranet.example"}
	for origin, want := range map[string]int{"https://evil.example": 403, "null": 403, "http://" + host + ".evil.example": 403, "http://127.0.0.1:1": 403,
		"http://" + host: 101, "https://" + host: 101, "": 101, "https://intranet.example": 101, "http://intranet.example": 403} {
		header := http.Header{}
		if origin != "" {
			header.Set("Origin", origin)
		}
		ws, res, err := websocket.Dial(k.Context(), k.url+"/ws?agent=2", &websocket.DialOptions{HTTPHeader: header})
		if err == nil {
			_ = ws.CloseNow()
		}
		if res == nil || res.StatusCode != want {
			k.Errorf("origin %q: %v %v, want %d", origin, res, err, want)
		}
	}
}

func TestSocketEndsWithItsSession(t *testing.T) {
	k := newDesk(t, dbtest.SQLite(t))
	s, other := k.dial(own, "&lasts=200ms"), k.join(own)
	s.closesWith(websocket.StatusNormalClosure, "session ended")
	k.announce("after it")
	other.next("agent_availability_update", "after it")
}

func TestSocketOfALimitedKeyHearsNoMoreThanTheKeyMayRead(t *testing.T) {
	k := newDesk(t, dbtest.SQLite(t))
	uuid := k.open("bo@x.test")
	limited, all := k.dial(everything, "&only=messages:read"), k.join(everything)
	limited.next("hello")
	k.note(uuid, "a note")
	k.announce("the last one")
	for _, s := range []*socket{limited, all} {
		s.next("agent_availability_update", "the last one")
	}
	if limited.saw("", uuid) || !all.saw("new_message", uuid) {
		k.Errorf("a key that may not read conversations got %+v", limited.seen)
	}
}

func TestWhoFollowsAConversationHearsOfItsContact(t *testing.T) {
	each(t, func(k *desk) {
		mine, others := k.open("bo@x.test"), k.open("bo@x.test")
		leo := own
		k.must(k.c.AssignAgent(k.Context(), k.admin(), mine, &leo))
		id, err := k.c.ContactIDOf(k.Context(), k.admin(), mine)
		k.must(err)
		all, limited, outsider := k.join(everything), k.join(own), k.join(own)
		all.subscribe(others)
		limited.subscribe(mine)
		outsider.subscribe(others) // which they may not read
		name := "Bodo"
		_, err = k.contacts.Update(k.Context(), k.admin(), id, contact.Patch{FirstName: &name})
		k.must(err)
		k.must(k.contacts.SetAttributes(k.Context(), k.admin(), id, map[string]json.RawMessage{"x": json.RawMessage(`1`)}))
		k.must(k.contacts.SetAttributes(k.Context(), k.admin(), id, map[string]json.RawMessage{"y": json.RawMessage(`2`)}))
		for _, s := range []*socket{all, limited} {
			s.next("contact_update", fmt.Sprintf(`"contact_id":%d`, id), `"first_name":"Bodo"`)
			s.next("contact_update", `"custom_attributes":{"x":1}`)
			s.next("contact_update", `"custom_attributes":{"y":2}`)
		}
		other := k.open("other@x.test")
		into, err := k.c.ContactIDOf(k.Context(), k.admin(), other)
		k.must(err)
		_, err = k.contacts.Merge(k.Context(), k.admin(), id, into)
		k.must(err)
		limited.next("conversation_update", fmt.Sprintf(`"contact_id":%d`, into), `"email":"other@x.test"`)
		k.must(k.contacts.Erase(k.Context(), k.admin(), into, contact.KeepConversations))
		limited.next("contact_update", fmt.Sprintf(`"contact_id":%d`, into), `"first_name":"Deleted contact"`, `"email":null`)
		k.announce("the last one")
		outsider.next("agent_availability_update", "the last one")
		if outsider.saw("contact_update", "") || outsider.saw("conversation_update", "") {
			k.Errorf("who may not read the conversation got %+v", outsider.seen)
		}
	})
}
