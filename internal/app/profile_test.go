package app

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

func TestProfileIsWrittenWhereItIsAskedFor(t *testing.T) {
	file := filepath.Join(t.TempDir(), "desk.prof")
	stop, err := profile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(file); err != nil || !bytes.HasPrefix(got, []byte{0x1f, 0x8b}) {
		t.Errorf("%d bytes that are not gzip: %v", len(got), err)
	}
	if _, err := profile(filepath.Join(t.TempDir(), "none", "desk.prof")); err == nil {
		t.Error("a folder that is not there is made")
	}
}
