package tag

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/foyerdesk/foyer/internal/desk/audit"
	"github.com/foyerdesk/foyer/internal/platform/csvfile"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// What a file of tags may hold at most.
const (
	MaxBytes = 1 << 20
	maxRows  = 5000
)

// keptReport is how long the report of an import can be read.
const keptReport = time.Hour

// Report is what became of a file of tags.
type Report struct {
	StartedAt db.Time   `json:"started_at"`
	EndedAt   db.Time   `json:"ended_at"`
	Total     int       `json:"total"`
	Created   int       `json:"created"`
	Refused   []Refusal `json:"refused"`
	// Missing is the required column that the file does not have: then nothing was imported.
	Missing string `json:"missing,omitempty"`
}

// Refusal is a row that made no tag, and the message of the catalogue that says why.
type Refusal struct {
	Row    int               `json:"row"`
	Name   string            `json:"name"`
	Key    string            `json:"key"`
	Params map[string]string `json:"params"`
}

// Import makes a tag of each row of a file, by its column "name"; other columns are passed over. Rows without a usable
// name, and tags that exist already, are told in the report and do not keep the others from being made. Invalid on "file"
// for a file that cannot be read.
//
// A few thousand rows are one short transaction, so that an import is either done or not begun, and none runs in the
// background.
func (s *Service) Import(ctx context.Context, content []byte) error {
	if len(content) > MaxBytes {
		return fault.New(fault.TooLarge, "error.file_too_large", "max", fmt.Sprint(MaxBytes>>20))
	}
	file, err := csvfile.Read(content, csvfile.Limits{Rows: maxRows, Cell: maxName + 1})
	if err != nil {
		return err
	}
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		now := db.Now()
		r := Report{StartedAt: now, Total: len(file.Rows), Refused: []Refusal{}}
		if !file.Has("name") {
			r.Missing = "name"
		} else if err := r.take(ctx, tx, file); err != nil {
			return err
		}
		r.EndedAt = db.Now()
		if _, err := tx.Exec(ctx, `DELETE FROM tag_imports WHERE created_at < $1`, db.At(time.Now().Add(-keptReport))); err != nil {
			return fmt.Errorf("forget old imports: %w", err)
		}
		if _, err := tx.Exec(ctx, `INSERT INTO tag_imports (created_at, report) VALUES ($1, $2)`, now, db.ToJSON(r)); err != nil {
			return fmt.Errorf("keep the report: %w", err)
		}
		if r.Created == 0 {
			return nil
		}
		return s.events.ReferenceChanged(ctx, tx, "tags", audit.Entry{Type: audit.TagsImported, Target: audit.Target{Model: "tag"}, After: struct {
			Total   int `json:"total"`
			Created int `json:"created"`
		}{r.Total, r.Created}})
	})
}

// take makes the tags of a file's rows.
func (r *Report) take(ctx context.Context, tx *db.Tx, file *csvfile.File) error {
	for _, row := range file.Rows {
		refuse := func(name string, why *fault.Error) {
			r.Refused = append(r.Refused, Refusal{row.Line, name, why.Key, why.Params})
		}
		name, err := checked(file.Cell(row, "name"))
		var why *fault.Error
		if errors.As(err, &why) {
			refuse(file.Cell(row, "name"), why)
			continue
		}
		n, err := tx.Exec(ctx, `INSERT INTO tags (created_at, updated_at, name) VALUES ($1, $1, $2) ON CONFLICT DO NOTHING`, db.Now(), name)
		if err != nil {
			return fmt.Errorf("import tag of row %d: %w", row.Line, err)
		}
		if n == 0 {
			refuse(name, fault.Duplicate("name", name))
			continue
		}
		r.Created++
	}
	return nil
}

// LastImport returns the report of the last import; NotFound when there was none in the last hour.
func (s *Service) LastImport(ctx context.Context) (r Report, err error) {
	var report db.JSON
	err = s.db.QueryRow(ctx, `SELECT report FROM tag_imports WHERE created_at >= $1 ORDER BY id DESC LIMIT 1`, db.At(time.Now().Add(-keptReport))).Scan(&report)
	if errors.Is(err, db.ErrNoRows) {
		return r, fault.Missing("import")
	}
	if err != nil {
		return r, fmt.Errorf("read the last import of tags: %w", err)
	}
	return r, report.Decode(&r)
}
