package app_test

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// meddler stands before an IMAP server, understands what passes, and makes of it what a misbehaving server says.
type meddler struct {
	fault
	server, addr string

	mu    sync.Mutex
	done  int // how often it meddled
	conns []net.Conn
}

// fault is one way to misbehave, some times over, always if times is negative.
type fault struct {
	name  string
	times int
	// command is asked of each line of the client, answer of each answer of the server with its literals. They return what
	// becomes of it.
	command func(line string) verdict
	answer  func(block []byte) verdict
}

// verdict is what becomes of a line. The zero value passes it on.
type verdict struct {
	kind string // "cut", "cut-instead" of the answer, "cut-after" it, "mute", "say" words instead of asking the server, "be" other bytes
	text string
}

func meddle(t *testing.T, server string, f fault) *meddler {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m := &meddler{fault: f, server: server, addr: l.Addr().String()}
	t.Cleanup(func() {
		_ = l.Close()
		m.mu.Lock()
		defer m.mu.Unlock()
		for _, c := range m.conns {
			_ = c.Close()
		}
	})
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			upstream, err := net.Dial("tcp", server)
			if err != nil {
				_ = client.Close()
				continue
			}
			m.mu.Lock()
			m.conns = append(m.conns, client, upstream)
			m.mu.Unlock()
			c := &meddled{meddler: m, client: client, server: upstream, after: map[string]string{}}
			go c.fromClient()
			go c.fromServer()
		}
	}()
	return m
}

// happened returns how often it meddled.
func (m *meddler) happened() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.done
}

// judge asks a fault, unless it is exhausted.
func (m *meddler) judge(ask func() verdict) verdict {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.times >= 0 && m.done >= m.times {
		return verdict{}
	}
	v := ask()
	if v.kind != "" {
		m.done++
	}
	return v
}

// meddled is one connection.
type meddled struct {
	*meddler
	client, server net.Conn

	lock  sync.Mutex
	after map[string]string // by tag, how the connection ends with its answer
}

func (c *meddled) close() { _, _ = c.client.Close(), c.server.Close() }

func (c *meddled) fromClient() {
	defer c.close()
	in := bufio.NewReader(c.client)
	mute := false
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		if mute {
			continue
		}
		tag, _, _ := strings.Cut(line, " ")
		v := verdict{}
		if c.command != nil {
			v = c.judge(func() verdict { return c.command(line) })
		}
		switch v.kind {
		case "cut":
			return
		case "mute":
			mute = true
			continue
		case "say":
			_, err = io.WriteString(c.client, tag+" "+v.text+"\r\n")
		default:
			c.lock.Lock()
			c.after[tag] = v.kind
			c.lock.Unlock()
			_, err = io.WriteString(c.server, line)
		}
		if err != nil {
			return
		}
	}
}

func (c *meddled) fromServer() {
	defer c.close()
	in := bufio.NewReader(c.server)
	mute := false
	for {
		block, err := answerOf(in)
		if err != nil {
			return
		}
		if mute {
			continue
		}
		tag, _, _ := strings.Cut(string(block), " ")
		c.lock.Lock()
		end := c.after[tag]
		delete(c.after, tag)
		c.lock.Unlock()
		v := verdict{}
		if c.answer != nil {
			v = c.judge(func() verdict { return c.answer(block) })
		}
		switch v.kind {
		case "be":
			block = []byte(v.text)
		case "cut", "mute": // in the midst of it
			block = block[:len(block)/2]
		}
		if end == "cut-instead" {
			return
		}
		if _, err := c.client.Write(block); err != nil || end == "cut-after" || v.kind == "cut" {
			return
		}
		mute = v.kind == "mute"
	}
}

var literalEnd = regexp.MustCompile(`\{(\d+)\}\r\n$`)

// answerOf reads one answer of a server, with its literals.
func answerOf(in *bufio.Reader) (block []byte, err error) {
	for {
		line, err := in.ReadBytes('\n')
		block = append(block, line...)
		if err != nil {
			return nil, err
		}
		found := literalEnd.FindSubmatch(line)
		if found == nil {
			return block, nil
		}
		n, err := strconv.Atoi(string(found[1]))
		if err != nil {
			return nil, err
		}
		var literal bytes.Buffer
		if _, err := io.CopyN(&literal, in, int64(n)); err != nil {
			return nil, err
		}
		block = append(block, literal.Bytes()...)
	}
}
