// Package roster owns the import of agents from a file of comma-separated values.
//
// What a file holds becomes rows in the database, in one transaction with the job that works through them. Each row is a
// transaction of its own, which makes the agent and notes that the row is done: however often the work is broken off,
// every row is done once, and any node can say how far it is. One import runs at a time.
//
// The package knows how agents are made, which roles and teams there are; it does not know how a mail is sent.
package roster

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/audit"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/desk/team"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
	"github.com/foyerdesk/foyer/internal/platform/jobs"
)

// Outcome says what became of a row.
type Outcome string

// The outcomes. A check of a file knows Ready and Refused only.
const (
	Waiting Outcome = ""
	Ready   Outcome = "ready"
	Created Outcome = "created"
	Refused Outcome = "refused" // by a rule: the file has to be changed
	Failed  Outcome = "failed"  // the desk could not: the same row may be imported again
)

// Line is a row of a file and what became of it.
type Line struct {
	Row     int     `json:"row"`  // from 1, without the header
	Line    int     `json:"line"` // of the file, from 1
	Name    string  `json:"name"`
	Email   string  `json:"email"`
	Outcome Outcome `json:"outcome"`
	Field   string  `json:"field,omitempty"`
	Why     *reason `json:"-"`
}

func line(number int, r row, why *reason, outcome Outcome) Line {
	l := Line{Row: number, Line: r.Line, Name: strings.TrimSpace(r.FirstName + " " + r.LastName), Email: r.Email, Outcome: outcome, Why: why}
	if why != nil {
		l.Field = why.Field
	}
	return l
}

// Reason returns the message of the catalogue that says why the row was refused or failed, "" if it was not.
func (l Line) Reason() (key string, params map[string]string) {
	if l.Why == nil {
		return "", nil
	}
	return l.Why.Key, l.Why.Params
}

// Report says of every row of a file what became or would become of it.
type Report struct {
	Total, Errors int
	Lines         []Line
}

func (r *Report) add(l Line) {
	r.Lines = append(r.Lines, l)
	if l.Outcome == Refused {
		r.Errors++
	}
}

// State is how far the last import is.
type State struct {
	id                     int64
	Running                bool
	Total, Success, Errors int
	StartedAt              db.Time
	EndedAt                db.Time // zero while it runs
	// Failure is why the whole file was refused, "" if it was not.
	Failure       string
	FailureParams map[string]string
	Lines         []Line // in the order of the file; those that wait have no outcome
}

// Invite queues the mail that welcomes an agent, in the caller's transaction.
type Invite = func(ctx context.Context, tx *db.Tx, agentID int64) error

// Options are what the service is wired to.
type Options struct {
	DB        *db.DB
	Jobs      *jobs.Runner
	Log       *slog.Logger
	Agents    *agent.Service
	Roles     *role.Service
	Teams     *team.Service
	Principal func(ctx context.Context, id int64) (*agent.Principal, error)
	// Inviter returns what invites agents, nil while the desk cannot send mail.
	Inviter func(ctx context.Context) (Invite, error)
}

// Service imports agents.
type Service struct {
	db        *db.DB
	jobs      *jobs.Runner
	log       *slog.Logger
	agents    *agent.Service
	roles     *role.Service
	teams     *team.Service
	principal func(ctx context.Context, id int64) (*agent.Principal, error)
	inviter   func(ctx context.Context) (Invite, error)
}

// New makes the service and registers its jobs.
func New(o Options) *Service {
	s := &Service{db: o.DB, jobs: o.Jobs, log: o.Log, agents: o.Agents, roles: o.Roles, teams: o.Teams, principal: o.Principal, inviter: o.Inviter}
	jobs.Handle(s.jobs, func(ctx context.Context, j runJob) error { return s.run(ctx, j.ImportID) })
	jobs.Handle(s.jobs, func(ctx context.Context, _ tendJob) error { return s.tend(ctx) })
	s.jobs.Every(tendEvery, tendJob{})
	return s
}

type (
	// runJob works on an import from where it stands.
	runJob struct {
		ImportID int64 `json:"import_id"`
		From     int   `json:"from"`
	}
	// tendJob takes up what a node left that was killed, and clears away what is old.
	tendJob struct{}
)

// Kind implements jobs.Args.
func (runJob) Kind() string { return "roster.run" }

// Kind implements jobs.Args.
func (tendJob) Kind() string { return "roster.tend" }

// Begin takes a file and starts its import. It returns Conflict while another one runs; Invalid for what is no CSV, has
// no rows or too many, and for an invitation that the desk cannot send.
func (s *Service) Begin(ctx context.Context, actor *agent.Principal, content []byte, invite bool) error {
	rows, missing, err := parse(content)
	if err != nil {
		return err
	}
	if invite {
		send, err := s.inviter(ctx)
		if err != nil {
			return err
		}
		if send == nil {
			return fault.Field("send_welcome_email", "import.error.no_mail")
		}
	}
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		err := s.begin(ctx, tx, actor, rows, missing, invite)
		if unique, _ := db.IsUnique(err); unique {
			return fault.New(fault.Conflict, "import.error.running").Because(err)
		}
		return err
	})
}

func (s *Service) begin(ctx context.Context, tx *db.Tx, actor *agent.Principal, rows []row, missing string, invite bool) error {
	if _, err := tx.Exec(ctx, `DELETE FROM agent_imports WHERE NOT running`); err != nil {
		return fmt.Errorf("clear the last import away: %w", err)
	}
	who := actor.Audited()
	who.IP = audit.ActorOf(ctx).IP
	now, total := db.Now(), len(rows)
	var failure *reason
	var ended *db.Time
	if missing != "" {
		failure, ended, total, rows = because("file", "import.error.no_column", "value", missing), now.Ptr(), 0, nil
	}
	var id int64
	err := tx.QueryRow(ctx, `INSERT INTO agent_imports (actor_id, actor, may_grant, invite, total, failure, running, started_at, updated_at, ended_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9) RETURNING id`, actor.ID, db.ToJSON(who), db.ToJSON(permissions(actor.Permissions)), invite, total,
		db.ToJSON(failure), missing == "", now, ended).Scan(&id)
	if err != nil {
		return fmt.Errorf("begin an import: %w", err)
	}
	for i, r := range rows {
		if _, err := tx.Exec(ctx, `INSERT INTO agent_import_rows (import_id, number, line, content) VALUES ($1, $2, $3, $4)`, id, i+1, r.Line, db.ToJSON(r)); err != nil {
			return fmt.Errorf("keep row %d: %w", i+1, err)
		}
	}
	if missing != "" {
		return nil
	}
	return s.jobs.Insert(ctx, tx, runJob{ImportID: id}, jobs.Options{})
}

func permissions(set role.Set) []role.Permission {
	out := []role.Permission{}
	for _, p := range role.All {
		if set.Has(p) {
			out = append(out, p)
		}
	}
	return out
}

// State returns how far the last import is, with its rows; NotFound if there was none lately.
func (s *Service) State(ctx context.Context) (*State, error) {
	st, err := s.Progress(ctx)
	if err != nil {
		return nil, err
	}
	st.Lines = []Line{}
	err = db.Each(ctx, s.db, func(r db.Rows) error {
		l, err := scanLine(r)
		st.Lines = append(st.Lines, l)
		return err
	}, `SELECT number, line, content, outcome, reason FROM agent_import_rows WHERE import_id = $1 ORDER BY number`, st.id)
	if err != nil {
		return nil, fmt.Errorf("read the rows of an import: %w", err)
	}
	return st, nil
}

// Progress is State without the rows: cheap to ask for again and again.
func (s *Service) Progress(ctx context.Context) (*State, error) {
	var st State
	var ended *db.Time
	var failure db.JSON
	err := s.db.QueryRow(ctx, `SELECT id, running, total, success, errors, started_at, ended_at, failure FROM agent_imports ORDER BY id DESC LIMIT 1`).
		Scan(&st.id, &st.Running, &st.Total, &st.Success, &st.Errors, &st.StartedAt, &ended, &failure)
	if errors.Is(err, db.ErrNoRows) {
		return nil, fault.Missing("import")
	}
	if err != nil {
		return nil, fmt.Errorf("read the import: %w", err)
	}
	if ended != nil {
		st.EndedAt = *ended
	}
	var why *reason
	if err := failure.Decode(&why); err != nil {
		return nil, err
	}
	if why != nil {
		st.Failure, st.FailureParams = why.Key, why.Params
	}
	return &st, nil
}

func scanLine(r db.Rows) (Line, error) {
	var n, at int
	var content, why db.JSON
	var outcome Outcome
	if err := r.Scan(&n, &at, &content, &outcome, &why); err != nil {
		return Line{}, err
	}
	var of row
	var reason *reason
	if err := errors.Join(content.Decode(&of), why.Decode(&reason)); err != nil {
		return Line{}, err
	}
	of.Line = at
	return line(n, of, reason, outcome), nil
}
