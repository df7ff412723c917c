package app_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// answer is what a request got.
type answer struct {
	code   int
	header http.Header
	body   []byte
}

// plainHTTP neither follows redirects nor keeps cookies.
var plainHTTP = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// ask makes a request with exactly these headers (name, value, name, value, …).
func ask(t testing.TB, base, method, path, body string, header ...string) answer {
	t.Helper()
	req, err := http.NewRequest(method, base+path, strings.NewReader(body))
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := plainHTTP.Do(req)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	defer func() { _ = res.Body.Close() }()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return answer{res.StatusCode, res.Header, data}
}

// cookies returns the client's cookies as a header.
func (c *client) cookies() string {
	u, _ := url.Parse(c.base)
	var parts []string
	for _, k := range c.http.Jar.Cookies(u) {
		parts = append(parts, k.Name+"="+k.Value)
	}
	return strings.Join(parts, "; ")
}

// session is the headers of a signed-in browser.
func (c *client) session() []string { return []string{"Cookie", c.cookies(), "X-CSRFTOKEN", c.csrf()} }

func basic(key string) []string {
	return []string{"Authorization", "Basic " + base64.StdEncoding.EncodeToString([]byte(key))}
}

func token(key string) []string { return []string{"Authorization", "token " + key} }

// newKey gives an agent an API key and returns "key:secret".
func (d *desk) newKey(id int64) string {
	d.t.Helper()
	var k struct {
		Key    string `json:"api_key"`
		Secret string `json:"api_secret"`
	}
	d.admin.ok(http.MethodPost, fmt.Sprintf("/api/v1/agents/%d/api-key", id), nil, &k)
	if len(k.Key) != 32 || len(k.Secret) != 64 {
		d.t.Fatalf("key %q, secret %q", k.Key, k.Secret)
	}
	return k.Key + ":" + k.Secret
}

// problem is the envelope of an error.
type problem struct {
	Status, Message string
	ErrorType       string `json:"error_type"`
	Field           string
}

// envelope reads an answer that must be exactly one envelope, of the type that goes with its status.
func (a answer) envelope() (problem, error) {
	var p problem
	if ct := a.header.Get("Content-Type"); !strings.HasPrefix(ct, "application/json") {
		return p, fmt.Errorf("content type %q", ct)
	}
	keys := map[string]json.RawMessage{}
	if err := oneDocument(a.body, &keys); err != nil {
		return p, err
	}
	if err := json.Unmarshal(a.body, &p); err != nil {
		return p, err
	}
	if _, ok := keys["data"]; !ok {
		return p, fmt.Errorf("no data")
	}
	if a.code == http.StatusOK {
		if p.Status != "success" || p.ErrorType != "" {
			return p, fmt.Errorf("status %q, error type %q", p.Status, p.ErrorType)
		}
		return p, nil
	}
	types := map[int][]string{400: {"InputException"}, 401: {"GeneralException", "UnauthorizedException"}, 403: {"PermissionException", "GeneralException"},
		404: {"NotFoundException", "GeneralException"}, 405: {"GeneralException"}, 409: {"ConflictException"}, 413: {"GeneralException"},
		426: {"GeneralException"}, 429: {"RateLimitException"}}[a.code]
	var said string // of a body that does not decode, data may say what is wrong
	toldWhat := a.code == http.StatusBadRequest && json.Unmarshal(keys["data"], &said) == nil && said == p.Message
	if p.Status != "error" || p.Message == "" || string(keys["data"]) != "null" && !toldWhat || !slices.Contains(types, p.ErrorType) {
		return p, fmt.Errorf("not the envelope of a %d", a.code)
	}
	return p, nil
}

func oneDocument(raw []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF { //nolint:errorlint // as the decoder returns it
		return fmt.Errorf("more than one document")
	}
	return nil
}

func clip(b []byte) string {
	if len(b) > 300 {
		b = b[:300]
	}
	return string(b)
}
