package template

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func renderer() Renderer {
	return Renderer{Site: Site{Name: "Acme & Co", RootURL: "https://desk.test", LogoURL: "https://desk.test/logo.png", FaviconURL: "https://desk.test/icon.png", Location: time.UTC}, Lang: "en-US"}
}

func TestValuesAreEscapedAndNeverRun(t *testing.T) {
	d := Sample("en-US")
	d.Contact.FirstName = `<script>{{ RootURL }}</script>`
	d.Conversation.Subject = `"><img>`
	for source, want := range map[string]string{
		`Hi {{ .Contact.FirstName }}`:                              `Hi &lt;script&gt;{{ RootURL }}&lt;/script&gt;`,
		`<a title="{{ .Conversation.Subject }}">`:                  `<a title="&#34;&gt;&lt;img&gt;">`,
		`{{ printf "%s" .Conversation.Subject }}`:                  `&#34;&gt;&lt;img&gt;`,
		`{{ html .Conversation.Subject }}`:                         `&#34;&gt;&lt;img&gt;`,
		`{{ .Conversation.Subject | html }}`:                       `&#34;&gt;&lt;img&gt;`,
		`{{ $x := .Conversation.Subject }}{{ $x }}`:                `&#34;&gt;&lt;img&gt;`,
		`{{ SiteName }} {{ RootURL }}`:                             `Acme &amp; Co https://desk.test`,
		`[{{ .Nothing }}{{ .Nothing.AtAll }}{{ .Contact.Nope }}]`:  `[]`,
		`{{ if .Nothing }}a{{ else }}b{{ end }}`:                   `b`,
		`{{ with .Contact }}{{ .Email }}{{ end }}`:                 d.Contact.Email,
		`<!--[if mso]>x<![endif]-->{{ "a" }}`:                      `<!--[if mso]>x<![endif]-->a`,
		`{{ L "mail.welcome.hello" "name" "<b>" }}`:                `Hello &lt;b&gt;,`,
		`{{ range $i, $e := .Nothing }}x{{ else }}none{{ end }}`:   `none`,
		`{{ define "f" }}({{ . }}){{ end }}{{ template "f" "<" }}`: `(&lt;)`,
		`{{ if and .IsAIComposed true }}AI{{ end }}`:               ``,
	} {
		got, err := renderer().Body(source, d)
		if err != nil || got != want {
			t.Errorf("%s: %q, %v; want %q", source, got, err, want)
		}
	}
	if got, err := renderer().Subject("Re:\n{{ .Conversation.Subject }} {{ SiteName }}", d); err != nil || got != `Re: "><img> Acme & Co` {
		t.Errorf("subject %q, %v", got, err)
	}
}

func TestALayoutShowsTheTextAsItIs(t *testing.T) {
	content := HTML(`<p>{{ .Contact.FirstName }} {{ end }} <b>x</b></p>`)
	got, err := renderer().Layout(`<b>{{ template "content" . }}</b>{{ .Contact.FirstName }}`, content, Data{Contact: Person{FirstName: "Bo"}})
	if err != nil || got != `<b>`+string(content)+`</b>Bo` {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := renderer().Layout(" ", content, Data{}); err != nil || got != string(content) {
		t.Errorf("an empty layout: %q, %v", got, err)
	}
	if _, err := renderer().Layout(`<b>nothing</b>`, content, Data{}); err == nil {
		t.Error("a layout without the text is used")
	}
	if got, err := renderer().Layout(`{{ define "content" }}own{{ end }}{{ template "content" . }}`, content, Data{}); err != nil || got != string(content) {
		t.Errorf("a layout with a text of its own: %q, %v", got, err)
	}
}

func TestErrorsNameTheLine(t *testing.T) {
	for source, want := range map[string]Error{
		"a\n{{ .Contact.FirstName":                                 {2, "unclosed action"},
		"\n\n{{ Foo }}":                                            {3, `function "Foo" not defined`},
		"{{ if .X }}\n":                                            {2, "unexpected EOF"},
		"a\nb {{ template \"x\" . }}":                              {2, `template "x" not defined`},
		"a\n{{ index .Contact.FirstName 99 }}":                     {2, "out of range"},
		"{{ define \"a\" }}{{ template \"a\" . }}{{ end }}":        {0, `template "a" calls itself`},
		"\n{{ range 1000000000 }}{{ end }}":                        {2, "too many steps"},
		"{{ range 1000000000 }}xxxxxxxxxxxxxxxxxxxxxxxxx{{ end }}": {1, "too"},
		"{{ printf \"%9999999d\" 1 }}":                             {1, "width"},
		"{{ printf \"%*d\" 99999 1 }}":                             {1, "width"},
		`{{ $x := "xxxxxxxxxxxxxxxxxxxx" }}{{ range 100 }}{{ $x = print $x $x }}{{ end }}`: {1, "too much text"},
		`{{ .Contact.FirstName.Foo }}`:                                       {1, "can't evaluate field Foo"},
		strings.Repeat("{{ if 1 }}", 200):                                    {1, "unexpected EOF"},
		strings.Repeat("{{ if 1 }}", 200) + strings.Repeat("{{ end }}", 200): {1, "blocks in one another"},
		strings.Repeat("{{ 1 }}", maxActions+1):                              {0, "actions"},
		"{{ print " + strings.Repeat("1 ", 500) + "}}":                       {1, "too long"},
		strings.Repeat("x", MaxBody+1):                                       {0, "longer"},
	} {
		_, err := renderer().Body(source, Sample("en-US"))
		var e *Error
		if !errors.As(err, &e) || (want.Line > 0 && e.Line != want.Line) || !strings.Contains(e.Reason, want.Reason) || strings.Contains(e.Reason, "foyer") {
			t.Errorf("%.60s: %v, want line %d: %s", source, err, want.Line, want.Reason)
		}
	}
}

// Calls that double at each level would run for ever without the count of steps.
func TestTemplatesThatMultiplyEnd(t *testing.T) {
	var b strings.Builder
	for i := range 60 {
		b.WriteString(`{{ define "t` + string(rune('A'+i)) + `" }}{{ template "t` + string(rune('A'+i+1)) + `" . }}{{ template "t` + string(rune('A'+i+1)) + `" . }}{{ end }}`)
	}
	b.WriteString(`{{ define "t` + string(rune('A'+60)) + `" }}{{ end }}{{ template "tA" . }}`)
	if _, err := renderer().Body(b.String(), Data{}); err == nil {
		t.Error("it ended by itself")
	}
}

func TestFillReplacesKnownVariablesOnly(t *testing.T) {
	d := Data{Contact: Person{FirstName: "Bo <b>", LastName: "{{ .Contact.Email }}", Email: "bo@x.test"}, Conversation: Conversation{ReferenceNumber: "7"}}
	for text, want := range map[string]string{
		`Hi {{ .Contact.FirstName }}, {{&nbsp;.Conversation.ReferenceNumber&nbsp;}}`: `Hi Bo &lt;b&gt;, 7`,
		`{{ .Contact.LastName }}`:                                                     `{{ .Contact.Email }}`,
		`{{ .Contact.Nope }} {{ .X.Y }} {{ end }} {{ .`:                               `{{ .Contact.Nope }} {{ .X.Y }} {{ end }} {{ .`,
		`{{ range 9 }} {{ RootURL }} {{{ a }}}`:                                       `{{ range 9 }} {{ RootURL }} {{{ a }}}`,
		`<blockquote class="q">{{ .Contact.Email }}</blockquote>{{ .Contact.Email }}`: `<blockquote class="q">{{ .Contact.Email }}</blockquote>bo@x.test`,
	} {
		if got := Fill(text, d); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

func FuzzRender(f *testing.F) {
	for _, source := range []string{`{{ template "content" . }}`, `{{ range 99999999 }}{{ end }}`, `{{ printf "%[1]s" .Contact.FirstName }}`, `{{ $x := . }}{{ with $x }}{{ . }}{{ end }}`,
		`{{ block "a" . }}{{ .Contact }}{{ end }}`, `{{ html (js (urlquery .)) }}`, `{{ slice .Contact.Email 1 2 }}{{ len . }}{{ call .X }}`, `{{ break }}`, `{{- /* a */ -}}`, BuiltIns()[0].Body("de-DE")} {
		f.Add(source)
	}
	f.Fuzz(func(t *testing.T, source string) {
		d := Sample("en-US")
		d.Contact.FirstName = "<evil>"
		begun := time.Now()
		out, err := renderer().Layout(source, "<p>content</p>", d)
		if time.Since(begun) > 4*maxTime {
			t.Errorf("it took %s", time.Since(begun))
		}
		var e *Error
		if err != nil && !errors.As(err, &e) {
			t.Errorf("not a template's error: %v", err)
		}
		if err == nil && len(out) > maxOutput {
			t.Errorf("%d bytes", len(out))
		}
		if !strings.Contains(source, "evil") && strings.Contains(out, "<evil>") {
			t.Errorf("a value is not escaped: %s", out)
		}
		_ = Fill(source, d)
	})
}
