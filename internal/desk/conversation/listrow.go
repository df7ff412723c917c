package conversation

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/platform/db"
)

const rowColumns = `c.id, c.created_at, c.updated_at, c.uuid, c.reference_number, c.waiting_since,
	u.created_at, u.updated_at, u.first_name, u.last_name, u.email, u.avatar_url, i.channel, i.name,
	c.first_reply_at, c.last_reply_at, c.resolved_at, c.subject, c.last_message, c.last_message_at, c.last_message_sender,
	c.last_interaction, c.last_interaction_at, c.last_interaction_sender, c.next_sla_deadline_at, c.priority_id,
	c.assigned_user_id, c.assigned_team_id, c.status_id, c.contact_id, c.inbox_id, c.snoozed_until`

// rowJoins joins to rows, given as a table with an id, the conversations and what is shown of their contact and inbox, in that
// order: SQLite takes a CROSS JOIN for an order to be kept. Left to choose it may walk down all conversations instead.
func (s *Service) rowJoins(rows string) string {
	join := ` CROSS JOIN `
	if s.db.Engine() == db.Postgres {
		join = ` JOIN `
	}
	return rows + join + `conversations c ON c.id = page.id` + join + `users u ON u.id = c.contact_id` + join + `inboxes i ON i.id = c.inbox_id`
}

// unreadAmong is among how many of the newest entries of a conversation unread ones are counted, so that a long thread
// costs a list no more than a short one.
const unreadAmong = 20

// unreadColumn counts what others wrote since the agent's mark, up to ten, which clients show as "9+".
func unreadColumn(me string) string {
	return `CASE WHEN ls.last_seen_at >= c.last_message_at THEN 0 ELSE (SELECT count(*) FROM (SELECT 1 FROM
		(SELECT nm.created_at, nm.type, nm.sender_id FROM messages nm WHERE nm.conversation_id = c.id ORDER BY nm.id DESC LIMIT ` +
		strconv.Itoa(unreadAmong) + `) AS um WHERE um.created_at > COALESCE(ls.last_seen_at, 0) AND um.type <> 'activity'
		AND um.sender_id <> ` + me + ` LIMIT 10) AS unseen) END`
}

// rowsQuery reads the rows of a page.
func (s *Service) rowsQuery(p *agent.Principal, st statement, mentioned bool) string {
	me := st.args.Add(p.ID)
	mention := `CAST(NULL AS TEXT)`
	if mentioned {
		mention = `(SELECT mm.uuid FROM mentions mn JOIN messages mm ON mm.id = mn.message_id WHERE mn.conversation_id = c.id
			AND (mn.mentioned_user_id = ` + st.args.Add(p.ID) + teamMentions(p, st.args) + `) ORDER BY mm.id DESC LIMIT 1)`
	}
	return `SELECT ` + rowColumns + `, ` + unreadColumn(me) + `, ` + mention + ` FROM ` + s.rowJoins(`(`+st.ids+`) AS page`) + `
		LEFT JOIN conversation_last_seen ls ON ls.conversation_id = c.id AND ls.user_id = ` + me + ` ORDER BY ` + st.order
}

func (s *Service) rows(ctx context.Context, p *agent.Principal, st statement, mentioned bool) ([]ListItem, error) {
	query := s.rowsQuery(p, st, mentioned)
	out := make([]ListItem, 0, 32)
	err := s.scanRows(ctx, func(known *names) error {
		out = out[:0]
		return db.Each(ctx, s.db, func(r db.Rows) error {
			row, err := scanRow(r, known, true)
			out = append(out, row)
			return err
		}, query, st.args.Values()...)
	})
	if err != nil {
		return nil, fmt.Errorf("list conversations: %w", err)
	}
	return out, s.addTags(ctx, out)
}

// errUnknownName means that a row has a status or priority that the catalogue read last does not have.
var errUnknownName = errors.New("unknown status or priority")

// scanRows runs read with the catalogue, and once more with a fresh one if it met a name that was made just now.
func (s *Service) scanRows(ctx context.Context, read func(*names) error) error {
	known, err := s.ref.names(ctx, s.db, false)
	if err != nil {
		return err
	}
	if err = read(known); !errors.Is(err, errUnknownName) {
		return err
	}
	if known, err = s.ref.names(ctx, s.db, true); err != nil {
		return err
	}
	return read(known)
}

func scanRow(r db.Row, known *names, personal bool) (row ListItem, err error) {
	var reference, status int64
	c := &row.Contact
	dest := []any{&row.ID, &row.CreatedAt, &row.UpdatedAt, &row.UUID, &reference, &row.WaitingSince,
		&c.CreatedAt, &c.UpdatedAt, &c.FirstName, &c.LastName, &c.Email, &c.AvatarURL, &row.InboxChannel, &row.InboxName,
		&row.FirstReplyAt, &row.LastReplyAt, &row.ResolvedAt, &row.Subject, &row.LastMessage, &row.LastMessageAt, &row.LastMessageSender,
		&row.LastInteraction, &row.LastInteractionAt, &row.LastInteractionSender, &row.NextSLADeadlineAt, &row.PriorityID,
		&row.AssignedUserID, &row.AssignedTeamID, &status, &row.ContactID, &row.InboxID, &row.SnoozedUntil}
	if personal {
		dest = append(dest, &row.UnreadMessageCount, &row.MentionedMessageUUID)
	}
	if err := r.Scan(dest...); err != nil {
		return row, err
	}
	row.ReferenceNumber, row.Tags = strconv.FormatInt(reference, 10), []string{}
	st := known.status(status)
	if st == nil {
		return row, errUnknownName
	}
	row.Status = st.Name
	if row.PriorityID != nil {
		p := known.priority(*row.PriorityID)
		if p == nil {
			return row, errUnknownName
		}
		row.Priority = &p.Name
	}
	return row, nil
}

func (s *Service) addTags(ctx context.Context, rows []ListItem) error {
	if len(rows) == 0 {
		return nil
	}
	at := make(map[int64]int, len(rows))
	ids := make([]int64, len(rows))
	for i := range rows {
		at[rows[i].ID], ids[i] = i, rows[i].ID
	}
	in, args := db.In(1, ids)
	err := db.Each(ctx, s.db, func(r db.Rows) error {
		var id int64
		var name string
		err := r.Scan(&id, &name)
		rows[at[id]].Tags = append(rows[at[id]].Tags, name)
		return err
	}, `SELECT ct.conversation_id, t.name FROM conversation_tags ct JOIN tags t ON t.id = ct.tag_id
		WHERE ct.conversation_id IN (`+in+`) ORDER BY t.name`, args...)
	if err != nil {
		return fmt.Errorf("read tags: %w", err)
	}
	return nil
}

// Rows returns conversations as rows of a list, without what differs between agents, by their ids. What is not there any more is left
// out. They are few: ids that an event names.
func (s *Service) Rows(ctx context.Context, ids []int64) (map[int64]*ListItem, error) {
	in, args := db.In(1, ids)
	var rows []ListItem
	err := s.scanRows(ctx, func(known *names) error {
		rows = rows[:0]
		return db.Each(ctx, s.db, func(r db.Rows) error {
			row, err := scanRow(r, known, false)
			rows = append(rows, row)
			return err
		}, `SELECT `+rowColumns+` FROM `+s.rowJoins(`(SELECT id FROM conversations WHERE id IN (`+in+`)) AS page`), args...)
	})
	if err != nil {
		return nil, fmt.Errorf("read conversations %d: %w", ids, err)
	}
	if err := s.addTags(ctx, rows); err != nil {
		return nil, err
	}
	out := make(map[int64]*ListItem, len(rows))
	for i := range rows {
		out[rows[i].ID] = &rows[i]
	}
	return out, nil
}
