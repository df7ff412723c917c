package roster

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/audit"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
	"github.com/foyerdesk/foyer/internal/platform/jobs"
)

// A job works on this many rows and leaves the rest to another, so that it is short.
const atOnce = 250

// How often a row is tried that fails for no fault of its own, and how much longer each time the pause before is.
const (
	tries      = 3
	retryPause = 100 * time.Millisecond
)

// Times after which an import that stands still is taken up again, and after which one that ended is forgotten: its rows
// name people.
const (
	stalled   = 30 * time.Second
	tendEvery = 20 * time.Second
	kept      = 24 * time.Hour
)

// work is an import that runs.
type work struct {
	id     int64
	actor  *agent.Principal
	audit  audit.Actor
	invite bool
}

// errDone is returned inside a transaction that finds its row done by another.
var errDone = errors.New("the row is done")

// run works on an import from where it stands. It may run twice at the same time without doing a row twice.
func (s *Service) run(ctx context.Context, id int64) error {
	w, err := s.load(ctx, id)
	if err != nil || w == nil {
		return err
	}
	ctx = audit.As(ctx, w.audit)
	rules, err := s.known(ctx, w.actor)
	if err != nil {
		return err
	}
	var send Invite
	if w.invite {
		if send, err = s.inviter(ctx); err != nil {
			return err
		}
	}
	lines, err := s.waiting(ctx, id)
	if err != nil {
		return err
	}
	for _, l := range lines {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := s.do(ctx, w, rules, l, send); err != nil {
			return fmt.Errorf("import row %d: %w", l.number, err)
		}
	}
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		if len(lines) == atOnce {
			return s.jobs.Insert(ctx, tx, runJob{ImportID: id, From: lines[len(lines)-1].number}, jobs.Options{})
		}
		return finish(ctx, tx, id)
	})
}

// load reads an import that runs, nil if it ended. Who asked may grant what they could then and can now: nothing, if they
// may not manage agents any more.
func (s *Service) load(ctx context.Context, id int64) (*work, error) {
	w := &work{id: id}
	var actorID int64
	var actor, may db.JSON
	err := s.db.QueryRow(ctx, `SELECT actor_id, actor, may_grant, invite FROM agent_imports WHERE id = $1 AND running`, id).Scan(&actorID, &actor, &may, &w.invite)
	if errors.Is(err, db.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read import %d: %w", id, err)
	}
	var then []role.Permission
	if err := errors.Join(actor.Decode(&w.audit), may.Decode(&then)); err != nil {
		return nil, err
	}
	p := agent.Principal{ID: actorID, Email: w.audit.Name}
	now, err := s.principal(ctx, actorID)
	if err == nil && now.Can(role.UsersManage) {
		p = *now
	} else if err != nil && fault.KindOf(err) == fault.Internal {
		return nil, err
	}
	p.Permissions &= role.SetOf(then...)
	p.Method = agent.Method(w.audit.Via)
	w.actor = &p
	return w, nil
}

type numbered struct {
	number int
	row
}

func (s *Service) waiting(ctx context.Context, id int64) (out []numbered, err error) {
	err = db.Each(ctx, s.db, func(r db.Rows) error {
		var n numbered
		var content db.JSON
		if err := r.Scan(&n.number, &content); err != nil {
			return err
		}
		out = append(out, n)
		return content.Decode(&out[len(out)-1].row)
	}, `SELECT number, content FROM agent_import_rows WHERE import_id = $1 AND outcome = '' ORDER BY number LIMIT $2 + 0`, id, atOnce)
	if err != nil {
		return nil, fmt.Errorf("read the rows that wait: %w", err)
	}
	return out, nil
}

// do makes the agent of a row, or notes why not. A row that cannot be made for a reason of the desk's own is tried again
// and then given up: the rows after it do not wait for it. An error is returned when not even that can be noted.
func (s *Service) do(ctx context.Context, w *work, rules *known, n numbered, send Invite) error {
	why := rules.check(n.row)
	for try := 1; why == nil; try++ {
		err := s.attempt(ctx, w, n, send)
		if err == nil || errors.Is(err, errDone) {
			return nil
		}
		if why = reasonOf(err); why != nil {
			break
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		s.log.Warn("a row of an import failed", "import", w.id, "row", n.number, "try", try, "of", tries, "error", err)
		if try == tries {
			return s.settle(ctx, w.id, n.number, Failed, because("row", "import.error.internal"))
		}
		if err := pause(ctx, time.Duration(try)*retryPause); err != nil {
			return err
		}
	}
	return s.settle(ctx, w.id, n.number, Refused, why)
}

// attempt makes the agent of a row and notes it, both or neither. A panic is an error of this row like any other.
func (s *Service) attempt(ctx context.Context, w *work, n numbered, send Invite) error {
	return s.db.Tx(ctx, func(tx *db.Tx) (err error) {
		defer func() {
			if v := recover(); v != nil {
				err = fmt.Errorf("panic: %v", v)
			}
		}()
		if err := settle(ctx, tx, w.id, n.number, Created, nil); err != nil {
			return err
		}
		return s.create(ctx, tx, w, n.row, send)
	})
}

// pause waits, or returns early with the error of a context that ends.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

func (s *Service) create(ctx context.Context, tx *db.Tx, w *work, r row, send Invite) error {
	a, err := s.agents.CreateTx(ctx, tx, w.actor, agent.Edit{FirstName: r.FirstName, LastName: r.LastName, Email: r.Email, Roles: r.Roles, Teams: r.Teams, Enabled: true})
	switch {
	case err != nil:
		return err
	case len(a.Roles) != len(r.Roles): // one was deleted this very moment
		return fault.Field("roles", "error.unknown_value", "value", r.Email)
	case len(a.Teams) != len(r.Teams):
		return fault.Field("teams", "error.unknown_value", "value", r.Email)
	case send == nil:
		return nil
	}
	return send(ctx, tx, a.ID)
}

// settle notes in a transaction of its own what became of a row, unless that is known already.
func (s *Service) settle(ctx context.Context, id int64, number int, outcome Outcome, why *reason) error {
	err := s.db.Tx(ctx, func(tx *db.Tx) error { return settle(ctx, tx, id, number, outcome, why) })
	if errors.Is(err, errDone) {
		return nil
	}
	return err
}

// settle notes what became of a row and counts it; errDone if that is known already.
func settle(ctx context.Context, tx *db.Tx, id int64, number int, outcome Outcome, why *reason) error {
	counter := "errors"
	if outcome == Created {
		counter = "success"
	}
	n, err := tx.Exec(ctx, `UPDATE agent_import_rows SET outcome = $3, reason = $4 WHERE import_id = $1 AND number = $2 AND outcome = ''`, id, number, outcome, db.ToJSON(why))
	if err != nil {
		return fmt.Errorf("note a row: %w", err)
	}
	if n == 0 {
		return errDone
	}
	if _, err := tx.Exec(ctx, `UPDATE agent_imports SET `+counter+` = `+counter+` + 1, updated_at = $2 WHERE id = $1`, id, db.Now()); err != nil {
		return fmt.Errorf("count a row: %w", err)
	}
	return nil
}

// finish ends an import whose rows are all done, once.
func finish(ctx context.Context, tx *db.Tx, id int64) error {
	var total, success, refused int
	err := tx.QueryRow(ctx, `UPDATE agent_imports SET running = FALSE, ended_at = $2, updated_at = $2
		WHERE id = $1 AND running AND success + errors = total RETURNING total, success, errors`, id, db.Now()).Scan(&total, &success, &refused)
	if errors.Is(err, db.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("end an import: %w", err)
	}
	return audit.Record(ctx, tx, audit.Entry{Type: audit.AgentsImported, Target: audit.Target{Model: "user"}, After: struct {
		Total   int `json:"total"`
		Created int `json:"created"`
		Refused int `json:"refused"`
	}{total, success, refused}})
}

// tend takes up an import that nobody works on, and forgets those that ended long ago.
func (s *Service) tend(ctx context.Context) error {
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM agent_imports WHERE NOT running AND ended_at < $1`, db.At(time.Now().Add(-kept)))
		return err
	})
	if err != nil {
		return fmt.Errorf("clear old imports away: %w", err)
	}
	var id int64
	err = s.db.QueryRow(ctx, `SELECT id FROM agent_imports WHERE running AND updated_at < $1`, db.At(time.Now().Add(-stalled))).Scan(&id)
	if errors.Is(err, db.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look for an import that stands still: %w", err)
	}
	s.log.Info("taking up an import of agents that stood still", "import", id)
	return s.run(ctx, id)
}
