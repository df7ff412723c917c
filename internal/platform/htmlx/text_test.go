package htmlx

import (
	"html"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestTextIsReadable(t *testing.T) {
	for in, want := range map[string]string{
		``:                                  "",
		`<p>Hello <b>Bo</b>,</p><p>bye</p>`: "Hello Bo,\n\nbye",
		`a<br>b<br><br>c`:                   "a\nb\n\nc",
		`<div>a</div><div>b</div>`:          "a\nb",
		`<div>a<br></div><div>b</div>`:      "a\nb",
		`<div>a</div><div><br></div><div>b</div>`:                         "a\n\nb",
		`<ul><li>one</li><li>two</li></ul><p>x`:                           "- one\n- two\n\nx",
		`<ol><li>one<ul><li>in</li></ul></li><li>two</li></ol>`:           "1. one\n  - in\n2. two",
		`<blockquote><p>a</p><p>b</p></blockquote>c`:                      "> a\n>\n> b\n\nc",
		`x<blockquote>a<blockquote>b</blockquote></blockquote>`:           "x\n\n> a\n>\n> > b",
		`<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>`: "a b\nc",
		`<pre>a  b
  c</pre>`: "a  b\n  c",
		`&lt;b&gt; &amp; &nbsp;x&#8203;y`:       "<b> &  xy",
		`<style>p{}</style><script>x</script>y`: "y",
		`a <a href="https://x.test">link</a> b`: "a link b",
		`<img src="cid:x" alt="Logo"> z`:        "Logo z",
		"line\nbroken\n\n   text":               "line broken text",
		`a<b>b</b>c`:                            "abc",
		`a <b> b </b> c`:                        "a b c",
	} {
		if got := Text(in); got != want {
			t.Errorf("%s\n got %q\nwant %q", in, got, want)
		}
	}
}

func TestTextAlternativeShowsWhereLinksLead(t *testing.T) {
	for in, want := range map[string]string{
		`a <a href="https://x.test/p">link</a> b`:         "a link (https://x.test/p) b",
		`<a href="https://x.test/">x.test</a>`:            "x.test",
		`<a href="mailto:a@x.test">a@x.test</a>`:          "a@x.test",
		`<a href="javascript:alert(1)">x</a>`:             "x",
		`<a href="https://x.test"><img src="cid:y"></a>z`: "z",
	} {
		if got := TextWithLinks(in); got != want {
			t.Errorf("%s\n got %q\nwant %q", in, got, want)
		}
	}
}

func TestPreviewIsOneLineOfWholeCharacters(t *testing.T) {
	for _, c := range []struct {
		in   string
		max  int
		want string
	}{
		{"a\n\n b\tc", 10, "a b c"},
		{"äöü 你好 words that go on", 12, "äöü 你好 word…"},
		{"äöüäöüäöüäöü", 5, "äöüä…"},
		{"answer\n\nOn Mon, Bo wrote:\n> old", 50, "answer"},
		{"> only quoted", 50, "> only quoted"},
		{"x", 0, ""}, {"", 5, ""}, {"ab", 1, "…"},
	} {
		if got := Preview(c.in, c.max); got != c.want || utf8.RuneCountInString(got) > c.max {
			t.Errorf("%q: %q, want %q", c.in, got, c.want)
		}
	}
}

func TestPlainTextBecomesEscapedHTML(t *testing.T) {
	if got, want := FromText("a <b> & \"c\"\r\n  d"), "a &lt;b&gt; &amp; &#34;c&#34;<br>\n &nbsp;d"; got != want {
		t.Errorf("%q", got)
	}
}

func TestRewriteURLsSeesWholeAddresses(t *testing.T) {
	in := `<p TITLE='a "q"'>cid:img1<IMG src='cid:img1' alt="x"><img src="cid:img10"/><a href=https://x.test?a=1&amp;b>l</a><!-- <img src="cid:img1"> -->`
	got := RewriteURLs(in, func(tag, attr, url string) string {
		if url == "cid:img1" && tag == "img" && attr == "src" {
			return `/media/1?a&"b`
		}
		return url
	})
	want := `<p TITLE='a "q"'>cid:img1<img src="/media/1?a&amp;&#34;b" alt="x"><img src="cid:img10"/><a href=https://x.test?a=1&amp;b>l</a><!-- <img src="cid:img1"> -->`
	if got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
	var seen []string
	RewriteURLs(in, func(_, _, url string) string { seen = append(seen, url); return url })
	if strings.Join(seen, " ") != "cid:img1 cid:img10 https://x.test?a=1&b" {
		t.Errorf("%q", seen)
	}
}

func TestSplitQuoteFindsTheHistory(t *testing.T) {
	for name, c := range map[string]struct{ in, visible, quoted string }{
		"none":    {`<p>a</p>`, `<p>a</p>`, ``},
		"gmail":   {`<div>new</div><br><div class="gmail_quote gmail_quote_container"><div class="gmail_attr">On Mon wrote:</div><blockquote>old</blockquote></div>`, `<div>new</div><br>`, `<div class="gmail_quote gmail_quote_container"><div class="gmail_attr">On Mon wrote:</div><blockquote>old</blockquote></div>`},
		"outlook": {`<div><p>new</p><div id="divRplyFwdMsg">From</div><p>old</p></div><p>after</p>`, `<div><p>new</p></div><p>after</p>`, `<div id="divRplyFwdMsg">From</div><p>old</p>`},
		"append":  {`<p>new</p><div id="appendonsend"></div><hr><p>old</p>`, `<p>new</p>`, `<div id="appendonsend"></div><hr><p>old</p>`},
		"prefix":  {`<p>new</p><div id="x_divRplyFwdMsg">From</div>`, `<p>new</p>`, `<div id="x_divRplyFwdMsg">From</div>`},
		"yahoo":   {`new<div class="yahoo_quoted">old</div>`, `new`, `<div class="yahoo_quoted">old</div>`},
		"proton":  {`new<div class="protonmail_quote">old</div>end`, `newend`, `<div class="protonmail_quote">old</div>`},
		"apple":   {`<div>new</div><blockquote type="cite"><div>On Mon wrote:</div>old <blockquote>older</blockquote></blockquote>`, `<div>new</div>`, `<blockquote type="cite"><div>On Mon wrote:</div>old <blockquote>older</blockquote></blockquote>`},
		"all":     {`<blockquote>forwarded</blockquote>`, `<blockquote>forwarded</blockquote>`, ``},
	} {
		if visible, quoted := SplitQuote(c.in); visible != c.visible || quoted != c.quoted {
			t.Errorf("%s:\n got %s | %s\nwant %s | %s", name, visible, quoted, c.visible, c.quoted)
		}
	}
}

func TestStripQuotedTextWorksUpwardFromTheEnd(t *testing.T) {
	for in, want := range map[string]string{
		"New question\n\nOn Mon, Support wrote:\n> old":                                     "New question",
		"New\n\nON MON, X WROTE:\n\n> a\n>> b\n\n":                                          "New",
		"New\n\n----- Original Message -----\n":                                             "New",
		"New\n\nOn Mon, Mar 2, 2026 at 9:00 AM Acme Help\n<help@acme.test> wrote:\n\n> old": "New",
		"> question\nanswer":                         "> question\nanswer",
		"> q\nanswer\n> rest":                        "> q\nanswer",
		"On " + strings.Repeat("x", 250) + " wrote:": "On " + strings.Repeat("x", 250) + " wrote:",
		"> all quoted":                               "",
		"":                                           "",
	} {
		if got := StripQuotedText(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func FuzzText(f *testing.F) {
	for _, a := range attacks {
		f.Add(a)
	}
	f.Fuzz(func(t *testing.T, markup string) {
		text := TextWithLinks(markup)
		if !utf8.ValidString(text) || strings.Contains(text, "\x00") {
			t.Errorf("unclean text %q", text)
		}
		visible, quoted := SplitQuote(markup)
		Preview(Text(visible)+StripQuotedText(quoted), 80)
		if back := html.UnescapeString(FromText(text)); !utf8.ValidString(back) {
			t.Errorf("unclean HTML %q", back)
		}
		RewriteURLs(markup, func(_, _, url string) string { return url + "x" })
	})
}
