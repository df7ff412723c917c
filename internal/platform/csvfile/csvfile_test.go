package csvfile

import (
	"strings"
	"testing"

	"github.com/foyerdesk/foyer/internal/platform/fault"
)

var most = Limits{Rows: 3, Cell: 10}

func TestFilesOfSpreadsheetsAreRead(t *testing.T) {
	for name, text := range map[string]string{
		"plain":                  "name,x\nvip,1\n",
		"with a byte order mark": "\xef\xbb\xbfName,x\nvip,1\n",
		"with semicolons":        "x; NAME \r\n1; vip \r\n",
		"with tabs":              "x\tname\n1\tvip\n",
		"with empty cells":       "name,x\nvip,1,,\n",
	} {
		f, err := Read([]byte(text), most)
		if err != nil || len(f.Rows) != 1 || f.Cell(f.Rows[0], "name") != "vip" || f.Rows[0].Line != 2 || !f.Has("name") || f.Has("y") {
			t.Errorf("%s: %+v %v", name, f, err)
			continue
		}
		if _, ragged := f.Ragged(f.Rows[0]); ragged {
			t.Errorf("%s: ragged", name)
		}
	}
}

func TestRaggedRowsAndLongCellsAreKept(t *testing.T) {
	f, err := Read([]byte("name,x\nonly\na,b,c\n"+strings.Repeat("é", 20)+"\x00,2\n"), most)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []int{1, 3, 2} {
		if cells, ragged := f.Ragged(f.Rows[i]); cells != want || ragged != (want != 2) {
			t.Errorf("row %d: %d cells, ragged %v", i, cells, ragged)
		}
	}
	if got := f.Cell(f.Rows[0], "x"); got != "" {
		t.Errorf("missing cell: %q", got)
	}
	if got := f.Cell(f.Rows[2], "name"); got != strings.Repeat("é", 10) {
		t.Errorf("long cell: %q", got)
	}
}

func TestWhatIsNoUsableFileIsRefused(t *testing.T) {
	for name, text := range map[string]string{
		"empty": "", "header only": "name\n", "not UTF-8": "name\n\xff\n", "open quote": "name\n\"a\n", "too many rows": "name\n1\n2\n3\n4\n",
	} {
		if _, err := Read([]byte(text), most); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("name,x\nvip,1\n"))
	f.Add([]byte("\xef\xbb\xbfa;b\n\"x\n;y\";2\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		file, err := Read(content, most)
		if err != nil {
			if !fault.Is(err, fault.Invalid) {
				t.Fatal(err)
			}
			return
		}
		for _, r := range file.Rows {
			if r.Line < 1 || len([]rune(file.Cell(r, "name"))) > most.Cell || strings.ContainsRune(file.Cell(r, "name"), 0) {
				t.Fatalf("%+v", r)
			}
			file.Ragged(r)
		}
	})
}
