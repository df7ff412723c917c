package template

import (
	"strings"
	"unicode"
)

// maxSubject is the longest subject of a mail that a template makes, in characters.
const maxSubject = 300

// Renderer renders templates for one desk in one language.
type Renderer struct {
	Site Site
	Lang string
}

// Body renders the HTML of a mail: values are escaped, a text that comes as a value is never run. Errors are of type
// *[Error].
func (r Renderer) Body(source string, d Data) (string, error) {
	return (&engine{site: r.Site, lang: r.Lang}).run(source, d.values())
}

// Subject renders the subject of a mail, which is one line of plain text. Errors are of type *[Error].
func (r Renderer) Subject(source string, d Data) (string, error) {
	text, err := (&engine{site: r.Site, lang: r.Lang, plain: true}).run(source, d.values())
	return oneLine(text), err
}

func oneLine(text string) string {
	text = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(text, ""), func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
	if r := []rune(text); len(r) > maxSubject {
		return string(r[:maxSubject-1]) + "…"
	}
	return text
}

// Layout puts the HTML of a mail into a layout. An empty layout is none. A layout that does not show the mail's text is an
// error, as a mail without its words is of no use; errors are of type *[Error].
func (r Renderer) Layout(source string, content HTML, d Data) (string, error) {
	if strings.TrimSpace(source) == "" {
		return string(content), nil
	}
	e := &engine{site: r.Site, lang: r.Lang, content: content}
	out, err := e.run(source, d.values())
	if err == nil && !e.shown {
		return "", &Error{Reason: `the layout does not contain {{ template "content" . }}, where the text of the mail goes`}
	}
	return out, err
}
