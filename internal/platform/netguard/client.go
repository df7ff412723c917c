package netguard

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

const (
	connectTimeout = 3 * time.Second
	tlsTimeout     = 5 * time.Second
	headerTimeout  = 5 * time.Second
)

// ErrTooLarge is returned while reading a body that is longer than allowed.
var ErrTooLarge = errors.New("the answer is too large")

// Limits bound what a client does for one request.
type Limits struct {
	// Timeout is for the whole request with its body; ten seconds if zero.
	Timeout time.Duration
	// Header is how long to wait for the answer to begin; five seconds if zero.
	Header time.Duration
	// MaxBody is the longest body in bytes, as decompressed; one MiB if zero.
	MaxBody int64
	// Redirects is how many are followed, and of GET and HEAD only, so that what was posted to one server is never
	// posted to another. None if zero: the redirect itself is then the answer.
	Redirects int
}

// Client returns an HTTP client whose connections pass the guard. It uses no proxy: a proxy would dial in its place.
func (g *Guard) Client(l Limits) *http.Client {
	if l.Timeout == 0 {
		l.Timeout = 10 * time.Second
	}
	if l.Header == 0 {
		l.Header = headerTimeout
	}
	if l.MaxBody == 0 {
		l.MaxBody = 1 << 20
	}
	transport := &http.Transport{DialContext: g.DialContext, ForceAttemptHTTP2: true, MaxIdleConns: 20, MaxIdleConnsPerHost: 2, IdleConnTimeout: 30 * time.Second,
		TLSHandshakeTimeout: tlsTimeout, ResponseHeaderTimeout: l.Header, ExpectContinueTimeout: time.Second, MaxResponseHeaderBytes: 64 << 10}
	return &http.Client{Timeout: l.Timeout, Transport: bounded{transport, l.MaxBody}, CheckRedirect: l.redirect}
}

// redirect follows what Limits allow; never from an encrypted address to a plain one.
func (l Limits) redirect(req *http.Request, via []*http.Request) error {
	first := via[0].Method
	switch {
	case l.Redirects == 0 || (first != http.MethodGet && first != http.MethodHead):
		return http.ErrUseLastResponse
	case len(via) > l.Redirects:
		return fmt.Errorf("more than %d redirects", l.Redirects)
	case via[len(via)-1].URL.Scheme == "https" && req.URL.Scheme != "https":
		return fmt.Errorf("redirect to %s, which is not encrypted", req.URL.Redacted())
	}
	req.Header.Del("Referer") // net/http tells the next server where it was sent from
	return nil
}

// bounded reads no more than max bytes of any body.
type bounded struct {
	next http.RoundTripper
	max  int64
}

// RoundTrip implements http.RoundTripper.
func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme != "http" && r.URL.Scheme != "https" {
		return nil, fmt.Errorf("request to %s: only http and https are spoken", r.URL.Scheme)
	}
	res, err := b.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	res.Body = &boundedBody{res.Body, b.max}
	return res, nil
}

type boundedBody struct {
	io.ReadCloser
	left int64
}

// Read implements io.Reader.
func (b *boundedBody) Read(p []byte) (int, error) {
	if int64(len(p)) > b.left+1 { // one more, to tell a body that ends here from one that goes on
		p = p[:b.left+1]
	}
	n, err := b.ReadCloser.Read(p)
	if int64(n) > b.left {
		n = int(b.left)
		b.left = 0
		return n, ErrTooLarge
	}
	b.left -= int64(n)
	return n, err
}

// ParseURL reads an address that somebody configured: absolute, http or https, with a host, without a password in it.
// It says nothing of where the host is; that is judged when it is dialled.
func ParseURL(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		return nil, fmt.Errorf("read the address: %w", err)
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, errors.New("the address must begin with https:// or http://")
	case u.Hostname() == "" || u.User != nil || u.Opaque != "":
		return nil, errors.New("the address must name a host and no password")
	}
	return u, nil
}
