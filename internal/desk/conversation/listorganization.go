package conversation

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/foyerdesk/foyer/internal/platform/filter"
)

// belonging begins the condition that the contact of conversation c belongs to an organization.
const belonging = `EXISTS (SELECT 1 FROM users fu WHERE fu.id = c.contact_id AND fu.organization_id `

func belongingTo(ids []int64, args *filter.Args) string {
	return belonging + `IN (` + placeholders(ids, args) + `))`
}

// organizationCondition is the field of the contact's organization. Who belongs to none does not belong to another either.
func organizationCondition(op filter.Operator, value string, args *filter.Args) (string, error) {
	op, not := affirmed(op)
	sql := belonging + `IS NOT NULL)`
	switch op {
	case filter.Set:
	case filter.Equals, filter.In:
		ids, ok := numbersOf(op, value)
		if !ok {
			return "", badFilterValue(value)
		}
		sql = belongingTo(ids, args)
	default:
		return "", badFilterOperator(op)
	}
	if not {
		sql = `NOT ` + sql
	}
	return sql, nil
}

// numbersOf reads the value of a condition on an id: one, or a list of them.
func numbersOf(op filter.Operator, value string) (ids []int64, ok bool) {
	texts := []string{value}
	if op == filter.In && (json.Unmarshal([]byte(value), &texts) != nil || len(texts) == 0 || len(texts) > filter.MaxValues) {
		return nil, false
	}
	for _, text := range texts {
		n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
		if err != nil {
			return nil, false
		}
		ids = append(ids, n)
	}
	return ids, true
}

// ofOrganization finds the conversations of all who belong to an organization.
func ofOrganization(id int64) func(*filter.Args) string {
	return func(args *filter.Args) string {
		return `SELECT id FROM conversations WHERE contact_id IN (SELECT id FROM users WHERE organization_id = ` + args.Add(id) + `)`
	}
}
