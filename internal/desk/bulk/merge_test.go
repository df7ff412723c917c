package bulk

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/foyerdesk/foyer/internal/desk/conversation"
)

func init() {
	commands = append(commands, (*world).mergeSome, (*world).mergeSome, (*world).mergeSome, (*world).separateOne)
}

// mergeSome merges one or two conversations into another, and mostly takes it back: then all of them show what they showed.
func (w *world) mergeSome() error {
	into := w.any()
	var from []string
	for range 1 + w.rnd.IntN(2) {
		if id := w.any(); id != into && !slices.Contains(from, id) {
			from = append(from, id)
		}
	}
	if w.rnd.IntN(2) == 0 && len(from) > 0 { // something begun in both
		for _, id := range []string{into, from[0]} {
			if _, err := w.c.SaveDraft(w.ctx, w.admin, id, conversation.DraftInput{Type: w.one("reply", "private_note"), Content: "<p>" + id[:4] + "</p>"}); err != nil {
				return err
			}
		}
	}
	before := map[string]string{}
	for _, id := range append([]string{into}, from...) {
		before[id] = w.whole(id)
	}
	if err := w.c.Merge(w.ctx, w.admin, into, from); err != nil {
		return err
	}
	for _, id := range from {
		got, err := w.c.Get(w.ctx, w.admin, id)
		if err != nil || got.UUID != into {
			return fmt.Errorf("asked for %s, got %+v, %w", id, got, err)
		}
	}
	if w.rnd.IntN(3) == 0 {
		w.merged = append(w.merged, merged{into, from})
		w.live = slices.DeleteFunc(w.live, func(id string) bool { return slices.Contains(from, id) })
		return nil
	}
	if err := w.recount(); err != nil {
		return fmt.Errorf("while merged: %w", err)
	}
	if err := w.c.Unmerge(w.ctx, w.admin, into, from); err != nil {
		return err
	}
	for id, was := range before {
		if got := w.whole(id); got != was {
			return fmt.Errorf("merged and taken back:\n%s, was\n%s", got, was)
		}
	}
	return nil
}

// separateOne takes back a merge of long ago, whatever happened since.
func (w *world) separateOne() error {
	if len(w.merged) == 0 {
		return nil
	}
	i := w.rnd.IntN(len(w.merged))
	m := w.merged[i]
	if err := w.c.Unmerge(w.ctx, w.admin, m.into, m.from); err != nil {
		return err
	}
	w.merged = slices.Delete(w.merged, i, i+1)
	w.live = append(w.live, m.from...)
	return nil
}

type merged struct {
	into string
	from []string
}

// whole is everything of a conversation that merging moves or changes, but for the lines that tell of it, by which who did it takes part.
func (w *world) whole(uuid string) string {
	w.Helper()
	c, err := w.c.Get(w.ctx, w.admin, uuid)
	w.must(err)
	list := func(query string) (out []string) {
		rows, err := w.db.Query(w.ctx, query, c.ID)
		w.must(err)
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			var one string
			w.must(rows.Scan(&one))
			out = append(out, one)
		}
		w.must(rows.Err())
		return out
	}
	b, err := json.Marshal(map[string]any{"uuid": c.UUID, "reference": c.ReferenceNumber, "status": c.Status, "snoozed": c.SnoozedUntil, "user": c.AssignedUserID,
		"team": c.AssignedTeamID, "priority": c.Priority, "tags": c.Tags, "resolved": c.ResolvedAt, "closed": c.ClosedAt, "subject": c.Subject, "contact": c.ContactID,
		"waiting": c.WaitingSince, "first_reply": c.FirstReplyAt, "last_reply": c.LastReplyAt, "interaction": c.LastInteraction, "interaction_at": c.LastInteractionAt,
		"sender": c.LastInteractionSender, "merged": c.MergedFrom,
		"messages":     list(`SELECT uuid FROM messages WHERE conversation_id = $1 AND type <> 'activity' ORDER BY id`),
		"lines":        list(`SELECT uuid FROM messages WHERE conversation_id = $1 AND type = 'activity' AND content NOT LIKE '%merged%' AND content NOT LIKE '%separated%' AND content NOT LIKE '%marked%' ORDER BY id`),
		"mentions":     list(`SELECT CAST(message_id AS TEXT) FROM mentions WHERE conversation_id = $1 ORDER BY id`),
		"participants": list(`SELECT CAST(user_id AS TEXT) FROM conversation_participants WHERE conversation_id = $1 AND user_id <> 2 ORDER BY user_id`),
		"seen":         list(`SELECT user_id || ' ' || last_seen_at FROM conversation_last_seen WHERE conversation_id = $1 ORDER BY user_id`),
		"drafts":       list(`SELECT user_id || type || content FROM drafts WHERE conversation_id = $1 ORDER BY user_id, type`),
	})
	w.must(err)
	return string(b)
}
