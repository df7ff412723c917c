package i18n

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// Match returns the language that an Accept-Language header (RFC 9110, section 12.5.4) asks for first and that there is a
// catalogue for, by the whole code or, failing that, by the language alone (de-AT finds de-DE); "" if there is none.
func Match(accept string) string {
	type wish struct {
		code   string
		weight float64
	}
	var wishes []wish
	for entry := range strings.SplitSeq(accept, ",") {
		code, parameter, _ := strings.Cut(entry, ";")
		w := wish{strings.TrimSpace(code), 1}
		if q, ok := strings.CutPrefix(strings.TrimSpace(parameter), "q="); ok {
			w.weight, _ = strconv.ParseFloat(q, 64) // what cannot be read is not wanted
		}
		if w.weight > 0 {
			wishes = append(wishes, w)
		}
	}
	slices.SortStableFunc(wishes, func(a, b wish) int { return cmp.Compare(b.weight, a.weight) })
	for _, w := range wishes {
		if code := closest(w.code); code != "" {
			return code
		}
	}
	return ""
}

// closest returns the catalogue of a code, or the first one of its language; "" if there is none.
func closest(code string) string {
	found := ""
	for _, l := range must().languages {
		if strings.EqualFold(l.Code, code) {
			return l.Code
		}
		if found == "" && strings.EqualFold(primary(l.Code), primary(code)) {
			found = l.Code
		}
	}
	return found
}

// primary returns the language of a code, without script and region.
func primary(code string) string {
	p, _, _ := strings.Cut(code, "-")
	return p
}
