package conversation

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/platform/db"
)

// A version of a draft is kept when it is replaced by a text that it is not the beginning of, or after some time of writing.
const (
	// draftVersions is how many versions of a draft are kept.
	draftVersions = 20
	// draftVersionEvery is how often a version is kept while a draft grows.
	draftVersionEvery = 2 * time.Minute
)

// DraftVersion is what a draft said before. ID orders versions by age.
type DraftVersion struct {
	ID        int64   `json:"id"`
	CreatedAt db.Time `json:"created_at"`
	Content   string  `json:"content"`
	Meta      db.JSON `json:"meta"`
}

// keepVersion keeps what an agent's draft says before it is replaced by content, or deleted. Text that merely grows is kept
// every few minutes only. The number of versions is bounded, the oldest go.
func keepVersion(ctx context.Context, tx *db.Tx, conversationID, userID int64, kind, content string) error {
	var was string
	var meta db.JSON
	var newest *db.Time
	err := tx.QueryRow(ctx, `SELECT content, meta, (SELECT max(created_at) FROM draft_versions v WHERE v.user_id = d.user_id AND v.conversation_id = d.conversation_id AND v.type = d.type)
		FROM drafts d WHERE user_id = $1 AND conversation_id = $2 AND type = $3`, userID, conversationID, kind).Scan(&was, &meta, &newest)
	if errors.Is(err, db.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read what the draft said: %w", err)
	}
	if was == "" || was == content || (grows(was, content) && newest != nil && time.Since(newest.Time) < draftVersionEvery) {
		return nil
	}
	var last string
	err = tx.QueryRow(ctx, `SELECT content FROM draft_versions WHERE user_id = $1 AND conversation_id = $2 AND type = $3 ORDER BY id DESC LIMIT 1`,
		userID, conversationID, kind).Scan(&last)
	if err == nil && last == was {
		return nil
	}
	if err != nil && !errors.Is(err, db.ErrNoRows) {
		return fmt.Errorf("read the newest version of the draft: %w", err)
	}
	if _, err := tx.Exec(ctx, `INSERT INTO draft_versions (created_at, conversation_id, user_id, type, content, meta) VALUES ($1, $2, $3, $4, $5, $6)`,
		db.Now(), conversationID, userID, kind, was, meta); err != nil {
		return fmt.Errorf("keep version of draft: %w", err)
	}
	if _, err := tx.Exec(ctx, `DELETE FROM draft_versions WHERE user_id = $1 AND conversation_id = $2 AND type = $3 AND id NOT IN
		(SELECT id FROM draft_versions WHERE user_id = $1 AND conversation_id = $2 AND type = $3 ORDER BY id DESC LIMIT $4 + 0)`,
		userID, conversationID, kind, draftVersions); err != nil {
		return fmt.Errorf("drop old versions of draft: %w", err)
	}
	return nil
}

// grows reports whether a text goes on where another ends, or differs in a few characters: somebody is writing.
func grows(was, now string) bool {
	n := min(len(was), len(now))
	same := 0
	for same < n && was[same] == now[same] {
		same++
	}
	return len(was)-same < 40
}

// DraftVersions returns what p's draft of a type for a conversation said before, the newest first.
func (s *Service) DraftVersions(ctx context.Context, p *agent.Principal, id, kind string) ([]DraftVersion, error) {
	if kind == "" {
		kind = DraftReply
	}
	if err := checkDraftType(kind); err != nil {
		return nil, err
	}
	h, err := readable(ctx, s.db, p, id)
	if err != nil {
		return nil, err
	}
	versions, err := db.Select[DraftVersion](ctx, s.db, `SELECT id, created_at, content, meta FROM draft_versions
		WHERE user_id = $1 AND conversation_id = $2 AND type = $3 ORDER BY id DESC`, p.ID, h.ID, kind)
	if err != nil {
		return nil, fmt.Errorf("read versions of draft: %w", err)
	}
	rows := make([]draftRow, len(versions))
	for i, v := range versions {
		rows[i] = draftRow{Draft: Draft{ConversationID: h.ID, Content: v.Content, Meta: v.Meta}, AssignedUserID: h.AssignedUserID, AssignedTeamID: h.AssignedTeamID}
	}
	shown, err := s.resolveDrafts(ctx, p, rows)
	for i, d := range shown {
		versions[i].Content, versions[i].Meta = d.Content, d.Meta
	}
	return versions, err
}
