package conversation

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
	"github.com/foyerdesk/foyer/internal/platform/filter"
)

// Scope says which list is asked for.
type Scope int

// The lists.
const (
	All Scope = iota
	Unassigned
	Assigned
	Mentioned
	TeamInbox
)

// ListQuery selects a page of a list. Filters and OrderBy are what the client sent.
type ListQuery struct {
	Scope          Scope
	TeamID         int64 // of TeamInbox
	Page, PageSize int
	Cursor         string
	Filters        string
	OrderBy, Order string
}

// sorting is an allowed order. Columns that may be null sort last either way, ties by id.
type sorting struct {
	column   string
	nullable bool
}

var sortings = map[string]sorting{
	"conversations.last_message_at":         {"c.last_message_at", false},
	"conversations.created_at":              {"c.created_at", false},
	"conversations.waiting_since":           {"c.waiting_since", true},
	"conversations.next_sla_deadline_at":    {"c.next_sla_deadline_at", true},
	"conversations.priority_id":             {"c.priority_id", true},
	"conversations.status_id":               {"c.status_id", false},
	"conversations.assigned_user_id":        {"c.assigned_user_id", true},
	"conversations.assigned_team_id":        {"c.assigned_team_id", true},
	"conversations.inbox_id":                {"c.inbox_id", false},
	"conversations.last_interaction_at":     {"c.last_interaction_at", true},
	"conversations.last_interaction_sender": {"c.last_interaction_sender", true},
	"conversations.snoozed_until":           {"c.snoozed_until", true},
}

// scopeWhere is the condition of a list.
func scopeWhere(scope Scope, p *agent.Principal, teamID int64, args *filter.Args) string {
	switch scope {
	case Unassigned:
		return `c.assigned_user_id IS NULL AND c.assigned_team_id IS NULL`
	case Assigned:
		return `c.assigned_user_id = ` + args.Add(p.ID)
	case TeamInbox:
		return `c.assigned_team_id = ` + args.Add(teamID) + ` AND c.assigned_user_id IS NULL`
	case Mentioned:
		where := `EXISTS (SELECT 1 FROM mentions mn WHERE mn.conversation_id = c.id AND (mn.mentioned_user_id = ` + args.Add(p.ID) + teamMentions(p, args) + `))`
		if !canReadAll(p) {
			where += ` AND ` + ReadableWhere(p, args)
		}
		return where
	}
	return ``
}

func teamMentions(p *agent.Principal, args *filter.Args) string {
	if len(p.TeamIDs) == 0 {
		return ""
	}
	return ` OR mn.mentioned_team_id IN (` + placeholders(p.TeamIDs, args) + `)`
}

func placeholders(ids []int64, args *filter.Args) string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = args.Add(id)
	}
	return strings.Join(out, ", ")
}

// fields are what lists may be filtered by.
func (s *Service) fields(ctx context.Context) filter.Fields {
	statusName := func(op filter.Operator, value string, args *filter.Args) (string, error) {
		return s.statusCondition(ctx, string(op), value, args)
	}
	return filter.Fields{
		"conversations.status_id":               {Column: "c.status_id", Kind: filter.Int},
		"conversations.priority_id":             {Column: "c.priority_id", Kind: filter.Int, Nullable: true},
		"conversations.assigned_team_id":        {Column: "c.assigned_team_id", Kind: filter.Int, Nullable: true},
		"conversations.assigned_user_id":        {Column: "c.assigned_user_id", Kind: filter.Int, Nullable: true},
		"conversations.inbox_id":                {Column: "c.inbox_id", Kind: filter.Int},
		"conversations.last_message_at":         {Column: "c.last_message_at", Kind: filter.Time},
		"conversations.last_interaction_at":     {Column: "c.last_interaction_at", Kind: filter.Time, Nullable: true},
		"conversations.last_interaction_sender": {Column: "c.last_interaction_sender", Kind: filter.Enum, Nullable: true},
		"conversations.created_at":              {Column: "c.created_at", Kind: filter.Time},
		"conversations.waiting_since":           {Column: "c.waiting_since", Kind: filter.Time, Nullable: true},
		"conversations.next_sla_deadline_at":    {Column: "c.next_sla_deadline_at", Kind: filter.Time, Nullable: true},
		"conversations.snoozed_until":           {Column: "c.snoozed_until", Kind: filter.Time, Nullable: true},
		"conversations.sla_policy_id":           {Column: "CAST(NULL AS BIGINT)", Kind: filter.Int, Nullable: true},
		"conversations.tags":                    {Build: tagCondition},
		"conversation_statuses.id":              {Column: "c.status_id", Kind: filter.Int},
		"conversation_statuses.name":            {Build: statusName},
		"users.email":                           {Column: "(SELECT fu.email FROM users fu WHERE fu.id = c.contact_id)", Kind: filter.Text, Nullable: true},
		"users.external_user_id":                {Column: "(SELECT fu.external_user_id FROM users fu WHERE fu.id = c.contact_id)", Kind: filter.Text, Nullable: true},
		"inboxes.channel":                       {Column: "(SELECT fi.channel FROM inboxes fi WHERE fi.id = c.inbox_id)", Kind: filter.Enum},
	}
}

// statusCondition turns a condition on the status's name into one on its id, which the indexes of the lists begin with.
func (s *Service) statusCondition(ctx context.Context, op, value string, args *filter.Args) (string, error) {
	known, err := s.ref.names(ctx, s.db, false)
	if err != nil {
		return "", err
	}
	names := []string{value}
	if op == "in" {
		if err := json.Unmarshal([]byte(value), &names); err != nil || len(names) == 0 || len(names) > 100 {
			return "", fault.Field("filters", "error.filter_value", "value", value)
		}
	}
	var ids []int64
	for _, st := range known.statuses {
		name, v := strings.ToLower(st.Name), strings.ToLower(value)
		hit := slices.Contains(names, st.Name)
		if op == "contains" || op == "ilike" || op == "not contains" {
			hit = strings.Contains(name, v)
		}
		if hit {
			ids = append(ids, st.ID)
		}
	}
	switch op {
	case "equals", "in", "contains", "ilike":
		if len(ids) == 1 {
			return "c.status_id = " + args.Add(ids[0]), nil
		}
		if len(ids) == 0 {
			return "FALSE", nil
		}
		return "c.status_id IN (" + placeholders(ids, args) + ")", nil
	case "not equals", "not contains":
		if len(ids) == 0 {
			return "TRUE", nil
		}
		return "c.status_id NOT IN (" + placeholders(ids, args) + ")", nil
	case "set":
		return "TRUE", nil
	case "not set":
		return "FALSE", nil
	}
	return "", fault.Field("filters", "error.filter_operator", "operator", op)
}

// tagCondition is the virtual field of tags: contains any of, contains none of, has any, has none.
func tagCondition(op filter.Operator, value string, args *filter.Args) (string, error) {
	const any = `EXISTS (SELECT 1 FROM conversation_tags ct WHERE ct.conversation_id = c.id`
	switch op {
	case "set":
		return any + ")", nil
	case "not set":
		return "NOT " + any + ")", nil
	case "contains", "not contains":
		var ids []int64
		if err := json.Unmarshal([]byte(value), &ids); err != nil || len(ids) > 100 {
			return "", fault.Field("filters", "error.filter_value", "value", value)
		}
		if len(ids) == 0 {
			return "TRUE", nil
		}
		cond := any + ` AND ct.tag_id IN (` + placeholders(ids, args) + `))`
		if op == "not contains" {
			cond = "NOT " + cond
		}
		return cond, nil
	}
	return "", fault.Field("filters", "error.filter_operator", "operator", string(op))
}

// List returns a page of a list. Its cost does not grow with the number of conversations: ids come from an index in the
// order asked for, rows are joined for one page only, and the total is a kept count or counted up to a bound.
func (s *Service) List(ctx context.Context, p *agent.Principal, q ListQuery) (*Page[ListItem], error) {
	st, page, err := s.statement(ctx, p, q)
	if err != nil {
		return nil, err
	}
	if page.Results, err = s.rows(ctx, p, st, q.Scope == Mentioned); err != nil {
		return nil, err
	}
	if n := len(page.Results); n == q.PageSize {
		page.NextCursor = st.sort.cursor(&page.Results[n-1])
	}
	return page, nil
}

// statement is what gives the ids of a page, in order.
type statement struct {
	ids  string
	sort sorting
	desc bool
	args *filter.Args
}

func (st statement) order() string { return st.sort.orderBy(st.desc) }

func (s *Service) statement(ctx context.Context, p *agent.Principal, q ListQuery) (st statement, page *Page[ListItem], err error) {
	if q.Scope == TeamInbox && !p.InTeam(q.TeamID) {
		return st, nil, fault.Denied()
	}
	st.args = &filter.Args{}
	where, err := s.listWhere(ctx, p, q, st.args)
	if err != nil {
		return st, nil, err
	}
	if st.sort, st.desc, err = q.sorting(); err != nil {
		return st, nil, err
	}
	page = &Page[ListItem]{PerPage: q.PageSize, Page: q.Page}
	if page.Total, err = s.total(ctx, p, q, where, st.args.Values()); err != nil {
		return st, nil, err
	}
	page.TotalPages = (page.Total + int64(q.PageSize) - 1) / int64(q.PageSize)
	behind, offset, err := s.begin(ctx, q, &st, where, page.Total)
	if err != nil {
		return st, nil, err
	}
	st.ids = `SELECT c.id FROM conversations c`
	if where = and(where, behind); where != "" {
		st.ids += ` WHERE ` + where
	}
	// "+ 0" keeps SQLite from compiling the statement anew for every limit that is bound to it.
	st.ids += ` ORDER BY ` + st.order() + ` LIMIT ` + st.args.Add(q.PageSize) + ` + 0`
	if offset > 0 {
		st.ids += ` OFFSET ` + st.args.Add(offset) + ` + 0`
	}
	return st, page, nil
}

// begin says where a page begins: behind which row, and how many rows further.
func (s *Service) begin(ctx context.Context, q ListQuery, st *statement, where string, total int64) (behind string, offset int, err error) {
	if q.Cursor != "" {
		behind, err = cursorWhere(q.Cursor, st.sort, st.desc, st.args)
		return behind, 0, err
	}
	offset = (q.Page - 1) * q.PageSize
	if !st.sort.cursored() || int64(offset) >= total {
		return "", offset, nil
	}
	at, offset, err := s.anchors.near(ctx, s.db, where, st.sort, st.desc, st.args.Values(), offset)
	if err != nil || at == nil {
		return "", offset, err
	}
	return st.sort.behind(at.value, at.id, st.desc, st.args), offset, nil
}

// Plan returns how the database would find the ids of a page, one step a line, for tests of its cost.
func (s *Service) Plan(ctx context.Context, p *agent.Principal, q ListQuery) ([]string, error) {
	st, _, err := s.statement(ctx, p, q)
	if err != nil {
		return nil, err
	}
	if s.db.Engine() == db.Postgres {
		return db.Select[string](ctx, s.db, `EXPLAIN `+st.ids, st.args.Values()...)
	}
	var plan []string
	err = db.Each(ctx, s.db, func(r db.Rows) error {
		var id, parent, unused int
		var step string
		err := r.Scan(&id, &parent, &unused, &step)
		plan = append(plan, step)
		return err
	}, `EXPLAIN QUERY PLAN `+st.ids, st.args.Values()...)
	return plan, err
}

func (s *Service) listWhere(ctx context.Context, p *agent.Principal, q ListQuery, args *filter.Args) (string, error) {
	where := scopeWhere(q.Scope, p, q.TeamID, args)
	if q.Filters == "" {
		return where, nil
	}
	tree, err := filter.Parse(q.Filters)
	if err != nil {
		return "", err
	}
	loc := time.UTC
	if s.Location != nil {
		loc = s.Location(ctx)
	}
	filtered, err := tree.Where(s.fields(ctx), loc, args)
	if err != nil {
		return "", err
	}
	return and(where, filtered), nil
}

func and(a, b string) string {
	switch {
	case a == "":
		return b
	case b == "":
		return a
	}
	return a + " AND (" + b + ")"
}

func (q ListQuery) sorting() (s sorting, desc bool, err error) {
	by := q.OrderBy
	if by == "" {
		by = "conversations.last_message_at"
	}
	s, ok := sortings[by]
	if !ok {
		return s, false, fault.Field("order_by", "error.unknown_value", "value", q.OrderBy)
	}
	switch strings.ToLower(q.Order) {
	case "", "desc":
		return s, true, nil
	case "asc":
		return s, false, nil
	}
	return s, false, fault.Field("order", "error.unknown_value", "value", q.Order)
}

func (s sorting) orderBy(desc bool) string {
	dir, nulls := " ASC", ""
	if desc {
		dir = " DESC"
	}
	if s.nullable {
		nulls = " NULLS LAST"
	}
	return s.column + dir + nulls + ", c.id" + dir
}

// cursor names the place behind a row: the value it is sorted by and its id.
func (s sorting) cursor(row *ListItem) *string {
	var at *int64
	micro := func(t *db.Time) {
		if t != nil {
			v := t.UnixMicro()
			at = &v
		}
	}
	switch s.column {
	case "c.last_message_at":
		micro(row.LastMessageAt)
	case "c.created_at":
		micro(&row.CreatedAt)
	case "c.waiting_since":
		micro(row.WaitingSince)
	case "c.next_sla_deadline_at":
		micro(row.NextSLADeadlineAt)
	case "c.priority_id":
		at = row.PriorityID
	default:
		return nil // reachable by page number only
	}
	raw, _ := json.Marshal([]*int64{at, &row.ID})
	out := base64.RawURLEncoding.EncodeToString(raw)
	return &out
}

func cursorWhere(cursor string, s sorting, desc bool, args *filter.Args) (string, error) {
	bad := fault.Field("cursor", "error.unknown_value", "value", cursor)
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return "", bad
	}
	var at []*int64
	if err := json.Unmarshal(raw, &at); err != nil || len(at) != 2 || at[1] == nil {
		return "", bad
	}
	return s.behind(at[0], *at[1], desc, args), nil
}

// behind is the condition of the rows that come after the one with this value and id.
func (s sorting) behind(value *int64, rowID int64, desc bool, args *filter.Args) string {
	op := ">"
	if desc {
		op = "<"
	}
	id := args.Add(rowID)
	if value == nil { // among the nulls, which come last
		return fmt.Sprintf("%s IS NULL AND c.id %s %s", s.column, op, id)
	}
	v := args.Add(*value)
	behind := fmt.Sprintf("(%s, c.id) %s (%s, %s)", s.column, op, v, id)
	if s.nullable {
		behind = fmt.Sprintf("(%s OR %s IS NULL)", behind, s.column)
	}
	return behind
}

// cursored reports whether the order is by a number that a cursor can carry.
func (s sorting) cursored() bool {
	switch s.column {
	case "c.last_message_at", "c.created_at", "c.waiting_since", "c.next_sla_deadline_at", "c.priority_id":
		return true
	}
	return false
}

// total returns how many conversations the whole list has.
func (s *Service) total(ctx context.Context, p *agent.Principal, q ListQuery, where string, args []any) (int64, error) {
	status, plain, err := s.onlyStatus(ctx, q.Filters)
	if err != nil {
		return 0, err
	}
	if plain && q.Scope != Mentioned {
		counts := map[Scope]string{
			All:        `assigned_user_id = -1 AND assigned_team_id = -1`,
			Unassigned: `assigned_user_id = 0 AND assigned_team_id = 0`,
			Assigned:   `assigned_user_id = $1`,
			TeamInbox:  `assigned_user_id = 0 AND assigned_team_id = $1`,
		}
		cond := counts[q.Scope]
		var cargs []any
		switch q.Scope {
		case Assigned:
			cargs = append(cargs, p.ID)
		case TeamInbox:
			cargs = append(cargs, q.TeamID)
		}
		if status != 0 {
			cargs = append(cargs, status)
			cond += ` AND status_id = $` + strconv.Itoa(len(cargs))
		}
		return counted(ctx, s.db, cond, cargs...)
	}
	if where == "" {
		where = "TRUE"
	}
	return countUpTo(ctx, s.db, where, args, maxTotal)
}

// maxTotal bounds the total of a filtered list, which has no counter.
const maxTotal = 10_000

// onlyStatus reports whether a filter is none at all or one status by name or id, which counters are kept for.
func (s *Service) onlyStatus(ctx context.Context, raw string) (status int64, plain bool, err error) {
	if raw == "" || raw == "[]" || raw == "{}" || raw == "null" {
		return 0, true, nil
	}
	var leaves []struct{ Model, Field, Operator, Value string }
	if json.Unmarshal([]byte(raw), &leaves) != nil || len(leaves) != 1 || leaves[0].Operator != "equals" {
		return 0, false, nil
	}
	switch l := leaves[0]; l.Model + "." + l.Field {
	case "conversations.status_id", "conversation_statuses.id":
		id, err := strconv.ParseInt(l.Value, 10, 64)
		return id, err == nil && id > 0, nil
	case "conversation_statuses.name":
		st, err := s.ref.status(ctx, s.db, l.Value)
		if fault.Is(err, fault.Invalid) {
			return 0, false, nil
		}
		return st.ID, err == nil, err
	}
	return 0, false, nil
}

const rowColumns = `c.id, c.created_at, c.updated_at, c.uuid, c.reference_number, c.waiting_since,
	u.created_at, u.updated_at, u.first_name, u.last_name, u.email, u.avatar_url, i.channel, i.name,
	c.first_reply_at, c.last_reply_at, c.resolved_at, c.subject, c.last_message, c.last_message_at, c.last_message_sender,
	c.last_interaction, c.last_interaction_at, c.last_interaction_sender, c.next_sla_deadline_at, c.priority_id,
	c.assigned_user_id, c.assigned_team_id, c.status_id, c.contact_id, c.inbox_id, c.snoozed_until`

const rowJoins = ` JOIN users u ON u.id = c.contact_id JOIN inboxes i ON i.id = c.inbox_id`

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

// rows reads the rows of a page.
func (s *Service) rows(ctx context.Context, p *agent.Principal, st statement, mentioned bool) ([]ListItem, error) {
	args := st.args
	me := args.Add(p.ID)
	mention := `CAST(NULL AS TEXT)`
	if mentioned {
		mention = `(SELECT mm.uuid FROM mentions mn JOIN messages mm ON mm.id = mn.message_id WHERE mn.conversation_id = c.id
			AND (mn.mentioned_user_id = ` + args.Add(p.ID) + teamMentions(p, args) + `) ORDER BY mm.id DESC LIMIT 1)`
	}
	query := `SELECT ` + rowColumns + `, ` + unreadColumn(me) + `, ` + mention + ` FROM (` + st.ids + `) AS page
		JOIN conversations c ON c.id = page.id` + rowJoins + `
		LEFT JOIN conversation_last_seen ls ON ls.conversation_id = c.id AND ls.user_id = ` + me + ` ORDER BY ` + st.order()
	out := make([]ListItem, 0, 32)
	err := s.scanRows(ctx, func(known *names) error {
		out = out[:0]
		return db.Each(ctx, s.db, func(r db.Rows) error {
			row, err := scanRow(r, known, true)
			out = append(out, row)
			return err
		}, query, args.Values()...)
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

// Row returns a conversation as a row of a list, without what differs between agents.
func (s *Service) Row(ctx context.Context, id int64) (*ListItem, error) {
	var row ListItem
	err := s.scanRows(ctx, func(known *names) (err error) {
		row, err = scanRow(s.db.QueryRow(ctx, `SELECT `+rowColumns+` FROM conversations c`+rowJoins+` WHERE c.id = $1`, id), known, false)
		return err
	})
	if errors.Is(err, db.ErrNoRows) {
		return nil, fault.Missing("conversation")
	}
	if err != nil {
		return nil, fmt.Errorf("read conversation %d: %w", id, err)
	}
	one := []ListItem{row}
	err = s.addTags(ctx, one)
	return &one[0], err
}
