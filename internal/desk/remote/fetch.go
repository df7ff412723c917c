package remote

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/foyerdesk/foyer/internal/platform/blob"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// sniffed is how many of a picture's first bytes tell its type.
const sniffed = 512

// raster are the types that are served, as the bytes tell them (WHATWG MIME Sniffing).
var raster = map[string]bool{"image/png": true, "image/jpeg": true, "image/gif": true, "image/webp": true}

// File is an open picture; the caller closes it.
type File struct {
	blob.Content
	ContentType string
}

// Open opens the picture of a signed address, fetching it unless it is kept. Forbidden if the signature is wrong or over,
// NotFound if the picture cannot be had, for whatever reason.
func (s *Pictures) Open(ctx context.Context, address, sig, exp string) (File, error) {
	if err := s.verify(address, sig, exp); err != nil {
		return File{}, err
	}
	name := nameOf(address)
	f, err := s.kept(ctx, name)
	if err == nil || !errors.Is(err, blob.ErrNotFound) {
		return f, err
	}
	// Whoever asks for the same picture meanwhile waits for this fetch, which is why it does not end with one of them.
	_, err, _ = s.fetches.Do(name, func() (any, error) {
		return nil, s.fetch(context.WithoutCancel(ctx), address, name)
	})
	if err != nil {
		s.Log.DebugContext(ctx, "could not fetch a picture of a mail", "address", address, "error", err)
		return File{}, fault.Missing("file").Because(err)
	}
	f, err = s.kept(ctx, name)
	if errors.Is(err, blob.ErrNotFound) { // collected since
		err = fault.Missing("file").Because(err)
	}
	return f, err
}

// nameOf returns the name under which the picture of an address is kept.
func nameOf(address string) string {
	sum := sha256.Sum256([]byte(address))
	return "remote_" + hex.EncodeToString(sum[:])
}

// kept opens a picture that was fetched; blob.ErrNotFound if it was not, or is too old.
func (s *Pictures) kept(ctx context.Context, name string) (File, error) {
	type row struct {
		ContentType string
		FetchedAt   db.Time
	}
	r, err := db.Get[row](ctx, s.DB, `SELECT content_type, fetched_at FROM remote_pictures WHERE name = $1 AND content_type <> ''`, name)
	if errors.Is(err, db.ErrNoRows) || err == nil && s.now().Sub(r.FetchedAt.Time) > s.Limits.KeptFor {
		return File{}, blob.ErrNotFound
	}
	if err != nil {
		return File{}, fmt.Errorf("look for a picture: %w", err)
	}
	content, err := s.Blobs.Open(ctx, name)
	return File{content, r.ContentType}, err
}

// fetch gets a picture and keeps it. Its row is there before its bytes, so that what a crash leaves behind is collected.
func (s *Pictures) fetch(ctx context.Context, address, name string) error {
	ctx, cancel := context.WithTimeout(ctx, 2*s.Limits.Timeout) // with the wait for a turn
	defer cancel()
	select {
	case s.turns <- struct{}{}:
		defer func() { <-s.turns }()
	case <-ctx.Done():
		return ctx.Err()
	}
	contentType, body, err := s.ask(ctx, address)
	if err != nil {
		return err
	}
	defer func() { _ = body.Close() }()
	if err := s.enter(ctx, name, "", 0); err != nil {
		return err
	}
	size, err := s.Blobs.Put(ctx, name, body)
	if err != nil {
		return err
	}
	if err := s.enter(ctx, name, contentType, size); err != nil {
		return err
	}
	return s.trim(ctx)
}

type readCloser struct {
	io.Reader
	io.Closer
}

// ask requests a picture and returns its type and bytes, which the caller closes. It is an error if the answer is anything
// but a raster picture, as its declared type and its first bytes agree.
func (s *Pictures) ask(ctx context.Context, address string) (string, io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return "", nil, err
	}
	req.Header.Set("Accept", "image/webp,image/png,image/jpeg,image/gif")
	req.Header.Set("User-Agent", "Mozilla/5.0 (compatible; Foyer)")
	res, err := s.client.Do(req)
	if err != nil {
		return "", nil, err
	}
	seen, head, err := pictureType(res)
	if err != nil {
		return "", nil, errors.Join(err, res.Body.Close())
	}
	return seen, readCloser{io.MultiReader(bytes.NewReader(head), res.Body), res.Body}, nil
}

func pictureType(res *http.Response) (seen string, head []byte, err error) {
	if res.StatusCode != http.StatusOK {
		return "", nil, fmt.Errorf("the server answers %s", res.Status)
	}
	if declared := res.Header.Get("Content-Type"); !mayBePicture(declared) {
		return "", nil, fmt.Errorf("the server declares %q", declared)
	}
	head = make([]byte, sniffed)
	n, err := io.ReadFull(res.Body, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return "", nil, err
	}
	head = head[:n]
	if seen = http.DetectContentType(head); !raster[seen] {
		return "", nil, fmt.Errorf("the bytes are %s", seen)
	}
	return seen, head, nil
}

// mayBePicture reports whether a declared type is that of a picture, or says nothing.
func mayBePicture(declared string) bool {
	if declared == "" {
		return true
	}
	t, _, err := mime.ParseMediaType(declared)
	if err != nil {
		return false
	}
	return t == "application/octet-stream" || t == "binary/octet-stream" || strings.HasPrefix(t, "image/") && !strings.HasPrefix(t, "image/svg")
}
