package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alecthomas/kong"
)

func TestPercentileIsTheNearestRank(t *testing.T) {
	hundred := make(samples, 100)
	for i := range hundred {
		hundred[i] = time.Duration(i+1) * time.Millisecond
	}
	for _, c := range []struct {
		samples samples
		p       float64
		want    time.Duration
	}{
		{nil, 50, 0},
		{samples{7}, 50, 7},
		{samples{7}, 99, 7},
		{samples{1, 2}, 50, 1},
		{samples{1, 2, 3}, 50, 2},
		{samples{1, 2, 3}, 0, 1},
		{hundred, 50, 50 * time.Millisecond},
		{hundred, 95, 95 * time.Millisecond},
		{hundred, 99, 99 * time.Millisecond},
		{hundred, 100, 100 * time.Millisecond},
	} {
		if got := c.samples.percentile(c.p); got != c.want {
			t.Errorf("p%v of %d samples is %v, want %v", c.p, len(c.samples), got, c.want)
		}
	}
}

func TestSummaryCountsFailuresApart(t *testing.T) {
	r := summarise("x", samples{3 * time.Millisecond, time.Millisecond, 2 * time.Millisecond}, 2, "no", 30, 2*time.Second)
	if r.Requests != 5 || r.Errors != 2 || r.Rate != 1.5 || r.P50 != 2 || r.Bytes != 10 || r.Error != "no" {
		t.Errorf("got %+v", r)
	}
}

func TestWireReadsEveryFraming(t *testing.T) {
	long := strings.Repeat("x", 100_000)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/length":
			w.Header().Set("Content-Length", "5")
			_, _ = w.Write([]byte("hello"))
		case "/chunks":
			for _, part := range []string{"one ", "two ", long} {
				_, _ = w.Write([]byte(part))
				_ = http.NewResponseController(w).Flush()
			}
		case "/close":
			w.Header().Set("Connection", "close")
			_, _ = w.Write([]byte("bye"))
		case "/until-end":
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			_, _ = conn.Write([]byte("HTTP/1.1 200 OK\r\n\r\nto the end"))
			_ = conn.Close()
		case "/empty":
			w.WriteHeader(http.StatusNoContent)
		case "/echo":
			w.WriteHeader(http.StatusTeapot)
			_, _ = fmt.Fprintf(w, "%s %s", r.Method, r.Header.Get("X-Csrftoken"))
		}
	}))
	defer server.Close()
	root, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	w := newWire(root)
	defer w.close()
	for _, c := range []struct {
		method, path string
		status       int
		body         string
	}{
		{"GET", "/length", 200, "hello"},
		{"GET", "/chunks", 200, "one two " + long},
		{"GET", "/empty", 204, ""},
		{"GET", "/close", 200, "bye"},
		{"GET", "/length", 200, "hello"}, // on a new connection
		{"GET", "/until-end", 200, "to the end"},
		{"PUT", "/echo", 418, "PUT c"},
		{"GET", "/length", 200, "hello"},
	} {
		status, body, err := w.do(t.Context(), request(root, c.method, c.path, sessionCredentials("s", "c"), nil))
		if err != nil || status != c.status || string(body) != c.body {
			t.Errorf("%s %s: got %d %.20q %v, want %d %.20q", c.method, c.path, status, body, err, c.status, c.body)
		}
	}
}

func TestWireRefusesWhatIsNotHTTP(t *testing.T) {
	for _, answer := range []string{
		"", "\r\n", "SSH-2.0-x\r\n", "HTTP/1.1 abc OK\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n",
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			_, _ = conn.Write([]byte(answer))
			_ = conn.Close()
		}))
		root, err := url.Parse(server.URL)
		if err != nil {
			t.Fatal(err)
		}
		if status, _, err := newWire(root).do(t.Context(), request(root, "GET", "/", "", nil)); err == nil {
			t.Errorf("%q was read as status %d", answer, status)
		}
		server.Close()
	}
}

// desk is as much of a server as load and hit speak to.
type desk struct {
	mu       sync.Mutex
	created  int
	messages int
	status   map[string]string
	changes  int // of a status to another
}

func (d *desk) handler() http.Handler {
	mux := http.NewServeMux()
	reply := func(w http.ResponseWriter, data any) {
		_ = json.NewEncoder(w).Encode(map[string]any{"status": "success", "data": data})
	}
	handle := func(pattern string, fn func(r *http.Request) any) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			session := strings.Contains(r.Header.Get("Cookie"), "libredesk_session=s")
			if _, _, key := r.BasicAuth(); !key && !session {
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			if session && r.Method != http.MethodGet && r.Header.Get("X-CSRFTOKEN") != "c=" {
				w.WriteHeader(http.StatusForbidden)
				return
			}
			d.mu.Lock()
			defer d.mu.Unlock()
			reply(w, fn(r))
		})
	}
	mux.HandleFunc("POST /api/v1/auth/login", func(w http.ResponseWriter, _ *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "libredesk_session", Value: "s"})
		http.SetCookie(w, &http.Cookie{Name: "csrf_token", Value: "c="})
		reply(w, nil)
	})
	handle("GET /api/v1/agents/me", func(*http.Request) any { return map[string]any{"id": 1} })
	handle("GET /api/v1/inboxes", func(*http.Request) any { return []any{} })
	handle("POST /api/v1/inboxes", func(*http.Request) any { return map[string]any{"id": 3} })
	handle("POST /api/v1/conversations", func(*http.Request) any {
		d.created++
		return map[string]any{"uuid": fmt.Sprintf("u%d", d.created)}
	})
	handle("GET /api/v1/conversations/all", func(*http.Request) any {
		var results []any
		for n := range d.created {
			results = append(results, map[string]any{"uuid": fmt.Sprintf("u%d", n+1)})
		}
		return map[string]any{"results": results, "total": d.created, "total_pages": 1}
	})
	handle("GET /api/v1/conversations/{uuid}", func(*http.Request) any { return nil })
	handle("GET /api/v1/conversations/{uuid}/messages", func(*http.Request) any { return nil })
	handle("GET /api/v1/tags", func(*http.Request) any {
		return []any{map[string]any{"id": 1, "name": "bench-1"}, map[string]any{"id": 20, "name": "bench-20"}}
	})
	handle("GET /api/v1/views/me", func(*http.Request) any { return []any{} })
	handle("POST /api/v1/views/me", func(*http.Request) any { return map[string]any{"id": 4} })
	for _, path := range []string{
		"conversations/assigned", "conversations/unassigned", "conversations/mentioned", "conversations/counts",
		"views/4/conversations", "views/counts", "contacts", "search",
	} {
		handle("GET /api/v1/"+path, func(*http.Request) any { return nil })
	}
	running := true
	job := func(*http.Request) any {
		running = !running
		return map[string]any{"id": 5, "total": 60, "done": 60, "running": !running}
	}
	handle("POST /api/v1/conversations/bulk", job)
	handle("GET /api/v1/bulk/5", job)
	handle("POST /api/v1/bulk/5/undo", job)
	handle("GET /api/v1/messages/search", func(*http.Request) any { return nil })
	handle("POST /api/v1/conversations/{uuid}/messages", func(*http.Request) any { d.messages++; return nil })
	handle("PUT /api/v1/conversations/{uuid}/status", func(r *http.Request) any {
		var body struct{ Status string }
		_ = json.NewDecoder(r.Body).Decode(&body)
		if d.status[r.PathValue("uuid")] != body.Status {
			d.changes++
		}
		d.status[r.PathValue("uuid")] = body.Status
		return true
	})
	return mux
}

// bench runs a command line the way the binary does.
func run(t *testing.T, args ...string) *Command {
	t.Helper()
	var command Command
	parser, err := kong.New(&command, kong.BindTo(t.Context(), (*context.Context)(nil)))
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		t.Fatal(err)
	}
	if err := parsed.Run(); err != nil {
		t.Fatalf("bench %s: %v", strings.Join(args, " "), err)
	}
	return &command
}

func TestLoadFillsTheDeskAndHitMeasuresEveryRow(t *testing.T) {
	d := &desk{status: map[string]string{}}
	server := httptest.NewServer(d.handler())
	defer server.Close()
	as := []string{"--url", server.URL + "/", "--email", "System", "--password", "p", "--key", "k:s"}

	run(t, append([]string{"load", "--count", "60", "--messages", "3", "--concurrency", "4"}, as...)...)
	if d.created != 60 || d.messages == 0 || len(d.status) != 40 {
		t.Fatalf("%d conversations, %d notes, %d statuses", d.created, d.messages, len(d.status))
	}

	run(t, append([]string{"bulk"}, as...)...)

	clear(d.status)
	d.changes = 0
	hit := HitCmd{
		Target:   Target{URL: server.URL, Email: "System", Password: "p", Key: "k:s"},
		Duration: 50 * time.Millisecond, Concurrency: 4, Spread: 100,
	}
	results, err := hit.Measure(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(results) != len(rowNames) {
		t.Fatalf("%d rows, want %d", len(results), len(rowNames))
	}
	for _, r := range results {
		if r.Errors != 0 || r.Skipped != "" || r.Requests == 0 || r.Rate == 0 || r.Bytes == 0 {
			t.Errorf("%+v", r)
		}
	}
	if last := results[len(results)-1]; last.Name != "status" || d.changes != last.Requests {
		t.Errorf("%d calls of row %q changed a status %d times: every call should", last.Requests, last.Name, d.changes)
	}
}

func TestHitSaysWhichRowItCannotMeasure(t *testing.T) {
	d := &desk{status: map[string]string{}, created: 1}
	server := httptest.NewServer(d.handler())
	defer server.Close()
	hit := HitCmd{
		Target:   Target{URL: server.URL, Key: "k:s"},
		Rows:     []string{"session"},
		Duration: time.Millisecond, Concurrency: 1, Spread: 1,
	}
	results, err := hit.Measure(t.Context())
	if err != nil || len(results) != 1 || results[0].Skipped == "" {
		t.Errorf("got %+v, %v", results, err)
	}
	hit.Rows = []string{"nonsense"}
	if _, err := hit.Measure(t.Context()); err == nil || !strings.Contains(err.Error(), "nonsense") {
		t.Errorf("an unknown row gave %v", err)
	}
}
