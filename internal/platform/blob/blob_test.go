package blob_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/foyerdesk/foyer/internal/platform/blob"
)

func TestBlobComesBackAsStoredUntilDeleted(t *testing.T) {
	ctx := context.Background()
	d, err := blob.NewDisk(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if n, err := d.Put(ctx, "mail-abc", strings.NewReader("hello")); err != nil || n != 5 {
		t.Fatalf("Put = %d, %v", n, err)
	}
	c, err := d.Open(ctx, "mail-abc")
	if err != nil {
		t.Fatal(err)
	}
	b, _ := io.ReadAll(c)
	if string(b) != "hello" || c.Size() != 5 {
		t.Fatalf("got %q of %d", b, c.Size())
	}
	_ = c.Close()
	for range 2 {
		if err := d.Delete(ctx, "mail-abc"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := d.Open(ctx, "mail-abc"); !errors.Is(err, blob.ErrNotFound) {
		t.Fatalf("err = %v", err)
	}
}

func TestNamesThatLeaveTheFolderAreRefused(t *testing.T) {
	d, err := blob.NewDisk(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"", "..", "../etc/passwd", "a/b/c/d", ".hidden", "abc", "UPPER", "abcd\x00"} {
		if _, err := d.Put(context.Background(), name, strings.NewReader("x")); err == nil {
			t.Errorf("%q was accepted", name)
		}
	}
}
