package i18n

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestCataloguesAreReadable(t *testing.T) {
	if err := Load(); err != nil {
		t.Fatal(err)
	}
	if !Known(Default) || Known("xx") {
		t.Error("the known languages are wrong")
	}
	if !slices.ContainsFunc(Languages(), func(l Language) bool { return l.Code == Default && l.Name != "" }) {
		t.Errorf("languages: %v", Languages())
	}
	if got := Pack("xx")["_.code"]; got != Default {
		t.Errorf("an unknown language is %s, want English", got)
	}
	for _, l := range Languages() {
		for key := range Pack(Default) {
			if Pack(l.Code)[key] == "" {
				t.Errorf("%s lacks %s", l.Code, key)
			}
		}
	}
}

func TestTextsAreFilledInOnePass(t *testing.T) {
	params := map[string]string{"a": "{b}", "b": "B", "count": "2"}
	for text, want := range map[string]string{"": "", "x": "x", "{a} {b}": "{b} B", "{c} {": "{c} {", "{{b}}": "{B}", "{b": "{b", "}{b}{": "}B{"} {
		if got := fill(text, params); got != want {
			t.Errorf("fill(%q) = %q, want %q", text, got, want)
		}
	}
	if got := T("xx", "no.such.key", nil); got != "no.such.key" {
		t.Errorf("a missing key gives %q", got)
	}
}

func TestPluralFormFollowsTheCount(t *testing.T) {
	for _, c := range []struct{ text, count, want string }{
		{"file | files", "1", "file"}, {"file | files", "0", "files"}, {"file | files", "2", "files"}, {"file | files", "", "files"},
		{"none | one | many", "0", "none"}, {"none | one | many", "1", "one"}, {"none | one | many", "7", "many"}, {"same", "1", "same"}, {"same", "0", "same"},
	} {
		if got := plural(c.text, c.count); got != c.want {
			t.Errorf("plural(%q, %q) = %q, want %q", c.text, c.count, got, c.want)
		}
	}
}

func TestLanguageOfABrowserIsFoundAmongTheCatalogues(t *testing.T) {
	for accept, want := range map[string]string{
		"de-DE": "de-DE", "de-at": "de-DE", "de": "de-DE", "fr, fa;q=0.8, de;q=0.9": "de-DE", "fa-AF": "fa-IR", "en-GB,de": "en-US", "fr": "", "*": "", "": "", "q=;;,": "", "xx, fa;q=0.9": "fa-IR", "de;q=0, fa;q=x": "", "de;q=NaN,fa": "fa-IR",
	} {
		if got := Match(accept); got != want {
			t.Errorf("Match(%q) = %q, want %q", accept, got, want)
		}
	}
}

func TestDirectionFollowsTheScript(t *testing.T) {
	for lang, want := range map[string]string{"fa-IR": "rtl", "ar": "rtl", "de-DE": "ltr", "": "ltr"} {
		if got := Direction(lang); got != want {
			t.Errorf("Direction(%q) = %q, want %q", lang, got, want)
		}
	}
}

// TestEveryErrorHasItsSentence reads the program for keys of errors, so that nobody is shown a bare key.
func TestEveryErrorHasItsSentence(t *testing.T) {
	key := regexp.MustCompile(`"(error\.[a-z_]+)"`)
	english := Pack(Default)
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := os.ReadFile(path) //nolint:gosec // the program's own source
		for _, m := range key.FindAllStringSubmatch(string(source), -1) {
			if english[m[1]] == "" {
				t.Errorf("%s: %s has no sentence in %s", path, m[1], Default)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
