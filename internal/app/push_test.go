package app_test

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
)

// pushService takes what is for one browser, and decrypts it as that does.
type pushService struct {
	t      *testing.T
	server *httptest.Server
	key    *ecdh.PrivateKey
	auth   []byte
	status atomic.Int64
	got    chan pushedText
	header chan http.Header
}

type pushedText struct{ Title, Body, Path, Tag, Lang string }

func startPush(t *testing.T) *pushService {
	t.Helper()
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	s := &pushService{t: t, key: key, auth: make([]byte, 16), got: make(chan pushedText, 20), header: make(chan http.Header, 20)}
	_, _ = rand.Read(s.auth)
	s.status.Store(http.StatusCreated)
	s.server = httptest.NewServer(http.HandlerFunc(s.take))
	t.Cleanup(s.server.Close)
	return s
}

func (s *pushService) take(w http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		s.t.Error(err)
	}
	var what pushedText
	if plain, err := s.decrypt(raw); err != nil || json.Unmarshal(plain, &what) != nil {
		s.t.Errorf("decrypt: %v, %s", err, plain)
	}
	s.header <- r.Header
	s.got <- what
	w.WriteHeader(int(s.status.Load()))
}

// decrypt reads one record as RFC 8291, section 4, and RFC 8188 say.
func (s *pushService) decrypt(raw []byte) ([]byte, error) {
	if len(raw) < 86 {
		return nil, fmt.Errorf("%d bytes", len(raw))
	}
	salt, size, of := raw[:16], binary.BigEndian.Uint32(raw[16:20]), raw[21:21+int(raw[20])]
	sender, err := ecdh.P256().NewPublicKey(of)
	if err != nil || size < 18 {
		return nil, fmt.Errorf("record of %d bytes: %w", size, err)
	}
	shared, err := s.key.ECDH(sender)
	if err != nil {
		return nil, err
	}
	ikm, err := hkdf.Key(sha256.New, shared, s.auth, "WebPush: info\x00"+string(s.key.PublicKey().Bytes())+string(of), 32)
	if err != nil {
		return nil, err
	}
	key, err := hkdf.Key(sha256.New, ikm, salt, "Content-Encoding: aes128gcm\x00", 16)
	if err != nil {
		return nil, err
	}
	nonce, err := hkdf.Key(sha256.New, ikm, salt, "Content-Encoding: nonce\x00", 12)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	plain, err := gcm.Open(nil, nonce, raw[21+int(raw[20]):], nil)
	return []byte(strings.TrimRight(strings.TrimRight(string(plain), "\x00"), "\x02")), err
}

func (s *pushService) subscription(path string) map[string]any {
	text := base64.RawURLEncoding.EncodeToString
	return map[string]any{"endpoint": s.server.URL + path,
		"keys": map[string]any{"p256dh": text(s.key.PublicKey().Bytes()), "auth": text(s.auth)}}
}

func (s *pushService) next() pushedText {
	s.t.Helper()
	select {
	case what := <-s.got:
		return what
	case <-time.After(time.Minute):
		s.t.Fatal("nothing was pushed")
		return pushedText{}
	}
}

// refused makes a request that must fail with a status, and returns the answer.
func (c *client) refused(code int, method, path string, body any) string {
	c.t.Helper()
	got, raw := c.do(method, path, body)
	if got != code {
		c.t.Errorf("%s %s: %d, want %d: %s", method, path, got, code, raw)
	}
	return string(raw)
}

const pushRoute = "/api/v1/agents/me/push"

type devices struct {
	PublicKey string `json:"public_key"`
	Devices   []struct {
		ID         int64
		Name       string
		WithText   bool    `json:"with_text"`
		LastUsedAt *string `json:"last_used_at"`
	}
}

func (c *client) devices() (out devices) {
	c.t.Helper()
	c.ok(http.MethodGet, pushRoute, nil, &out)
	return out
}

func TestWhatIsToldReachesTheAgentsDevices(t *testing.T) {
	dbtest.URLs(t, func(t *testing.T, url string) {
		cfg := deskConfig(t, url)
		cfg.OutboundAllow = []string{"127.0.0.0/8"}
		o := &office{desk: startWith(t, cfg), mail: startMail(t)}
		o.staff()
		push := startPush(t)
		key := o.ann.devices().PublicKey
		if again := o.bob.devices().PublicKey; key == "" || again != key {
			t.Fatalf("keys %q and %q", key, again)
		}
		if stored := o.texts(`SELECT value FROM settings WHERE key = 'notification.push.keys'`)[0]; !strings.Contains(stored, `"enc:`) {
			t.Errorf("the private key is kept as %s", stored)
		}
		var d made
		o.ann.ok(http.MethodPost, pushRoute, push.subscription("/ann"), &d)

		uuid := o.open("A secret lamp")
		o.assign(uuid, o.annID)
		what := push.next()
		if what.Path != "/inboxes/assigned/conversation/"+uuid || what.Body != "" || strings.Contains(what.Title, "Kim") || !strings.Contains(what.Title, "assigned to you") {
			t.Errorf("pushed %+v", what)
		}
		header := <-push.header
		if a := header.Get("Authorization"); !strings.HasPrefix(a, "vapid t=") || !strings.Contains(a, key) || header.Get("Ttl") == "0" {
			t.Errorf("header %v", header)
		}

		o.ann.ok(http.MethodPut, fmt.Sprintf("%s/%d", pushRoute, d.ID), map[string]any{"with_text": true}, nil)
		o.admin.ok(http.MethodPost, "/api/v1/conversations/"+uuid+"/messages", map[string]any{"message": "<p>It is still dark</p>", "sender_type": "agent", "private": true,
			"mentions": []map[string]any{{"type": "agent", "id": o.annID}}}, nil)
		if what := push.next(); !strings.Contains(what.Body, "still dark") {
			t.Errorf("pushed with leave to show texts: %+v", what)
		}
		if list := o.ann.devices().Devices; len(list) != 1 || list[0].LastUsedAt == nil || !list[0].WithText {
			t.Errorf("devices %+v", list)
		}

		// Nobody else may do anything with it; one who subscribes by the same browser takes it over.
		for _, method := range []string{http.MethodPut, http.MethodDelete} {
			o.bob.refused(404, method, fmt.Sprintf("%s/%d", pushRoute, d.ID), map[string]any{})
		}
		o.bob.refused(404, http.MethodPost, fmt.Sprintf("%s/%d/test", pushRoute, d.ID), nil)
		var theirs made
		o.bob.ok(http.MethodPost, pushRoute, push.subscription("/ann"), &theirs)
		if list := o.ann.devices().Devices; len(list) != 0 {
			t.Errorf("still Ann's: %+v", list)
		}
		o.bob.ok(http.MethodPost, fmt.Sprintf("%s/%d/test", pushRoute, theirs.ID), nil, nil)
		push.next()

		push.status.Store(http.StatusGone)
		o.bob.refused(504, http.MethodPost, fmt.Sprintf("%s/%d/test", pushRoute, theirs.ID), nil)
		if list := o.bob.devices().Devices; len(list) != 0 {
			t.Errorf("a browser that is gone is still there: %+v", list)
		}
	})
}

func TestPushServicesInsideTheNetworkAreNotCalled(t *testing.T) {
	dbtest.URLs(t, func(t *testing.T, url string) {
		d := startDesk(t, url)
		push := startPush(t)
		var m made
		d.admin.ok(http.MethodPost, pushRoute, push.subscription("/inside"), &m)
		d.admin.refused(504, http.MethodPost, fmt.Sprintf("%s/%d/test", pushRoute, m.ID), nil)
		if len(push.got) != 0 || len(d.admin.devices().Devices) != 0 {
			t.Errorf("called %d times, %+v", len(push.got), d.admin.devices())
		}
		with := func(field string, value any) map[string]any {
			b := push.subscription("/x")
			b[field] = value
			return b
		}
		keys := push.subscription("/x")["keys"].(map[string]any)
		for field, body := range map[string]map[string]any{
			"endpoint":    with("endpoint", "http://push.example/x"),
			"keys.p256dh": with("keys", map[string]any{"p256dh": "AAAA", "auth": keys["auth"]}), "keys.auth": with("keys", map[string]any{"p256dh": keys["p256dh"], "auth": "AAAA"}),
		} {
			if answer := d.admin.refused(400, http.MethodPost, pushRoute, body); !strings.Contains(answer, `"`+field+`"`) {
				t.Errorf("%s: %s", field, answer)
			}
		}
	})
}
