package media

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	_ "image/gif"  // decoder
	_ "image/jpeg" // decoder
	"image/png"
	"io"

	"golang.org/x/image/draw"

	"github.com/foyerdesk/foyer/internal/platform/blob"
)

const (
	thumbWidth  = 150
	thumbHeight = 600 // for images like a ribbon
	// maxPixels bounds what is decoded: an image of a few kilobytes can claim to be gigabytes large. At eight bytes for
	// each pixel, the worst case, this is 200 MB for a moment, by one image at a time.
	maxPixels = 25_000_000
)

// errNoThumbnail is returned for content of which no thumbnail can or should be made.
var errNoThumbnail = errors.New("no thumbnail can be made of this file")

func thumbName(uuid string) string { return "thumb_" + uuid }

// makeThumbnail reads an image and stores its thumbnail, PNG of at most 150 pixels width. It returns the size of the
// image, or errNoThumbnail if it is none, is broken or is too large.
func (s *Service) makeThumbnail(ctx context.Context, uuid string, content io.ReadSeeker) (size image.Point, err error) {
	cfg, _, err := image.DecodeConfig(content)
	if err != nil || cfg.Width <= 0 || cfg.Height <= 0 || cfg.Width > maxPixels/cfg.Height {
		return size, errNoThumbnail
	}
	if _, err := content.Seek(0, io.SeekStart); err != nil {
		return size, fmt.Errorf("read image: %w", err)
	}
	small, err := s.shrink(content, image.Pt(cfg.Width, cfg.Height))
	if err != nil {
		return size, err
	}
	if _, err := s.blobs.Put(ctx, thumbName(uuid), bytes.NewReader(small)); err != nil {
		return size, fmt.Errorf("store thumbnail: %w", err)
	}
	return image.Pt(cfg.Width, cfg.Height), nil
}

func (s *Service) shrink(content io.Reader, size image.Point) (out []byte, err error) {
	s.decode.Lock()
	defer s.decode.Unlock()
	defer func() { // a decoder that panics on hostile bytes costs the thumbnail, not the process
		if v := recover(); v != nil {
			out, err = nil, errNoThumbnail
		}
	}()
	img, _, err := image.Decode(content)
	if err != nil {
		return nil, errNoThumbnail
	}
	small := image.NewNRGBA(image.Rectangle{Max: thumbSize(size)})
	draw.BiLinear.Scale(small, small.Bounds(), img, img.Bounds(), draw.Src, nil)
	var buf bytes.Buffer
	if err := png.Encode(&buf, small); err != nil {
		return nil, fmt.Errorf("encode thumbnail: %w", err)
	}
	return buf.Bytes(), nil
}

// thumbSize fits a size into the thumbnail's, keeping proportions and never enlarging.
func thumbSize(size image.Point) image.Point {
	w, h := min(size.X, thumbWidth), size.Y
	h = max(1, h*w/size.X)
	if h > thumbHeight {
		w, h = max(1, w*thumbHeight/h), thumbHeight
	}
	return image.Pt(w, h)
}

// thumbnail opens the thumbnail of a file, making it first if there is none: files that come with mails get theirs when
// somebody looks at them.
func (s *Service) thumbnail(ctx context.Context, m Media) (blob.Content, error) {
	c, err := s.blobs.Open(ctx, thumbName(m.UUID))
	if !errors.Is(err, blob.ErrNotFound) {
		return c, err
	}
	if !hasThumbnail(m.ContentType) {
		return nil, errNoThumbnail
	}
	full, err := s.blobs.Open(ctx, m.UUID)
	if err != nil {
		return nil, err
	}
	_, err = s.makeThumbnail(ctx, m.UUID, full)
	if err = errors.Join(err, full.Close()); err != nil {
		return nil, err
	}
	return s.blobs.Open(ctx, thumbName(m.UUID))
}
