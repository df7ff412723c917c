package demo

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"strings"

	"github.com/google/uuid"

	"github.com/foyerdesk/foyer/internal/desk/media"
	"github.com/foyerdesk/foyer/internal/platform/blob"
	"github.com/foyerdesk/foyer/internal/platform/db"
)

// AddressOf returns the address by which an agent of the demo signs in.
func AddressOf(first string) string { return strings.ToLower(first) + "@demo.example" }

// Attacher returns what puts a picture or a small PDF on a message, in turn. add is media's.
func Attacher(blobs blob.Store, add func(ctx context.Context, tx *db.Tx, messageID int64, f media.Incoming) error) func(ctx context.Context, tx *db.Tx, messageID int64) error {
	n := 0
	return func(ctx context.Context, tx *db.Tx, messageID int64) error {
		f := media.Incoming{UUID: uuid.NewString(), Filename: fmt.Sprintf("photo-%d.png", n+1), ContentType: "image/png", Disposition: "attachment"}
		data := picture(n)
		if n%3 == 2 {
			f.Filename, f.ContentType, data = fmt.Sprintf("invoice-%d.pdf", 1200+n), "application/pdf", pdf(fmt.Sprintf("Invoice %d", 1200+n))
		}
		n++
		f.Blob, f.Size = f.UUID, int64(len(data))
		if _, err := blobs.Put(ctx, f.Blob, bytes.NewReader(data)); err != nil {
			return err
		}
		return add(ctx, tx, messageID, f)
	}
}

// picture draws a soft gradient with a lamp on it.
func picture(n int) []byte {
	const w, h = 640, 420
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.RGBA{uint8(225 - y/6), uint8(215 - (x*y)/(w*4) - n*7%40), uint8(200 + (n*31)%40 - x/16), 255} //nolint:gosec // colours
			dx, dy := x-w/2, y-150
			if dx*dx+dy*dy < 90*90 && y < 170 {
				c = color.RGBA{uint8(240), uint8(190 + n*13%50), 96, 255} //nolint:gosec // colours
			}
			if x > w/2-4 && x < w/2+4 && y > 165 && y < 350 || y > 345 && y < 356 && dx*dx < 70*70 {
				c = color.RGBA{60, 56, 52, 255}
			}
			img.SetRGBA(x, y, c)
		}
	}
	var buf bytes.Buffer
	if err := png.Encode(&buf, img); err != nil {
		panic(err) // memory only
	}
	return buf.Bytes()
}

// pdf makes a one-page document with a line of text (PDF 1.4).
func pdf(text string) []byte {
	stream := fmt.Sprintf("BT /F1 24 Tf 72 720 Td (%s) Tj ET", text)
	objects := []string{
		"<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
		fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", len(stream), stream),
		"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
	}
	var buf bytes.Buffer
	buf.WriteString("%PDF-1.4\n")
	offsets := make([]int, len(objects))
	for i, o := range objects {
		offsets[i] = buf.Len()
		fmt.Fprintf(&buf, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	start := buf.Len()
	fmt.Fprintf(&buf, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, at := range offsets {
		fmt.Fprintf(&buf, "%010d 00000 n \n", at)
	}
	fmt.Fprintf(&buf, "trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, start)
	return buf.Bytes()
}

// EnsureInbox makes an e-mail inbox without servers, disabled mailboxes and all, on a desk that has none, so that there
// is one to write conversations into.
func EnsureInbox(ctx context.Context, d *db.DB) error {
	return d.Tx(ctx, func(tx *db.Tx) error {
		var n int
		if err := tx.QueryRow(ctx, `SELECT count(*) FROM inboxes WHERE deleted_at IS NULL AND channel = 'email'`).Scan(&n); err != nil || n > 0 {
			return err
		}
		_, err := tx.Exec(ctx, `INSERT INTO inboxes (created_at, updated_at, uuid, name, channel, enabled, from_address, config)
			VALUES ($1, $1, $2, 'Bench', 'email', TRUE, 'Bench <bench@example.net>', '{"imap":[],"smtp":[],"enable_plus_addressing":true}')`, db.Now(), uuid.NewString())
		return err
	})
}
