package conversation

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/audit"
	"github.com/foyerdesk/foyer/internal/desk/event"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// A conversation that is merged into another gives it everything that was said in it and stays as a signpost: it keeps its
// uuid and reference number, is in no list, counter or search, and whoever asks for it, be it a mail that answers it, is led
// to the other. What went is noted, so that it can be taken back exactly.

// mergedName is the status of such a signpost.
const mergedName = "Merged into another"

// maxMerged is how many conversations can be merged at once.
const maxMerged = 50

// Merged is a conversation that was merged into another.
type Merged struct {
	UUID            string  `json:"uuid"`
	ReferenceNumber string  `json:"reference_number"`
	Subject         string  `json:"subject"`
	MergedAt        db.Time `json:"merged_at"`
	MergedBy        int64   `json:"merged_by" doc:"Agent who did it"`
	// ContactEmails are whom a reply has to reach besides the contact of the conversation itself.
	ContactEmails []string `json:"contact_emails" db:"-" nullable:"false" doc:"Addresses of its contact, and of those of what had been merged into it"`
}

func mergedFrom(ctx context.Context, q db.Querier, target int64) ([]Merged, error) {
	out, err := db.Select[Merged](ctx, q, `SELECT c.uuid, CAST(c.reference_number AS TEXT) AS reference_number, c.subject, m.created_at AS merged_at, m.merged_by
		FROM conversation_merges m JOIN conversations c ON c.id = m.conversation_id WHERE m.target_id = $1 ORDER BY m.created_at, m.conversation_id LIMIT 200`, target)
	if err != nil {
		return nil, fmt.Errorf("read what was merged: %w", err)
	}
	if len(out) == 0 {
		return out, nil
	}
	return out, addEmails(ctx, q, target, out)
}

// addEmails adds the addresses of the contacts that conversations came with, from wherever.
func addEmails(ctx context.Context, q db.Querier, target int64, all []Merged) error {
	type came struct{ Via, Email string }
	emails, err := db.Select[came](ctx, q, `WITH RECURSIVE came (id, via) AS (
		SELECT conversation_id, conversation_id FROM conversation_merges WHERE target_id = $1
		UNION SELECT m.conversation_id, came.via FROM came JOIN conversation_merges m ON m.target_id = came.id)
		SELECT DISTINCT v.uuid AS via, u.email FROM came JOIN conversations v ON v.id = came.via JOIN conversations c ON c.id = came.id
		JOIN users u ON u.id = c.contact_id WHERE u.email <> '' ORDER BY u.email`, target)
	if err != nil {
		return fmt.Errorf("read whose conversations were merged: %w", err)
	}
	for i := range all {
		all[i].ContactEmails = []string{}
		for _, one := range emails {
			if one.Via == all[i].UUID {
				all[i].ContactEmails = append(all[i].ContactEmails, one.Email)
			}
		}
	}
	return nil
}

// ByReference is the statement of the ids of the conversation with a reference number, given as a placeholder, and of those that
// it was merged into, one after another.
func ByReference(number string) string {
	return `WITH RECURSIVE way (id) AS (SELECT id FROM conversations WHERE reference_number = ` + number + `
		UNION SELECT m.target_id FROM way JOIN conversation_merges m ON m.conversation_id = way.id) SELECT id FROM way`
}

// Merge merges conversations into another, all or none, for an agent who may read them all. Errors: Invalid names the field;
// NotFound; Forbidden; Conflict for one in spam or trash, one that was merged already, and for chats of another contact or
// inbox, whose customers would lose them.
func (s *Service) Merge(ctx context.Context, p *agent.Principal, into string, from []string) error {
	from, err := mergeable(into, from)
	if err != nil {
		return err
	}
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		locked, err := lockAll(ctx, tx, p, append([]string{into}, from...))
		if err != nil {
			return err
		}
		if err := mayMerge(ctx, tx, locked); err != nil {
			return err
		}
		target := locked[0]
		for i := range locked[1:] {
			if err := s.merge(ctx, tx, p, target, locked[1+i]); err != nil {
				return err
			}
		}
		return s.merged(ctx, tx, p, target)
	})
}

// mergeable checks what is to be merged, and returns each once.
func mergeable(into string, from []string) ([]string, error) {
	if err := checkUUID(into); err != nil {
		return nil, err
	}
	if len(from) == 0 {
		return nil, fault.Required("uuids")
	}
	if len(from) > maxMerged {
		return nil, fault.Field("uuids", "error.too_many", "max", fmt.Sprint(maxMerged))
	}
	var once []string
	for _, id := range from {
		if checkUUID(id) != nil {
			return nil, fault.Field("uuids", "error.uuid_invalid")
		}
		if id = strings.ToLower(id); id == strings.ToLower(into) {
			return nil, fault.Field("uuids", "error.merge_itself")
		}
		if !slices.Contains(once, id) {
			once = append(once, id)
		}
	}
	return once, nil
}

// lockAll locks conversations that p may read, in the order of their ids so that nobody waits in a circle, and returns them
// in the order asked for. It leads nowhere: one that was merged is returned itself.
func lockAll(ctx context.Context, tx *db.Tx, p *agent.Principal, ids []string) ([]*head, error) {
	for i := range ids {
		ids[i] = strings.ToLower(ids[i])
	}
	in, args := db.In(1, ids)
	found := map[string]*head{}
	err := db.Each(ctx, tx, func(r db.Rows) error {
		var h head
		err := h.scan(r)
		found[h.UUID] = &h
		return err
	}, `SELECT `+headColumns+` FROM conversations WHERE uuid IN (`+in+`) ORDER BY id`+forUpdate(tx), args...)
	if err != nil {
		return nil, fmt.Errorf("lock conversations: %w", err)
	}
	out := make([]*head, len(ids))
	for i, id := range ids {
		h := found[id]
		if h == nil {
			return nil, fault.Missing("conversation")
		}
		if !CanRead(p, h.AssignedUserID, h.AssignedTeamID) {
			return nil, fault.Denied()
		}
		out[i] = h
	}
	return out, nil
}

// mayMerge refuses what cannot be merged; the first of the conversations is the target.
func mayMerge(ctx context.Context, tx *db.Tx, all []*head) error {
	for _, h := range all {
		switch {
		case h.StatusID == mergedID:
			return fault.New(fault.Conflict, "error.conversation_merged", "reference", fmt.Sprint(h.Reference))
		case hidden(h.StatusID):
			return fault.New(fault.Conflict, "error.merge_hidden", "reference", fmt.Sprint(h.Reference))
		}
	}
	for _, h := range all[1:] {
		same, err := sameKind(ctx, tx, all[0], h.InboxID, h.ContactID)
		if err != nil {
			return err
		}
		if !same {
			return fault.New(fault.Conflict, "error.merge_chat", "reference", fmt.Sprint(h.Reference))
		}
	}
	return nil
}

// sameKind reports whether a conversation may be merged with one of an inbox and contact: mail with mail, a chat with those that its
// visitor sees in the same widget.
func sameKind(ctx context.Context, q db.Querier, h *head, inboxID, contactID int64) (bool, error) {
	if h.InboxID == inboxID && h.ContactID == contactID {
		return true, nil
	}
	var chats int
	if err := q.QueryRow(ctx, `SELECT count(*) FROM inboxes WHERE id IN ($1, $2) AND channel <> 'email'`, h.InboxID, inboxID).Scan(&chats); err != nil {
		return false, fmt.Errorf("read the channels of conversations: %w", err)
	}
	return chats == 0, nil
}

// merge moves everything of one conversation into another and leaves the signpost. Both are locked.
func (s *Service) merge(ctx context.Context, tx *db.Tx, p *agent.Principal, t, h *head) error {
	was, err := s.uniting(ctx, tx, t, h)
	if err != nil {
		return err
	}
	mended, err := splitLines(ctx, tx, t, h)
	if err != nil {
		return err
	}
	if err := removeLines(ctx, tx, mended); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `INSERT INTO conversation_merges (conversation_id, target_id, created_at, merged_by) VALUES ($1, $2, $3, $4)`,
		h.ID, t.ID, db.Now(), p.ID); err != nil {
		return fmt.Errorf("note a merge: %w", err)
	}
	if err := s.moveAll(ctx, tx, Move{From: h.ID, To: t.ID, kind: merging}); err != nil {
		return err
	}
	if was.Drafts, err = s.uniteDrafts(ctx, tx, t, h); err != nil {
		return err
	}
	if err := s.uniteRows(ctx, tx, t, h, was); err != nil {
		return err
	}
	if err := s.signpost(ctx, tx, p, t, h); err != nil {
		return err
	}
	if err := s.uniteClocks(ctx, tx, p, t, h, was); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE conversation_merges SET was = $2 WHERE conversation_id = $1`, h.ID, db.ToJSON(was)); err != nil {
		return fmt.Errorf("note what a merge changed: %w", err)
	}
	if len(mended) > 0 {
		err = showNewest(ctx, tx, t.ID)
	} else {
		params := map[string]string{"reference": fmt.Sprint(h.Reference), "uuid": h.UUID, "subject": h.Subject}
		err = s.activity(ctx, tx, *t, p, "", "merged_from", params, alongside{})
	}
	if err != nil {
		return err
	}
	return audit.Record(ctx, tx, audit.Entry{Type: audit.ConversationMerged, Actor: p.Audited(),
		Target: audit.Target{Model: "conversation", ID: h.ID, Name: fmt.Sprintf("#%d", h.Reference)},
		After:  map[string]any{"merged_into": t.Reference}})
}

// signpost hides a conversation whose messages are another's now.
func (s *Service) signpost(ctx context.Context, tx *db.Tx, p *agent.Principal, t, h *head) error {
	was, err := s.ref.statusByID(ctx, tx, h.StatusID)
	if err != nil {
		return err
	}
	from, to := placeOf(h.AssignedUserID, h.AssignedTeamID, h.StatusID), placeOf(h.AssignedUserID, h.AssignedTeamID, mergedID)
	if err := move(ctx, tx, &from, &to); err != nil {
		return err
	}
	remember := h.hiding(mergedID, db.Now())
	h.StatusID, h.SnoozedUntil = mergedID, nil
	also := alongside{`status_id = ?, snoozed_until = ?`, []any{mergedID, nil}}.with(remember)
	params := map[string]string{"reference": fmt.Sprint(t.Reference), "uuid": t.UUID}
	if err := s.activity(ctx, tx, *h, p, "", "merged_into", params, also); err != nil {
		return err
	}
	return s.changed(ctx, tx, *h, event.ConversationStatus, p.ID, "",
		map[string]any{"status": mergedName, "snoozed_until": nil, "merged_into_uuid": t.UUID}, map[string]any{"status": was.Name})
}

// merged tells of a conversation into which others were merged, or from which they were separated again.
func (s *Service) merged(ctx context.Context, tx *db.Tx, p *agent.Principal, t *head) error {
	list, err := mergedFrom(ctx, tx, t.ID)
	if err != nil {
		return err
	}
	tags, err := tagNames(ctx, tx, t.ID)
	if err != nil {
		return err
	}
	c, err := readClocks(ctx, tx, t.ID)
	if err != nil {
		return err
	}
	return s.changed(ctx, tx, *t, event.ConversationUpdated, p.ID, "", map[string]any{"merged_from": list, "tags": tags,
		"waiting_since": c.WaitingSince, "first_reply_at": c.FirstReplyAt, "last_reply_at": c.LastReplyAt}, nil)
}
