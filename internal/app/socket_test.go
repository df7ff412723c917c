package app_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// frame is what a socket gets.
type frame struct {
	Type string
	Data json.RawMessage
	ID   int64
}

func (f frame) has(parts ...string) bool {
	for _, p := range parts {
		if !strings.Contains(string(f.Data), p) {
			return false
		}
	}
	return true
}

// socket is a browser's connection to /ws.
type socket struct {
	t      testing.TB
	ws     *websocket.Conn
	frames chan frame
	closed chan websocket.CloseError
	seen   []frame // every frame taken with next
}

// dial connects as the client's browser does, and waits until the desk has said hello.
func (c *client) dial(query string) *socket {
	c.t.Helper()
	s := c.connect(query)
	s.next("hello")
	return s
}

func (c *client) connect(query string) *socket {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	ws, res, err := websocket.Dial(ctx, c.base+"/ws"+query, &websocket.DialOptions{HTTPHeader: http.Header{"Cookie": {c.cookies()}, "Origin": {c.base}}})
	if err != nil {
		c.t.Fatalf("dial: %v", err)
	}
	if res.Body != nil {
		_ = res.Body.Close()
	}
	ws.SetReadLimit(1 << 20)
	s := &socket{t: c.t, ws: ws, frames: make(chan frame, 4096), closed: make(chan websocket.CloseError, 1)}
	c.t.Cleanup(func() { _ = ws.CloseNow() })
	go s.read()
	return s
}

func (s *socket) read() {
	for {
		_, data, err := s.ws.Read(context.Background())
		if err != nil {
			s.closed <- websocket.CloseError{Code: websocket.CloseStatus(err), Reason: err.Error()}
			return
		}
		var f frame
		if string(data) == "pong" {
			f.Type = "pong"
		} else if err := json.Unmarshal(data, &f); err != nil {
			s.t.Errorf("frame %q: %v", data, err)
		}
		s.frames <- f
	}
}

// next waits for a frame of a type whose data has all parts; other frames are passed over.
func (s *socket) next(kind string, parts ...string) frame {
	s.t.Helper()
	return s.within(time.Minute, kind, parts...)
}

func (s *socket) within(d time.Duration, kind string, parts ...string) frame {
	s.t.Helper()
	deadline := time.After(d)
	for {
		select {
		case f := <-s.frames:
			s.seen = append(s.seen, f)
			if f.Type == kind && f.has(parts...) {
				return f
			}
		case e := <-s.closed:
			s.t.Fatalf("closed with %d %s while waiting for %s %v", e.Code, e.Reason, kind, parts)
		case <-deadline:
			s.t.Fatalf("waited in vain for %s %v", kind, parts)
		}
	}
}

// write sends a text.
func (s *socket) write(text string) {
	s.t.Helper()
	if err := s.ws.Write(context.Background(), websocket.MessageText, []byte(text)); err != nil {
		s.t.Fatalf("write: %v", err)
	}
}

// settle pings and returns what came before the answer: frames that were queued before are there.
func (s *socket) settle() []frame {
	s.t.Helper()
	from := len(s.seen)
	s.write("ping")
	s.next("pong")
	return s.seen[from:]
}

// kicked waits until the desk has closed the connection.
func (s *socket) kicked() websocket.CloseError {
	s.t.Helper()
	select {
	case e := <-s.closed:
		return e
	case <-time.After(time.Minute):
		s.t.Fatal("the socket stayed open")
	}
	return websocket.CloseError{}
}
