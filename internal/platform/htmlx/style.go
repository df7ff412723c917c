package htmlx

import (
	"regexp"
	"strings"
)

// properties are the CSS properties kept in style attributes: type, colour, space and tables. None of them loads
// anything, moves content over the page or runs.
var properties = set(`background background-color border border-bottom border-bottom-color border-bottom-style
	border-bottom-width border-collapse border-color border-left border-left-color border-left-style border-left-width
	border-radius border-right border-right-color border-right-style border-right-width border-spacing border-style
	border-top border-top-color border-top-style border-top-width border-width caption-side clear color direction
	display empty-cells float font font-family font-size font-style font-variant font-weight height letter-spacing
	line-height list-style-position list-style-type margin margin-bottom margin-left margin-right margin-top max-height
	max-width min-height min-width overflow-wrap padding padding-bottom padding-left padding-right padding-top
	table-layout text-align text-decoration text-decoration-color text-decoration-line text-indent text-transform
	unicode-bidi vertical-align white-space width word-break word-spacing word-wrap`)

var valueRE = regexp.MustCompile(`^[\p{L}\p{N}#%.,' !+_-]+$`)

// maxValue is the longest value kept, in bytes. A count in the expression would compile to as many copies of its classes.
const maxValue = 400

var colourFunc = regexp.MustCompile(`(?i)\b(?:rgb|rgba|hsl|hsla)\([0-9a-z.,%/ -]{1,60}\)`)

// negative margins would move content over its neighbours.
var negative = regexp.MustCompile(`(^|[\s,])-`)

// maxStyle bounds one attribute.
const maxStyle = 8 << 10

// filterStyle keeps the declarations of a style attribute whose property and value are both known to be harmless. A
// value with an escape, a comment, a function other than a colour or a string that holds more than a font's name is
// dropped whole.
func filterStyle(css string) string {
	if len(css) > maxStyle {
		return ""
	}
	var out strings.Builder
	for decl := range strings.SplitSeq(css, ";") {
		name, value, ok := strings.Cut(decl, ":")
		name = strings.ToLower(strings.TrimSpace(name))
		value = strings.Join(strings.Fields(strings.ReplaceAll(value, `"`, "'")), " ")
		if !ok || !properties[name] || !safeValue(name, value) {
			continue
		}
		if out.Len() > 0 {
			out.WriteString("; ")
		}
		out.WriteString(name + ": " + value)
	}
	return out.String()
}

func safeValue(name, value string) bool {
	rest := value
	if strings.Contains(value, "(") {
		rest = colourFunc.ReplaceAllString(value, "c")
	}
	if strings.Contains(rest, "/") {
		rest = strings.ReplaceAll(rest, "/", " ") // font: 12px/1.5 Arial
		if strings.ContainsAny(value, "*") || name != "font" {
			return false
		}
	}
	if len(rest) > maxValue || !valueRE.MatchString(rest) || strings.Count(rest, "'")%2 != 0 {
		return false
	}
	lower := strings.ToLower(rest)
	if strings.Contains(lower, "expression") || strings.Contains(lower, "javascript") {
		return false
	}
	switch {
	case strings.HasPrefix(name, "margin"), name == "text-indent":
		return !negative.MatchString(value)
	case name == "display":
		return lower != "contents"
	}
	return true
}

func set(words string) map[string]bool {
	m := map[string]bool{}
	for w := range strings.FieldsSeq(words) {
		m[w] = true
	}
	return m
}
