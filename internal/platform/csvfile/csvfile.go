// Package csvfile reads the files of comma-separated values (RFC 4180) that people make with spreadsheets: in UTF-8, with
// or without a byte order mark, the first record naming the columns. Spreadsheets of countries with a decimal comma write
// semicolons instead, others tabs; which it is, is told from the first line. What is written for them is made harmless.
package csvfile

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

// Limits are what a file may hold at most.
type Limits struct {
	Rows int
	Cell int // characters; what is longer is cut
}

// File is a file that was read.
type File struct {
	places map[string]int
	width  int
	Rows   []Row
}

// Row is one record below the header.
type Row struct {
	Line  int // of the file, from 1, where the row begins
	cells []string
}

// Read reads a file. Errors are Invalid, on the field "file": what is no UTF-8 or no CSV, no rows, more than allowed. Rows
// with more or fewer cells than the header are kept as they are: see [File.Ragged].
func Read(content []byte, most Limits) (*File, error) {
	content = bytes.TrimPrefix(content, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(content) {
		return nil, fault.Field("file", "import.error.not_utf8")
	}
	r := csv.NewReader(bytes.NewReader(content))
	r.FieldsPerRecord, r.TrimLeadingSpace = -1, true
	r.Comma = separator(content)
	header, err := r.Read()
	if err != nil {
		return nil, unreadable(err)
	}
	f := &File{places: places(header), width: len(header)}
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, unreadable(err)
		}
		if len(f.Rows) == most.Rows {
			return nil, fault.Field("file", "import.error.too_many_rows", "max", strconv.Itoa(most.Rows))
		}
		line, _ := r.FieldPos(0)
		for i := range record {
			record[i] = clean(record[i], most.Cell)
		}
		f.Rows = append(f.Rows, Row{line, record})
	}
	if len(f.Rows) == 0 {
		return nil, fault.Field("file", "import.error.empty")
	}
	return f, nil
}

// Has reports whether the file has a column, whose name is written in small letters.
func (f *File) Has(column string) bool { _, ok := f.places[column]; return ok }

// Cell returns what a row has in a column, without the space around it; "" where it has nothing.
func (f *File) Cell(r Row, column string) string {
	if i, ok := f.places[column]; ok && i < len(r.cells) {
		return r.cells[i]
	}
	return ""
}

// Ragged reports whether a row has more or fewer cells than the header, and how many it has. Empty cells to the right of
// the table, which spreadsheets like to add, do not count.
func (f *File) Ragged(r Row) (cells int, ragged bool) {
	cells = len(r.cells)
	for cells > f.width && r.cells[cells-1] == "" {
		cells--
	}
	return cells, cells != f.width
}

// Width returns how many columns the header has.
func (f *File) Width() int { return f.width }

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
	for _, c := range ",;\t" {
		if bytes.ContainsRune(first, c) {
			return c
		}
	}
	return ','
}

// places returns where the columns are; of a name that comes twice, the first.
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

// clean makes a cell one that both engines keep: without NUL, and no longer than allowed.
func clean(s string, most int) string {
	s = strings.ReplaceAll(strings.TrimSpace(s), "\x00", "�")
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most])
}

// Inert puts an apostrophe before each cell that a spreadsheet would take for a formula, in place, and returns the cells:
// names and addresses in a file that leaves the desk are anybody's to choose.
func Inert(cells []string) []string {
	for i, cell := range cells {
		if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
			cells[i] = "'" + cell
		}
	}
	return cells
}
