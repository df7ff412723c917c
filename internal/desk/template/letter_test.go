package template

import (
	"strings"
	"testing"

	"github.com/foyerdesk/foyer/internal/desk/setting"
)

func TestALetterShowsTheLogoThatAMailProgramCanShow(t *testing.T) {
	g := setting.Defaults("https://desk.test")
	g.SiteName = `Acme "<b>" Help`
	for logo, want := range map[string]string{
		"/branding/x.png":                `<img src="https://desk.test/branding/x.png" alt="Acme &#34;&lt;b&gt;&#34; Help"`,
		`https://cdn.test/a.png?x="><b>`: `<img src="https://cdn.test/a.png?x=&#34;&gt;&lt;b&gt;"`,
		setting.DefaultPicture:           `<strong>Acme &#34;&lt;b&gt;&#34; Help</strong>`,
		"":                               `<strong>Acme`,
	} {
		g.LogoURL = logo
		if got := (Renderer{Site: SiteOf(g), Lang: "fa-IR"}).Letter("<p>One</p><p>Two</p>"); !strings.Contains(got, want) || !strings.HasPrefix(got, `<div lang="fa-IR" dir="rtl">`) || !strings.HasSuffix(got, "<p>One</p><p>Two</p></div>") {
			t.Errorf("%q: %s", logo, got)
		}
	}
}
