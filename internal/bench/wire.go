package bench

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// wire is one keep-alive HTTP/1.1 connection (RFC 9112) that sends prepared requests and reads their answers.
//
// net/http's client spends two goroutines, several allocations and about as much processor time on a request as
// a fast server does on answering it. Client and server share a machine here, so that cost would be measured as the
// server's. This one writes bytes and reads bytes, and allocates nothing once its buffers have grown.
type wire struct {
	scheme, host string
	timeout      time.Duration
	conn         net.Conn
	in           *bufio.Reader
	body         []byte
}

func newWire(root *url.URL) *wire {
	host := root.Host
	if root.Port() == "" {
		host = net.JoinHostPort(root.Hostname(), map[string]string{"http": "80", "https": "443"}[root.Scheme])
	}
	return &wire{scheme: root.Scheme, host: host, timeout: 60 * time.Second}
}

// request prepares a request's bytes. A body is sent as JSON.
func request(root *url.URL, method, path string, auth credentials, body []byte) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\nAccept: application/json\r\n%s", method, path, root.Host, auth)
	if body != nil {
		fmt.Fprintf(&b, "Content-Type: application/json\r\nContent-Length: %d\r\n", len(body))
	} else if method != "GET" {
		b.WriteString("Content-Length: 0\r\n")
	}
	b.WriteString("\r\n")
	b.Write(body)
	return b.Bytes()
}

// do sends a prepared request and returns the answer's status and body, which is valid until the next call. After an
// error the connection is closed, and the next call opens a new one.
func (w *wire) do(ctx context.Context, req []byte) (status int, body []byte, err error) {
	if w.conn == nil {
		if err := w.dial(ctx); err != nil {
			return 0, nil, err
		}
	}
	deadline := time.Now().Add(w.timeout)
	if end, ok := ctx.Deadline(); ok && end.Before(deadline) {
		deadline = end
	}
	_ = w.conn.SetDeadline(deadline)
	if _, err := w.conn.Write(req); err != nil {
		w.close()
		return 0, nil, fmt.Errorf("send the request: %w", err)
	}
	status, keep, err := w.read()
	if err != nil {
		w.close()
		return 0, nil, fmt.Errorf("read the answer: %w", err)
	}
	if !keep {
		w.close()
	}
	return status, w.body, nil
}

func (w *wire) dial(ctx context.Context) error {
	var err error
	if w.scheme == "https" {
		w.conn, err = new(tls.Dialer).DialContext(ctx, "tcp", w.host)
	} else {
		w.conn, err = new(net.Dialer).DialContext(ctx, "tcp", w.host)
	}
	if err != nil {
		w.conn = nil
		return fmt.Errorf("connect to the server: %w", err)
	}
	if w.in == nil {
		w.in = bufio.NewReaderSize(w.conn, 32<<10)
	} else {
		w.in.Reset(w.conn)
	}
	return nil
}

func (w *wire) close() {
	if w.conn != nil {
		_ = w.conn.Close()
		w.conn = nil
	}
}

// read reads one answer into w.body. keep says that the connection can be used again.
func (w *wire) read() (status int, keep bool, err error) {
	line, err := w.line()
	if err != nil {
		return 0, false, err
	}
	if len(line) < 12 || !bytes.HasPrefix(line, []byte("HTTP/1.")) {
		return 0, false, fmt.Errorf("%q is not a status line", line)
	}
	if status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return 0, false, fmt.Errorf("%q is not a status line", line)
	}
	length, chunked, keep, err := w.headers(line[7] == '1')
	if err != nil {
		return 0, false, err
	}
	w.body = w.body[:0]
	switch {
	case status == 204 || status == 304:
	case chunked:
		err = w.readChunks()
	case length >= 0:
		err = w.readBody(length)
	default: // RFC 9112, section 6.3: neither length nor chunks, so the body ends with the connection.
		keep = false
		w.body, err = io.ReadAll(w.in)
	}
	return status, keep, err
}

func (w *wire) headers(keep bool) (length int, chunked, keepAlive bool, err error) {
	length = -1
	for {
		line, err := w.line()
		if err != nil {
			return 0, false, false, err
		}
		if len(line) == 0 {
			return length, chunked, keep, nil
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimSpace(value)
		switch {
		case equalFold(name, "content-length"):
			if length, err = strconv.Atoi(string(value)); err != nil || length < 0 {
				return 0, false, false, fmt.Errorf("%q is not a length", value)
			}
		case equalFold(name, "transfer-encoding"):
			chunked = equalFold(value, "chunked")
		case equalFold(name, "connection") && equalFold(value, "close"):
			keep = false
		}
	}
}

func equalFold(b []byte, s string) bool { return len(b) == len(s) && strings.EqualFold(string(b), s) }

func (w *wire) readBody(n int) error {
	at := len(w.body)
	if need := at + n; cap(w.body) < need {
		grown := make([]byte, at, need*2)
		copy(grown, w.body)
		w.body = grown
	}
	w.body = w.body[:at+n]
	_, err := io.ReadFull(w.in, w.body[at:])
	return err
}

// readChunks reads a chunked body (RFC 9112, section 7.1).
func (w *wire) readChunks() error {
	for {
		line, err := w.line()
		if err != nil {
			return err
		}
		digits, _, _ := bytes.Cut(line, []byte(";"))
		n, err := strconv.ParseUint(string(bytes.TrimSpace(digits)), 16, 31)
		if err != nil {
			return fmt.Errorf("%q is not the size of a chunk", line)
		}
		if n == 0 {
			break
		}
		if err := w.readBody(int(n)); err != nil {
			return err
		}
		if line, err = w.line(); err != nil {
			return err
		} else if len(line) != 0 {
			return errors.New("a chunk is longer than it said")
		}
	}
	for { // trailers, up to the empty line
		if line, err := w.line(); err != nil || len(line) == 0 {
			return err
		}
	}
}

// line reads one line without its end. It is valid until the next read.
func (w *wire) line() ([]byte, error) {
	line, err := w.in.ReadSlice('\n')
	if err != nil {
		return nil, err
	}
	return bytes.TrimRight(line, "\r\n"), nil
}
