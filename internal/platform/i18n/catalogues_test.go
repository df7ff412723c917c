package i18n

import (
	"encoding/json"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestCataloguesFitEnglish holds every translation to the catalogue in English: what fill and plural do with a text must
// be the same in each language.
func TestCataloguesFitEnglish(t *testing.T) {
	english := catalogue(t, Default)
	for _, l := range Languages() {
		t.Run(l.Code, func(t *testing.T) {
			for key, text := range catalogue(t, l.Code) {
				checkText(t, key, english[key], text)
			}
		})
	}
}

// complete are the languages that are kept whole: a new key of English needs its text in each of them.
var complete = []string{"de-DE", "fa-IR"}

func TestCompleteLanguagesLackNoKey(t *testing.T) {
	english := catalogue(t, Default)
	for _, code := range complete {
		ours := catalogue(t, code)
		for key := range english {
			if _, ok := ours[key]; !ok {
				t.Errorf("%s lacks %s: translate %q", code, key, english[key])
			}
		}
	}
}

// catalogue reads the file of a language as it is, without the English that load puts into its gaps.
func catalogue(t *testing.T, code string) map[string]string {
	t.Helper()
	raw, err := files.ReadFile(path.Join("locales", code+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var pack map[string]string
	if err := json.Unmarshal(raw, &pack); err != nil {
		t.Fatal(err)
	}
	return pack
}

func checkText(t *testing.T, key, english, text string) {
	t.Helper()
	if english == "" {
		t.Errorf("%s is not a key of %s: remove it", key, Default)
		return
	}
	theirs, ours := strings.Split(english, " | "), strings.Split(text, " | ")
	if len(ours) != len(theirs) {
		t.Errorf("%s has %d plural forms, English has %d", key, len(ours), len(theirs))
		return
	}
	for _, form := range ours {
		if strings.TrimSpace(form) == "" {
			t.Errorf("%s is empty", key)
		}
	}
	// One form may say the number in a word, so that it is the forms together that need the placeholders.
	if got, want := placeholders(text), placeholders(english); !slices.Equal(got, want) {
		t.Errorf("%s has the placeholders %v, English has %v", key, got, want)
	}
}

var placeholder = regexp.MustCompile(`\{\w+\}`)

// placeholders returns the placeholders of a text, each once, sorted.
func placeholders(text string) []string {
	return slices.Compact(slices.Sorted(slices.Values(placeholder.FindAllString(text, -1))))
}

// TestCataloguesAreSorted keeps the files in one order, so that a key is found in its place in each.
func TestCataloguesAreSorted(t *testing.T) {
	for _, l := range Languages() {
		raw, err := files.ReadFile(path.Join("locales", l.Code+".json"))
		if err != nil {
			t.Fatal(err)
		}
		var keys []string
		for _, m := range regexp.MustCompile(`(?m)^  "([^"]+)": "`).FindAllStringSubmatch(string(raw), -1) {
			keys = append(keys, m[1])
		}
		if !slices.IsSorted(keys) {
			t.Errorf("the keys of %s are not sorted", l.Code)
		}
		if want := len(catalogue(t, l.Code)); len(keys) != want {
			t.Errorf("%s has %d keys in %d lines: a key is there twice", l.Code, want, len(keys))
		}
	}
}
