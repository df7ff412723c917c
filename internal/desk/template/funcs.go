package template

import (
	"errors"
	"fmt"
	"html"
	"regexp"
	"strings"
	"text/template"
	"time"

	"github.com/foyerdesk/foyer/internal/desk/setting"
	"github.com/foyerdesk/foyer/internal/platform/i18n"
)

// Site is what templates know of the desk itself.
type Site struct {
	Name, RootURL, LogoURL, FaviconURL string
	Location                           *time.Location
}

// SiteOf returns what templates know of a desk with these settings.
func SiteOf(g setting.General) Site {
	return Site{Name: g.SiteName, RootURL: g.RootURL, LogoURL: absolute(g.RootURL, g.LogoURL), FaviconURL: absolute(g.RootURL, g.FaviconURL), Location: g.Location()}
}

// absolute makes the address of a picture of the desk one that a mail program can use.
func absolute(root, address string) string {
	if strings.HasPrefix(address, "/") {
		return root + address
	}
	return address
}

// funcs are the functions that templates have: those of the desk, and those of Go whose results are bounded. They replace
// the ones that Go brings with it.
func (e *engine) funcs() template.FuncMap {
	return template.FuncMap{
		stepFunc:     e.step,
		escapeFunc:   e.escape,
		contentFunc:  func() HTML { e.shown = true; return e.content },
		"RootURL":    func() string { return e.site.RootURL },
		"FaviconURL": func() string { return e.site.FaviconURL },
		"LogoURL":    func() string { return e.site.LogoURL },
		"SiteName":   func() string { return e.site.Name },
		"Date":       e.date,
		"L":          e.translate,
		"print":      bounded(fmt.Sprint),
		"println":    bounded(fmt.Sprintln),
		"printf":     printf,
		"js":         bounded(template.JSEscaper),
		"urlquery":   bounded(template.URLQueryEscaper),
		"html":       escapeOnce,
	}
}

// date returns the time now in the desk's zone by a layout of Go's, such as "2 January 2006".
func (e *engine) date(layout string) string {
	now := time.Now()
	if e.site.Location != nil {
		now = now.In(e.site.Location)
	}
	if layout == "" {
		layout = time.ANSIC
	}
	return now.Format(layout)
}

// translate returns a text of the catalogue in the language of the mail. Placeholders are given as name, value pairs.
func (e *engine) translate(key string, params ...any) (string, error) {
	if err := within(1, params...); err != nil {
		return "", err
	}
	values := map[string]string{}
	for i := 0; i+1 < len(params); i += 2 {
		values[fmt.Sprint(params[i])] = fmt.Sprint(params[i+1])
	}
	return i18n.T(e.lang, key, values), nil
}

// within reports an error if texts are together longer than a value may be, each taken so many times.
func within(times int, values ...any) error {
	total := 0
	for _, v := range values {
		switch v := v.(type) {
		case string:
			total += len(v)
		case HTML:
			total += len(v)
		case nil, bool, int, int64, float64:
			total += 32
		default:
			total += len(fmt.Sprint(v))
		}
		if total > maxValue/max(1, times) {
			return errTooBig
		}
	}
	return nil
}

func bounded(fn func(...any) string) func(...any) (string, error) {
	return func(values ...any) (string, error) {
		if err := within(1, values...); err != nil {
			return "", err
		}
		return fn(values...), nil
	}
}

// wide matches a width or precision that makes much of little.
var wide = regexp.MustCompile(`%[^A-Za-z%]*(\d{4}|\*)`)

func printf(format string, values ...any) (string, error) {
	if wide.MatchString(format) {
		return "", errors.New("printf: the width is too large")
	}
	verbs := strings.Count(format, "%")
	if len(format) > maxValue || verbs > maxValue/1000 {
		return "", errTooBig
	}
	if err := within(verbs, values...); err != nil {
		return "", err
	}
	return fmt.Sprintf(format, values...), nil
}

// escapeOnce is the function html: what it returns is not escaped a second time.
func escapeOnce(values ...any) (HTML, error) {
	if err := within(1, values...); err != nil {
		return "", err
	}
	if len(values) == 1 {
		if done, ok := values[0].(HTML); ok {
			return done, nil
		}
	}
	return HTML(html.EscapeString(fmt.Sprint(values...))), nil
}
