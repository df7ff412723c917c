// Package bulk owns changes of many conversations at once.
//
// What is chosen, by uuids or as a whole list, becomes rows in the database the moment it is asked for, in one transaction
// with the job that works through them. Each row is a transaction of its own, which changes the conversation and notes
// what became of it: however often the work is broken off, every row is done once, by whichever node, and only if whoever
// asked may do so at that moment. What a conversation was before is kept with its row, so that all of it can be undone.
//
// The package knows what can be done to a conversation from package conversation, and nothing of HTTP.
package bulk

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/google/uuid"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/audit"
	"github.com/foyerdesk/foyer/internal/desk/conversation"
	"github.com/foyerdesk/foyer/internal/desk/event"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
	"github.com/foyerdesk/foyer/internal/platform/jobs"
)

// The most conversations that can be chosen one by one, excluded from a list, and changed by one job.
const (
	MaxUUIDs = 1000
	MaxRows  = 250_000
)

// CausePrefix begins the cause of every event of a change that is one of many; the id of the job follows.
const CausePrefix = "bulk:"

// Outcome says what became of a row.
type Outcome string

// The outcomes.
const (
	Waiting   Outcome = ""
	Done      Outcome = "done"
	Unchanged Outcome = "unchanged" // it was so already
	Refused   Outcome = "refused"
)

// Selection says which conversations are meant: either UUIDs, or all of a list but those in Exclude.
type Selection struct {
	UUIDs   []string
	List    *conversation.ListQuery
	Exclude []string
}

// Job is how far a change of many is. Done counts what was changed, Unchanged what was so already.
type Job struct {
	ID        int64                   `json:"id"`
	CreatedAt db.Time                 `json:"created_at"`
	EndedAt   *db.Time                `json:"ended_at"`
	Action    conversation.ActionType `json:"action"`
	UndoOf    *int64                  `json:"undo_of"`
	UndoneBy  *int64                  `json:"undone_by"`
	Total     int64                   `json:"total"`
	Done      int64                   `json:"done"`
	Unchanged int64                   `json:"unchanged"`
	Refused   int64                   `json:"refused"`
	Running   bool                    `json:"running"`
}

// Progress is the payload of the event that tells whoever asked how far a job is.
type Progress struct {
	UserID int64 `json:"user_id"`
	Job
}

// Options wire the service.
type Options struct {
	DB            *db.DB
	Jobs          *jobs.Runner
	Events        *event.Log
	Log           *slog.Logger
	Conversations *conversation.Service
	// Principal returns what an agent may do now; it answers from memory.
	Principal func(ctx context.Context, id int64) (*agent.Principal, error)
}

// Service changes many conversations at once.
type Service struct{ Options }

// New makes the service and registers what works through its jobs.
func New(o Options) *Service {
	s := &Service{o}
	jobs.Handle(o.Jobs, func(ctx context.Context, job runJob) error { return s.run(ctx, job.JobID) })
	jobs.Handle(o.Jobs, func(ctx context.Context, _ tendJob) error { return s.tend(ctx) })
	o.Jobs.Every(tendEvery, tendJob{})
	return s
}

// Begin starts an action on a selection and returns at once. Errors: Invalid names the field; Forbidden if p may not do
// the action or see the list. What p may not do to a single conversation is refused row by row.
func (s *Service) Begin(ctx context.Context, p *agent.Principal, a conversation.Action, sel Selection) (*Job, error) {
	if err := s.Conversations.Check(ctx, p, a); err != nil {
		return nil, err
	}
	choose, err := s.choice(ctx, p, sel)
	if err != nil {
		return nil, err
	}
	return s.begin(ctx, p, a, nil, choose)
}

// chooser fills the rows of a job.
type chooser func(ctx context.Context, tx *db.Tx, job int64) (total int64, err error)

func (s *Service) choice(ctx context.Context, p *agent.Principal, sel Selection) (chooser, error) {
	switch {
	case (sel.List == nil) == (len(sel.UUIDs) == 0):
		return nil, fault.Required("uuids")
	case len(sel.UUIDs) > MaxUUIDs:
		return nil, fault.Field("uuids", "error.too_many", "max", fmt.Sprint(MaxUUIDs))
	case len(sel.Exclude) > MaxUUIDs:
		return nil, fault.Field("list.exclude", "error.too_many", "max", fmt.Sprint(MaxUUIDs))
	case sel.List == nil:
		return chooseUUIDs(sel.UUIDs)
	}
	query, args, err := s.Conversations.Chosen(ctx, p, *sel.List, sel.Exclude, MaxRows+1)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, tx *db.Tx, job int64) (int64, error) {
		n, err := tx.Exec(ctx, fmt.Sprintf(`INSERT INTO bulk_rows (job_id, number, conversation_id, uuid)
			SELECT %d, row_number() OVER (ORDER BY chosen.id), chosen.id, chosen.uuid FROM (`, job)+query+`) AS chosen`, args...)
		if err == nil && n > MaxRows {
			return 0, fault.Field("list", "error.too_many", "max", fmt.Sprint(MaxRows))
		}
		return n, err
	}, nil
}

// chooseUUIDs takes conversations one by one. What does not exist is refused in its row.
func chooseUUIDs(uuids []string) (chooser, error) {
	var once []string
	seen := map[string]bool{}
	for _, id := range uuids {
		if _, err := uuid.Parse(id); err != nil || len(id) != 36 {
			return nil, fault.Field("uuids", "error.uuid_invalid")
		}
		if id = strings.ToLower(id); !seen[id] {
			seen[id] = true
			once = append(once, id)
		}
	}
	return func(ctx context.Context, tx *db.Tx, job int64) (int64, error) {
		for i, id := range once {
			if _, err := tx.Exec(ctx, `INSERT INTO bulk_rows (job_id, number, conversation_id, uuid)
				VALUES ($1, $2, COALESCE((SELECT id FROM conversations WHERE uuid = $3), 0), $3)`, job, i+1, id); err != nil {
				return 0, err
			}
		}
		return int64(len(once)), nil
	}, nil
}

func (s *Service) begin(ctx context.Context, p *agent.Principal, a conversation.Action, undoOf *int64, choose chooser) (*Job, error) {
	j := &Job{CreatedAt: db.Now(), Action: a.Type, UndoOf: undoOf, Running: true}
	actor := audit.ActorOf(ctx)
	if actor.ID == 0 {
		actor = audit.Actor{ID: p.ID, Name: p.Email, Via: string(p.Method)}
	}
	var may []role.Permission
	for _, perm := range role.All {
		if p.Can(perm) {
			may = append(may, perm)
		}
	}
	err := s.DB.Tx(ctx, func(tx *db.Tx) error {
		err := tx.QueryRow(ctx, `INSERT INTO bulk_jobs (created_at, updated_at, user_id, actor, may, action, undo_of) VALUES ($1, $1, $2, $3, $4, $5, $6) RETURNING id`,
			j.CreatedAt, p.ID, text(actor), text(may), text(a), undoOf).Scan(&j.ID)
		if err != nil {
			return fmt.Errorf("begin a bulk change: %w", err)
		}
		if j.Total, err = choose(ctx, tx, j.ID); err != nil {
			return fmt.Errorf("choose conversations: %w", err)
		}
		if j.EndedAt, j.Running = nil, j.Total > 0; !j.Running {
			j.EndedAt = j.CreatedAt.Ptr()
		}
		if _, err := tx.Exec(ctx, `UPDATE bulk_jobs SET total = $2, ended_at = $3 WHERE id = $1`, j.ID, j.Total, j.EndedAt); err != nil {
			return fmt.Errorf("begin a bulk change: %w", err)
		}
		if !j.Running {
			return nil
		}
		return s.Jobs.Insert(ctx, tx, runJob{JobID: j.ID}, jobs.Options{})
	})
	if err != nil {
		return nil, err
	}
	return j, nil
}

// text is a value as JSON in a column of text, which PostgreSQL would not take a [db.JSON] for.
func text(v any) string { return string(db.ToJSON(v)) }

// Undo begins to take back what a job of p did, as far as nothing was changed since. Conflict while the job runs and if it
// was undone before; Invalid for an action without a way back.
func (s *Service) Undo(ctx context.Context, p *agent.Principal, id int64) (*Job, error) {
	j, err := s.Get(ctx, p, id)
	switch {
	case err != nil:
		return nil, err
	case j.Running:
		return nil, fault.New(fault.Conflict, "error.bulk_running")
	case j.UndoneBy != nil:
		return nil, fault.New(fault.Conflict, "error.bulk_undone")
	case j.UndoOf != nil || j.Action == conversation.ActDelete || j.Action == conversation.ActResend:
		return nil, fault.New(fault.Invalid, "error.bulk_no_undo")
	}
	return s.begin(ctx, p, conversation.Action{Type: j.Action}, &id, func(ctx context.Context, tx *db.Tx, job int64) (int64, error) {
		n, err := tx.Exec(ctx, `UPDATE bulk_jobs SET undone_by = $2 WHERE id = $1 AND undone_by IS NULL`, id, job)
		if err == nil && n == 0 {
			return 0, fault.New(fault.Conflict, "error.bulk_undone")
		}
		if err != nil {
			return 0, err
		}
		return tx.Exec(ctx, fmt.Sprintf(`INSERT INTO bulk_rows (job_id, number, conversation_id, uuid, was)
			SELECT %d, row_number() OVER (ORDER BY number), conversation_id, uuid, was FROM bulk_rows WHERE job_id = $1 AND outcome = 'done' AND was <> ''`, job), id)
	})
}

const jobColumns = `id, created_at, ended_at, action, undo_of, undone_by, total, done, unchanged, refused`

func (j *Job) scan(row db.Row) error {
	var action string
	if err := row.Scan(&j.ID, &j.CreatedAt, &j.EndedAt, &action, &j.UndoOf, &j.UndoneBy, &j.Total, &j.Done, &j.Unchanged, &j.Refused); err != nil {
		return err
	}
	j.Running = j.EndedAt == nil
	var a conversation.Action
	err := db.JSON(action).Decode(&a)
	j.Action = a.Type
	return err
}

// Get returns how far a job is that p began; NotFound for any other.
func (s *Service) Get(ctx context.Context, p *agent.Principal, id int64) (*Job, error) {
	j := &Job{}
	err := j.scan(s.DB.QueryRow(ctx, `SELECT `+jobColumns+` FROM bulk_jobs WHERE id = $1 AND user_id = $2`, id, p.ID))
	if errors.Is(err, db.ErrNoRows) {
		return nil, fault.Missing("bulk job")
	}
	if err != nil {
		return nil, fmt.Errorf("read bulk job %d: %w", id, err)
	}
	return j, nil
}

// Row is what became of a conversation. Reference, subject and contact are left out for one that the asker may not read, or
// that is gone.
type Row struct {
	UUID      string  `json:"uuid"`
	Outcome   Outcome `json:"outcome"`
	Reference string  `json:"reference_number,omitempty"`
	Subject   string  `json:"subject,omitempty"`
	Contact   string  `json:"contact,omitempty"`
	Why       *Reason `json:"-"`
}

// Reason is a message of the catalogue that says why a row was refused.
type Reason struct {
	Key    string            `json:"key"`
	Params map[string]string `json:"params,omitempty"`
}

// Rows returns a page of the refused rows of a job that p began, and how many there are.
func (s *Service) Rows(ctx context.Context, p *agent.Principal, id int64, page, size int) ([]Row, int64, error) {
	j, err := s.Get(ctx, p, id)
	if err != nil {
		return nil, 0, err
	}
	out := []Row{}
	err = db.Each(ctx, s.DB, func(r db.Rows) error {
		row, err := scanRow(r, p)
		out = append(out, row)
		return err
	}, `SELECT b.uuid, b.outcome, b.reason, c.reference_number, c.subject, u.first_name, u.last_name, c.assigned_user_id, c.assigned_team_id
		FROM bulk_rows b LEFT JOIN conversations c ON c.id = b.conversation_id LEFT JOIN users u ON u.id = c.contact_id
		WHERE b.job_id = $1 AND b.outcome = 'refused' ORDER BY b.number LIMIT $2 + 0 OFFSET $3 + 0`, id, size, (page-1)*size)
	if err != nil {
		return nil, 0, fmt.Errorf("read the rows of bulk job %d: %w", id, err)
	}
	return out, j.Refused, nil
}

func scanRow(r db.Rows, p *agent.Principal) (row Row, err error) {
	var reason string
	var reference, user, team *int64
	var subject, first, last *string
	if err := r.Scan(&row.UUID, &row.Outcome, &reason, &reference, &subject, &first, &last, &user, &team); err != nil {
		return row, err
	}
	if reason != "" {
		row.Why = &Reason{}
		if err := db.JSON(reason).Decode(row.Why); err != nil {
			return row, err
		}
	}
	if reference != nil && conversation.CanRead(p, user, team) {
		row.Reference, row.Subject, row.Contact = fmt.Sprint(*reference), *subject, strings.TrimSpace(*first+" "+*last)
	}
	return row, nil
}
