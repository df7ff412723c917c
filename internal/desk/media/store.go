package media

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/platform/blob"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

const columns = `id, created_at, updated_at, uuid, store, filename, content_type, content_id, model_id, model_type,
	disposition, size, meta`

// UploadInput is a file that an agent sends. Size is what was declared, 0 if nothing was.
type UploadInput struct {
	Filename    string
	ContentType string
	Size        int64
	Body        io.Reader
	Inline      bool
	LinkedModel string // "messages", or empty for a file that belongs to nothing yet
	MadeHere    bool   // not a file that somebody chose, for which the rule of extensions is
}

// Upload stores a file. It is read as a stream and never beyond the limit. TooLarge for a file over it; Invalid for an
// empty file, an extension that is not allowed or an unknown model.
func (s *Service) Upload(ctx context.Context, p *agent.Principal, in UploadInput) (Media, error) {
	limits, err := s.limits(ctx)
	if err != nil {
		return Media{}, err
	}
	m := Media{UUID: uuid.NewString(), Store: s.blobs.Kind(), Filename: cleanName(in.Filename), Disposition: new(Attached), Meta: db.JSON(`{}`)}
	if in.Inline {
		m.Disposition = new(Inline)
	}
	if in.MadeHere {
		limits.Extensions = []string{"*"}
	}
	if err := limits.check(m.Filename, in.Size); err != nil {
		return Media{}, err
	}
	if in.LinkedModel != "" && in.LinkedModel != ModelMessages {
		return Media{}, fault.Field("linked_model", "error.unknown_value", "value", in.LinkedModel)
	}
	if in.LinkedModel != "" {
		m.ModelType = &in.LinkedModel
	}
	if err := s.receive(ctx, &m, in, limits); err != nil {
		return Media{}, err
	}
	if err := s.insert(ctx, &m, &p.ID); err != nil {
		s.discard(ctx, m.UUID)
		return Media{}, err
	}
	m.URL = s.SignedURL(m.UUID)
	return m, nil
}

// receive puts the bytes into the blob store and finds out what they are.
func (s *Service) receive(ctx context.Context, m *Media, in UploadInput, limits Limits) (err error) {
	head := make([]byte, sniffed)
	n, err := io.ReadFull(in.Body, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("read upload: %w", err)
	}
	if n == 0 {
		return fault.Field("files", "error.file_empty")
	}
	head = head[:n]
	m.ContentType = contentType(in.ContentType, head)
	defer func() {
		if err != nil {
			s.discard(ctx, m.UUID)
		}
	}()
	body := io.MultiReader(bytes.NewReader(head), in.Body)
	if m.Size, err = s.blobs.Put(ctx, m.UUID, io.LimitReader(body, limits.max()+1)); err != nil {
		return fmt.Errorf("store upload: %w", err)
	}
	if m.Size > limits.max() {
		return limits.tooLarge()
	}
	if !hasThumbnail(m.ContentType) {
		return nil
	}
	return s.measure(ctx, m)
}

// measure makes the thumbnail of an uploaded image and notes its size; an image of which there can be none is kept as a
// plain file.
func (s *Service) measure(ctx context.Context, m *Media) (err error) {
	c, err := s.blobs.Open(ctx, m.UUID)
	if err != nil {
		return fmt.Errorf("open upload: %w", err)
	}
	size, err := s.makeThumbnail(ctx, m.UUID, c)
	closed := c.Close()
	switch {
	case errors.Is(err, errNoThumbnail):
		return closed
	case err != nil:
		return err
	}
	m.Meta = db.ToJSON(map[string]int{"width": size.X, "height": size.Y})
	return closed
}

// discard deletes the bytes of a file that was refused. It happens even when the request has ended.
func (s *Service) discard(ctx context.Context, uuid string) {
	ctx = context.WithoutCancel(ctx)
	_ = s.blobs.Delete(ctx, uuid)
	_ = s.blobs.Delete(ctx, thumbName(uuid))
}

func (s *Service) insert(ctx context.Context, m *Media, by *int64) error {
	return s.db.Tx(ctx, func(tx *db.Tx) error { return insert(ctx, tx, m, by) })
}

func insert(ctx context.Context, tx *db.Tx, m *Media, by *int64) error {
	m.CreatedAt = db.Now()
	m.UpdatedAt = m.CreatedAt
	err := tx.QueryRow(ctx, `INSERT INTO media (created_at, updated_at, uuid, store, filename, content_type, content_id, model_type, model_id,
		disposition, size, meta, uploaded_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) RETURNING id`,
		m.CreatedAt, m.UpdatedAt, m.UUID, m.Store, m.Filename, m.ContentType, m.ContentID, m.ModelType, m.ModelID,
		m.Disposition, m.Size, m.Meta, by).Scan(&m.ID)
	if err != nil {
		return fmt.Errorf("store what is known of a file: %w", err)
	}
	return nil
}

// Add stores, in the caller's transaction, what is known of a file that came with a message and whose bytes are in the
// blob store under its uuid already.
func (s *Service) Add(ctx context.Context, tx *db.Tx, messageID int64, file Incoming) error {
	if file.Blob != file.UUID {
		return fmt.Errorf("file %s is stored as %s; a file's blob has its uuid as name", file.UUID, file.Blob)
	}
	m := Media{UUID: file.UUID, Store: s.blobs.Kind(), Filename: cleanName(file.Filename), ContentType: bare(file.ContentType), ContentID: file.ContentID,
		ModelID: &messageID, ModelType: new(ModelMessages), Disposition: new(Attached), Size: file.Size, Meta: file.Meta}
	if file.Disposition == Inline {
		m.Disposition = new(Inline)
	}
	if m.ContentType == "" {
		m.ContentType = unknownType
	}
	if len(m.Meta) == 0 {
		m.Meta = db.JSON(`{}`)
	}
	return insert(ctx, tx, &m, nil)
}

// Find returns what is known of a file. Invalid for what is no uuid, NotFound if there is none.
func (s *Service) Find(ctx context.Context, id string) (Media, error) {
	if _, err := uuid.Parse(id); err != nil || len(id) != 36 {
		return Media{}, fault.Field("uuid", "error.uuid_invalid")
	}
	m, err := db.Get[Media](ctx, s.db, `SELECT `+columns+` FROM media WHERE uuid = $1 AND (model_type IS NULL OR model_type <> 'deleted')`,
		strings.ToLower(id))
	if errors.Is(err, db.ErrNoRows) {
		return Media{}, fault.Missing("file")
	}
	if err != nil {
		return Media{}, fmt.Errorf("read file %s: %w", id, err)
	}
	m.URL = s.SignedURL(m.UUID)
	return m, nil
}

// File is an open file; the caller closes it.
type File struct {
	blob.Content
	Name        string
	ContentType string
	Inline      bool // a browser may show it; everything else is only to be saved
}

// Open opens the bytes of a file, or its thumbnail. NotFound if it has none. The type is checked against the bytes once
// more, since that of a file from a mail is what its sender said.
func (s *Service) Open(ctx context.Context, m Media, thumb bool) (File, error) {
	if thumb {
		c, err := s.thumbnail(ctx, m)
		if errors.Is(err, errNoThumbnail) || errors.Is(err, blob.ErrNotFound) {
			return File{}, fault.Missing("file")
		}
		return File{c, m.Filename + ".png", "image/png", true}, err
	}
	c, err := s.blobs.Open(ctx, m.UUID)
	if errors.Is(err, blob.ErrNotFound) {
		return File{}, fault.Missing("file").Because(err)
	}
	if err != nil {
		return File{}, err
	}
	head := make([]byte, sniffed)
	n, err := io.ReadFull(c, head)
	if err == nil || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		_, err = c.Seek(0, io.SeekStart)
	}
	if err != nil {
		return File{}, errors.Join(fmt.Errorf("read file %s: %w", m.UUID, err), c.Close())
	}
	t := contentType(m.ContentType, head[:n])
	return File{c, m.Filename, t, shownInline(t)}, nil
}

// Known returns what is known of files, in the order of ids. An unknown one is Invalid, with those that are known.
func (s *Service) Known(ctx context.Context, q db.Querier, ids []int64) (out []Media, err error) {
	for _, id := range ids {
		m, one := db.Get[Media](ctx, q, `SELECT `+columns+` FROM media WHERE id = $1 AND (model_type IS NULL OR model_type <> 'deleted')`, id)
		switch {
		case errors.Is(one, db.ErrNoRows):
			err = fault.Field("attachments", "error.file_unknown", "value", strconv.FormatInt(id, 10))
			continue
		case one != nil:
			return nil, fmt.Errorf("read file %d: %w", id, one)
		}
		m.URL = s.SignedURL(m.UUID)
		out = append(out, m)
	}
	return out, err
}

// Copy stores a copy of a file, as an upload of an agent's that belongs to no message yet. NotFound if it has no bytes.
func (s *Service) Copy(ctx context.Context, id string, by int64) (Media, error) {
	from, err := s.Find(ctx, id)
	if err != nil {
		return Media{}, err
	}
	c, err := s.blobs.Open(ctx, from.UUID)
	if errors.Is(err, blob.ErrNotFound) {
		return Media{}, fault.Missing("file").Because(err)
	}
	if err != nil {
		return Media{}, err
	}
	m := Media{UUID: uuid.NewString(), Store: s.blobs.Kind(), Filename: from.Filename, ContentType: from.ContentType,
		ModelType: new(ModelMessages), Disposition: new(Attached), Meta: db.JSON(`{}`)}
	m.Size, err = s.blobs.Put(ctx, m.UUID, c)
	if err = errors.Join(err, c.Close()); err == nil && hasThumbnail(m.ContentType) {
		err = s.measure(ctx, &m)
	}
	if err == nil {
		err = s.insert(ctx, &m, &by)
	}
	if err != nil {
		s.discard(ctx, m.UUID)
		return Media{}, fmt.Errorf("copy file %s: %w", id, err)
	}
	m.URL = s.SignedURL(m.UUID)
	return m, nil
}

// Link makes uploaded files the attachments of a message. An unknown id is Invalid; files that belong to something
// already are left alone.
func (s *Service) Link(ctx context.Context, tx *db.Tx, ids []int64, messageID int64) error {
	for _, id := range ids {
		n, err := tx.Exec(ctx, `UPDATE media SET model_type = 'messages', model_id = $1, updated_at = $2
			WHERE id = $3 AND model_id IS NULL AND (model_type IS NULL OR model_type = 'messages')`, messageID, db.Now(), id)
		if err != nil {
			return fmt.Errorf("attach file %d: %w", id, err)
		}
		if n == 1 {
			continue
		}
		var known int
		err = tx.QueryRow(ctx, `SELECT count(*) FROM media WHERE id = $1 AND (model_type IS NULL OR model_type <> 'deleted')`, id).Scan(&known)
		if err != nil {
			return fmt.Errorf("look for file %d: %w", id, err)
		}
		if known == 0 {
			return fault.Field("attachments", "error.file_unknown", "value", strconv.FormatInt(id, 10))
		}
	}
	return nil
}

// LinkInline makes uploaded images part of a message's text. Those that are unknown or belong to something already are
// left alone: the text of a reply quotes images of earlier messages.
func (s *Service) LinkInline(ctx context.Context, tx *db.Tx, uuids []string, messageID int64) error {
	for _, id := range uuids {
		if _, err := tx.Exec(ctx, `UPDATE media SET model_type = 'messages', model_id = $1, content_id = $2, disposition = 'inline', updated_at = $3
			WHERE uuid = $4 AND model_id IS NULL AND (model_type IS NULL OR model_type = 'messages')`,
			messageID, InlineContentID(id), db.Now(), id); err != nil {
			return fmt.Errorf("attach inline image %s: %w", id, err)
		}
	}
	return nil
}

// Unlink takes the files off a message; they are collected in a week.
func (s *Service) Unlink(ctx context.Context, tx *db.Tx, messageID int64) error {
	_, err := tx.Exec(ctx, `UPDATE media SET model_id = NULL, updated_at = $1 WHERE model_type = 'messages' AND model_id = $2`, db.Now(), messageID)
	if err != nil {
		return fmt.Errorf("take the files off message %d: %w", messageID, err)
	}
	return nil
}

// Discard forgets the files of a conversation's messages, in the caller's transaction, and returns the names of their
// blobs, which are to be deleted after the commit.
func (s *Service) Discard(ctx context.Context, tx *db.Tx, conversationID int64) (blobs []string, err error) {
	err = db.Each(ctx, tx, func(r db.Rows) error {
		var id string
		err := r.Scan(&id)
		blobs = append(blobs, id, thumbName(id))
		return err
	}, `DELETE FROM media WHERE model_type = 'messages' AND model_id IN (SELECT id FROM messages WHERE conversation_id = $1) RETURNING uuid`, conversationID)
	if err != nil {
		return nil, fmt.Errorf("forget the files of conversation %d: %w", conversationID, err)
	}
	return blobs, nil
}

// OfMessages returns the attachments of messages by message id, each list ordered by file name, with signed addresses.
func (s *Service) OfMessages(ctx context.Context, q db.Querier, messageIDs []int64) (map[int64][]Attachment, error) {
	out := map[int64][]Attachment{}
	if len(messageIDs) == 0 {
		return out, nil
	}
	in, args := db.In(1, messageIDs)
	err := db.Each(ctx, q, func(r db.Rows) error {
		var message int64
		var a Attachment
		if err := r.Scan(&message, &a.UUID, &a.Name, &a.Size, &a.ContentType, &a.ContentID, &a.Disposition); err != nil {
			return err
		}
		a.URL = s.SignedURL(a.UUID)
		if hasThumbnail(a.ContentType) {
			a.ThumbnailURL = s.signed(a.UUID, thumbName(a.UUID))
		}
		out[message] = append(out[message], a)
		return nil
	}, `SELECT model_id, uuid, filename, size, content_type, content_id, COALESCE(disposition, 'attachment') FROM media
		WHERE model_type = 'messages' AND model_id IN (`+in+`) ORDER BY filename, id`, args...)
	if err != nil {
		return nil, fmt.Errorf("read attachments: %w", err)
	}
	return out, nil
}
