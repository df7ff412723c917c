package notify

import (
	"html"
	"strings"

	"github.com/foyerdesk/foyer/internal/desk/setting"
	"github.com/foyerdesk/foyer/internal/platform/i18n"
)

// Letter writes a mail of the desk in a language as HTML: its logo, or its name where no mail program would show the logo,
// above paragraphs, which are HTML.
func Letter(g setting.General, lang string, paragraphs ...string) string {
	var b strings.Builder
	b.WriteString(`<div lang="` + lang + `" dir="` + i18n.Direction(lang) + `">` + letterHead(g))
	for _, p := range paragraphs {
		b.WriteString("<p>" + p + "</p>")
	}
	return b.String() + "</div>"
}

func letterHead(g setting.General) string {
	name := html.EscapeString(g.SiteName)
	logo := g.LogoURL
	if strings.HasPrefix(logo, "/") {
		logo = g.RootURL + logo
	}
	// Mail programs show no SVG.
	if logo == "" || strings.HasSuffix(strings.ToLower(logo), ".svg") {
		return "<p><strong>" + name + "</strong></p>"
	}
	return `<p><img src="` + html.EscapeString(logo) + `" alt="` + name + `" height="40" style="height:40px;width:auto;max-width:240px"></p>`
}
