package conversation

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/filter"
)

const rowColumns = `c.id, c.created_at, c.updated_at, c.uuid, c.reference_number, c.waiting_since,
	u.created_at, u.updated_at, u.first_name, u.last_name, u.email, u.avatar_url, i.channel, i.name,
	c.first_reply_at, c.last_reply_at, c.resolved_at, c.subject, c.last_message, c.last_message_at, c.last_message_sender,
	c.last_interaction, c.last_interaction_at, c.last_interaction_sender, c.next_sla_deadline_at, c.priority_id,
	c.assigned_user_id, c.assigned_team_id, c.status_id, c.contact_id, c.inbox_id, c.snoozed_until, ` + tagColumn

// rowJoins joins to conversations, given as a statement of their ids or of their whole rows, what is shown of their contact and inbox, in
// that order: SQLite takes a CROSS JOIN for an order to be kept. Left to choose it may walk down all conversations instead.
func (s *Service) rowJoins(page string, whole bool) string {
	join := ` CROSS JOIN `
	if s.db.Engine() == db.Postgres {
		join = ` JOIN `
	}
	from := `(` + page + `) AS c`
	if !whole {
		from = `(` + page + `) AS page` + join + `conversations c ON c.id = page.id`
	}
	return from + join + `users u ON u.id = c.contact_id` + join + `inboxes i ON i.id = c.inbox_id`
}

// unreadAmong is among how many of the newest entries of a conversation unread ones are counted, so that a long thread
// costs a list no more than a short one. It ends with the tenth unread one.
const unreadAmong = 100

// unreadColumn counts what others wrote since the agent's mark, up to ten, which clients show as "9+".
func unreadColumn(me string) string {
	return `CASE WHEN ls.last_seen_at >= c.last_message_at THEN 0 ELSE (SELECT count(*) FROM (` +
		othersSince(`ls.last_seen_at`, me) + ` LIMIT 10) AS unseen) END`
}

// othersSince has a row for each entry of others in a conversation since a time, which may be null, among its newest ones.
func othersSince(seen, me string) string {
	return `SELECT 1 FROM (SELECT nm.created_at, nm.type, nm.sender_id FROM messages nm WHERE nm.conversation_id = c.id ORDER BY nm.id DESC LIMIT ` +
		strconv.Itoa(unreadAmong) + `) AS um WHERE um.created_at > COALESCE(` + seen + `, 0) AND um.type <> 'activity' AND um.sender_id <> ` + me
}

// rowsQuery reads the rows of a page, and with each the total of the list if it is kept.
func (l *listing) rowsQuery(st statement) string {
	me := st.args.Add(l.p.ID)
	mention := `CAST(NULL AS TEXT)`
	if l.q.Scope == Mentioned {
		mention = `(SELECT mm.uuid FROM mentions mn JOIN messages mm ON mm.id = mn.message_id WHERE mn.conversation_id = c.id
			AND (mn.mentioned_user_id = ` + st.args.Add(l.p.ID) + teamMentions(l.p, st.args) + `) ORDER BY mm.id DESC LIMIT 1)`
	}
	total := `CAST(0 AS BIGINT)`
	if l.kept != nil {
		total = `(` + l.kept(st.args) + `)`
	}
	return `SELECT ` + rowColumns + `, ` + unreadColumn(me) + `, ` + mention + `, ` + total + ` FROM ` + l.s.rowJoins(st.page, st.whole) + `
		LEFT JOIN conversation_last_seen ls ON ls.conversation_id = c.id AND ls.user_id = ` + me + ` ORDER BY ` + st.order
}

// rows reads the rows of a page, and the total of the list if it is kept.
func (l *listing) rows(ctx context.Context, st statement) ([]ListItem, error) {
	query := l.rowsQuery(st)
	out := make([]ListItem, 0, 32)
	var total int64
	err := l.s.scanRows(ctx, l.s.db, func(known *names) error {
		out = out[:0]
		return db.Each(ctx, l.s.db, func(r db.Rows) error {
			row, err := scanRow(r, known, &total)
			out = append(out, row)
			return err
		}, query, st.args.Values()...)
	})
	if err != nil {
		return nil, fmt.Errorf("list conversations: %w", err)
	}
	if l.kept != nil {
		if len(out) == 0 { // which tells nothing of the pages before
			return out, l.countKept(ctx)
		}
		l.total = total
	}
	return out, nil
}

// countKept reads the total of a list that is kept.
func (l *listing) countKept(ctx context.Context) error {
	args := &filter.Args{}
	if err := l.s.db.QueryRow(ctx, l.kept(args), args.Values()...).Scan(&l.total); err != nil {
		return fmt.Errorf("read the total: %w", err)
	}
	return nil
}

// errUnknownName means that a row has a status, priority or tag that the catalogue read last does not have.
var errUnknownName = errors.New("unknown status, priority or tag")

// freshReads is how often rows are read again with a fresh catalogue: while tags are made and set a name may be missing twice.
const freshReads = 3

// scanRows runs read with the catalogue, and again with a fresh one if it met a name that was made just now.
func (s *Service) scanRows(ctx context.Context, q db.Querier, read func(*names) error) error {
	known, err := s.ref.names(ctx, q, false)
	if err != nil {
		return err
	}
	err = read(known)
	for n := 0; n < freshReads && errors.Is(err, errUnknownName); n++ {
		if known, err = s.ref.names(ctx, q, true); err != nil {
			return err
		}
		err = read(known)
	}
	return err
}

// scanRow reads a row, and what is read with it of one agent's list unless total is nil: what differs between agents, and how many
// conversations the whole list has.
func scanRow(r db.Row, known *names, total *int64) (row ListItem, err error) {
	var reference, status int64
	var tags tagIDs
	c := &row.Contact
	dest := []any{&row.ID, &row.CreatedAt, &row.UpdatedAt, &row.UUID, &reference, &row.WaitingSince,
		&c.CreatedAt, &c.UpdatedAt, &c.FirstName, &c.LastName, &c.Email, &c.AvatarURL, &row.InboxChannel, &row.InboxName,
		&row.FirstReplyAt, &row.LastReplyAt, &row.ResolvedAt, &row.Subject, &row.LastMessage, &row.LastMessageAt, &row.LastMessageSender,
		&row.LastInteraction, &row.LastInteractionAt, &row.LastInteractionSender, &row.NextSLADeadlineAt, &row.PriorityID,
		&row.AssignedUserID, &row.AssignedTeamID, &status, &row.ContactID, &row.InboxID, &row.SnoozedUntil, &tags}
	if total != nil {
		row.Own = &Own{}
		dest = append(dest, &row.UnreadMessageCount, &row.MentionedMessageUUID, total)
	}
	if err := r.Scan(dest...); err != nil {
		return row, err
	}
	row.ReferenceNumber = strconv.FormatInt(reference, 10)
	var ok bool
	if row.Tags, ok = known.tagNames(tags); !ok {
		return row, errUnknownName
	}
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

// Rows returns conversations as rows of a list, without what differs between agents, by their ids. What is not there any more is left
// out. They are few: ids that an event names.
func (s *Service) Rows(ctx context.Context, ids []int64) (map[int64]*ListItem, error) {
	in, args := db.In(1, ids)
	var rows []ListItem
	err := s.scanRows(ctx, s.db, func(known *names) error {
		rows = rows[:0]
		return db.Each(ctx, s.db, func(r db.Rows) error {
			row, err := scanRow(r, known, nil)
			rows = append(rows, row)
			return err
		}, `SELECT `+rowColumns+` FROM `+s.rowJoins(`SELECT * FROM conversations WHERE id IN (`+in+`)`, true), args...)
	})
	if err != nil {
		return nil, fmt.Errorf("read conversations %d: %w", ids, err)
	}
	out := make(map[int64]*ListItem, len(rows))
	for i := range rows {
		out[rows[i].ID] = &rows[i]
	}
	return out, nil
}
