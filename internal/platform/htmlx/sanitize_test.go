package htmlx

import (
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// attacks are ways to run a script, load a frame, send a form or leave the page that have worked somewhere.
var attacks = []string{
	`<script>alert(1)</script>`,
	`<SCRIPT SRC=//evil.test/x.js></SCRIPT>`,
	`<scr<script>ipt>alert(1)</scr</script>ipt>`,
	`<script/x>alert(1)</script>`,
	`<script>alert(1)`,
	`<<script>alert(1)//<</script>`,
	`<img src=x onerror=alert(1)>`,
	`<img src=x onerror =alert(1)>`,
	`<img/src=x/onerror=alert(1)>`,
	`<img """><script>alert(1)</script>">`,
	`<img src="x` + "`" + `<script>alert(1)</script>"` + "`" + `>`,
	`<img src=javascript:alert(1)>`,
	`<img src="jav&#x09;ascript:alert(1)">`,
	`<img src="data:text/html;base64,PHNjcmlwdD4=">`,
	`<img src="data:image/svg+xml;base64,PHN2Zz4=">`,
	`<img src="data:image/png,<svg onload=alert(1)>">`,
	`<img srcset="x onerror=alert(1)" src=y onload=alert(1)>`,
	`<a href="javascript:alert(1)">x</a>`,
	`<a href="JaVaScRiPt:alert(1)">x</a>`,
	`<a href=" javascript:alert(1)">x</a>`,
	"<a href=\"java\nscript:alert(1)\">x</a>",
	"<a href=\"java\x00script:alert(1)\">x</a>",
	"<a href=\"\x01javascript:alert(1)\">x</a>",
	`<a href="&#106;avascript&colon;alert(1)">x</a>`,
	`<a href="java&NewLine;script:alert(1)">x</a>`,
	`<a href="vbscript:msgbox(1)">x</a>`,
	`<a href="data:text/html,<script>alert(1)</script>">x</a>`,
	`<a href="blob:https://x.test/1">x</a>`,
	`<a href="file:///etc/passwd">x</a>`,
	`<a href="/api/v1/logout">x</a>`,
	`<img src="/api/v1/logout">`,
	`<a href="https://x.test" onclick="alert(1)">x</a>`,
	`<a href=x target=_self onmouseover=alert(1)>x</a>`,
	`<a href="https://x.test" href="javascript:alert(1)" ping="//e.test">x</a>`,
	`<body onload=alert(1) background="javascript:alert(1)">x`,
	`<div style="background:url(javascript:alert(1))">x</div>`,
	`<div style="background-image:url('//evil.test/x')">x</div>`,
	`<div style="width:expression(alert(1))">x</div>`,
	`<div style="width:expr/**/ession(alert(1))">x</div>`,
	`<div style="wid\74h:exp\72 ession(alert(1))">x</div>`,
	`<div style="behavior:url(x.htc);-moz-binding:url(x)">x</div>`,
	`<div style="position:fixed;top:0;left:0;width:100%;height:100%;z-index:9999">x</div>`,
	`<div style="color:red;}body{display:none">x</div>`,
	`<div style='font-family:"</style><script>alert(1)</script>"'>x</div>`,
	`<div style="margin:-1000px;text-indent:-99px">x</div>`,
	`<div style="@import url(//evil.test)">x</div>`,
	`<style>@import '//evil.test';body{display:none}</style>`,
	`<style><!--</style><script>alert(1)</script>-->`,
	`<link rel=stylesheet href=//evil.test/x.css>`,
	`<meta http-equiv=refresh content="0;url=javascript:alert(1)">`,
	`<base href="//evil.test/">`,
	`<iframe src=javascript:alert(1)></iframe>`,
	`<iframe srcdoc="<script>alert(1)</script>"></iframe>`,
	`<object data=javascript:alert(1)><param name=x></object>`,
	`<embed src=javascript:alert(1)>`,
	`<applet code=x></applet>`,
	`<frameset onload=alert(1)><frame src=javascript:alert(1)></frameset>`,
	`<form action=//evil.test><input name=p type=password><button formaction=javascript:alert(1)>x</button></form>`,
	`<isindex action=javascript:alert(1) type=image>`,
	`<textarea autofocus onfocus=alert(1)></textarea>`,
	`<select autofocus onfocus=alert(1)><option>x</select>`,
	`<svg onload=alert(1)>`,
	`<svg><script>alert(1)</script></svg>`,
	`<svg><a xlink:href="javascript:alert(1)"><text>x</text></a></svg>`,
	`<svg><animate onbegin=alert(1) attributeName=x></svg>`,
	`<svg><foreignObject><iframe onload=alert(1)></foreignObject></svg>`,
	`<svg><style><img src=x onerror=alert(1)></style></svg>`,
	`<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">`,
	`<math href="javascript:alert(1)">x</math>`,
	`<math><mi//xlink:href="data:x,<script>alert(4)</script>">`,
	`<noscript><p title="</noscript><img src=x onerror=alert(1)>">`,
	`<noembed><p title="</noembed><img src=x onerror=alert(1)>">`,
	`<xmp><p title="</xmp><img src=x onerror=alert(1)>">`,
	`<title><p title="</title><img src=x onerror=alert(1)>">`,
	`<plaintext><img src=x onerror=alert(1)>`,
	`<template><script>alert(1)</script></template>`,
	`<video src=x onerror=alert(1)><source onerror=alert(1)></video>`,
	`<audio src=x onerror=alert(1)>`,
	`<details open ontoggle=alert(1)>x</details>`,
	`<marquee onstart=alert(1)>x</marquee>`,
	`<table background="javascript:alert(1)"><tr><td background="javascript:alert(1)">x`,
	`<p id="location" name="cookie" class="modal fixed inset-0">x</p>`,
	`<img name=getElementById src="https://x.test/a.png">`,
	`<!--[if gte IE 4]><script>alert(1)</script><![endif]-->`,
	`<!--><img src=x onerror=alert(1)>-->`,
	`<!-- --!><img src=x onerror=alert(1)>`,
	`<![CDATA[<img src=x onerror=alert(1)>]]>`,
	`<?xml version="1.0"?><?php alert(1) ?><img src=x onerror=alert(1)>`,
	`<x:script xmlns:x="http://www.w3.org/1999/xhtml">alert(1)</x:script>`,
	`<a/href="java` + "\t" + `script:alert(1)"/onclick=alert(1)>x</a>`,
	`<p/onclick=alert(1)>x<p onclick=alert(1)`,
	`<input type=image src=x onerror=alert(1)>`,
	`<keygen autofocus onfocus=alert(1)>`,
	`<dialog open onclose=alert(1)>x</dialog>`,
	`<portal src="//evil.test"></portal><custom-element onclick=alert(1)>x</custom-element>`,
	`<div contenteditable onblur=alert(1) tabindex=1 autofocus accesskey=x>x</div>`,
	"<img src=`x` onerror=alert(1)>",
	`<IMG SRC=&#0000106&#0000097&#0000118&#0000097&#0000115&#0000099&#0000114&#0000105&#0000112&#0000116:alert(1)>`,
	`&lt;script&gt;alert(1)&lt;/script&gt;`,
}

func TestNothingDangerousSurvives(t *testing.T) {
	if len(attacks) < 60 {
		t.Fatalf("only %d attacks", len(attacks))
	}
	for _, attack := range attacks {
		for _, markup := range []string{
			attack, `<div><p>before` + attack + `after</p></div>`, `<table><tr><td>` + attack, strings.ToUpper(attack),
			`<math><mi>` + attack, `<svg></p>` + attack + `</svg>`, `<select><option>` + attack,
		} {
			checkSafe(t, markup)
		}
	}
}

// checkSafe reparses what Sanitize returned, as a browser would, with and without scripting, and looks at what is
// there; and that sanitising twice changes nothing that matters.
func checkSafe(t *testing.T, markup string) {
	t.Helper()
	out := Sanitize(markup)
	for _, scripting := range []bool{true, false} {
		doc, err := html.ParseWithOptions(strings.NewReader(out), html.ParseOptionEnableScripting(scripting))
		if err != nil {
			t.Fatalf("%.200q: reparse: %v", markup, err)
		}
		for n := range doc.Descendants() {
			if n.Type == html.CommentNode {
				t.Errorf("%.200q: comment %q in %q", markup, n.Data, out)
			}
			if n.Type == html.ElementNode {
				checkElement(t, markup, n)
			}
		}
	}
}

func checkElement(t *testing.T, markup string, n *html.Node) {
	t.Helper()
	if _, ok := allowed[n.Data]; (!ok && n.Data != "html" && n.Data != "head" && n.Data != "body") || n.Namespace != "" {
		t.Errorf("%.200q: element %s %s", markup, n.Namespace, n.Data)
	}
	for _, a := range n.Attr {
		value := strings.ToLower(strings.TrimSpace(a.Val))
		switch {
		case strings.HasPrefix(a.Key, "on"), a.Key == "srcset", a.Key == "ping", a.Key == "background", a.Key == "name":
			t.Errorf("%.200q: attribute %s=%q", markup, a.Key, a.Val)
		case a.Key == "href":
			if s := scheme(value); s != "http" && s != "https" && s != "mailto" && s != "tel" {
				t.Errorf("%.200q: link %q", markup, a.Val)
			}
			if rel := attr(n.Attr, "rel"); !strings.Contains(rel, "nofollow") || !strings.Contains(rel, "noreferrer") {
				t.Errorf("%.200q: rel %q", markup, rel)
			}
		case a.Key == "src":
			if s := scheme(value); s != "http" && s != "https" && s != "cid" && !dataRE.MatchString(a.Val) {
				t.Errorf("%.200q: image %q", markup, a.Val)
			}
		case a.Key == "style":
			for _, bad := range []string{"url", "expression", "position", "z-index", "behavior", "import", "\\", "/*", "-moz-binding", "{", "<"} {
				if strings.Contains(value, bad) {
					t.Errorf("%.200q: style %q", markup, a.Val)
				}
			}
		case a.Key == "id" || a.Key == "class":
			if markers(a.Val) != a.Val {
				t.Errorf("%.200q: %s %q", markup, a.Key, a.Val)
			}
		}
	}
}

func TestSanitizeKeepsHowMailLooks(t *testing.T) {
	png := "data:image/png;base64,iVBORw0KGgo="
	for in, want := range map[string]string{
		`plain & simple`:   `plain &amp; simple`,
		`<p>a<br>b</p>`:    `<p>a<br>b</p>`,
		`<b>x</b><i>y</i>`: `<b>x</b><i>y</i>`,
		`<p>one<p>two`:     `<p>one</p><p>two</p>`,
		`<font color="#ff0000" face="Arial, sans-serif" size="+1">x</font>`: `<font color="#ff0000" face="Arial, sans-serif" size="+1">x</font>`,
		`<table width="600" cellpadding="0" border=0 bgcolor="#FFF"><tr><td align=center valign="top" style="padding:10px 0;font:12px/1.5 Arial,'Segoe UI';color:rgb(1, 2, 3)">x</td></tr></table>`: `<table width="600" cellpadding="0" border="0" bgcolor="#FFF"><tr><td align="center" valign="top" style="padding: 10px 0; font: 12px/1.5 Arial,&#39;Segoe UI&#39;; color: rgb(1, 2, 3)">x</td></tr></table>`,
		`<img src="cid:logo@x" width=10 alt="L">`:      `<img src="cid:logo@x" width="10" alt="L">`,
		`<img src="cid:image001.png@01D9.ABC">`:        `<img src="cid:image001.png@01D9.ABC">`,
		`<img src="` + png + `">`:                      `<img src="` + png + `">`,
		`<img src="https://x.test/a.png?b=1&amp;c=2">`: `<img src="https://x.test/a.png?b=1&amp;c=2">`,
		`<img>`: ``,
		`<a href="https://x.test/?a=1&b=2">l</a>`:                                 `<a href="https://x.test/?a=1&amp;b=2" rel="nofollow noreferrer noopener" target="_blank">l</a>`,
		`<a href="mailto:bo@x.test?subject=Hi%20there">m</a>`:                     `<a href="mailto:bo@x.test?subject=Hi%20there" rel="nofollow noreferrer">m</a>`,
		`<a href="tel:+4912345">t</a>`:                                            `<a href="tel:+4912345" rel="nofollow noreferrer">t</a>`,
		`<a href="www.x.test">w</a>`:                                              `<a href="https://www.x.test" rel="nofollow noreferrer noopener" target="_blank">w</a>`,
		`<body bgcolor="#eee" style="color:red"><p>x</p></body>`:                  `<div style="background-color: #eee; color: red"><p>x</p></div>`,
		`<blockquote type="cite" class="gmail_quote other">q</blockquote>`:        `<blockquote type="cite" class="gmail_quote">q</blockquote>`,
		`<div id="divRplyFwdMsg" class="x_gmail_attr">h</div>`:                    `<div id="divRplyFwdMsg" class="x_gmail_attr">h</div>`,
		`<p class=MsoNormal>a<o:p></o:p></p><![if !mso]>b<![endif]>`:              `<p>a</p>b`,
		`<head><title>T</title><style>p{}</style></head><p style="mso-x:1">x</p>`: `<p>x</p>`,
		`<svg>no end, so the words stay`:                                          `no end, so the words stay`,
		`<form><p>words <input value=1>in a form</p></form>`:                      `<p>words in a form</p>`,
		`<p style="color:red;position:absolute;float:left">x</p>`:                 `<p style="color: red; float: left">x</p>`,
		`<ol start=3><li>a<li>b</ol>`:                                             `<ol start="3"><li>a</li><li>b</li></ol>`,
	} {
		if got := Sanitize(in); got != want {
			t.Errorf("%s\n got %s\nwant %s", in, got, want)
		}
	}
}

func TestDataImagesAreBounded(t *testing.T) {
	big := `<img src="data:image/png;base64,` + strings.Repeat("AAAA", MaxDataURI/4+1) + `">x`
	if got := Sanitize(big); got != "x" {
		t.Errorf("%d bytes", len(got))
	}
}

func TestHostileMarkupCostsLinearTime(t *testing.T) {
	const n = 1 << 20
	rep := func(s string) string { return strings.Repeat(s, n/len(s)) }
	for name, markup := range map[string]string{
		"nested divs":         rep("<div>"),
		"nested tables":       rep("<table><tr><td>"),
		"nested inline":       rep("<b>"),
		"formatting in p":     rep(`<p><b a=1><i>`),
		"nested links":        rep(`<a href=https://x.test>`),
		"nested svg":          rep("<svg>") + "</svg>",
		"hidden, many kinds":  rep("<svg><math><canvas>"),
		"end tags":            rep("</div>"),
		"misnested":           rep("<b><p></b><i></p>"),
		"open brackets":       rep("<"),
		"open comments":       rep("<!--"),
		"attributes":          "<p " + rep("a=b ") + ">",
		"equal attributes":    "<p " + rep("style='color:red' ") + ">",
		"declarations":        `<p style="` + rep("color:red;") + `">`,
		"quotes":              rep("<blockquote>x"),
		"lists":               rep("<ul><li>x"),
		"entities":            rep("&amp"),
		"selects":             rep("<select><option>"),
		"images without src":  rep("<img>"),
		"outlook history":     rep(`<div id=appendonsend>x`),
		"text of quote lines": rep("> x\n"),
		"text of On":          rep("On x\n"),
		"pre lines":           "<pre>" + rep("a\n"),
		"one word":            rep("x"),
	} {
		t.Run(name, func(t *testing.T) {
			out := Sanitize(markup)
			if _, err := html.Parse(strings.NewReader(out)); err != nil {
				t.Error(err)
			}
			Text(markup)
			SplitQuote(markup)
			StripQuotedText(markup)
			Preview(markup, 100)
			RewriteURLs(markup, func(_, _, u string) string { return u })
		})
	}
}

func FuzzSanitize(f *testing.F) {
	for _, a := range attacks {
		f.Add(a)
	}
	f.Fuzz(func(t *testing.T, markup string) { checkSafe(t, markup) })
}

var newsletter = `<html><head><style>td{color:red}</style></head><body bgcolor="#fff">` +
	strings.Repeat(`<table width="600"><tr><td style="font-family:Arial,sans-serif;color:#333;padding:0 10px"><p>Some words and a <a href="https://x.test/a?b=c">link</a></p><img src="https://x.test/a.png" width="100"></td></tr></table>`, 90)

func BenchmarkSanitize20KB(b *testing.B) {
	b.SetBytes(int64(len(newsletter)))
	b.ReportAllocs()
	for b.Loop() {
		Sanitize(newsletter)
	}
}

func BenchmarkText20KB(b *testing.B) {
	b.SetBytes(int64(len(newsletter)))
	for b.Loop() {
		Text(newsletter)
	}
}
