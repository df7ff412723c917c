package agent_test

import (
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// node is another node of the same desk.
func (k *desk) node() *desk {
	dir := agent.NewDirectory(k.db, slog.New(slog.DiscardHandler))
	return &desk{T: k.T, ctx: k.ctx, db: k.db, dir: dir, agents: agent.New(k.db, dir), roles: k.roles}
}

// guess gives a wrong password from an address.
func (k *desk) guess(email, ip string) error {
	_, _, err := k.agents.SignIn(k.ctx, email, "wrong", ip, "test", lifetime)
	return err
}

func (k *desk) exec(query string, args ...any) {
	k.Helper()
	k.must(k.db.Tx(k.ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(k.ctx, query, args...)
		return err
	}))
}

func TestAllNodesCountGuessesAtAnAccountTogether(t *testing.T) {
	each(t, func(k *desk) {
		k.add("Asha", "Agent")
		for _, account := range []string{"asha@acme.test", "nobody@acme.test"} {
			nodes := []*desk{k, k.node()}
			for i := range 11 {
				k.refused(nodes[i%2].guess(account, fmt.Sprintf("203.0.113.%d", i)), fault.Invalid, "a wrong password")
			}
			k.exec(`UPDATE sign_in_failures SET last_at = last_at + $1`, time.Hour.Microseconds()) // however slow this machine is
			for _, n := range nodes {
				_, err := n.signIn(account, strong)
				k.refused(err, fault.RateLimited, "the account "+account+" after eleven failures")
			}
		}
		_, err := k.signIn("system", strong)
		k.must(err) // another account is free
	})
}

func TestASuccessForgetsFailuresAndSoDoesTime(t *testing.T) {
	each(t, func(k *desk) {
		k.add("Asha", "Agent")
		fail := func(n int) {
			for range n {
				k.refused(k.guess("asha@acme.test", ""), fault.Invalid, "a wrong password")
			}
		}
		fail(10)
		_, err := k.signIn("asha@acme.test", strong)
		k.must(err)
		fail(10)
		_, err = k.signIn("asha@acme.test", strong)
		k.must(err)
		fail(11)
		day := (25 * time.Hour).Microseconds()
		k.exec(`UPDATE sign_in_failures SET first_at = first_at - $1, last_at = last_at - $1`, day)
		fail(10)
		_, err = k.signIn("asha@acme.test", strong)
		k.must(err)
	})
}

func TestAnAddressThatGuessesAtManyAccountsIsStoppedOnAllNodes(t *testing.T) {
	each(t, func(k *desk) {
		nodes := []*desk{k, k.node()}
		for _, n := range nodes {
			n.dir.LimitFailures(4)
		}
		for i := range 4 {
			k.refused(nodes[i%2].guess(fmt.Sprintf("agent%d@acme.test", i), "203.0.113.7"), fault.Invalid, "a wrong password")
		}
		k.exec(`UPDATE sign_in_failures SET first_at = first_at + $1`, time.Hour.Microseconds()) // however slow this machine is
		for _, n := range nodes {
			k.refused(n.guess("agent9@acme.test", "203.0.113.7"), fault.RateLimited, "the fifth guess in a minute")
		}
		_, err := nodes[1].signIn("system", strong) // from another address
		k.must(err)
		k.exec(`UPDATE sign_in_failures SET first_at = first_at - $1`, (time.Hour + 2*time.Minute).Microseconds())
		k.refused(k.guess("agent9@acme.test", "203.0.113.7"), fault.Invalid, "a guess a minute later")
	})
}

func TestASignInThatSucceedsWritesNoCount(t *testing.T) {
	each(t, func(k *desk) {
		_, err := k.signIn("system", strong)
		k.must(err)
		var n int
		k.must(k.db.QueryRow(k.ctx, `SELECT count(*) FROM sign_in_failures`).Scan(&n))
		if n != 0 {
			k.Errorf("%d counts", n)
		}
	})
}
