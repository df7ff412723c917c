package roster

import (
	"errors"
	"strconv"
	"strings"

	"github.com/foyerdesk/foyer/internal/platform/csvfile"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// What a file may hold at most.
const (
	MaxBytes = 2 << 20
	MaxRows  = 5000
	maxCell  = 2000 // characters
	maxNames = 50   // of roles or teams in a cell
)

// row is what a file says of one agent. Ragged rows keep what they have, and why they are refused.
type row struct {
	Line      int      `json:"-"` // of the file, from 1, where the row begins
	FirstName string   `json:"first_name"`
	LastName  string   `json:"last_name"`
	Email     string   `json:"email"`
	Roles     []string `json:"roles"`
	Teams     []string `json:"teams,omitempty"`
	Broken    *reason  `json:"broken,omitempty"`
}

// reason is why something was refused: a message of the catalogue, what it is about and its values.
type reason struct {
	Key    string            `json:"key"`
	Field  string            `json:"field,omitempty"`
	Params map[string]string `json:"params,omitempty"`
}

func because(field, key string, params ...string) *reason {
	return reasonOf(fault.Field(field, key, params...))
}

// reasonOf returns why a rule refused something, nil for an error that is not a rule's.
func reasonOf(err error) *reason {
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind == fault.Internal {
		return nil
	}
	return &reason{f.Key, f.Field, f.Params}
}

// required are the columns without which nobody can be made an agent.
var required = []string{"first_name", "last_name", "email", "roles"}

// parse reads a file of agents, as [csvfile.Read] does. A required column that is missing is no error of this function but
// returned, for the import itself ends with it.
func parse(content []byte) (rows []row, missing string, err error) {
	file, err := csvfile.Read(content, csvfile.Limits{Rows: MaxRows, Cell: maxCell})
	if err != nil {
		return nil, "", err
	}
	for _, r := range file.Rows {
		rows = append(rows, rowOf(file, r))
	}
	for _, c := range required {
		if !file.Has(c) {
			return rows, c, nil
		}
	}
	return rows, "", nil
}

func rowOf(file *csvfile.File, r csvfile.Row) row {
	made := row{Line: r.Line, FirstName: file.Cell(r, "first_name"), LastName: file.Cell(r, "last_name"), Email: strings.ToLower(file.Cell(r, "email")),
		Roles: names(file.Cell(r, "roles")), Teams: names(file.Cell(r, "teams"))}
	if got, ragged := file.Ragged(r); ragged {
		made.Broken = because("row", "import.error.columns", "want", strconv.Itoa(file.Width()), "got", strconv.Itoa(got))
	}
	return made
}

// names splits a cell at its commas; what comes twice counts once.
func names(cell string) (out []string) {
	seen := map[string]bool{}
	for name := range strings.SplitSeq(cell, ",") {
		name = strings.TrimSpace(name)
		if name == "" || seen[name] {
			continue
		}
		seen[name] = true
		if out = append(out, name); len(out) > maxNames {
			break // one more than allowed, which check refuses
		}
	}
	return out
}
