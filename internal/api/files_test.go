package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"net/url"
	"strings"
	"testing"

	"github.com/foyerdesk/foyer/internal/api"
	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/attribute"
	"github.com/foyerdesk/foyer/internal/desk/conversation"
	"github.com/foyerdesk/foyer/internal/desk/event"
	"github.com/foyerdesk/foyer/internal/desk/media"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/desk/tag"
	"github.com/foyerdesk/foyer/internal/desk/view"
	"github.com/foyerdesk/foyer/internal/platform/blob"
	"github.com/foyerdesk/foyer/internal/platform/bus"
	"github.com/foyerdesk/foyer/internal/platform/crypt"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
	"github.com/foyerdesk/foyer/internal/platform/fault"
	"github.com/foyerdesk/foyer/internal/platform/i18n"
	"github.com/foyerdesk/foyer/internal/platform/jobs"
)

// Who asks in the scenarios. The limited agent reads messages and the conversations assigned to it; the bare one may
// nothing but be signed in.
const (
	guest   = ""
	admin   = "admin"
	limited = "limited"
	without = "bare"
)

// signedIn knows agents by the word they have as session token, and as key with the secret "s".
type signedIn map[string]*agent.Principal

func (s signedIn) BySession(_ context.Context, token string) (*agent.Principal, error) {
	if p, ok := s[token]; ok {
		return p, nil
	}
	return nil, fault.New(fault.Unauthorized, "error.not_signed_in")
}

func (s signedIn) ByKey(ctx context.Context, key, secret string) (*agent.Principal, error) {
	if secret != "s" {
		key = "nobody"
	}
	return s.BySession(ctx, key)
}

// filesDesk is the API over a desk with conversations and stored files.
type filesDesk struct {
	t      testing.TB
	db     *db.DB
	api    *api.API
	deps   api.Deps
	c      *conversation.Service
	agents signedIn
	rules  media.Limits
}

func eachFilesDesk(t *testing.T, fn func(k *filesDesk)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) { fn(newFilesDesk(t, d)) })
}

func newFilesDesk(t testing.TB, d *db.DB) *filesDesk {
	t.Helper()
	ctx := t.Context()
	k := &filesDesk{t: t, db: d, rules: media.Limits{MaxBytes: 1 << 20, Extensions: []string{"*"}}}
	k.must(jobs.Migrate(ctx, d))
	k.must(d.Tx(ctx, func(tx *db.Tx) error {
		for _, q := range []string{
			`INSERT INTO users (created_at, updated_at, type, is_system, email, first_name) VALUES (1, 1, 'agent', TRUE, 'System', 'System')`,
			`INSERT INTO users (created_at, updated_at, type, email, first_name) VALUES (1, 1, 'agent', 'asha@acme.test', 'Asha'), (1, 1, 'agent', 'leo@acme.test', 'Leo'), (1, 1, 'agent', 'kim@acme.test', 'Kim')`,
			`INSERT INTO statuses (created_at, name, category) VALUES (1, 'Open', 'open'), (1, 'Snoozed', 'waiting'), (1, 'Resolved', 'resolved'), (1, 'Closed', 'resolved')`,
			`INSERT INTO priorities (created_at, name) VALUES (1, 'Low'), (1, 'Medium'), (1, 'High')`,
			`INSERT INTO tags (created_at, updated_at, name) VALUES (1, 1, 'vip'), (1, 1, 'billing')`,
			`INSERT INTO inboxes (created_at, updated_at, uuid, name, channel, enabled, from_address) VALUES (1, 1, 'u', 'Support', 'email', TRUE, 'Help <help@acme.test>')`,
		} {
			if _, err := tx.Exec(ctx, q); err != nil {
				return err
			}
		}
		return nil
	}))
	log := slog.New(slog.NewTextHandler(testLog{t}, nil))
	runner, err := jobs.New(d, "here", log)
	k.must(err)
	blobs, err := blob.NewDisk(t.TempDir())
	k.must(err)
	box, err := crypt.NewBox(bytes.Repeat([]byte{1}, crypt.KeySize))
	k.must(err)
	files := media.New(d, blobs, box, func(context.Context) (media.Limits, error) { return k.rules, nil }, func() string { return "https://desk.test" })
	events := event.NewLog(d, bus.Local{}, log)
	k.c = conversation.New(d, events, runner, files)
	jobs.Handle(runner, k.c.PurgeContact)
	jobs.Handle(runner, k.c.ForgetNote)
	k.c.OnReply("email", func(context.Context, *db.Tx, conversation.Outgoing) error { return nil })
	k.agents = signedIn{
		admin:   {ID: 2, FirstName: "Asha", Permissions: role.SetOf(role.All...)},
		limited: {ID: 3, FirstName: "Leo", Permissions: role.SetOf(role.ConversationsRead, role.ConversationsReadAssigned, role.MessagesRead, role.MessagesWrite)},
		without: {ID: 4, FirstName: "Kim", Permissions: role.SetOf()},
	}
	k.deps = api.Deps{DB: d, Log: log, Principals: k.agents, Conversations: k.c, Media: files, MaxBody: 4 << 20,
		Tags: tag.New(d, events), Attributes: attribute.New(d, events), Views: view.New(d, events, k.c.CheckFilters),
		Translate: func(_, key string, params map[string]string) string { return i18n.T(i18n.Default, key, params) }}
	k.api = api.New(k.deps, api.Conversations, api.Media, api.Drafts, api.Reference, api.Tags, api.Attributes, api.Views)
	return k
}

func (k *filesDesk) must(err error) {
	k.t.Helper()
	if err != nil {
		k.t.Fatal(err)
	}
}

// send makes a request as a browser that is signed in makes it.
func (k *filesDesk) send(method, path, who, contentType, body string, header ...string) *httptest.ResponseRecorder {
	k.t.Helper()
	r := httptest.NewRequestWithContext(k.t.Context(), method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	if who != guest {
		r.AddCookie(&http.Cookie{Name: "libredesk_session", Value: who})
		r.AddCookie(&http.Cookie{Name: "csrf_token", Value: "c"})
		r.Header.Set("X-CSRFTOKEN", "c")
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	k.api.ServeHTTP(w, r)
	return w
}

func (k *filesDesk) get(path, who string, header ...string) *httptest.ResponseRecorder {
	k.t.Helper()
	return k.send(http.MethodGet, path, who, "", "", header...)
}

func (k *filesDesk) json(method, path, who, body string) *httptest.ResponseRecorder {
	k.t.Helper()
	return k.send(method, path, who, "application/json", body)
}

// scenario is one request, the answer that is wanted, and what must and must not be in it.
type scenario struct {
	name, method, path, who, body string
	code                          int
	has, lacks                    []string
}

func (k *filesDesk) play(scenarios ...scenario) {
	k.t.Helper()
	for _, s := range scenarios {
		w := k.json(s.method, s.path, s.who, s.body)
		if w.Code != s.code {
			k.t.Errorf("%s: %s %s as %q gave %d, want %d: %s", s.name, s.method, s.path, s.who, w.Code, s.code, w.Body)
			continue
		}
		for _, want := range s.has {
			if !strings.Contains(w.Body.String(), want) {
				k.t.Errorf("%s: %s lacks %s", s.name, w.Body, want)
			}
		}
		for _, not := range s.lacks {
			if strings.Contains(w.Body.String(), not) {
				k.t.Errorf("%s: %s has %s", s.name, w.Body, not)
			}
		}
	}
}

type form struct {
	field, file, contentType string
	content                  []byte
	fields                   map[string]string
}

func (f form) encode() (contentType, body string) {
	var buf bytes.Buffer
	w := multipart.NewWriter(&buf)
	if f.field != "" {
		h := textproto.MIMEHeader{}
		h.Set("Content-Disposition", fmt.Sprintf(`form-data; name=%q; filename=%q`, f.field, f.file))
		h.Set("Content-Type", f.contentType)
		part, err := w.CreatePart(h)
		if err != nil {
			panic(err)
		}
		_, _ = part.Write(f.content)
	}
	for name, value := range f.fields { // behind the file, as browsers send them
		_ = w.WriteField(name, value)
	}
	_ = w.Close()
	return w.FormDataContentType(), buf.String()
}

func (k *filesDesk) post(who string, f form) *httptest.ResponseRecorder {
	k.t.Helper()
	contentType, body := f.encode()
	return k.send(http.MethodPost, "/api/v1/media", who, contentType, body)
}

func (k *filesDesk) upload(name, contentType string, content []byte, fields map[string]string) (m media.Media) {
	k.t.Helper()
	w := k.post(admin, form{"files", name, contentType, content, fields})
	if w.Code != http.StatusOK {
		k.t.Fatalf("upload %s: %d %s", name, w.Code, w.Body)
	}
	data(k.t, w, &m)
	return m
}

func data(t testing.TB, w *httptest.ResponseRecorder, into any) {
	t.Helper()
	if err := json.Unmarshal(w.Body.Bytes(), &struct{ Data any }{into}); err != nil {
		t.Fatalf("%s: %v", w.Body, err)
	}
}

// open makes a conversation, assigned to an agent if one is given.
func (k *filesDesk) open(assignee int64) *conversation.Conversation {
	k.t.Helper()
	c, err := k.c.Create(k.t.Context(), k.agents[admin], conversation.Create{InboxID: 1, ContactEmail: "ida@cust.test", FirstName: "Ida",
		Subject: "Lamp", Content: "<p>hi</p>", Initiator: "contact", AgentID: assignee})
	k.must(err)
	return c
}

// note stores a private note with files and returns it.
func (k *filesDesk) note(c *conversation.Conversation, ids ...int64) *conversation.Message {
	k.t.Helper()
	m, err := k.c.SendMessage(k.t.Context(), k.agents[admin], c.UUID, conversation.Send{Message: "<p>see</p>", SenderType: "agent", Private: true, Attachments: ids})
	k.must(err)
	return m
}

func photo(w, h int) []byte {
	var buf bytes.Buffer
	if err := png.Encode(&buf, image.NewNRGBA(image.Rect(0, 0, w, h))); err != nil {
		panic(err)
	}
	return buf.Bytes()
}

// local is the path and query of an address of the desk.
func local(t testing.TB, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil || u.Host != "desk.test" {
		t.Fatalf("address %q: %v", address, err)
	}
	return u.RequestURI()
}

// testLog shows what the desk logs where a test fails.
type testLog struct{ t testing.TB }

func (l testLog) Write(line []byte) (int, error) {
	l.t.Log(strings.TrimSpace(string(line)))
	return len(line), nil
}
