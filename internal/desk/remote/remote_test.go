package remote

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/foyerdesk/foyer/internal/platform/blob"
	"github.com/foyerdesk/foyer/internal/platform/crypt"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
	"github.com/foyerdesk/foyer/internal/platform/fault"
	"github.com/foyerdesk/foyer/internal/platform/netguard"
)

var loopback = netip.MustParsePrefix("127.0.0.0/8")

func photo() []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 2, 2))); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// fixture is a desk that may fetch from this machine, and a server of a stranger on it.
type fixture struct {
	*Pictures
	t     *testing.T
	clock time.Time
	mux   *http.ServeMux
	url   string
	asked atomic.Int64
}

func each(t *testing.T, fn func(f *fixture)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		blobs, err := blob.NewDisk(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		box, err := crypt.NewBox(bytes.Repeat([]byte{7}, crypt.KeySize))
		if err != nil {
			t.Fatal(err)
		}
		f := &fixture{t: t, clock: time.Now(), mux: http.NewServeMux()}
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			f.asked.Add(1)
			f.mux.ServeHTTP(w, r)
		}))
		t.Cleanup(srv.CloseClientConnections)
		t.Cleanup(srv.Close)
		f.url = srv.URL
		limits := DefaultLimits()
		limits.Picture = 4 << 10
		f.Pictures = New(Options{DB: d, Blobs: blobs, Box: box, Log: slog.New(slog.DiscardHandler), Guard: netguard.New([]netip.Prefix{loopback}),
			RootURL: func() string { return "https://desk.test" }, Limits: limits})
		f.now = func() time.Time { return f.clock }
		fn(f)
	})
}

// serve has the stranger's server answer a path with a type and bytes.
func (f *fixture) serve(path, contentType string, body []byte) {
	f.mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Content-Type"] = []string{contentType}
		_, _ = w.Write(body)
	})
}

// query returns the signed query of an address.
func (f *fixture) query(address string) url.Values {
	f.t.Helper()
	u, err := url.Parse(f.signed(address))
	if err != nil || u.Path != Path {
		f.t.Fatalf("%s is signed as %s", address, f.signed(address))
	}
	return u.Query()
}

// open opens the picture of an address and returns its type and bytes.
func (f *fixture) open(address string) (string, []byte, error) {
	f.t.Helper()
	q := f.query(address)
	file, err := f.Open(f.t.Context(), q.Get("address"), q.Get("sig"), q.Get("exp"))
	if err != nil {
		return "", nil, err
	}
	defer func() { _ = file.Close() }()
	b, err := io.ReadAll(file)
	return file.ContentType, b, err
}

func (f *fixture) rows() (n int) {
	f.t.Helper()
	if err := f.DB.QueryRow(f.t.Context(), `SELECT count(*) FROM remote_pictures WHERE content_type <> ''`).Scan(&n); err != nil {
		f.t.Fatal(err)
	}
	return n
}

func TestPicturesOfOtherServersAreFoundOnce(t *testing.T) {
	each(t, func(f *fixture) {
		found := f.In(`<img src="https://a.test/1.png?a=1&amp;b=2"><img src="https://a.test/1.png?a=1&amp;b=2"><img src="http://b.test/2">
			<img src="https://desk.test/uploads/x"><img src="cid:x"><img src="data:image/png;base64,AA=="><img src="https://u:p@c.test/3">
			<img src="ftp://d.test/4"><a href="https://e.test/5">x</a><img src="https://` + strings.Repeat("x", maxAddress) + `.test">`)
		var got []string
		for _, p := range found {
			got = append(got, p.Address)
		}
		if strings.Join(got, " ") != "https://a.test/1.png?a=1&b=2 http://b.test/2" {
			f.t.Errorf("found %q", got)
		}
		var many strings.Builder
		for i := range 2 * maxPictures {
			fmt.Fprintf(&many, `<img src="https://a.test/%d">`, i)
		}
		if n := len(f.In(many.String())); n != maxPictures {
			f.t.Errorf("%d pictures of one mail", n)
		}
		if f.In("") == nil {
			f.t.Error("no pictures are null")
		}
	})
}

func TestAPictureIsFetchedOnceAndNamesNobody(t *testing.T) {
	each(t, func(f *fixture) {
		var seen []http.Header
		var mu sync.Mutex
		f.mux.HandleFunc("/moved", func(w http.ResponseWriter, r *http.Request) {
			http.SetCookie(w, &http.Cookie{Name: "reader", Value: "1", Path: "/"})
			http.Redirect(w, r, "/here", http.StatusFound)
		})
		f.mux.HandleFunc("/here", func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			seen = append(seen, r.Header.Clone())
			_, _ = w.Write(photo())
		})
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				contentType, body, err := f.open(f.url + "/moved")
				if err != nil || contentType != "image/png" || !bytes.Equal(body, photo()) {
					f.t.Errorf("%s, %d bytes, %v", contentType, len(body), err)
				}
			})
		}
		wg.Wait()
		if _, _, err := f.open(f.url + "/moved"); err != nil {
			f.t.Error(err)
		}
		if len(seen) != 1 {
			f.t.Fatalf("fetched %d times", len(seen))
		}
		for _, name := range []string{"Cookie", "Referer", "Authorization", "X-Forwarded-For"} {
			if v := seen[0].Get(name); v != "" {
				f.t.Errorf("%s: %s", name, v)
			}
		}
		f.clock = f.clock.Add(f.Limits.KeptFor + time.Hour)
		if _, _, err := f.open(f.url + "/moved"); err != nil || len(seen) != 2 {
			f.t.Errorf("an old picture was fetched %d times: %v", len(seen), err)
		}
	})
}

func TestASignatureHoldsForOneAddressAndADay(t *testing.T) {
	each(t, func(f *fixture) {
		f.serve("/a", "image/png", photo())
		f.serve("/b", "image/png", photo())
		good := f.query(f.url + "/a")
		address, sig, exp := good.Get("address"), good.Get("sig"), good.Get("exp")
		other := f.query(f.url + "/b")
		for name, q := range map[string][3]string{
			"no signature": {address, "", exp}, "no end": {address, sig, ""}, "another address": {f.url + "/b", sig, exp}, "another's signature": {address, other.Get("sig"), exp},
			"a longer address": {address + "?x", sig, exp}, "a later end": {address, sig, exp + "0"}, "an end with a sign": {address, sig, "+" + exp},
			"a cut signature": {address, sig[:len(sig)-1], exp}, "the end moved into the address": {exp + " " + address, sig, ""},
		} {
			if _, err := f.Open(f.t.Context(), q[0], q[1], q[2]); !fault.Is(err, fault.Forbidden) {
				f.t.Errorf("%s: %v", name, err)
			}
		}
		if n := f.asked.Load(); n != 0 {
			f.t.Errorf("%d requests without a signature", n)
		}
		f.clock = f.clock.Add(signedFor - time.Second)
		if file, err := f.Open(f.t.Context(), address, sig, exp); err != nil {
			f.t.Errorf("after most of a day: %v", err)
		} else {
			_ = file.Close()
		}
		f.clock = f.clock.Add(signedStep + time.Minute)
		if _, err := f.Open(f.t.Context(), address, sig, exp); !fault.Is(err, fault.Forbidden) {
			f.t.Errorf("after the end: %v", err)
		}
	})
}

func TestOnlyRasterPicturesOfPublicServersAreShown(t *testing.T) {
	each(t, func(f *fixture) {
		html, svg := []byte("<!doctype html><script>alert(1)</script>"), []byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`)
		f.serve("/html", "text/html", html)
		f.serve("/disguised", "image/png", html)
		f.serve("/picture-as-html", "text/html; charset=utf-8", photo())
		f.serve("/svg", "image/svg+xml", svg)
		f.serve("/svg-as-png", "image/png", svg)
		f.serve("/svg-with-declaration", "image/png", append([]byte(`<?xml version="1.0"?>`), svg...))
		f.serve("/pdf", "image/png", []byte("%PDF-1.7"))
		f.serve("/broken-type", "image/;;", photo())
		f.serve("/empty", "image/png", nil)
		f.serve("/oversized", "image/png", append(photo(), make([]byte, 5<<10)...))
		f.mux.HandleFunc("/oversized-unannounced", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write(photo())
			for range 10 {
				_, _ = w.Write(make([]byte, 1<<10))
				w.(http.Flusher).Flush()
			}
		})
		f.mux.HandleFunc("/cut-short", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "2000")
			_, _ = w.Write(photo())
		})
		f.mux.HandleFunc("/gone", http.NotFound)
		for path, to := range map[string]string{"/to-private": "http://10.0.0.1/x.png", "/to-metadata": "http://169.254.169.254/latest/meta-data", "/to-file": "file:///etc/passwd", "/round": "/round"} {
			f.mux.Handle(path, http.RedirectHandler(to, http.StatusFound))
		}
		for _, address := range []string{"/html", "/disguised", "/picture-as-html", "/svg", "/svg-as-png", "/svg-with-declaration", "/pdf", "/broken-type", "/empty", "/oversized",
			"/oversized-unannounced", "/cut-short", "/gone", "/to-private", "/to-metadata", "/to-file", "/round"} {
			if _, _, err := f.open(f.url + address); !fault.Is(err, fault.NotFound) {
				f.t.Errorf("%s: %v", address, err)
			}
		}
		for _, address := range []string{"http://192.168.0.1/x.png", "http://[::1]/x.png", "http://localhost.invalid/x.png", "file:///etc/passwd", "gopher://x/"} {
			if _, _, err := f.open(address); !fault.Is(err, fault.NotFound) {
				f.t.Errorf("%s: %v", address, err)
			}
		}
		if n := f.rows(); n != 0 {
			f.t.Errorf("%d of them are kept", n)
		}
		f.serve("/untyped", "application/octet-stream", photo())
		f.serve("/gif", "image/jpeg", []byte("GIF89a"))
		for address, want := range map[string]string{"/untyped": "image/png", "/gif": "image/gif"} {
			if got, _, err := f.open(f.url + address); err != nil || got != want {
				f.t.Errorf("%s: %s, %v", address, got, err)
			}
		}
	})
}

// A server that gives a byte now and then keeps nobody for longer than a picture may take.
func TestASlowServerIsGivenUp(t *testing.T) {
	each(t, func(f *fixture) {
		ended := make(chan struct{})
		f.mux.HandleFunc("/drip", func(w http.ResponseWriter, r *http.Request) {
			defer close(ended)
			_, _ = w.Write(photo()[:20])
			for r.Context().Err() == nil {
				w.(http.Flusher).Flush()
				time.Sleep(5 * time.Millisecond)
				_, _ = w.Write([]byte{0})
			}
		})
		f.client.Timeout = 100 * time.Millisecond
		if _, _, err := f.open(f.url + "/drip"); !fault.Is(err, fault.NotFound) {
			f.t.Errorf("a server that drips: %v", err)
		}
		<-ended
		if len(f.turns) != 0 {
			f.t.Error("its turn is still taken")
		}
	})
}

func TestOneReaderWhoLeavesDoesNotTakeThePictureFromAnother(t *testing.T) {
	each(t, func(f *fixture) {
		arrived, release := make(chan struct{}), make(chan struct{})
		f.mux.HandleFunc("/slow", func(w http.ResponseWriter, _ *http.Request) {
			close(arrived)
			<-release
			_, _ = w.Write(photo())
		})
		ctx, leave := context.WithCancel(f.t.Context())
		q := f.query(f.url + "/slow")
		first := make(chan error, 1)
		go func() {
			file, err := f.Open(ctx, q.Get("address"), q.Get("sig"), q.Get("exp"))
			if err == nil {
				_ = file.Close()
			}
			first <- err
		}()
		<-arrived
		leave()
		close(release)
		if _, _, err := f.open(f.url + "/slow"); err != nil {
			f.t.Errorf("the other reader: %v", err)
		}
		<-first
		if n := f.asked.Load(); n != 1 {
			f.t.Errorf("fetched %d times", n)
		}
	})
}

func TestWhatIsKeptIsBoundedAndCollected(t *testing.T) {
	each(t, func(f *fixture) {
		f.serve("/{n}", "image/png", photo())
		open := func(n int) {
			f.clock = f.clock.Add(time.Minute)
			if _, _, err := f.open(fmt.Sprintf("%s/%d", f.url, n)); err != nil {
				f.t.Fatal(err)
			}
		}
		f.Limits.Kept = 3
		for n := range 5 {
			open(n)
		}
		if n := f.rows(); n != 3 {
			f.t.Errorf("%d are kept of 5, where 3 may be", n)
		}
		if _, err := f.Blobs.Open(f.t.Context(), nameOf(f.url+"/0")); !errors.Is(err, blob.ErrNotFound) {
			f.t.Errorf("the oldest: %v", err)
		}
		if newest, err := f.kept(f.t.Context(), nameOf(f.url+"/4")); err != nil {
			f.t.Errorf("the newest: %v", err)
		} else {
			_ = newest.Close()
		}
		f.Limits.KeptSize = 2 * int64(len(photo()))
		open(5)
		if n := f.rows(); n != 2 {
			f.t.Errorf("%d are kept, where two fit", n)
		}
		// Bytes that are gone are fetched again.
		if err := f.Blobs.Delete(f.t.Context(), nameOf(f.url+"/5")); err != nil {
			f.t.Fatal(err)
		}
		open(5)
		f.clock = f.clock.Add(f.Limits.KeptFor + time.Hour)
		if n, err := f.Collect(f.t.Context()); n != 2 || err != nil || f.rows() != 0 {
			f.t.Errorf("collected %d of 2, %v", n, err)
		}
	})
}
