package roster

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

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

var columns = []string{"first_name", "last_name", "email", "roles", "teams"}

// parse reads a file of agents: comma-separated values (RFC 4180) in UTF-8, with or without a byte order mark, the first
// record naming the columns. Spreadsheets of countries with a decimal comma write semicolons instead, which is told from
// the first line. Errors are Invalid: text that is no CSV, no rows, too many of them. A required column that is missing is
// no error of this function but returned, for the import itself ends with it.
func parse(content []byte) (rows []row, missing string, err error) {
	content = bytes.TrimPrefix(content, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(content) {
		return nil, "", fault.Field("file", "import.error.not_utf8")
	}
	r := csv.NewReader(bytes.NewReader(content))
	r.FieldsPerRecord, r.TrimLeadingSpace, r.ReuseRecord = -1, true, true
	r.Comma = separator(content)
	header, err := r.Read()
	if err != nil {
		return nil, "", unreadable(err)
	}
	at, width := places(header), len(header)
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, "", unreadable(err)
		}
		if len(rows) == MaxRows {
			return nil, "", fault.Field("file", "import.error.too_many_rows", "max", strconv.Itoa(MaxRows))
		}
		line, _ := r.FieldPos(0)
		rows = append(rows, rowOf(record, at, width, line))
	}
	if len(rows) == 0 {
		return nil, "", fault.Field("file", "import.error.empty")
	}
	for _, c := range columns[:4] {
		if _, ok := at[c]; !ok {
			return rows, c, nil
		}
	}
	return rows, "", nil
}

func unreadable(err error) error {
	var p *csv.ParseError
	if errors.As(err, &p) {
		return fault.Field("file", "import.error.not_csv", "line", strconv.Itoa(p.Line)).Because(err)
	}
	return fault.Field("file", "import.error.empty").Because(err)
}

// separator returns what the first line separates its columns by.
func separator(content []byte) rune {
	first, _, _ := bytes.Cut(content, []byte("\n"))
	switch {
	case bytes.ContainsRune(first, ','):
		return ','
	case bytes.ContainsRune(first, ';'):
		return ';'
	case bytes.ContainsRune(first, '\t'):
		return '\t'
	}
	return ','
}

// places returns where the known columns are; of a name that comes twice, the first.
func places(header []string) map[string]int {
	at := map[string]int{}
	for i, name := range header {
		name = strings.ToLower(strings.TrimSpace(name))
		if _, twice := at[name]; !twice {
			at[name] = i
		}
	}
	return at
}

func rowOf(record []string, at map[string]int, width, line int) row {
	cell := func(name string) string {
		if i, ok := at[name]; ok && i < len(record) {
			return clip(strings.TrimSpace(record[i]))
		}
		return ""
	}
	made := row{Line: line, FirstName: cell("first_name"), LastName: cell("last_name"), Email: strings.ToLower(cell("email")),
		Roles: names(cell("roles")), Teams: names(cell("teams"))}
	for len(record) > width && strings.TrimSpace(record[len(record)-1]) == "" {
		record = record[:len(record)-1] // a spreadsheet's empty cells to the right of the table
	}
	if len(record) != width {
		made.Broken = because("row", "import.error.columns", "want", strconv.Itoa(width), "got", strconv.Itoa(len(record)))
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

// clip makes a cell one that both engines keep: without NUL, and not much longer than any rule allows.
func clip(s string) string {
	s = strings.ReplaceAll(s, "\x00", "�")
	if utf8.RuneCountInString(s) <= maxCell {
		return s
	}
	return string([]rune(s)[:maxCell])
}
