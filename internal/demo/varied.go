package demo

import (
	"context"
	"fmt"

	"github.com/foyerdesk/foyer/internal/platform/db"
)

// How many of each there are on a varied desk.
const (
	crowdAgents = 20
	crowdTeams  = 6
	crowdTags   = 20
)

// tagShare says which conversations carry a varied desk's tags: the n-th tag goes to one conversation in tagShare(n),
// from every third to one in ten thousand.
func tagShare(n int) int {
	share := 3.0
	for range n {
		share *= 1.53
	}
	return int(share)
}

// EnsureCrowd makes the agents, who cannot sign in, the teams and the tags of a varied desk, unless they are there.
func EnsureCrowd(ctx context.Context, d *db.DB) error {
	return d.Tx(ctx, func(tx *db.Tx) error {
		at := db.Now()
		for i := range crowdAgents {
			email := fmt.Sprintf("agent%d@bench.example", i+1)
			if _, err := tx.Exec(ctx, `INSERT INTO users (created_at, updated_at, type, email, first_name, last_name)
				SELECT $1, $1, 'agent', $2, 'Agent', $3 WHERE NOT EXISTS (SELECT 1 FROM users WHERE type = 'agent' AND email = $2)`,
				at, email, fmt.Sprint(i+1)); err != nil {
				return fmt.Errorf("add agent %s: %w", email, err)
			}
		}
		for i := range crowdTeams {
			if _, err := tx.Exec(ctx, `INSERT INTO teams (created_at, updated_at, name) VALUES ($1, $1, $2) ON CONFLICT (name) DO NOTHING`,
				at, fmt.Sprintf("Bench team %d", i+1)); err != nil {
				return fmt.Errorf("add a team: %w", err)
			}
		}
		for i := range crowdTags {
			if _, err := tx.Exec(ctx, `INSERT INTO tags (created_at, updated_at, name) VALUES ($1, $1, $2) ON CONFLICT (name) DO NOTHING`,
				at, tagName(i)); err != nil {
				return fmt.Errorf("add a tag: %w", err)
			}
		}
		return nil
	})
}

// tagName is the name of the n-th tag of a varied desk, which the benchmarks of lists and search ask for.
func tagName(n int) string { return fmt.Sprintf("bench-%d", n+1) }

// vary adds tags, and now and then a mention, to the conversation that was added last.
func (b *bulk) vary(at db.Time, author int64, tags, mentions *rows) {
	conversation, message := b.conv-1, b.msg-1
	for n, id := range b.tags {
		if b.rnd.IntN(tagShare(n)) == 0 {
			tags.add(conversation, id)
		}
	}
	if b.rnd.IntN(50) == 0 {
		mentions.add(at, conversation, message, b.agents[b.rnd.IntN(len(b.agents))], author)
	}
}
