package conversation

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/filter"
)

// place is where a conversation is counted; 0 stands for no agent or no team, -1 in both for the sum of all.
type place struct{ user, team, status int64 }

const everyone = -1

func placeOf(user, team *int64, status int64) place {
	p := place{status: status}
	if user != nil {
		p.user = *user
	}
	if team != nil {
		p.team = *team
	}
	return p
}

// slots is over how many rows one count is spread on PostgreSQL, where transactions that move conversations between
// the same places would otherwise wait for each other's commit. SQLite has one writer and needs no spreading.
const slots = 16

// move counts a conversation at a place it came to and no longer at the one it left; nil for a new one or one that is
// gone. Rows are taken in one order, so that two transactions never wait for each other in a circle.
func move(ctx context.Context, tx *db.Tx, from, to *place) error {
	if from != nil && to != nil && *from == *to {
		return nil
	}
	delta := map[place]int64{}
	if from != nil {
		delta[*from]--
		delta[place{everyone, everyone, from.status}]--
	}
	if to != nil {
		delta[*to]++
		delta[place{everyone, everyone, to.status}]++
	}
	places := make([]place, 0, len(delta))
	for p, n := range delta {
		if n != 0 {
			places = append(places, p)
		}
	}
	slices.SortFunc(places, func(a, b place) int {
		return slices.Compare([]int64{a.user, a.team, a.status}, []int64{b.user, b.team, b.status})
	})
	slot := 0
	if tx.Engine() == db.Postgres {
		slot = rand.IntN(slots) //nolint:gosec // spreads load, guards nothing
	}
	args := make([]any, 0, 5*len(places))
	for _, p := range places {
		args = append(args, p.user, p.team, p.status, slot, delta[p])
	}
	return tx.Later(ctx, "keep the counts", keepCounts[len(places)], args...)
}

// keepCounts are the statements that change so many counts.
var keepCounts = func() (out [5]string) {
	var values []string
	for i := range out {
		out[i] = `INSERT INTO conversation_counts (assigned_user_id, assigned_team_id, status_id, slot, n) VALUES ` + strings.Join(values, ", ") +
			` ON CONFLICT (assigned_user_id, assigned_team_id, status_id, slot) DO UPDATE SET n = conversation_counts.n + excluded.n`
		values = append(values, fmt.Sprintf("($%d, $%d, $%d, $%d, $%d)", 5*i+1, 5*i+2, 5*i+3, 5*i+4, 5*i+5))
	}
	return out
}()

// Counts are the numbers of open conversations beside the lists, as one agent may see them.
type Counts struct {
	Assigned   int64            `json:"assigned"`
	Unassigned int64            `json:"unassigned"`
	All        int64            `json:"all"`
	Mentioned  int64            `json:"mentioned"`
	Teams      map[string]int64 `json:"teams"`
	// Spam and Trash count what is there, of whatever status it was.
	Spam  int64 `json:"spam"`
	Trash int64 `json:"trash"`
}

// maxCounted bounds a number that has no counter of its own.
const maxCounted = 1000

// Counts returns how many conversations with status Open each list of p has. Lists p may not see count 0.
func (s *Service) Counts(ctx context.Context, p *agent.Principal) (Counts, error) {
	c := Counts{Teams: map[string]int64{}}
	open, err := s.ref.status(ctx, s.db, Open)
	if err != nil {
		return c, err
	}
	for _, w := range []struct {
		perm       role.Permission
		user, team int64
		n          *int64
	}{
		{role.ConversationsReadAll, everyone, everyone, &c.All},
		{role.ConversationsReadUnassigned, 0, 0, &c.Unassigned},
	} {
		if p.Can(w.perm) {
			if *w.n, err = counted(ctx, s.db, `assigned_user_id = $1 AND assigned_team_id = $2 AND status_id = $3`, w.user, w.team, open.ID); err != nil {
				return c, err
			}
		}
	}
	if p.Can(role.ConversationsReadAssigned) {
		if c.Assigned, err = counted(ctx, s.db, `assigned_user_id = $1 AND status_id = $2`, p.ID, open.ID); err != nil {
			return c, err
		}
	}
	if p.Can(role.ConversationsReadTeamInbox) || p.Can(role.ConversationsReadTeamAll) {
		for _, team := range p.TeamIDs {
			n, err := counted(ctx, s.db, `assigned_user_id = 0 AND assigned_team_id = $1 AND status_id = $2`, team, open.ID)
			if err != nil {
				return c, err
			}
			c.Teams[fmt.Sprint(team)] = n
		}
	}
	if p.Can(role.ConversationsRead) {
		args := &filter.Args{}
		where := scopeWhere(ListQuery{Scope: Mentioned}, p, nil, args) + " AND c.status_id = " + args.Add(open.ID)
		if c.Mentioned, err = countUpTo(ctx, s.db, `conversations c`, where, args.Values(), maxCounted); err != nil {
			return c, err
		}
		if c.Spam, err = s.countHidden(ctx, p, InSpam); err != nil {
			return c, err
		}
		c.Trash, err = s.countHidden(ctx, p, InTrash)
	}
	return c, err
}

// countHidden counts what p may see of spam or trash: kept for those who may see all, up to a bound for others.
func (s *Service) countHidden(ctx context.Context, p *agent.Principal, scope Scope) (int64, error) {
	if canReadAll(p) {
		status := map[Scope]int64{InSpam: spamID, InTrash: trashID}[scope]
		return counted(ctx, s.db, `assigned_user_id = $1 AND assigned_team_id = $1 AND status_id = $2`, everyone, status)
	}
	args := &filter.Args{}
	where := scopeWhere(ListQuery{Scope: scope}, p, nil, args)
	return countUpTo(ctx, s.db, `conversations c`, where, args.Values(), maxCounted)
}

const countedQuery = `SELECT CAST(COALESCE(sum(n), 0) AS BIGINT) FROM conversation_counts WHERE `

func counted(ctx context.Context, q db.Querier, where string, args ...any) (n int64, err error) {
	err = q.QueryRow(ctx, countedQuery+where, args...).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("read the counts: %w", err)
	}
	return n, nil
}

// countUpTo counts conversations that match, up to a bound, so that its cost does not grow with the desk.
func countUpTo(ctx context.Context, q db.Querier, from, where string, args []any, most int) (n int64, err error) {
	err = q.QueryRow(ctx, fmt.Sprintf(`SELECT count(*) FROM (SELECT 1 FROM %s WHERE %s LIMIT %d) AS found`, from, where, most), args...).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count conversations: %w", err)
	}
	return n, nil
}

// CheckCounts compares the counters with a recount and returns the places where they differ, for tests and the doctor.
func (s *Service) CheckCounts(ctx context.Context) ([]string, error) {
	return db.Select[string](ctx, s.db, `
		WITH truth AS (
			SELECT COALESCE(assigned_user_id, 0) AS u, COALESCE(assigned_team_id, 0) AS t, status_id AS s, count(*) AS n
			FROM conversations GROUP BY 1, 2, 3
			UNION ALL
			SELECT -1, -1, status_id, count(*) FROM conversations GROUP BY status_id
		), kept AS (
			SELECT assigned_user_id AS u, assigned_team_id AS t, status_id AS s, CAST(sum(n) AS BIGINT) AS n
			FROM conversation_counts GROUP BY 1, 2, 3
		)
		SELECT 'agent ' || truth.u || ' team ' || truth.t || ' status ' || truth.s || ': ' || COALESCE(kept.n, 0) || ' kept, ' || truth.n || ' there'
		FROM truth LEFT JOIN kept ON kept.u = truth.u AND kept.t = truth.t AND kept.s = truth.s WHERE COALESCE(kept.n, 0) <> truth.n
		UNION ALL
		SELECT 'agent ' || kept.u || ' team ' || kept.t || ' status ' || kept.s || ': ' || kept.n || ' kept, 0 there'
		FROM kept LEFT JOIN truth ON kept.u = truth.u AND kept.t = truth.t AND kept.s = truth.s WHERE truth.n IS NULL AND kept.n <> 0`)
}
