package bulk

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/audit"
	"github.com/foyerdesk/foyer/internal/desk/conversation"
	"github.com/foyerdesk/foyer/internal/desk/event"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
	"github.com/foyerdesk/foyer/internal/platform/jobs"
)

const (
	// atOnce is how many rows a job of the runner works on before it leaves the rest to another.
	atOnce = 250
	// workers is how many rows are worked on at the same time: SQLite commits them together.
	workers   = 4
	tendEvery = time.Minute
	stalled   = 30 * time.Second
	kept      = 7 * 24 * time.Hour
)

// runJob works on some rows. From makes each job of a long change another one.
type runJob struct {
	JobID int64 `json:"job_id"`
	From  int64 `json:"from"`
}

// Kind implements jobs.Args.
func (runJob) Kind() string { return "conversation.bulk" }

// tendJob looks after jobs that stand still and forgets old ones.
type tendJob struct{}

// Kind implements jobs.Args.
func (tendJob) Kind() string { return "conversation.bulk_tend" }

// work is a job being run.
type work struct {
	id, position, total int64
	undo                bool
	userID              int64
	may                 role.Set
	actor               audit.Actor
	action              conversation.Action
}

func (w *work) cause() string { return fmt.Sprintf("%s%d", CausePrefix, w.id) }

// errDone is returned inside a transaction that finds its row done by another.
var errDone = errors.New("the row is done")

// run works on the next rows of a job. It may run twice at the same time without doing a row twice.
func (s *Service) run(ctx context.Context, id int64) error {
	w, err := s.load(ctx, id)
	if err != nil || w == nil {
		return err
	}
	ctx = audit.As(ctx, w.actor)
	rows, err := s.waiting(ctx, w)
	if err != nil {
		return err
	}
	if err := s.workOn(ctx, w, rows); err != nil {
		return err
	}
	return s.advance(ctx, w)
}

// load reads a job that runs, nil if it ended.
func (s *Service) load(ctx context.Context, id int64) (*work, error) {
	w := &work{id: id}
	var actor, may, action string
	var undoOf *int64
	err := s.DB.QueryRow(ctx, `SELECT user_id, actor, may, action, undo_of, position, total FROM bulk_jobs WHERE id = $1 AND ended_at IS NULL`, id).
		Scan(&w.userID, &actor, &may, &action, &undoOf, &w.position, &w.total)
	if errors.Is(err, db.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read bulk job %d: %w", id, err)
	}
	var perms []role.Permission
	err = errors.Join(db.JSON(actor).Decode(&w.actor), db.JSON(may).Decode(&perms), db.JSON(action).Decode(&w.action))
	w.undo, w.may = undoOf != nil, role.SetOf(perms...)
	return w, err
}

// principal returns who asked, with what they might do then and may do now.
func (s *Service) principal(ctx context.Context, w *work) (*agent.Principal, error) {
	p, err := s.Principal(ctx, w.userID)
	if err != nil {
		if fault.KindOf(err) == fault.Internal {
			return nil, err
		}
		return nil, fault.Denied().Because(err)
	}
	p = p.Within(&w.may)
	p.Method = agent.Method(w.actor.Via) // of a copy: a limit was set
	return p, nil
}

// row is a conversation that waits for its turn.
type row struct {
	Number         int64
	ConversationID int64
	Was            string
}

func (s *Service) waiting(ctx context.Context, w *work) ([]row, error) {
	rows, err := db.Select[row](ctx, s.DB, `SELECT number, conversation_id, was FROM bulk_rows
		WHERE job_id = $1 AND number > $2 AND number <= $3 AND outcome = '' ORDER BY number`, w.id, w.position, w.position+atOnce)
	if err != nil {
		return nil, fmt.Errorf("read the rows that wait: %w", err)
	}
	return rows, nil
}

// workOn does some rows, several at a time, and stops at the first error that is not a row's own.
func (s *Service) workOn(ctx context.Context, w *work, rows []row) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	next := make(chan row)
	var wg sync.WaitGroup
	var mu sync.Mutex
	var failed error
	for range workers {
		wg.Go(func() {
			for r := range next {
				if err := s.do(ctx, w, r); err != nil {
					mu.Lock()
					failed = errors.Join(failed, fmt.Errorf("row %d: %w", r.Number, err))
					mu.Unlock()
					cancel()
				}
			}
		})
	}
	for _, r := range rows {
		if ctx.Err() != nil {
			break
		}
		next <- r
	}
	close(next)
	wg.Wait()
	return errors.Join(failed, context.Cause(ctx))
}

// do changes the conversation of a row, or notes why not.
func (s *Service) do(ctx context.Context, w *work, r row) error {
	p, err := s.principal(ctx, w)
	if err == nil {
		err = s.DB.Tx(ctx, func(tx *db.Tx) error { return s.change(ctx, tx, w, p, r) })
	}
	if reason := reasonOf(err); reason != nil {
		err = s.DB.Tx(ctx, func(tx *db.Tx) error { return settle(ctx, tx, w.id, r, Refused, text(reason), r.Was) })
	}
	if errors.Is(err, errDone) {
		return nil
	}
	return err
}

func (s *Service) change(ctx context.Context, tx *db.Tx, w *work, p *agent.Principal, r row) error {
	if w.undo {
		var was conversation.Earlier
		if err := db.JSON(r.Was).Decode(&was); err != nil {
			return fmt.Errorf("read what row %d was: %w", r.Number, err)
		}
		if err := s.Conversations.UndoTx(ctx, tx, p, r.ConversationID, was, w.cause()); err != nil {
			return err
		}
		return settle(ctx, tx, w.id, r, Done, "", r.Was)
	}
	was, err := s.Conversations.ActTx(ctx, tx, p, r.ConversationID, w.action, w.cause())
	switch {
	case err != nil:
		return err
	case was != nil:
		return settle(ctx, tx, w.id, r, Done, "", text(was))
	case w.action.Type == conversation.ActDelete:
		return settle(ctx, tx, w.id, r, Done, "", "")
	}
	return settle(ctx, tx, w.id, r, Unchanged, "", "")
}

// reasonOf returns why a row is refused; nil for an error that is not the row's own.
func reasonOf(err error) *Reason {
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind == fault.Internal {
		return nil
	}
	return &Reason{Key: f.Key, Params: f.Params}
}

// settle notes what became of a row; errDone if that is known already.
func settle(ctx context.Context, tx *db.Tx, job int64, r row, o Outcome, reason, was string) error {
	n, err := tx.Exec(ctx, `UPDATE bulk_rows SET outcome = $3, reason = $4, was = $5 WHERE job_id = $1 AND number = $2 AND outcome = ''`,
		job, r.Number, string(o), reason, was)
	if err != nil {
		return fmt.Errorf("note a row: %w", err)
	}
	if n == 0 {
		return errDone
	}
	return nil
}

// advance counts the rows that were done, once, tells whoever asked, and lets the next be worked on or ends the job.
func (s *Service) advance(ctx context.Context, w *work) error {
	to := min(w.position+atOnce, w.total)
	return s.DB.Tx(ctx, func(tx *db.Tx) error {
		var done, unchanged, refused int64
		err := tx.QueryRow(ctx, `SELECT CAST(COALESCE(sum(CASE outcome WHEN 'done' THEN 1 ELSE 0 END), 0) AS BIGINT),
			CAST(COALESCE(sum(CASE outcome WHEN 'unchanged' THEN 1 ELSE 0 END), 0) AS BIGINT), CAST(COALESCE(sum(CASE outcome WHEN 'refused' THEN 1 ELSE 0 END), 0) AS BIGINT)
			FROM bulk_rows WHERE job_id = $1 AND number > $2 AND number <= $3`, w.id, w.position, to).Scan(&done, &unchanged, &refused)
		if err != nil {
			return fmt.Errorf("count the rows that were done: %w", err)
		}
		now := db.Now()
		var ended *db.Time
		if to == w.total {
			ended = &now
		}
		p := Progress{UserID: w.userID}
		err = p.scan(tx.QueryRow(ctx, `UPDATE bulk_jobs SET position = $3, done = done + $4, unchanged = unchanged + $5, refused = refused + $6,
			updated_at = $7, ended_at = $8 WHERE id = $1 AND position = $2 AND ended_at IS NULL RETURNING `+jobColumns,
			w.id, w.position, to, done, unchanged, refused, now, ended))
		if errors.Is(err, db.ErrNoRows) {
			return nil // another was first
		}
		if err != nil {
			return fmt.Errorf("note how far bulk job %d is: %w", w.id, err)
		}
		if err := s.Events.Append(ctx, tx, event.New{Type: event.BulkProgress, ActorID: w.userID, Cause: w.cause(), Payload: p}); err != nil {
			return err
		}
		if ended == nil {
			return s.Jobs.Insert(ctx, tx, runJob{JobID: w.id, From: to}, jobs.Options{})
		}
		return nil
	})
}

// tend takes up jobs that nobody works on, and forgets those that ended long ago.
func (s *Service) tend(ctx context.Context) error {
	err := s.DB.Tx(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM bulk_jobs WHERE ended_at < $1`, db.At(time.Now().Add(-kept)))
		return err
	})
	if err != nil {
		return fmt.Errorf("forget old bulk jobs: %w", err)
	}
	ids, err := db.Select[int64](ctx, s.DB, `SELECT id FROM bulk_jobs WHERE ended_at IS NULL AND updated_at < $1 ORDER BY id LIMIT 20`, db.At(time.Now().Add(-stalled)))
	if err != nil {
		return fmt.Errorf("look for bulk jobs that stand still: %w", err)
	}
	for _, id := range ids {
		s.Log.Info("taking up a bulk change that stood still", "job", id)
		if err := s.run(ctx, id); err != nil {
			return err
		}
	}
	return nil
}
