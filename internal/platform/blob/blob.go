// Package blob keeps bytes that do not belong in a database: attachments and raw mails. What is stored under a name is
// never changed, only deleted.
package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"time"
)

// ErrNotFound is returned for a name under which nothing is stored.
var ErrNotFound = errors.New("no such blob")

// Store keeps blobs. Names are made by [ValidName]'s rules; implementations are safe for concurrent use.
type Store interface {
	// Kind returns "fs" for files on disk and "s3" for objects of a bucket.
	Kind() string
	// Put stores what r gives under name and returns its size. It has reached the disk when Put returns. Putting a
	// name again replaces it: callers use names that stand for the content or are random.
	Put(ctx context.Context, name string, r io.Reader) (int64, error)
	// Open returns the content for reading and seeking; the caller closes it. ErrNotFound if there is none.
	Open(ctx context.Context, name string) (Content, error)
	// Delete removes a blob; one that does not exist is no error.
	Delete(ctx context.Context, name string) error
}

// Content is an open blob.
type Content interface {
	io.ReadSeekCloser
	Size() int64
	ModTime() time.Time
}

var nameRule = regexp.MustCompile(`^[a-z0-9][a-z0-9_.-]{3,127}$`)

// ValidName reports whether a name may be used: 4 to 128 of a–z, 0–9, "_", "." and "-", so that no name can leave
// the store's folder.
func ValidName(name string) bool { return nameRule.MatchString(name) }

// Disk keeps blobs as files below a folder, spread over 256 sub-folders.
type Disk struct{ dir string }

// NewDisk returns a store in the folder, made if needed.
func NewDisk(dir string) (*Disk, error) {
	if err := os.MkdirAll(filepath.Join(dir, "tmp"), 0o750); err != nil {
		return nil, fmt.Errorf("make the blob folder: %w", err)
	}
	return &Disk{dir: dir}, nil
}

// Kind implements [Store].
func (*Disk) Kind() string { return "fs" }

func (d *Disk) path(name string) (string, error) {
	if !ValidName(name) {
		return "", fmt.Errorf("blob name %q is not allowed", name)
	}
	return filepath.Join(d.dir, shard(name), name), nil
}

// shard spreads names by a checksum, since random and hashed names do not all begin alike.
func shard(name string) string {
	h := byte(0)
	for i := range len(name) {
		h = h*31 + name[i]
	}
	return fmt.Sprintf("%02x", h)
}

// Put implements [Store]: it writes a temporary file, syncs it, and renames it into place.
func (d *Disk) Put(_ context.Context, name string, r io.Reader) (n int64, err error) {
	path, err := d.path(name)
	if err != nil {
		return 0, err
	}
	tmp, err := os.CreateTemp(filepath.Join(d.dir, "tmp"), "put-*")
	if err != nil {
		return 0, fmt.Errorf("store blob: %w", err)
	}
	defer func() {
		if err != nil {
			_ = os.Remove(tmp.Name())
		}
	}()
	n, err = io.Copy(tmp, r)
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return 0, fmt.Errorf("store blob: %w", err)
	}
	err = os.Rename(tmp.Name(), path)
	if errors.Is(err, os.ErrNotExist) {
		if err = os.MkdirAll(filepath.Dir(path), 0o750); err == nil {
			err = os.Rename(tmp.Name(), path)
		}
	}
	if err != nil {
		return 0, fmt.Errorf("store blob: %w", err)
	}
	return n, nil
}

type file struct {
	*os.File
	info os.FileInfo
}

func (f file) Size() int64        { return f.info.Size() }
func (f file) ModTime() time.Time { return f.info.ModTime() }

// Open implements [Store].
func (d *Disk) Open(_ context.Context, name string) (Content, error) {
	path, err := d.path(name)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(path) //nolint:gosec // the name was checked
	if errors.Is(err, os.ErrNotExist) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("open blob: %w", err)
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open blob: %w", err), f.Close())
	}
	return file{f, info}, nil
}

// Delete implements [Store].
func (d *Disk) Delete(_ context.Context, name string) error {
	path, err := d.path(name)
	if err != nil {
		return err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("delete blob: %w", err)
	}
	return nil
}
