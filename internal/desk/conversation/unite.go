package conversation

import (
	"context"
	"fmt"
	"time"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/platform/db"
)

// clocks are the times and the preview that a conversation has by its messages.
type clocks struct {
	FirstReplyAt            *db.Time
	LastReplyAt             *db.Time
	WaitingSince            *db.Time
	ContactLastSeenAt       *db.Time
	LastInteraction         *string
	LastInteractionAt       *db.Time
	LastInteractionSender   *string
	LastInteractionSenderID *int64
}

func readClocks(ctx context.Context, q db.Querier, id int64) (clocks, error) {
	c, err := db.Get[clocks](ctx, q, `SELECT first_reply_at, last_reply_at, waiting_since, contact_last_seen_at,
		last_interaction, last_interaction_at, last_interaction_sender, last_interaction_sender_id FROM conversations WHERE id = $1`, id)
	if err != nil {
		return c, fmt.Errorf("read the clocks of conversation %d: %w", id, err)
	}
	return c, nil
}

func writeClocks(ctx context.Context, tx *db.Tx, id int64, c clocks) error {
	_, err := tx.Exec(ctx, `UPDATE conversations SET first_reply_at = $2, last_reply_at = $3, waiting_since = $4, contact_last_seen_at = $5,
		last_interaction = $6, last_interaction_at = $7, last_interaction_sender = $8, last_interaction_sender_id = $9 WHERE id = $1`,
		id, c.FirstReplyAt, c.LastReplyAt, c.WaitingSince, c.ContactLastSeenAt, c.LastInteraction, c.LastInteractionAt, c.LastInteractionSender, c.LastInteractionSenderID)
	if err != nil {
		return fmt.Errorf("set the clocks of conversation %d: %w", id, err)
	}
	return nil
}

// unite returns the clocks of a conversation, begun at a time, with what is in another. Whoever waits longer waits; a reply
// from before the conversation began is no first reply of it.
func (c clocks) unite(o clocks, begun db.Time) clocks {
	if o.FirstReplyAt != nil && !o.FirstReplyAt.Before(begun.Time) {
		c.FirstReplyAt = earlier(c.FirstReplyAt, o.FirstReplyAt)
	}
	c.LastReplyAt, c.ContactLastSeenAt = later(c.LastReplyAt, o.LastReplyAt), later(c.ContactLastSeenAt, o.ContactLastSeenAt)
	c.WaitingSince = earlier(c.WaitingSince, o.WaitingSince)
	if o.LastInteractionAt != nil && (c.LastInteractionAt == nil || o.LastInteractionAt.After(c.LastInteractionAt.Time)) {
		c.LastInteraction, c.LastInteractionAt = o.LastInteraction, o.LastInteractionAt
		c.LastInteractionSender, c.LastInteractionSenderID = o.LastInteractionSender, o.LastInteractionSenderID
	}
	return c
}

// back returns the clocks now, those that a merge changed and nobody since as they were before it.
func (c clocks) back(before, after clocks) clocks {
	if equal(c.FirstReplyAt, after.FirstReplyAt) {
		c.FirstReplyAt = before.FirstReplyAt
	}
	if equal(c.LastReplyAt, after.LastReplyAt) {
		c.LastReplyAt = before.LastReplyAt
	}
	if equal(c.WaitingSince, after.WaitingSince) {
		c.WaitingSince = before.WaitingSince
	}
	if equal(c.ContactLastSeenAt, after.ContactLastSeenAt) {
		c.ContactLastSeenAt = before.ContactLastSeenAt
	}
	if equal(c.LastInteractionAt, after.LastInteractionAt) {
		c.LastInteraction, c.LastInteractionAt = before.LastInteraction, before.LastInteractionAt
		c.LastInteractionSender, c.LastInteractionSenderID = before.LastInteractionSender, before.LastInteractionSenderID
	}
	return c
}

func earlier(a, b *db.Time) *db.Time {
	if a == nil || (b != nil && b.Before(a.Time)) {
		return b
	}
	return a
}

func later(a, b *db.Time) *db.Time {
	if a == nil || (b != nil && b.After(a.Time)) {
		return b
	}
	return a
}

func equal(a, b *db.Time) bool {
	return a == nil && b == nil || a != nil && b != nil && a.Equal(b.Time)
}

// united is what the target of a merge was before, and what the merge made of it: what is still so when the merge is taken back
// becomes again what it was.
type united struct {
	Newest       int64         `json:"newest"` // its newest message, and that of the other
	Before       clocks        `json:"before"`
	After        clocks        `json:"after"`
	Status       *Earlier      `json:"status,omitempty"` // if it was opened
	Tags         []int64       `json:"tags,omitempty"`   // that it got
	Participants []int64       `json:"participants,omitempty"`
	Seen         []unitedSeen  `json:"seen,omitempty"`
	Drafts       []unitedDraft `json:"drafts,omitempty"`
}

// unitedSeen is how far an agent had read the target, nil for not at all, and what the merge made of it.
type unitedSeen struct {
	UserID int64    `json:"user_id"`
	Before *db.Time `json:"before,omitempty"`
	After  db.Time  `json:"after"`
}

// uniting begins to note what a merge of h into t changes; nothing was moved yet.
func (s *Service) uniting(ctx context.Context, tx *db.Tx, t, h *head) (*united, error) {
	u := &united{}
	err := tx.QueryRow(ctx, `SELECT COALESCE(max(id), 0) FROM messages WHERE conversation_id IN ($1, $2)`, t.ID, h.ID).Scan(&u.Newest)
	if err != nil {
		return nil, fmt.Errorf("find the newest message: %w", err)
	}
	if u.Before, err = readClocks(ctx, tx, t.ID); err != nil {
		return nil, err
	}
	u.Seen, err = uniteSeen(ctx, tx, t.ID, h.ID)
	return u, err
}

// uniteSeen sets how far each agent has read the target of a merge: up to the first message that they have not read in
// either conversation, so that nothing unread is taken for read.
func uniteSeen(ctx context.Context, tx *db.Tx, target, other int64) ([]unitedSeen, error) {
	type mark struct {
		UserID int64
		Target *db.Time
		Other  *db.Time
	}
	marks, err := db.Select[mark](ctx, tx, `SELECT user_id, max(CASE WHEN conversation_id = $1 THEN last_seen_at END) AS target,
		max(CASE WHEN conversation_id = $2 THEN last_seen_at END) AS other
		FROM conversation_last_seen WHERE conversation_id IN ($1, $2) GROUP BY user_id ORDER BY user_id`, target, other)
	if err != nil {
		return nil, fmt.Errorf("read the read marks: %w", err)
	}
	var out []unitedSeen
	for _, m := range marks {
		at := later(m.Target, m.Other)
		for id, seen := range map[int64]*db.Time{target: m.Target, other: m.Other} {
			unread, err := firstUnread(ctx, tx, id, m.UserID, seen)
			if err != nil {
				return nil, err
			}
			if unread != nil {
				at = earlier(at, db.At(unread.Add(-time.Microsecond)).Ptr())
			}
		}
		if equal(at, m.Target) {
			continue
		}
		out = append(out, unitedSeen{UserID: m.UserID, Before: m.Target, After: *at})
		if err := seenAt(ctx, tx, &agent.Principal{ID: m.UserID}, target, *at); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// firstUnread returns when the oldest message was written that an agent has not read, nil if there is none.
func firstUnread(ctx context.Context, q db.Querier, conversation, agentID int64, seen *db.Time) (*db.Time, error) {
	var since int64
	if seen != nil {
		since = seen.UnixMicro()
	}
	var at *db.Time
	err := q.QueryRow(ctx, `SELECT min(created_at) FROM messages WHERE conversation_id = $1 AND created_at > $2 AND type <> 'activity' AND sender_id <> $3`,
		conversation, since, agentID).Scan(&at)
	if err != nil {
		return nil, fmt.Errorf("find the first unread message: %w", err)
	}
	return at, nil
}

// uniteRows gives the target of a merge the tags and the people of the other.
func (s *Service) uniteRows(ctx context.Context, tx *db.Tx, t, h *head, u *united) (err error) {
	if u.Tags, err = db.Select[int64](ctx, tx, `INSERT INTO conversation_tags (conversation_id, tag_id)
		SELECT CAST($2 AS BIGINT), tag_id FROM conversation_tags WHERE conversation_id = $1 ON CONFLICT DO NOTHING RETURNING tag_id`, h.ID, t.ID); err != nil {
		return fmt.Errorf("unite tags: %w", err)
	}
	// The contact takes part even if they never wrote: what they write next belongs here.
	if u.Participants, err = db.Select[int64](ctx, tx, `INSERT INTO conversation_participants (conversation_id, user_id, created_at)
		SELECT CAST($2 AS BIGINT), user_id, min(created_at) FROM (SELECT user_id, created_at FROM conversation_participants WHERE conversation_id = $1
			UNION ALL SELECT contact_id, created_at FROM conversations WHERE id = $1) AS people
		WHERE TRUE GROUP BY user_id ON CONFLICT DO NOTHING RETURNING user_id`, h.ID, t.ID); err != nil {
		return fmt.Errorf("unite participants: %w", err)
	}
	return nil
}

// uniteClocks sets the clocks of the target of a merge, and opens it if somebody waits in the other for whom it is done or
// asleep.
func (s *Service) uniteClocks(ctx context.Context, tx *db.Tx, p *agent.Principal, t, h *head, u *united) error {
	other, err := readClocks(ctx, tx, h.ID)
	if err != nil {
		return err
	}
	var begun db.Time
	if err := tx.QueryRow(ctx, `SELECT created_at FROM conversations WHERE id = $1`, t.ID).Scan(&begun); err != nil {
		return fmt.Errorf("read when conversation %d began: %w", t.ID, err)
	}
	u.After = u.Before.unite(other, begun)
	if err := writeClocks(ctx, tx, t.ID, u.After); err != nil {
		return err
	}
	t.WaitingSince, t.FirstReplyAt = u.After.WaitingSince, u.After.FirstReplyAt
	status, err := s.ref.statusByID(ctx, tx, t.StatusID)
	if err != nil || other.WaitingSince == nil || status.Category == "open" {
		return err
	}
	open, err := s.ref.status(ctx, tx, Open)
	if err != nil {
		return err
	}
	u.Status = &Earlier{Type: ActStatus, StatusID: t.StatusID, SnoozedUntil: t.SnoozedUntil, ResolvedAt: t.ResolvedAt, ClosedAt: t.ClosedAt}
	return s.setStatus(ctx, tx, t, p, "", open, nil)
}
