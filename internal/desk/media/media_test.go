package media

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/platform/blob"
	"github.com/foyerdesk/foyer/internal/platform/crypt"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

type fixture struct {
	*Service
	t      *testing.T
	ctx    context.Context
	rules  Limits
	p      *agent.Principal
	clock  time.Time
	stored blob.Store
}

func each(t *testing.T, fn func(f *fixture)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) { fn(newFixture(t, d)) })
}

func newFixture(t *testing.T, d *db.DB) *fixture {
	t.Helper()
	blobs, err := blob.NewDisk(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	box, err := crypt.NewBox(bytes.Repeat([]byte{7}, crypt.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{t: t, ctx: t.Context(), rules: Limits{MaxBytes: megabyte, Extensions: []string{"*"}}, p: &agent.Principal{ID: 1}, clock: time.Now(), stored: blobs}
	f.Service = New(d, blobs, box, func(context.Context) (Limits, error) { return f.rules, nil }, func() string { return "https://desk.test" })
	f.now = func() time.Time { return f.clock }
	return f
}

func (f *fixture) upload(name, declared string, content []byte) Media {
	f.t.Helper()
	m, err := f.Upload(f.ctx, f.p, UploadInput{Filename: name, ContentType: declared, Body: bytes.NewReader(content), LinkedModel: ModelMessages})
	if err != nil {
		f.t.Fatalf("upload %s: %v", name, err)
	}
	return m
}

func (f *fixture) bytes(m Media, thumb bool) []byte {
	f.t.Helper()
	file, err := f.Open(f.ctx, m, thumb)
	if err != nil {
		f.t.Fatalf("open %s: %v", m.Filename, err)
	}
	defer func() { _ = file.Close() }()
	b, err := io.ReadAll(file)
	if err != nil {
		f.t.Fatal(err)
	}
	return b
}

func (f *fixture) tx(fn func(tx *db.Tx) error) error { return f.db.Tx(f.ctx, fn) }

func (f *fixture) exec(query string, args ...any) {
	f.t.Helper()
	if err := f.tx(func(tx *db.Tx) error { _, err := tx.Exec(f.ctx, query, args...); return err }); err != nil {
		f.t.Fatalf("%s: %v", query, err)
	}
}

// message stores a message to link files to, and returns its id.
func (f *fixture) message() (id int64) {
	f.t.Helper()
	now := db.Now()
	err := f.tx(func(tx *db.Tx) error {
		var user, inbox, status, conversation int64
		for _, q := range []struct {
			into  *int64
			query string
			args  []any
		}{
			{&user, `INSERT INTO users (created_at, updated_at, type, first_name) VALUES ($1, $1, 'contact', 'Ida') RETURNING id`, []any{now}},
			{&inbox, `INSERT INTO inboxes (created_at, updated_at, uuid, name, channel, enabled) VALUES ($1, $1, $2, 'Help', 'email', TRUE) RETURNING id`, []any{now, uuid.NewString()}},
			{&status, `INSERT INTO statuses (created_at, name) VALUES ($1, $2) RETURNING id`, []any{now, uuid.NewString()}},
		} {
			if err := tx.QueryRow(f.ctx, q.query, q.args...).Scan(q.into); err != nil {
				return err
			}
		}
		if err := tx.QueryRow(f.ctx, `INSERT INTO conversations (created_at, updated_at, uuid, reference_number, contact_id, inbox_id, status_id, last_message_at)
			VALUES ($1, $1, $2, $3, $3, $4, $5, $1) RETURNING id`, now, uuid.NewString(), user, inbox, status).Scan(&conversation); err != nil {
			return err
		}
		return tx.QueryRow(f.ctx, `INSERT INTO messages (created_at, updated_at, uuid, conversation_id, inbox_id, type, status, content, text_content, content_type, sender_id, sender_type)
			VALUES ($1, $1, $2, $3, $4, 'incoming', 'received', '', '', 'html', $5, 'contact') RETURNING id`, now, uuid.NewString(), conversation, inbox, user).Scan(&id)
	})
	if err != nil {
		f.t.Fatal(err)
	}
	return id
}

func picture(w, h int) []byte {
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	img.Set(w/2, h/2, color.NRGBA{200, 10, 10, 255})
	var buf bytes.Buffer
	if err := png.Encode(&buf, img); err != nil {
		panic(err)
	}
	return buf.Bytes()
}

func TestUploadedImageHasSizeAndThumbnail(t *testing.T) {
	each(t, func(f *fixture) {
		content := picture(300, 200)
		m := f.upload("Foto.PNG", "application/octet-stream", content)
		if m.ContentType != "image/png" || m.Size != int64(len(content)) || string(m.Meta) != `{"height":200,"width":300}` || m.Filename != "Foto.PNG" {
			t.Errorf("stored as %+v", m)
		}
		if m.ModelID != nil || *m.ModelType != ModelMessages || *m.Disposition != Attached || !strings.HasPrefix(m.URL, "https://desk.test/uploads/"+m.UUID+"?sig=") {
			f.t.Errorf("stored as %+v", m)
		}
		if !bytes.Equal(f.bytes(m, false), content) {
			f.t.Error("the bytes changed")
		}
		thumb, err := png.Decode(bytes.NewReader(f.bytes(m, true)))
		if err != nil || thumb.Bounds().Size() != image.Pt(150, 100) {
			f.t.Errorf("thumbnail %v, %v", thumb, err)
		}
		got, err := f.Find(f.ctx, m.UUID)
		if err != nil || got.ID != m.ID || got.Filename != m.Filename || strings.ReplaceAll(string(got.Meta), " ", "") != `{"width":300,"height":200}` && string(got.Meta) != string(m.Meta) {
			f.t.Errorf("found %+v, %v", got, err)
		}
	})
}

func TestUploadsBeyondTheRulesLeaveNothing(t *testing.T) {
	each(t, func(f *fixture) {
		cases := []struct {
			name, file string
			size       int64
			content    []byte
			extensions []string
			kind       fault.Kind
			key        string
		}{
			{"empty", "a.txt", 0, nil, nil, fault.Invalid, "error.file_empty"},
			{"too large as declared", "a.txt", megabyte + 1, []byte("x"), nil, fault.TooLarge, "error.file_too_large"},
			{"too large in truth", "a.txt", 1, make([]byte, megabyte+1), nil, fault.TooLarge, "error.file_too_large"},
			{"extension", "a.PNG", 0, []byte("x"), []string{"pdf"}, fault.Invalid, "error.file_extension"},
			{"no extension", "pdf", 0, []byte("x"), []string{"pdf", ""}, fault.Invalid, "error.file_extension"},
		}
		for _, c := range cases {
			if f.rules.Extensions = c.extensions; c.extensions == nil {
				f.rules.Extensions = []string{"*"}
			}
			_, err := f.Upload(f.ctx, f.p, UploadInput{Filename: c.file, Size: c.size, Body: bytes.NewReader(c.content)})
			var fe *fault.Error
			if !errors.As(err, &fe) || fe.Kind != c.kind || fe.Key != c.key {
				t.Errorf("%s: %v", c.name, err)
			}
		}
		f.rules.Extensions = []string{".Pdf"}
		f.upload("report.PDF", "", []byte("%PDF-1.7"))
		f.rules.Extensions = []string{"*"}
		f.upload("full", "", make([]byte, megabyte))
		if _, err := f.Upload(f.ctx, f.p, UploadInput{Filename: "a", Body: strings.NewReader("x"), LinkedModel: "users"}); !fault.Is(err, fault.Invalid) {
			t.Errorf("another model: %v", err)
		}
		var n int
		if err := f.db.QueryRow(f.ctx, `SELECT count(*) FROM media`).Scan(&n); err != nil || n != 2 {
			t.Errorf("%d rows, %v", n, err)
		}
	})
}

func TestBrokenAndHugeImagesAreKeptAsFiles(t *testing.T) {
	bomb := picture(1, 1)
	copy(bomb[16:24], []byte{0, 1, 0, 0, 0, 1, 0, 0}) // the header claims 65,536 × 65,536
	f := newFixture(t, dbtest.SQLite(t))
	for name, content := range map[string][]byte{"cut": picture(40, 40)[:50], "bomb": bomb} {
		m := f.upload(name+".png", "image/png", content)
		if string(m.Meta) != "{}" || !bytes.Equal(f.bytes(m, false), content) {
			t.Errorf("%s: %+v", name, m)
		}
		if _, err := f.Open(f.ctx, m, true); !fault.Is(err, fault.NotFound) {
			t.Errorf("%s: the thumbnail gives %v", name, err)
		}
	}
}

func TestThumbnailFitsAndIsNeverLarger(t *testing.T) {
	for size, want := range map[image.Point]image.Point{{300, 200}: {150, 100}, {20, 10}: {20, 10}, {1, 24_000_000}: {1, 600}, {10_000, 1}: {150, 1}, {150, 6000}: {15, 600}} {
		if got := thumbSize(size); got != want {
			t.Errorf("%v becomes %v, want %v", size, got, want)
		}
	}
}

func TestTypesAreBelievedWhenTheBytesAgree(t *testing.T) {
	pic, page := picture(1, 1), []byte("<!DOCTYPE html><script>alert(1)</script>")
	cases := []struct {
		declared string
		head     []byte
		want     string
		inline   bool
	}{
		{"image/png", pic, "image/png", true},
		{"image/jpeg", pic, "image/png", true},
		{"text/plain", pic, "image/png", true},
		{"", pic, "image/png", true},
		{"image/png", page, "text/html", false},
		{"text/plain", page, "text/html", false},
		{"application/pdf", page, "text/html", false},
		{"application/pdf", []byte("plain words"), "text/plain", false},
		{"application/pdf; name=x", []byte("%PDF-1.7"), "application/pdf", true},
		{"image/svg+xml", []byte("<svg xmlns='x' onload='alert(1)'/>"), "image/svg+xml", false},
		{"image/avif", []byte{0, 0, 0, 1, 2, 3}, "image/avif", true},
		{"text/csv; charset=utf-8", []byte("a,b"), "text/csv", false},
		{"application/vnd.ms-excel", []byte{0xd0, 0xcf, 0x11}, "application/vnd.ms-excel", false},
		{"nonsense\r\nX: y", []byte("a"), "text/plain", false},
		{"application/binary", []byte{0, 1}, "application/octet-stream", false},
	}
	for _, c := range cases {
		if got := contentType(c.declared, c.head); got != c.want || shownInline(got) != c.inline {
			t.Errorf("%q with %q is %s (inline %v)", c.declared, c.head, got, shownInline(got))
		}
	}
}

func TestNamesKeepTheirLettersAndLoseWhatActs(t *testing.T) {
	for name, want := range map[string]string{
		"отчёт 1.pdf": "отчёт 1.pdf", "見積書.xlsx": "見積書.xlsx", "": "file", "..": "file", "../../etc/passwd": "passwd", `C:\temp\a.txt`: "a.txt",
		"a\r\nb\x00.txt": "a b.txt", "x\u202egpj.exe": "xgpj.exe", "  a \t b.txt ": "a b.txt", "\"q\".txt": "q.txt", "bad\xff.txt": "bad\uFFFD.txt",
	} {
		if got := cleanName(name); got != want {
			t.Errorf("%q becomes %q, want %q", name, got, want)
		}
	}
	long := cleanName(strings.Repeat("é", 300) + ".pdf")
	if len(long) > maxName || !strings.HasSuffix(long, "é.pdf") {
		t.Errorf("a long name becomes %q", long)
	}
}

func TestLinkingTakesUnlinkedFilesOnly(t *testing.T) {
	each(t, func(f *fixture) {
		first, second := f.message(), f.message()
		a, b, inline := f.upload("b.txt", "", []byte("1")), f.upload("a.txt", "", []byte("2")), f.upload("c.png", "", picture(2, 2))
		link := func(message int64, ids ...int64) error {
			return f.tx(func(tx *db.Tx) error { return f.Link(f.ctx, tx, ids, message) })
		}
		if err := link(first, a.ID, 9999); !fault.Is(err, fault.Invalid) {
			t.Errorf("an unknown id gives %v", err)
		}
		if got, err := f.OfMessages(f.ctx, f.db, []int64{first}); err != nil || len(got) != 0 {
			t.Errorf("a refused link left %v, %v", got, err)
		}
		if err := link(first, a.ID, b.ID); err != nil {
			t.Fatal(err)
		}
		if err := link(second, a.ID); err != nil {
			t.Errorf("a linked file gives %v", err)
		}
		if err := f.tx(func(tx *db.Tx) error {
			return f.LinkInline(f.ctx, tx, []string{inline.UUID, b.UUID, uuid.NewString()}, second)
		}); err != nil {
			t.Fatal(err)
		}
		got, err := f.OfMessages(f.ctx, f.db, []int64{first, second})
		if err != nil || len(got[first]) != 2 || len(got[second]) != 1 {
			t.Fatalf("attachments %v, %v", got, err)
		}
		if got[first][0].Name != "a.txt" || got[first][1].UUID != a.UUID || got[first][0].ThumbnailURL != "" || got[first][0].Disposition != Attached {
			t.Errorf("attachments %+v", got[first])
		}
		if c := got[second][0]; c.ContentID != "ldsk-"+inline.UUID || c.Disposition != Inline || !strings.Contains(c.ThumbnailURL, "/uploads/thumb_"+inline.UUID+"?sig=") {
			t.Errorf("inline image %+v", c)
		}
		raw, err := json.Marshal(got[first][0])
		if err != nil || !strings.Contains(string(raw), `"content":null`) {
			t.Errorf("as JSON: %s, %v", raw, err)
		}
		if err := f.tx(func(tx *db.Tx) error { return f.Unlink(f.ctx, tx, first) }); err != nil {
			t.Fatal(err)
		}
		if got, err := f.OfMessages(f.ctx, f.db, []int64{first}); err != nil || len(got) != 0 {
			t.Errorf("an unlinked file is still listed: %v, %v", got, err)
		}
	})
}

func TestFilesOfMailsGetTheirThumbnailWhenLookedAt(t *testing.T) {
	each(t, func(f *fixture) {
		message, id, content := f.message(), uuid.NewString(), picture(400, 100)
		if _, err := f.stored.Put(f.ctx, id, bytes.NewReader(content)); err != nil {
			t.Fatal(err)
		}
		err := f.tx(func(tx *db.Tx) error {
			return f.Add(f.ctx, tx, message, Incoming{Blob: id, UUID: id, Filename: "../x.png", ContentType: "image/png", ContentID: "c1", Disposition: "inline", Size: int64(len(content))})
		})
		if err != nil {
			t.Fatal(err)
		}
		m, err := f.Find(f.ctx, id)
		if err != nil || m.Filename != "x.png" || *m.ModelID != message || m.ContentID != "c1" {
			t.Fatalf("found %+v, %v", m, err)
		}
		for range 2 {
			thumb, err := png.Decode(bytes.NewReader(f.bytes(m, true)))
			if err != nil || thumb.Bounds().Dx() != 150 {
				t.Errorf("thumbnail: %v", err)
			}
		}
		other := uuid.NewString()
		if err := f.tx(func(tx *db.Tx) error { return f.Add(f.ctx, tx, message, Incoming{Blob: id, UUID: other}) }); err == nil {
			t.Error("a file under another name was added")
		}
	})
}

func TestSignaturesNameOneFileAndEnd(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	id := uuid.NewString()
	u, err := url.Parse(f.SignedURL(id))
	if err != nil {
		t.Fatal(err)
	}
	sig, exp := u.Query().Get("sig"), u.Query().Get("exp")
	kind := func(id, sig, exp string) fault.Kind {
		if err := f.Verify(id, sig, exp); err != nil {
			return fault.KindOf(err)
		}
		return -1
	}
	const ok = fault.Kind(-1)
	for _, c := range []struct {
		name, id, sig, exp string
		after              time.Duration
		want               fault.Kind
	}{
		{"valid", id, sig, exp, 0, ok},
		{"valid for an hour", id, sig, exp, time.Hour - time.Second, ok},
		{"over", id, sig, exp, 71 * time.Minute, fault.Forbidden},
		{"another file", uuid.NewString(), sig, exp, 0, fault.Forbidden},
		{"a later end", id, sig, "9" + exp, 0, fault.Forbidden},
		{"no signature", id, "", exp, 0, fault.Unauthorized},
		{"no end", id, sig, "", 0, fault.Unauthorized},
		{"end is no number", id, sig, "soon", 0, fault.Invalid},
		{"signature is no base64", id, "%%", exp, 0, fault.Forbidden},
	} {
		start := f.clock
		f.clock = start.Add(c.after)
		if got := kind(c.id, c.sig, c.exp); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
		f.clock = start
	}
}

func TestFilesNobodyUsesAreCollectedAfterAWeek(t *testing.T) {
	each(t, func(f *fixture) {
		message := f.message()
		names := []string{"unused", "linked", "drafted", "inline in a draft", "logo", "avatar", "orphan", "unlinked of late"}
		files := map[string]Media{}
		for _, n := range names {
			files[n] = f.upload(n+".png", "", picture(3, 3))
		}
		f.exec(`UPDATE media SET model_id = 424242 WHERE id = $1`, files["orphan"].ID)
		f.exec(`UPDATE media SET model_id = $1 WHERE id = $2`, message, files["linked"].ID)
		f.exec(`INSERT INTO drafts (created_at, updated_at, conversation_id, user_id, type, content, meta)
			SELECT $1, $1, conversation_id, sender_id, 'reply', $2, $3 FROM messages WHERE id = $4`, db.Now(),
			`<img src="cid:ldsk-`+files["inline in a draft"].UUID+`">`, fmt.Sprintf(`{"attachments":[{"uuid":%q}]}`, files["drafted"].UUID), message)
		f.exec(`INSERT INTO settings (key, value) VALUES ('app.logo_url', $1)`, `"/uploads/`+files["logo"].UUID+`"`)
		f.exec(`UPDATE users SET avatar_url = $1`, "/uploads/"+files["avatar"].UUID)

		f.clock = f.clock.Add(6 * 24 * time.Hour)
		if n, err := f.CollectUnlinked(f.ctx); err != nil || n != 1 {
			t.Errorf("after six days %d were collected, %v; want the orphan", n, err)
		}
		f.clock = f.clock.Add(2 * 24 * time.Hour)
		f.exec(`UPDATE media SET updated_at = $1 WHERE id = $2`, db.At(f.clock), files["unlinked of late"].ID)
		if n, err := f.CollectUnlinked(f.ctx); err != nil || n != 1 {
			t.Errorf("after eight days %d were collected, %v; want the unused one", n, err)
		}
		for _, n := range names {
			_, err := f.Find(f.ctx, files[n].UUID)
			_, blobErr := f.stored.Open(f.ctx, files[n].UUID)
			_, thumbErr := f.stored.Open(f.ctx, thumbName(files[n].UUID))
			if n == "unused" || n == "orphan" {
				if !fault.Is(err, fault.NotFound) || !errors.Is(blobErr, blob.ErrNotFound) || !errors.Is(thumbErr, blob.ErrNotFound) {
					t.Errorf("%s is still there: %v, %v, %v", n, err, blobErr, thumbErr)
				}
			} else if err != nil || blobErr != nil || thumbErr != nil {
				t.Errorf("%s was collected: %v, %v, %v", n, err, blobErr, thumbErr)
			}
		}
	})
}

func TestCollectionThatWasCutOffIsFinished(t *testing.T) {
	each(t, func(f *fixture) {
		m := f.upload("a.txt", "", []byte("x"))
		f.exec(`UPDATE media SET model_type = 'deleted', updated_at = $1 WHERE id = $2`, db.At(f.clock.Add(-time.Minute)), m.ID)
		if err := f.tx(func(tx *db.Tx) error { return f.Link(f.ctx, tx, []int64{m.ID}, 1) }); !fault.Is(err, fault.Invalid) {
			t.Errorf("a file being collected was linked: %v", err)
		}
		if n, err := f.CollectUnlinked(f.ctx); err != nil || n != 1 {
			t.Errorf("%d, %v", n, err)
		}
		if _, err := f.stored.Open(f.ctx, m.UUID); !errors.Is(err, blob.ErrNotFound) {
			t.Errorf("the bytes are still there: %v", err)
		}
	})
}

func TestKindOfFiles(t *testing.T) {
	within := Incoming{ContentType: "image/png", Disposition: Inline}
	beside := func(contentType string) Incoming { return Incoming{ContentType: contentType, Disposition: Attached} }
	for want, files := range map[string][]Incoming{
		"": nil, "image": {within, within}, "video": {within, beside("Video/mp4"), beside("image/png")}, "audio": {beside("audio/ogg; codecs=opus")},
		"file": {beside("application/pdf"), within},
	} {
		if got := KindOf(files); got != want {
			t.Errorf("%v: %q, want %q", files, got, want)
		}
	}
}
