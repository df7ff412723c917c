package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// client calls the API for all that is not measured: signing in, finding targets, making inboxes.
type client struct {
	root *url.URL
	auth credentials
}

// connect signs in where the target names an agent, and uses its API key otherwise.
func connect(ctx context.Context, t Target) (*client, error) {
	root, err := t.root()
	if err != nil {
		return nil, err
	}
	c := &client{root: root}
	switch {
	case t.Email != "":
		c.auth, err = signIn(ctx, root, t.Email, t.Password)
	case t.Key != "":
		c.auth, err = t.keyCredentials()
	default:
		err = fmt.Errorf("say as whom to call: --key, or --email and --password")
	}
	if err != nil {
		return nil, err
	}
	return c, nil
}

// signIn opens a session and returns its credentials.
func signIn(ctx context.Context, root *url.URL, email, password string) (credentials, error) {
	body, err := json.Marshal(map[string]string{"email": email, "password": password})
	if err != nil {
		return "", fmt.Errorf("write the sign-in: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, root.String()+"/api/v1/auth/login", bytes.NewReader(body))
	if err != nil {
		return "", fmt.Errorf("sign in: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", fmt.Errorf("sign in: %w", err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(res.Body, 500))
		return "", fmt.Errorf("sign in as %s: %s: %s", email, res.Status, text)
	}
	var session, csrf string
	for _, cookie := range res.Cookies() {
		switch cookie.Name {
		case "libredesk_session":
			session = cookie.Value
		case "csrf_token":
			csrf = cookie.Value
		}
	}
	if session == "" || csrf == "" {
		return "", fmt.Errorf("sign in as %s: the server gave no session", email)
	}
	return sessionCredentials(session, csrf), nil
}

// call makes one API call and decodes the answer's data into out, unless it is nil. Any status but 200 is an error
// that quotes the server's words.
func (c *client) call(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		data, err := json.Marshal(in)
		if err != nil {
			return fmt.Errorf("%s %s: %w", method, path, err)
		}
		body = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.root.String()+path, body)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	req.Header = c.header()
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: %s: %s", method, path, res.Status, excerpt(text))
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(text, &struct {
		Data any `json:"data"`
	}{out}); err != nil {
		return fmt.Errorf("%s %s: read the answer: %w", method, path, err)
	}
	return nil
}

// header returns the credentials as a header, for requests that net/http or a WebSocket library makes.
func (c *client) header() http.Header {
	h := http.Header{}
	for line := range strings.SplitSeq(strings.TrimSpace(string(c.auth)), "\r\n") {
		name, value, _ := strings.Cut(line, ": ")
		h.Set(name, value)
	}
	return h
}

// page is a page of conversations, as far as it matters here.
type page struct {
	Results    []struct{ UUID string }
	Total      int
	TotalPages int `json:"total_pages"`
}

func (c *client) conversations(ctx context.Context, query string) (page, error) {
	var p page
	err := c.call(ctx, http.MethodGet, "/api/v1/conversations/all?"+query, nil, &p)
	return p, err
}

func excerpt(b []byte) string {
	const most = 300
	if len(b) > most {
		return string(b[:most]) + "…"
	}
	return string(b)
}
