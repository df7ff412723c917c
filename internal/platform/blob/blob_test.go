package blob_test

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"github.com/foyerdesk/foyer/internal/platform/blob"
)

// startS3 starts an S3 server with a bucket and returns a store in it.
func startS3(t *testing.T, bucket string) *blob.S3 {
	t.Helper()
	backend := s3mem.New()
	if err := backend.CreateBucket("foyer"); err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(gofakes3.New(backend, gofakes3.WithLogger(gofakes3.StdLog(slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo)))).Server())
	t.Cleanup(srv.Close)
	s, err := blob.NewS3(blob.S3Options{URL: srv.URL, Region: "eu-west-1", Bucket: bucket, Path: "/desk/", AccessKey: "key", SecretKey: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// each runs a test on every kind of store.
func each(t *testing.T, fn func(t *testing.T, s blob.Store)) {
	t.Helper()
	t.Run("disk", func(t *testing.T) {
		d, err := blob.NewDisk(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		fn(t, d)
	})
	t.Run("s3", func(t *testing.T) { fn(t, startS3(t, "foyer")) })
}

func TestBlobComesBackAsStoredUntilDeleted(t *testing.T) {
	each(t, func(t *testing.T, s blob.Store) {
		for name, content := range map[string][]byte{
			"mail-short": []byte("hello"), "mail-large": bytes.Repeat([]byte("0123456789abcdef"), 700_000), "mail-whole-part": make([]byte, 5<<20),
		} {
			if n, err := s.Put(t.Context(), name, iotest.OneByteReader(bytes.NewReader(content[:min(len(content), 100)]))); err != nil || n != int64(min(len(content), 100)) {
				t.Fatalf("%s: Put = %d, %v", name, n, err)
			}
			if n, err := s.Put(t.Context(), name, io.MultiReader(bytes.NewReader(content))); err != nil || n != int64(len(content)) {
				t.Fatalf("%s: Put again = %d, %v", name, n, err)
			}
			c, err := s.Open(t.Context(), name)
			if err != nil {
				t.Fatal(err)
			}
			b, err := io.ReadAll(c)
			if err != nil || !bytes.Equal(b, content) || c.Size() != int64(len(content)) || c.ModTime().IsZero() {
				t.Fatalf("%s: %d bytes of %d, %v", name, len(b), c.Size(), err)
			}
			if len(content) > 10 {
				if _, err := c.Seek(-5, io.SeekEnd); err != nil {
					t.Fatal(err)
				}
				if b, _ := io.ReadAll(c); !bytes.Equal(b, content[len(content)-5:]) {
					t.Fatalf("%s: the end is %q", name, b)
				}
			}
			_ = c.Close()
			for range 2 {
				if err := s.Delete(t.Context(), name); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := s.Open(t.Context(), name); !errors.Is(err, blob.ErrNotFound) {
				t.Fatalf("%s: err = %v", name, err)
			}
		}
	})
}

func TestABlobThatBreaksOffIsNotStored(t *testing.T) {
	each(t, func(t *testing.T, s blob.Store) {
		for _, before := range []int{3, 6 << 20} {
			broken := io.MultiReader(bytes.NewReader(make([]byte, before)), iotest.ErrReader(errors.New("line cut")))
			if _, err := s.Put(t.Context(), "mail-broken", broken); err == nil {
				t.Errorf("cut after %d bytes: stored", before)
			}
			if _, err := s.Open(t.Context(), "mail-broken"); !errors.Is(err, blob.ErrNotFound) {
				t.Errorf("cut after %d bytes: %v", before, err)
			}
		}
	})
}

func TestNamesThatLeaveTheFolderAreRefused(t *testing.T) {
	each(t, func(t *testing.T, s blob.Store) {
		for _, name := range []string{"", "..", "../etc/passwd", "a/b/c/d", ".hidden", "abc", "UPPER", "abcd\x00"} {
			if _, err := s.Put(t.Context(), name, strings.NewReader("x")); err == nil {
				t.Errorf("%q was stored", name)
			}
			if _, err := s.Open(t.Context(), name); err == nil || errors.Is(err, blob.ErrNotFound) {
				t.Errorf("%q was looked for", name)
			}
			if err := s.Delete(t.Context(), name); err == nil {
				t.Errorf("%q was deleted", name)
			}
		}
	})
}

func TestABucketIsCheckedBeforeItIsUsed(t *testing.T) {
	if err := startS3(t, "foyer").Check(t.Context()); err != nil {
		t.Error(err)
	}
	if err := startS3(t, "other").Check(t.Context()); err == nil || !strings.Contains(err.Error(), "other") {
		t.Errorf("a bucket that is not there: %v", err)
	}
	for name, o := range map[string]blob.S3Options{
		"no bucket": {URL: "http://localhost"}, "no address": {Bucket: "b", URL: "ftp://x"}, "a path": {Bucket: "b", URL: "https://x/y"},
		"half a key": {Bucket: "b", AccessKey: "k"},
	} {
		if _, err := blob.NewS3(o); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}
