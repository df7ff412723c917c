package email

import (
	"bytes"
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/foyerdesk/foyer/internal/desk/media"
	"github.com/foyerdesk/foyer/internal/platform/db"
)

// storeFiles puts the attachments into the blob store. Their ids follow from the ledger's entry, so that a mail filed
// at the second attempt replaces what the first one stored.
func (c *Channel) storeFiles(ctx context.Context, p parsed) ([]media.Incoming, error) {
	out := make([]media.Incoming, 0, len(p.mail.Parts))
	for i, part := range p.mail.Parts {
		id := fileID(p.entry, i)
		if _, err := c.Blobs.Put(ctx, id, bytes.NewReader(part.Data)); err != nil {
			return nil, fmt.Errorf("store an attachment: %w", err)
		}
		cid := clean(part.ContentID)
		if len(cid) > 300 {
			cid = ""
		}
		out = append(out, media.Incoming{Blob: id, UUID: id, Filename: clean(part.Filename), ContentType: clean(part.ContentType),
			ContentID: cid, Disposition: part.Disposition, Size: int64(len(part.Data))})
	}
	return out, nil
}

// fileID makes the uuid of a mail's file from its place in the ledger. It has the form of a random one (version 4), by
// which addresses of files are known in what agents write.
func fileID(e entry, part int) string {
	id := uuid.NewSHA1(uuid.NameSpaceOID, fmt.Appendf(nil, "foyer ledger %d part %d of %s", e.ID, part, e.Blob))
	id[6] = id[6]&0x0f | 0x40
	return id.String()
}

// attaching returns what makes files part of a message.
func (c *Channel) attaching(files []media.Incoming) func(ctx context.Context, tx *db.Tx, messageID int64) error {
	return func(ctx context.Context, tx *db.Tx, messageID int64) error {
		for _, f := range files {
			if err := c.Media.Add(ctx, tx, messageID, f); err != nil {
				return err
			}
		}
		return nil
	}
}
