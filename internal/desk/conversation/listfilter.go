package conversation

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/platform/fault"
	"github.com/foyerdesk/foyer/internal/platform/filter"
)

// scopeWhere is the condition of a list.
func scopeWhere(q ListQuery, p *agent.Principal, w *walk, args *filter.Args) string {
	switch q.Scope {
	case Unassigned:
		return w.scoped("assigned_user_id") + ` IS NULL AND ` + w.scoped("assigned_team_id") + ` IS NULL`
	case Assigned:
		return w.scoped("assigned_user_id") + ` = ` + args.Add(p.ID)
	case TeamInbox:
		return w.scoped("assigned_team_id") + ` = ` + args.Add(q.TeamID) + ` AND ` + w.scoped("assigned_user_id") + ` IS NULL`
	case OfContact:
		where := `c.contact_id = ` + args.Add(q.ContactID)
		if !canReadAll(p) {
			where += ` AND ` + ReadableWhere(p, args)
		}
		return where
	case OfOrganization:
		where := belongingTo([]int64{q.OrganizationID}, args)
		if !canReadAll(p) {
			where += ` AND ` + ReadableWhere(p, args)
		}
		return where
	case InSpam, InTrash:
		where := `c.status_id = ` + args.Add(hiddenID(q.Scope))
		if !canReadAll(p) {
			where += ` AND ` + ReadableWhere(p, args)
		}
		return where
	case Mentioned:
		// Beginning with the mentions, of which an agent has few: asked of each conversation in turn it would cost all of them.
		where := `c.id IN (SELECT mn.conversation_id FROM mentions mn WHERE mn.mentioned_user_id = ` + args.Add(p.ID)
		if len(p.TeamIDs) > 0 {
			where += ` UNION ALL SELECT mn.conversation_id FROM mentions mn WHERE mn.mentioned_team_id IN (` + placeholders(p.TeamIDs, args) + `)`
		}
		where += `)`
		if !canReadAll(p) {
			where += ` AND ` + ReadableWhere(p, args)
		}
		return where
	case Readable:
		return ReadableWhere(p, args)
	}
	return ``
}

// hiddenScope reports whether a list is one of conversations that no other list shows.
func hiddenScope(s Scope) bool { return s == InSpam || s == InTrash }

// hiddenID is the status of a list of hidden conversations.
func hiddenID(s Scope) int64 {
	if s == InSpam {
		return spamID
	}
	return trashID
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

// fields are what lists may be filtered by, those of the custom attributes that the filter names among them. w is how the
// database is to walk the list; nil leaves it to the database. me is the agent for whom something is unread.
func (s *Service) fields(ctx context.Context, me int64, tree filter.Tree, w *walk) (filter.Fields, error) {
	statuses := w.several()
	statusName := func(op filter.Operator, value string, args *filter.Args) (string, error) {
		return s.statusCondition(ctx, string(op), value, statuses, args)
	}
	attributes, err := s.attributeFields(ctx, tree)
	if err != nil {
		return nil, err
	}
	fields := filter.Fields{
		"conversations.status_id":               {Column: "c.status_id", Several: statuses, Kind: filter.Int},
		"conversations.priority_id":             {Column: w.column("priority_id"), Kind: filter.Int, Nullable: true},
		"conversations.assigned_team_id":        {Column: w.column("assigned_team_id"), Kind: filter.Int, Nullable: true},
		"conversations.assigned_user_id":        {Column: w.column("assigned_user_id"), Kind: filter.Int, Nullable: true},
		"conversations.inbox_id":                {Column: w.column("inbox_id"), Kind: filter.Int},
		"conversations.last_message_at":         {Column: "c.last_message_at", Kind: filter.Time},
		"conversations.last_interaction_at":     {Column: "c.last_interaction_at", Kind: filter.Time, Nullable: true},
		"conversations.last_interaction_sender": {Column: "c.last_interaction_sender", Kind: filter.Enum, Nullable: true},
		"conversations.created_at":              {Column: "c.created_at", Kind: filter.Time},
		"conversations.waiting_since":           {Column: "c.waiting_since", Kind: filter.Time, Nullable: true},
		"conversations.next_sla_deadline_at":    {Column: "c.next_sla_deadline_at", Kind: filter.Time, Nullable: true},
		"conversations.snoozed_until":           {Column: "c.snoozed_until", Kind: filter.Time, Nullable: true},
		"conversations.sla_policy_id":           {Column: "CAST(NULL AS BIGINT)", Kind: filter.Int, Nullable: true},
		"conversations.tags":                    {Build: tagCondition},
		"conversations.unread":                  {Build: unreadBy(me)},
		"conversations.subject":                 {Column: "c.subject", Kind: filter.Text},
		"conversation_statuses.id":              {Column: "c.status_id", Several: statuses, Kind: filter.Int},
		"conversation_statuses.name":            {Build: statusName},
		"users.email":                           {Column: emailColumn, Kind: filter.Text, Nullable: true},
		"users.external_user_id":                {Column: externalIDColumn, Kind: filter.Text, Nullable: true},
		"users.organization_id":                 {Build: organizationCondition},
		"inboxes.channel":                       {Column: channelColumn, Kind: filter.Enum},
	}
	for name, field := range attributes {
		fields[name] = filter.Field{Build: field.where}
	}
	return fields, nil
}

// statusCondition turns a condition on the status's name into one on its id, which the indexes of the lists begin with. several
// is the column for what fits several statuses.
func (s *Service) statusCondition(ctx context.Context, op, value, several string, args *filter.Args) (string, error) {
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
	if op == "between" {
		if names = strings.Split(value, ","); len(names) != 2 {
			return "", fault.Field("filters", "error.filter_value", "value", value)
		}
	}
	var ids []int64
	for _, st := range known.statuses {
		if !hidden(st.ID) && nameFits(st.Name, op, names) {
			ids = append(ids, st.ID)
		}
	}
	switch op {
	case "equals", "in", "contains", "ilike", "greater than", "less than", "between":
		if len(ids) == 1 {
			return "c.status_id = " + args.Add(ids[0]), nil
		}
		if len(ids) == 0 {
			return "FALSE", nil
		}
		return several + " IN (" + placeholders(ids, args) + ")", nil
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

// nameFits reports whether a status's name is one that an operator names by its values, before it is turned round.
func nameFits(name, op string, values []string) bool {
	switch op {
	case "contains", "ilike", "not contains":
		return strings.Contains(strings.ToLower(name), strings.ToLower(values[0]))
	case "greater than":
		return name > values[0]
	case "less than":
		return name < values[0]
	case "between":
		return name >= strings.TrimSpace(values[0]) && name <= strings.TrimSpace(values[1])
	}
	return slices.Contains(values, name)
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

// unreadBy is the virtual field, Foyer's addition, of what an agent has unread: it equals "true". What is read is not asked for:
// of a long list that may be little, and looked for through all of it.
func unreadBy(me int64) func(filter.Operator, string, *filter.Args) (string, error) {
	return func(op filter.Operator, value string, args *filter.Args) (string, error) {
		if op != filter.Equals {
			return "", fault.Field("filters", "error.filter_operator", "operator", string(op))
		}
		if value != "true" {
			return "", fault.Field("filters", "error.filter_value", "value", value)
		}
		agent := args.Add(me)
		seen := `(SELECT fs.last_seen_at FROM conversation_last_seen fs WHERE fs.conversation_id = c.id AND fs.user_id = ` + agent + `)`
		return `COALESCE(c.last_message_at > ` + seen + `, TRUE) AND EXISTS (` + othersSince(seen, agent) + `)`, nil
	}
}

// listWhere is the condition of a list. w is how the database is to walk it, nil if it may do as it likes.
func (s *Service) listWhere(ctx context.Context, p *agent.Principal, q ListQuery, tree filter.Tree, w *walk, args *filter.Args) (string, error) {
	where := scopeWhere(q, p, w, args)
	if status, one, err := s.onlyStatus(ctx, q); err != nil {
		return "", err
	} else if (!one || status == 0) && !hiddenScope(q.Scope) {
		where = and(where, shownIn(tree, w))
	}
	if tree.Empty() {
		return where, nil
	}
	loc := time.UTC
	if s.Location != nil {
		loc = s.Location(ctx)
	}
	fields, err := s.fields(ctx, p.ID, tree, w)
	if err != nil {
		return "", err
	}
	filtered, err := tree.Where(fields, loc, args)
	if err != nil {
		return "", err
	}
	return and(where, filtered), nil
}

// shownIn is the condition of what is not hidden. One status has an index, which SQLite is to walk: that of all statuses passes
// over the others.
func shownIn(tree filter.Tree, w *walk) string {
	if w == nil || !slices.ContainsFunc(tree.Must(), func(c filter.Condition) bool {
		return c.Operator == filter.Equals && (c.Key == "conversations.status_id" || c.Key == "conversation_statuses.id" || c.Key == "conversation_statuses.name")
	}) {
		return shown
	}
	return "+" + shown
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

// CheckFilters returns Invalid for filters that lists of conversations do not have.
func (s *Service) CheckFilters(ctx context.Context, raw string) error {
	tree, err := filter.Parse(raw)
	if err != nil {
		return err
	}
	fields, err := s.fields(ctx, 0, tree, nil)
	if err != nil {
		return err
	}
	_, err = tree.Where(fields, time.UTC, &filter.Args{})
	return err
}

// ListsAny reports whether p may see any list of conversations.
func ListsAny(p *agent.Principal) bool {
	for _, perm := range []role.Permission{role.ConversationsReadAll, role.ConversationsReadAssigned, role.ConversationsReadUnassigned,
		role.ConversationsReadTeamInbox, role.ConversationsReadTeamAll} {
		if p.Can(perm) {
			return p.Can(role.ConversationsRead)
		}
	}
	return false
}
