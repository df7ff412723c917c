package roster

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/desk/team"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
	"github.com/foyerdesk/foyer/internal/platform/jobs"
)

// invited is the job that stands for an invitation.
type invited struct {
	AgentID int64 `json:"agent_id"`
}

func (invited) Kind() string { return "test.invited" }

// desk is a seeded desk whose jobs are run by the test, not by a runner.
type desk struct {
	*testing.T
	db     *db.DB
	agents *agent.Service
	dir    *agent.Directory
	jobs   *jobs.Runner
}

func each(t *testing.T, fn func(k *desk)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := &desk{T: t, db: d, dir: agent.NewDirectory(d, slog.New(slog.DiscardHandler))}
		k.agents = agent.New(d, k.dir)
		_, err := k.agents.Seed(t.Context(), "Str0ng!Passw0rd")
		k.must(err)
		k.must(jobs.Migrate(t.Context(), d))
		k.jobs, err = jobs.New(d, "here", slog.New(slog.DiscardHandler))
		k.must(err)
		jobs.Handle(k.jobs, func(context.Context, invited) error { return nil })
		fn(k)
	})
}

func (k *desk) must(err error) {
	k.Helper()
	if err != nil {
		k.Fatal(err)
	}
}

// node is the service as a node of the desk has it; invite is called for every agent that is made.
func (k *desk) node(invite Invite) *Service {
	k.Helper()
	runner, err := jobs.New(k.db, "here", slog.New(slog.DiscardHandler))
	k.must(err)
	return New(Options{DB: k.db, Jobs: runner, Log: slog.New(slog.DiscardHandler), Agents: k.agents, Roles: role.New(k.db), Teams: team.New(k.db),
		Principal: k.dir.ByID, Inviter: func(context.Context) (Invite, error) { return invite, nil }})
}

func (k *desk) invite(ctx context.Context, tx *db.Tx, id int64) error {
	return k.jobs.Insert(ctx, tx, invited{id}, jobs.Options{})
}

// begin starts the import of agents a0, a1, … and returns its id.
func (k *desk) begin(s *Service, rows int) int64 {
	k.Helper()
	var file strings.Builder
	file.WriteString(header)
	for i := range rows {
		fmt.Fprintf(&file, "A,B,a%d@x.test,Agent,\n", i)
	}
	system, err := k.dir.ByID(k.Context(), 1)
	k.must(err)
	k.must(s.Begin(k.Context(), system, []byte(file.String()), true))
	st, err := s.Progress(k.Context())
	k.must(err)
	return st.id
}

func (k *desk) count(query string) (n int) {
	k.Helper()
	k.must(k.db.QueryRow(k.Context(), query).Scan(&n))
	return n
}

// once looks that every row made one agent and one invitation, and that the import ended.
func (k *desk) once(s *Service, rows int) {
	k.Helper()
	st, err := s.State(k.Context())
	k.must(err)
	if st.Running || st.Success != rows || st.Errors != 0 {
		k.Errorf("running %v, %d of %d made, %d errors", st.Running, st.Success, rows, st.Errors)
	}
	if n := k.count(`SELECT count(*) FROM users WHERE email LIKE 'a%@x.test'`); n != rows {
		k.Errorf("%d agents, want %d", n, rows)
	}
	if n := k.count(`SELECT count(*) FROM river_job WHERE kind = 'test.invited'`); n != rows {
		k.Errorf("%d invitations, want %d", n, rows)
	}
}

func TestARowThatTheDeskCannotMakeIsGivenUpAndTheOthersGoOn(t *testing.T) {
	each(t, func(k *desk) {
		k.db.Rehearse(false) // it counts how often it is asked
		asked := map[string]int{}
		s := k.node(func(ctx context.Context, tx *db.Tx, id int64) error {
			var email string
			if err := tx.QueryRow(ctx, `SELECT email FROM users WHERE id = $1`, id).Scan(&email); err != nil {
				return err
			}
			asked[email]++
			switch {
			case email == "a1@x.test":
				return errors.New("no disk")
			case email == "a2@x.test":
				panic("no luck")
			case email == "a3@x.test" && asked[email] == 1:
				return errors.New("once only")
			}
			return k.invite(ctx, tx, id)
		})
		id := k.begin(s, 5)
		k.must(s.run(k.Context(), id))
		st, err := s.State(k.Context())
		k.must(err)
		if st.Running || st.Success != 3 || st.Errors != 2 || asked["a1@x.test"] < tries || asked["a3@x.test"] != 2 { // SQLite may ask twice in a try
			k.Fatalf("%+v, asked %v", st, asked)
		}
		for i, want := range []Outcome{Created, Failed, Failed, Created, Created} {
			key, _ := st.Lines[i].Reason()
			if st.Lines[i].Outcome != want || (key == "import.error.internal") != (want == Failed) {
				k.Errorf("%+v, want %s", st.Lines[i], want)
			}
		}
		if n := k.count(`SELECT count(*) FROM users WHERE email IN ('a1@x.test', 'a2@x.test')`); n != 0 {
			k.Errorf("%d agents are half made", n)
		}
	})
}

func TestAnImportThatWasCutGoesOnWhereItStood(t *testing.T) {
	each(t, func(k *desk) {
		k.db.Rehearse(false) // it counts how often it is asked
		const rows = 20
		cut, end := context.WithCancel(k.Context())
		defer end()
		made := 0
		first := k.node(func(ctx context.Context, tx *db.Tx, id int64) error {
			if made++; made == rows/2 {
				end() // with this row not committed yet
			}
			return k.invite(ctx, tx, id)
		})
		id := k.begin(first, rows)
		if err := first.run(cut, id); !errors.Is(err, context.Canceled) {
			k.Fatal(err)
		}
		st, err := first.Progress(k.Context())
		k.must(err)
		if !st.Running || st.Success < rows/2-1 || st.Success >= rows || st.Errors != 0 {
			k.Fatalf("cut at %+v", st)
		}
		second := k.node(k.invite)
		k.must(second.tend(k.Context())) // it may still be at work
		if now, err := second.Progress(k.Context()); err != nil || now.Success != st.Success {
			k.Errorf("an import that moved a moment ago was taken up: %+v %v", now, err)
		}
		k.must(k.db.Tx(k.Context(), func(tx *db.Tx) error {
			_, err := tx.Exec(k.Context(), `UPDATE agent_imports SET updated_at = 0`)
			return err
		}))
		k.must(second.tend(k.Context()))
		k.once(second, rows)
	})
}

func TestTwoNodesDoEveryRowOnce(t *testing.T) {
	each(t, func(k *desk) {
		const rows = 60
		nodes := []*Service{k.node(k.invite), k.node(k.invite)}
		id := k.begin(nodes[0], rows)
		var work sync.WaitGroup
		for _, s := range nodes {
			work.Go(func() {
				if err := s.run(k.Context(), id); err != nil {
					k.Error(err)
				}
			})
		}
		work.Wait()
		k.once(nodes[1], rows)
	})
}
