package template

import (
	"html"
	"strings"

	"github.com/foyerdesk/foyer/internal/platform/i18n"
)

// Letter is how a mail of the desk looks where nobody made a layout: its text in its language below the desk's logo, or
// below its name where no mail program would show the logo.
func (r Renderer) Letter(body string) string { return r.directed(r.head() + body) }

// directed says in which language a text is, and so which way it runs.
func (r Renderer) directed(body string) string {
	return `<div lang="` + html.EscapeString(r.Lang) + `" dir="` + i18n.Direction(r.Lang) + `">` + body + `</div>`
}

func (r Renderer) head() string {
	name := html.EscapeString(r.Site.Name)
	// Mail programs show no SVG.
	if r.Site.LogoURL == "" || strings.HasSuffix(strings.ToLower(r.Site.LogoURL), ".svg") {
		return "<p><strong>" + name + "</strong></p>"
	}
	return `<p><img src="` + html.EscapeString(r.Site.LogoURL) + `" alt="` + name + `" height="40" style="height:40px;width:auto;max-width:240px"></p>`
}
