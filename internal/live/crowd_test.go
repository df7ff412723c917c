package live_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
)

const (
	crowd      = 500       // connected agents,
	dawdlers   = 50        // of whom so many do not read
	bursts     = 5         // which are more than wait and are being written for one that does not read
	burst      = 250       // events at once; fewer than a connection's queue holds
	crowdsHeap = 192 << 20 // bytes that all of them may take, with their clients, who are in this process, too
)

// member is one of many clients. It keeps no frame, only what it needs to know whether one was lost or came twice.
type member struct {
	ws      *websocket.Conn
	next    int   // number of the event that comes next
	lastID  int64 // id of the last frame
	resyncs atomic.Int64
	wrong   string
	ended   error // why the connection ended before the last event
	hello   atomic.Bool
	gone    atomic.Bool
	seen    atomic.Int64
}

// read takes frames until the event "end" came.
func (m *member) read(ctx context.Context) {
	defer m.gone.Store(true)
	for {
		_, data, err := m.ws.Read(ctx)
		if err != nil {
			m.ended = err
			return
		}
		var f struct {
			Type string
			Data struct{ Text string }
			ID   int64
		}
		if err := json.Unmarshal(data, &f); err != nil {
			m.wrong = err.Error()
			return
		}
		if f.ID > 0 {
			if f.ID < m.lastID || f.ID == m.lastID && f.Type != "hello" {
				m.wrong = fmt.Sprintf("frame %d after %d", f.ID, m.lastID)
			}
			m.lastID = f.ID
		}
		switch {
		case f.Type == "hello":
			m.hello.Store(true)
		case f.Type == "resync":
			m.resyncs.Add(1)
			m.next = -1 // what comes next is known when it comes
		case f.Type != "agent_availability_update":
		case f.Data.Text == "end":
			return
		default:
			var n int
			if _, err := fmt.Sscanf(f.Data.Text, "%d ", &n); err != nil || m.next >= 0 && n != m.next {
				m.wrong = fmt.Sprintf("event %d, want %d, %v", n, m.next, err)
			}
			m.next = n + 1
			m.seen.Add(1)
		}
	}
}

// Five hundred agents are connected while much happens. Those who read get every event once and in order; those who do
// not are told to fetch anew, or cut off when they have taken nothing for long; and what waits for all of them takes no more memory than for one.
func TestACrowdOfAgentsTakesBoundedMemoryAndLosesNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds of two processors")
	}
	k := newDesk(t, dbtest.SQLite(t))
	url, gate := k.serveGated(dawdlers)
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	before := heap()
	members := make([]*member, crowd)
	for i := range members {
		ws, res, err := websocket.Dial(ctx, fmt.Sprintf("%s/ws?agent=%d", url, everything), nil)
		k.must(err)
		if res.Body != nil {
			_ = res.Body.Close()
		}
		defer func() { _ = ws.CloseNow() }()
		members[i] = &member{ws: ws}
	}
	var wg sync.WaitGroup
	readers := members[dawdlers:]
	for _, m := range readers {
		wg.Go(func() { m.read(ctx) })
	}
	waitFor(ctx, t, "hello", readers, func(m *member) bool { return m.hello.Load() })
	gate.mu.Lock()
	quiet := heap()
	peak, looked := quiet, time.Now()
	for b := range bursts {
		texts := make([]string, burst)
		for i := range texts {
			texts[i] = fmt.Sprintf("%d %s", b*burst+i, strings.Repeat("x", 1<<10))
		}
		k.announce(texts...)
		waitFor(ctx, t, fmt.Sprint("burst ", b), readers, func(m *member) bool {
			if m == readers[0] && time.Since(looked) > 200*time.Millisecond {
				peak, looked = max(peak, heap()), time.Now()
			}
			return m.seen.Load() >= int64((b+1)*burst) || m.resyncs.Load() > 0
		})
	}
	k.announce("end")
	gate.mu.Unlock()
	for _, m := range members[:dawdlers] {
		wg.Go(func() { m.read(ctx) })
	}
	wg.Wait()
	for i, m := range members {
		switch {
		case m.wrong != "":
			t.Errorf("member %d: %s", i, m.wrong)
		case i >= dawdlers && (m.ended != nil || m.resyncs.Load() > 0 || m.next != bursts*burst):
			t.Errorf("reader %d: up to %d, %d times told to fetch anew, ended by %v", i, m.next, m.resyncs.Load(), m.ended)
		case i < dawdlers && m.ended == nil && m.resyncs.Load() == 0 && m.next != bursts*burst:
			t.Errorf("dawdler %d: up to %d, never told to fetch anew", i, m.next)
		case i < dawdlers && int(m.seen.Load()) > bursts*burst-1:
			t.Errorf("dawdler %d: everything was kept for it", i)
		}
	}
	t.Logf("heap: %d kB before, %d kB with %d connections, %d kB at most in bursts of %d events", before>>10, quiet>>10, crowd, peak>>10, burst)
	if grown := int64(peak) - int64(before); grown > crowdsHeap {
		t.Errorf("the heap grew by %d MB", grown>>20)
	}
}

// waitFor waits until something holds for all members.
func waitFor(ctx context.Context, t *testing.T, what string, members []*member, holds func(*member) bool) {
	t.Helper()
	for ctx.Err() == nil {
		missing := 0
		for _, m := range members {
			if !holds(m) && !m.gone.Load() {
				missing++
			}
		}
		if missing == 0 {
			return
		}
		<-time.After(20 * time.Millisecond)
		if ctx.Err() != nil {
			t.Fatalf("%d members still wait for %s", missing, what)
		}
	}
}

// heap returns how many bytes are in use after what is garbage was collected.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// gate holds back what the server writes to some of its connections while it is shut, whatever buffers the system has.
type gate struct {
	net.Listener

	mu   sync.RWMutex // locked while the gate is shut
	left int          // so many connections that come next are held back
}

func (g *gate) Accept() (net.Conn, error) {
	c, err := g.Listener.Accept()
	if err != nil || g.left == 0 {
		return c, err
	}
	g.left--
	return &gatedConn{c, g}, nil
}

type gatedConn struct {
	net.Conn

	gate *gate
}

func (c *gatedConn) Write(b []byte) (int, error) {
	c.gate.mu.RLock()
	defer c.gate.mu.RUnlock()
	return c.Conn.Write(b)
}

// serveGated serves the hub; the gate, open at first, is for the first n connections.
func (k *desk) serveGated(n int) (url string, g *gate) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p, _ := k.principal(r.Context(), everything)
		k.hub.Serve(w, r, p)
	}))
	g = &gate{Listener: server.Listener, left: n}
	server.Listener = g
	server.Start()
	k.Cleanup(server.Close)
	return server.URL, g
}
