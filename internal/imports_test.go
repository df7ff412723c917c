// Package internal_test guards the house: imports go one way between the floors.
package internal_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/foyerdesk/foyer/internal/"

// floors are the storeys of the house, the lowest first. A package may import from floors below its own; within a floor,
// siblings may know each other where their package comments say so, and Go itself refuses circles.
var floors = map[string]int{"platform": 0, "desk": 1, "flow": 2, "channel": 2, "api": 3, "live": 3, "demo": 3, "sandbox": 3, "bench": 3, "doctor": 3, "app": 4}

// outside is what a floor may not import at all, because another floor speaks it.
var outside = map[string][]string{
	"platform": {"github.com/danielgtaylor/huma"},
	"desk":     {"github.com/danielgtaylor/huma", "github.com/coder/websocket"},
	"flow":     {"github.com/danielgtaylor/huma", "github.com/coder/websocket"},
	"channel":  {"github.com/danielgtaylor/huma"},
}

func TestImportsGoOneWay(t *testing.T) {
	seen := map[string]bool{}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		floor, _, _ := strings.Cut(filepath.ToSlash(path), "/")
		own, ok := floors[floor]
		if !ok {
			t.Errorf("%s is on no floor", path)
			return nil
		}
		seen[floor] = true
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			for _, forbidden := range outside[floor] {
				if strings.HasPrefix(imported, forbidden) {
					t.Errorf("%s imports %s, which its floor must not know", path, imported)
				}
			}
			rest, ours := strings.CutPrefix(imported, module)
			if !ours {
				continue
			}
			target, _, _ := strings.Cut(rest, "/")
			if floors[target] > own || (floors[target] == own && target != floor && !allowed[floor+" "+target]) {
				t.Errorf("%s imports %s, which is not below it", path, imported)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, floor := range []string{"platform", "desk", "channel", "api", "live", "app"} {
		if !seen[floor] {
			t.Errorf("nothing was found on floor %s: the test looks in the wrong place", floor)
		}
	}
}

// allowed are the few imports between packages side by side.
var allowed = map[string]bool{
	"channel flow":  true, // a channel sends what the notifications ask for
	"bench sandbox": true, // a measurement needs a mailbox
}
