package conversation

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/media"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
	"github.com/foyerdesk/foyer/internal/platform/htmlx"
)

// The types of drafts: an agent has one of each for a conversation.
const (
	DraftReply = "reply"
	DraftNote  = "private_note"
)

const maxDraftMeta = 32 << 10

// Draft is what an agent has written and not sent. Meta is the client's: recipients, attachments, a macro.
type Draft struct {
	ID               int64   `json:"id"`
	CreatedAt        db.Time `json:"created_at"`
	UpdatedAt        db.Time `json:"updated_at"`
	ConversationID   int64   `json:"conversation_id"`
	ConversationUUID string  `json:"conversation_uuid"`
	UserID           int64   `json:"user_id"`
	Type             string  `json:"type"`
	Content          string  `json:"content"`
	Meta             db.JSON `json:"meta"`
}

// DraftInput is what is kept of a draft. An empty Type is a reply.
type DraftInput struct {
	Type    string
	Content string
	Meta    db.JSON
	// Base is the updated_at of the draft that the text began from, RFC 3339, or "" if there was none; nil replaces
	// whatever there is.
	Base *string
}

// DraftChange says that an agent's draft is another one now, or gone; UpdatedAt is null then.
type DraftChange struct {
	ConversationUUID string   `json:"conversation_uuid"`
	Type             string   `json:"type"`
	UpdatedAt        *db.Time `json:"updated_at"`
}

// base returns whether the draft is to be compared, and with which time.
func (in *DraftInput) base() (compare bool, at db.Time, err error) {
	if in.Base == nil || *in.Base == "" {
		return in.Base != nil, at, nil
	}
	t, err := time.Parse(time.RFC3339Nano, *in.Base)
	if err != nil {
		return true, at, fault.Field("base_updated_at", "error.unknown_value", "value", *in.Base)
	}
	return true, db.At(t), nil
}

func (in *DraftInput) validate() error {
	if in.Type == "" {
		in.Type = DraftReply
	}
	if err := checkDraftType(in.Type); err != nil {
		return err
	}
	in.Content = strings.ReplaceAll(strings.ToValidUTF8(in.Content, "\uFFFD"), "\x00", "")
	if len(in.Content) > maxContent {
		return fault.TooLong("content", maxContent)
	}
	if in.Meta = bytes.TrimSpace(in.Meta); len(in.Meta) == 0 || string(in.Meta) == "null" {
		in.Meta = db.JSON(`{}`)
	}
	fields, ok := storable(in.Meta)
	if len(in.Meta) > maxDraftMeta || !ok {
		return fault.Field("meta", "error.draft_meta", "max", fmt.Sprint(maxDraftMeta>>10))
	}
	in.Meta = db.ToJSON(fields)
	if strings.TrimSpace(in.Content) == "" && len(fields) == 0 {
		return fault.Field("content", "error.draft_empty")
	}
	return nil
}

// storable reads a JSON object of a client's, without what the database does not keep.
func storable(raw []byte) (fields map[string]any, ok bool) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	if dec.Decode(&fields) != nil || dec.More() {
		return nil, false
	}
	_, ok = db.Storable(fields)
	return fields, ok
}

func checkDraftType(t string) error {
	if t != DraftReply && t != DraftNote {
		return fault.Field("type", "error.unknown_value", "value", t)
	}
	return nil
}

// SaveDraft keeps p's draft for a conversation that p may read, replacing the one of the same type. Addresses of
// uploaded images in it are kept without their signature, which ends sooner than drafts do. It returns Conflict with the
// stored draft as its Data if that is not the one that the text began from.
func (s *Service) SaveDraft(ctx context.Context, p *agent.Principal, id string, in DraftInput) (*Draft, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	compare, base, err := in.base()
	if err != nil {
		return nil, err
	}
	d := draftRow{Draft: Draft{ConversationUUID: id, UserID: p.ID, Type: in.Type, Meta: in.Meta}}
	changed := false
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		h, err := readable(ctx, tx, p, id)
		if err != nil {
			return err
		}
		d.ConversationID, d.ConversationUUID, d.AssignedUserID, d.AssignedTeamID = h.ID, h.UUID, h.AssignedUserID, h.AssignedTeamID
		if d.Content, err = withoutSignatures(ctx, tx, in.Content); err != nil {
			return err
		}
		err = s.putDraft(ctx, tx, p, &d, compare, base)
		if changed = errors.Is(err, db.ErrNoRows); changed {
			return tx.QueryRow(ctx, `SELECT id, created_at, updated_at, content, meta FROM drafts WHERE user_id = $1 AND conversation_id = $2 AND type = $3`,
				p.ID, h.ID, d.Type).Scan(&d.ID, &d.CreatedAt, &d.UpdatedAt, &d.Content, &d.Meta)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	drafts, err := s.resolveDrafts(ctx, p, []draftRow{d})
	if err != nil {
		return nil, err
	}
	if changed {
		return nil, fault.New(fault.Conflict, "error.draft_changed").With(drafts[0])
	}
	return &drafts[0], nil
}

// putDraft stores a draft of p's, keeps what it said before, and fills in its id and times. If it is to be compared, and the
// one that is stored is not that of base, it returns db.ErrNoRows and changes nothing.
func (s *Service) putDraft(ctx context.Context, tx *db.Tx, p *agent.Principal, d *draftRow, compare bool, base db.Time) error {
	if compare {
		var other int
		if err := tx.QueryRow(ctx, `SELECT count(*) FROM drafts WHERE user_id = $1 AND conversation_id = $2 AND type = $3 AND updated_at <> $4`,
			p.ID, d.ConversationID, d.Type, base).Scan(&other); err != nil {
			return fmt.Errorf("compare draft: %w", err)
		}
		if other > 0 {
			return db.ErrNoRows
		}
	}
	if err := keepVersion(ctx, tx, d.ConversationID, p.ID, d.Type, d.Content); err != nil {
		return err
	}
	err := tx.QueryRow(ctx, `INSERT INTO drafts (created_at, updated_at, conversation_id, user_id, type, content, meta)
		VALUES ($1, $1, $2, $3, $4, $5, $6) ON CONFLICT (user_id, conversation_id, type)
		DO UPDATE SET updated_at = excluded.updated_at, content = excluded.content, meta = excluded.meta
		WHERE NOT $7 OR drafts.updated_at = $8 RETURNING id, created_at, updated_at`,
		db.Now(), d.ConversationID, p.ID, d.Type, d.Content, d.Meta, compare, base).Scan(&d.ID, &d.CreatedAt, &d.UpdatedAt)
	if errors.Is(err, db.ErrNoRows) {
		return err
	}
	if err != nil {
		return fmt.Errorf("keep draft: %w", err)
	}
	s.draftChanged(tx, p.ID, DraftChange{d.ConversationUUID, d.Type, d.UpdatedAt.Ptr()})
	return nil
}

// draftChanged tells of a draft after the commit.
func (s *Service) draftChanged(tx *db.Tx, agentID int64, change DraftChange) {
	if s.OnDraft != nil {
		tx.AfterCommit(func() { s.OnDraft(agentID, change) })
	}
}

// draftRow is a draft with what decides whether its agent may still read the conversation.
type draftRow struct {
	Draft
	AssignedUserID, AssignedTeamID *int64
}

// Drafts returns all drafts of p, the one changed last first. They are p's own words, so they are returned even for
// conversations that p may not read any more; files of such a conversation are not shown.
func (s *Service) Drafts(ctx context.Context, p *agent.Principal) ([]Draft, error) {
	var rows []draftRow
	err := db.Each(ctx, s.db, func(r db.Rows) error {
		var d draftRow
		err := r.Scan(&d.ID, &d.CreatedAt, &d.UpdatedAt, &d.ConversationID, &d.ConversationUUID, &d.UserID, &d.Type, &d.Content, &d.Meta,
			&d.AssignedUserID, &d.AssignedTeamID)
		rows = append(rows, d)
		return err
	}, `SELECT d.id, d.created_at, d.updated_at, d.conversation_id, c.uuid, d.user_id, d.type, d.content, d.meta,
		c.assigned_user_id, c.assigned_team_id FROM drafts d JOIN conversations c ON c.id = d.conversation_id
		WHERE d.user_id = $1 AND c.status_id <> -3 ORDER BY d.updated_at DESC, d.id DESC`, p.ID)
	if err != nil {
		return nil, fmt.Errorf("read drafts: %w", err)
	}
	return s.resolveDrafts(ctx, p, rows)
}

// DeleteDrafts deletes p's draft of a type, or of both types if it is empty. One that does not exist is no error.
func (s *Service) DeleteDrafts(ctx context.Context, p *agent.Principal, id, draftType string) error {
	if draftType != "" {
		if err := checkDraftType(draftType); err != nil {
			return err
		}
	}
	if _, err := uuid.Parse(id); err != nil || len(id) != 36 {
		return fault.Field("uuid", "error.uuid_invalid")
	}
	id = strings.ToLower(id)
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		for _, t := range []string{DraftReply, DraftNote} {
			if draftType != "" && draftType != t {
				continue
			}
			var h head
			err := h.scan(tx.QueryRow(ctx, `SELECT `+headColumns+` FROM conversations WHERE uuid = $1`, id))
			if errors.Is(err, db.ErrNoRows) {
				return nil
			}
			if err == nil {
				h, err = follow(ctx, tx, h, "")
			}
			if err != nil {
				return fmt.Errorf("find the conversation of drafts: %w", err)
			}
			if err := keepVersion(ctx, tx, h.ID, p.ID, t, ""); err != nil {
				return err
			}
			n, err := tx.Exec(ctx, `DELETE FROM drafts WHERE user_id = $1 AND type = $2
				AND conversation_id = $3`, p.ID, t, h.ID)
			if err != nil {
				return fmt.Errorf("delete drafts: %w", err)
			}
			if n > 0 {
				s.draftChanged(tx, p.ID, DraftChange{ConversationUUID: h.UUID, Type: t})
			}
		}
		return nil
	})
}

// CleanDrafts deletes the drafts that were not changed for a time, with versions as old, and returns how many drafts. It deletes none if the time
// is not positive.
func (s *Service) CleanDrafts(ctx context.Context, unchangedFor time.Duration) (n int64, err error) {
	if unchangedFor <= 0 {
		return 0, nil
	}
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		before := db.At(time.Now().Add(-unchangedFor))
		if _, err := tx.Exec(ctx, `DELETE FROM draft_versions WHERE created_at < $1`, before); err != nil {
			return err
		}
		n, err = tx.Exec(ctx, `DELETE FROM drafts WHERE updated_at < $1`, before)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("clean drafts: %w", err)
	}
	return n, nil
}

var draftImage = regexp.MustCompile(`^(?:https?://[^/]+)?/uploads/([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})(?:\?|$)`)

// withoutSignatures turns addresses of stored files into cid: references. An address that merely looks like ours, of a
// file that we do not have, stays.
func withoutSignatures(ctx context.Context, q db.Querier, content string) (string, error) {
	named := func(url string) string {
		if m := draftImage.FindStringSubmatch(strings.ToLower(url)); m != nil {
			return m[1]
		}
		return ""
	}
	var ids []string
	htmlx.RewriteURLs(content, func(tag, attr, url string) string {
		if id := named(url); tag == "img" && attr == "src" && id != "" {
			ids = append(ids, id)
		}
		return url
	})
	files, err := draftFiles(ctx, q, ids)
	if err != nil || len(files) == 0 {
		return content, err
	}
	return htmlx.RewriteURLs(content, func(tag, attr, url string) string {
		id := named(url)
		if _, ours := files[id]; tag == "img" && attr == "src" && ours {
			return "cid:" + media.InlineContentID(id)
		}
		return url
	}), nil
}

// draftFiles returns, for those of the files that exist and are or can become attachments, the conversation they
// belong to; 0 for a file that belongs to none.
func draftFiles(ctx context.Context, q db.Querier, ids []string) (map[string]int64, error) {
	out := map[string]int64{}
	for some := range slices.Chunk(ids, 500) {
		in, args := db.In(1, some)
		err := db.Each(ctx, q, func(r db.Rows) error {
			var id string
			var conversation int64
			err := r.Scan(&id, &conversation)
			out[id] = conversation
			return err
		}, `SELECT f.uuid, COALESCE(m.conversation_id, 0) FROM media f LEFT JOIN messages m ON m.id = f.model_id AND f.model_type = 'messages'
			WHERE f.uuid IN (`+in+`) AND ((f.model_id IS NULL AND (f.model_type IS NULL OR f.model_type = 'messages')) OR m.id IS NOT NULL)`, args...)
		if err != nil {
			return nil, fmt.Errorf("look for the files of drafts: %w", err)
		}
	}
	return out, nil
}

// draftMeta is the part of a draft's meta that names files.
type draftMeta struct {
	Attachments []struct {
		UUID string `json:"uuid"`
	} `json:"attachments"`
}

// resolveDrafts gives the files of drafts addresses that a browser can follow: those that belong to no message, and
// those of the draft's own conversation if p may read it. A draft can name any file; what p may not read stays as it is.
func (s *Service) resolveDrafts(ctx context.Context, p *agent.Principal, rows []draftRow) ([]Draft, error) {
	var ids []string
	for i := range rows {
		var meta draftMeta
		if rows[i].Meta.Decode(&meta) == nil {
			for _, a := range meta.Attachments {
				ids = append(ids, a.UUID)
			}
		}
		htmlx.RewriteURLs(rows[i].Content, func(_, _, url string) string {
			if id, ok := strings.CutPrefix(url, "cid:"+media.InlineContentID("")); ok {
				ids = append(ids, id)
			}
			return url
		})
	}
	files, err := draftFiles(ctx, s.db, ids)
	if err != nil {
		return nil, err
	}
	out := make([]Draft, len(rows))
	for i, d := range rows {
		mine := func(id string) bool {
			conversation, known := files[id]
			return known && p.Can(role.MessagesRead) &&
				(conversation == 0 || (conversation == d.ConversationID && CanRead(p, d.AssignedUserID, d.AssignedTeamID)))
		}
		d.Content = htmlx.RewriteURLs(d.Content, func(_, _, url string) string {
			if id, ok := strings.CutPrefix(url, "cid:"+media.InlineContentID("")); ok && mine(id) {
				return s.files.SignedURL(id)
			}
			return url
		})
		d.Meta = s.signMeta(d.Meta, mine)
		out[i] = d.Draft
	}
	return out, nil
}

// signMeta renews the addresses of meta.attachments; a meta of another shape stays as it is.
func (s *Service) signMeta(meta db.JSON, mine func(id string) bool) db.JSON {
	var fields map[string]json.RawMessage
	if meta.Decode(&fields) != nil || fields["attachments"] == nil {
		return meta
	}
	var attachments []map[string]any
	dec := json.NewDecoder(bytes.NewReader(fields["attachments"]))
	dec.UseNumber()
	if dec.Decode(&attachments) != nil {
		return meta
	}
	for _, a := range attachments {
		if id, ok := a["uuid"].(string); ok && mine(id) {
			a["url"] = s.files.SignedURL(id)
		}
	}
	fields["attachments"] = json.RawMessage(db.ToJSON(attachments))
	return db.ToJSON(fields)
}
