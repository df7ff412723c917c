// Package i18n holds every sentence that Foyer says to a person, in each language, and is shared with the web app: the
// catalogues in locales are compiled into both.
//
// A catalogue is a flat JSON object of key and text. {name} in a text is a placeholder; " | " separates plural forms
// (one and many, or none, one and many), chosen by the parameter "count". en-US has every key; what another language
// lacks is said in English. The keys "_.code" and "_.name" say which language a catalogue is.
package i18n

import (
	"cmp"
	"embed"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
)

// Default is the language that has every key.
const Default = "en-US"

//go:embed locales/*.json
var files embed.FS

// Language is a language that Foyer speaks.
type Language struct {
	Code string `json:"code"` // BCP 47, such as "de-DE"
	Name string `json:"name"` // in the language itself
}

type catalogues struct {
	packs     map[string]map[string]string
	languages []Language
}

var load = sync.OnceValues(func() (*catalogues, error) {
	entries, err := files.ReadDir("locales")
	if err != nil {
		return nil, fmt.Errorf("read the catalogues: %w", err)
	}
	c := &catalogues{packs: map[string]map[string]string{}}
	for _, e := range entries {
		code := strings.TrimSuffix(e.Name(), ".json")
		raw, err := files.ReadFile(path.Join("locales", e.Name()))
		if err != nil {
			return nil, fmt.Errorf("read the catalogue %s: %w", code, err)
		}
		pack := map[string]string{}
		if err := json.Unmarshal(raw, &pack); err != nil {
			return nil, fmt.Errorf("read the catalogue %s: %w", code, err)
		}
		if pack["_.code"] != code || pack["_.name"] == "" {
			return nil, fmt.Errorf("the catalogue %s does not say which language it is", code)
		}
		c.packs[code] = pack
		c.languages = append(c.languages, Language{code, pack["_.name"]})
	}
	english, ok := c.packs[Default]
	if !ok {
		return nil, fmt.Errorf("there is no catalogue %s", Default)
	}
	for code, pack := range c.packs {
		whole := maps.Clone(english)
		maps.Copy(whole, pack)
		c.packs[code] = whole
	}
	slices.SortFunc(c.languages, func(a, b Language) int { return cmp.Compare(a.Name, b.Name) })
	return c, nil
})

// Load reads the catalogues and reports what is wrong with them. The program calls it once at its start; they are part
// of the binary, so that everything else here cannot fail after it.
func Load() error {
	_, err := load()
	return err
}

// must returns the catalogues, which tests of this package prove to be readable.
func must() *catalogues {
	c, err := load()
	if err != nil {
		panic(err)
	}
	return c
}

// Languages returns all languages, sorted by name.
func Languages() []Language { return slices.Clone(must().languages) }

// Known reports whether there is a catalogue for a code.
func Known(code string) bool {
	_, ok := must().packs[code]
	return ok
}

// Pack returns every key in a language; English for a language that is not known. The map is not to be changed.
func Pack(lang string) map[string]string {
	c := must()
	if pack, ok := c.packs[lang]; ok {
		return pack
	}
	return c.packs[Default]
}

// Direction returns which way a language is written, as HTML names it: "ltr" or "rtl".
func Direction(lang string) string {
	switch primary(lang) {
	case "ar", "fa", "he", "ur":
		return "rtl"
	}
	return "ltr"
}

// T returns the text of a key in a language with its placeholders filled in, or the key itself if there is none.
func T(lang, key string, params map[string]string) string {
	text, ok := Pack(lang)[key]
	if !ok {
		return key
	}
	return fill(plural(text, params["count"]), params)
}

// plural chooses among "one | many" and "none | one | many"; a text without forms is its own.
func plural(text, count string) string {
	forms := strings.Split(text, " | ")
	i := 1
	switch {
	case count == "1":
		i = 0
	case count == "0" && len(forms) > 2:
		i = -1
	}
	if len(forms) > 2 {
		i++
	}
	return forms[min(i, len(forms)-1)]
}

// fill replaces placeholders in one pass: what a value brings in is not looked at again.
func fill(text string, params map[string]string) string {
	if !strings.Contains(text, "{") {
		return text
	}
	var out strings.Builder
	for {
		before, rest, ok := strings.Cut(text, "{")
		out.WriteString(before)
		if !ok {
			return out.String()
		}
		name, after, closed := strings.Cut(rest, "}")
		value, known := params[name]
		if !closed || !known {
			out.WriteByte('{')
			text = rest
			continue
		}
		out.WriteString(value)
		text = after
	}
}
