package mail

import (
	"fmt"
	"html"
	"strings"
)

// client is how one mail program answers.
type client struct {
	name   string
	mailer string // a header field that tells it
	legacy bool   // writes the charset of its language, not UTF-8
	re     func(t tongue) string
	// text and html are the bodies, "" where it writes none; sign is the signature that it adds.
	text, html func(t tongue) string
	sign       func(t tongue) string
	flowed     bool
}

func ownRe(t tongue) string     { return t.re + ": " }
func commonRe(tongue) string    { return "Re: " }
func noSign(tongue) string      { return "" }
func who(pattern string) string { return strings.ReplaceAll(pattern, "%s", desk) }
func quotedLines(t tongue) string {
	return "> " + strings.Join(t.old, "\n>\n> ")
}

func freshText(t tongue) string { return strings.Join(t.fresh, "\n\n") }

// wrapIn writes paragraphs as elements with an empty one between.
func wrapIn(open, closing, empty string, list []string) string {
	var out []string
	for _, p := range list {
		out = append(out, open+html.EscapeString(p)+closing)
	}
	return strings.Join(out, empty)
}

func divs(list []string) string { return wrapIn("<div>", "</div>", "<div><br></div>", list) }
func paragraphs(list []string) string {
	return wrapIn("<p>", "</p>", "\n", list)
}
func msoNormal(list []string) string {
	return wrapIn(`<p class="MsoNormal">`, "<o:p></o:p></p>", "\n"+`<p class="MsoNormal"><o:p>&nbsp;</o:p></p>`+"\n", list)
}

// headerLines are the lines of a repeated header in the order From, Sent, To, Subject.
func headerLines(t tongue) string {
	return fmt.Sprintf("%s: %s\n%s: %s\n%s: %s\n%s: %s", t.labels[0], desk, t.labels[1], t.longDate, t.labels[2], customer, t.labels[3], t.subject)
}

func headerHTML(t tongue) string {
	var out []string
	for line := range strings.SplitSeq(headerLines(t), "\n") {
		label, value, _ := strings.Cut(line, ":")
		out = append(out, "<b>"+label+":</b>"+html.EscapeString(value))
	}
	return strings.Join(out, "<br>\n")
}

func gmailHTML(t tongue) string {
	return `<div dir="ltr">` + divs(t.fresh) + `</div><br><div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">` +
		html.EscapeString(who(t.gmail)) + `<br></div><blockquote class="gmail_quote" style="margin:0px 0px 0px 0.8ex;border-left:1px solid rgb(204,204,204);padding-left:1ex">` +
		divs(t.old) + "</blockquote></div>\n"
}

func quotingText(attribution func(t tongue) string) func(t tongue) string {
	return func(t tongue) string {
		return freshText(t) + "\n\n" + attribution(t) + "\n\n" + quotedLines(t) + "\n"
	}
}

func outlookHTML(t tongue) string {
	return `<html xmlns:o="urn:schemas-microsoft-com:office:office"><head><style><!-- p.MsoNormal {margin:0cm;} --></style></head><body lang="EN-US" link="#0563C1" style="word-wrap:break-word"><div class="WordSection1">` + "\n" +
		msoNormal(t.fresh) + "\n" + `<p class="MsoNormal"><o:p>&nbsp;</o:p></p>` + "\n" +
		`<div><div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"><p class="MsoNormal">` + headerHTML(t) + "<o:p></o:p></p></div></div>\n" +
		`<p class="MsoNormal"><o:p>&nbsp;</o:p></p>` + "\n" + msoNormal(t.old) + "\n</div></body></html>\n"
}

func outlookText(t tongue) string {
	return freshText(t) + "\n\n" + headerLines(t) + "\n\n" + strings.Join(t.old, "\n\n") + "\n"
}

func owaHTML(t tongue) string {
	return `<html><head><style type="text/css" style="display:none;"> P {margin-top:0;margin-bottom:0;} </style></head><body dir="ltr">` +
		`<div class="elementToProof" style="font-family: Aptos, Calibri; font-size: 12pt;">` + divs(t.fresh) + `</div><div id="appendonsend"></div>` +
		`<hr style="display:inline-block;width:98%" tabindex="-1"><div id="divRplyFwdMsg" dir="ltr"><font face="Calibri, sans-serif" style="font-size:11pt" color="#000000">` +
		headerHTML(t) + `</font><div>&nbsp;</div></div><div>` + divs(t.old) + "</div></body></html>\n"
}

func outlookMobileHTML(t tongue) string {
	return `<html><head></head><body><div style="direction: ltr;">` + divs(t.fresh) + `</div><div id="ms-outlook-mobile-signature"><div><br></div><div>` + html.EscapeString(t.android) +
		`</div></div><div id="mail-editor-reference-message-container" class="ms-outlook-mobile-reference-message"><hr style="display:inline-block;width:98%" tabindex="-1">` +
		`<div id="divRplyFwdMsg" style="font-size: 11pt;">` + headerHTML(t) + `</div><br><div>` + divs(t.old) + "</div></div></body></html>\n"
}

func appleHTML(t tongue) string {
	return `<html><head><meta http-equiv="content-type" content="text/html; charset=utf-8"></head><body style="overflow-wrap: break-word;">` + divs(t.fresh) +
		`<div><br><blockquote type="cite"><div>` + html.EscapeString(who(t.apple)) + `</div><br class="Apple-interchange-newline"><div>` + divs(t.old) + "</div></blockquote></div><br></body></html>"
}

func iphoneHTML(t tongue) string {
	return `<html><head></head><body dir="auto">` + divs(t.fresh) + `<br id="lineBreakAtBeginningOfSignature"><div dir="ltr">` + html.EscapeString(t.iphone) + `</div><div dir="ltr"><br><blockquote type="cite">` +
		html.EscapeString(who(t.apple)) + `<br><br></blockquote></div><blockquote type="cite"><div dir="ltr">` + divs(t.old) + "</div></blockquote></body></html>"
}

func thunderbirdHTML(t tongue) string {
	return "<!DOCTYPE html>\n<html><head></head><body>\n" + paragraphs(t.fresh) + "\n" + `<div class="moz-cite-prefix">` + strings.ReplaceAll(t.thunderbird, "%s", "Acme Help") +
		"<br></div>\n" + `<blockquote type="cite" cite="mid:r2@acme.test">` + paragraphs(t.old) + "</blockquote>\n<br>\n</body></html>"
}

func yahooHTML(t tongue) string {
	return `<html><head></head><body><div class="ydp9f1ayahoo-style-wrap" style="font-family:Helvetica;font-size:16px;"><div dir="ltr" data-setdir="false">` + divs(t.fresh) +
		`</div><div><br></div></div><div id="ydp5b7cyahoo_quoted_8020" class="ydp5b7cyahoo_quoted"><div style="color:#26282a;"><div>` + html.EscapeString(who(t.yahoo)) + `</div><div><br></div><div>` +
		divs(t.old) + "</div></div></div></body></html>"
}

func protonHTML(t tongue) string {
	return `<div style="font-family: Arial, sans-serif; font-size: 14px;">` + divs(t.fresh) + `</div><div class="protonmail_signature_block protonmail_signature_block-empty"></div><div class="protonmail_quote">` +
		html.EscapeString(who(t.proton)) + `<br><blockquote class="protonmail_quote" type="cite">` + divs(t.old) + "</blockquote><br></div>"
}

func gmxHTML(t tongue) string {
	return `<html><head></head><body><div style="font-family: Verdana;font-size: 12.0px;">` + divs(t.fresh) + `<div>&nbsp;</div><div name="quote" style="margin:10px 5px 5px 10px; padding: 10px 0 10px 10px; border-left:2px solid #C3D9E5;">` +
		`<div style="margin:0 0 10px 0;">` + headerHTML(t) + `</div><div name="quoted-content">` + divs(t.old) + "</div></div></div></body></html>"
}

func zohoHTML(t tongue) string {
	return `<!DOCTYPE html><html><head></head><body><div style="font-family: Verdana; font-size: 10pt;">` + divs(t.fresh) + `<br><div class="zmail_extra_hr" style="border-top: 1px solid rgb(204, 204, 204);"><br></div>` +
		`<div class="zmail_extra" data-zbluepencil-ignore="true"><div><strong id="at">---- On Mon, 02 Mar 2026 10:00:00 +0100 <b>Acme Help &lt;help@acme.test&gt;</b> wrote ----</strong></div><br><blockquote id="blockquote_zmail">` +
		divs(t.old) + "</blockquote></div></div></body></html>"
}

func notesHTML(t tongue) string {
	return `<font size=2 face="sans-serif">` + strings.Join(t.fresh, "<br><br>") + `</font><br><br><br><br><font size=1 color=#5f5f5f face="sans-serif">` + headerHTML(t) +
		`</font><br><hr noshade><br><br><br><font size=2>` + strings.Join(t.old, "<br><br>") + "</font><br>"
}

func samsungHTML(t tongue) string {
	return `<html><head></head><body dir="auto">` + divs(t.fresh) + `<div><br></div><div align="left" dir="auto" style="font-size:100%;color:#000000"><div>-------- ` + html.EscapeString(t.original) + ` --------</div><div>` +
		strings.ReplaceAll(html.EscapeString(headerLines(t)), "\n", "</div><div>") + `</div><div><br></div></div><div>` + divs(t.old) + "</div></body></html>"
}

func iphoneText(t tongue) string {
	return freshText(t) + "\n\n" + t.iphone + "\n\n> " + who(t.apple) + "\n> \n" + quotedLines(t) + "\n"
}

// clients are the programs of the corpus.
var clients = []client{
	{name: "gmail", mailer: "X-Gm-Message-State: AOJu0YxyZ", re: commonRe, html: gmailHTML, text: quotingText(func(t tongue) string { return who(t.gmail) }), sign: noSign},
	{name: "gmail-plain", re: commonRe, text: quotingText(func(t tongue) string { return strings.ReplaceAll(t.gmail, "%s", "Acme Help\n<help@acme.test>") }), sign: noSign},
	{name: "outlook-desktop", mailer: "X-Mailer: Microsoft Outlook 16.0", legacy: true, re: ownRe, html: outlookHTML, text: outlookText, sign: noSign},
	{name: "outlook-plain", mailer: "X-Mailer: Microsoft Office Outlook 12.0", legacy: true, re: ownRe, text: func(t tongue) string {
		return freshText(t) + "\n\n-----" + t.original + "-----\n" + headerLines(t) + "\n\n" + strings.Join(t.old, "\n\n") + "\n"
	}, sign: noSign},
	{name: "outlook-web", mailer: "X-MS-Has-Attach:", legacy: true, re: ownRe, html: owaHTML, text: func(t tongue) string {
		return freshText(t) + "\n________________________________\n" + headerLines(t) + "\n\n" + strings.Join(t.old, "\n\n") + "\n"
	}, sign: noSign},
	{name: "outlook-mobile", mailer: "X-MS-Exchange-Transport-CrossTenantHeadersStamped: AM0PR0", re: commonRe, html: outlookMobileHTML, text: func(t tongue) string {
		return freshText(t) + "\n\n" + t.android + "\n________________________________\n" + headerLines(t) + "\n\n" + strings.Join(t.old, "\n\n") + "\n"
	}, sign: func(t tongue) string { return t.android }},
	{name: "apple-mail", mailer: "X-Mailer: Apple Mail (2.3774.500.171.1.1)", re: commonRe, html: appleHTML, text: func(t tongue) string {
		return freshText(t) + "\n\n> " + who(t.apple) + "\n> \n" + quotedLines(t) + "\n"
	}, sign: noSign},
	{name: "iphone", mailer: "X-Mailer: iPhone Mail (22D72)", re: commonRe, html: iphoneHTML, text: iphoneText, sign: func(t tongue) string { return t.iphone }},
	{name: "iphone-plain", mailer: "X-Mailer: iPhone Mail (18H17)", re: commonRe, text: iphoneText, sign: func(t tongue) string { return t.iphone }},
	{name: "thunderbird", mailer: "User-Agent: Mozilla Thunderbird", re: commonRe, html: thunderbirdHTML, text: quotingText(func(t tongue) string { return strings.ReplaceAll(t.thunderbird, "%s", "Acme Help") }), sign: noSign},
	{name: "thunderbird-plain", mailer: "User-Agent: Mozilla Thunderbird", re: commonRe, flowed: true, text: quotingText(func(t tongue) string { return strings.ReplaceAll(t.thunderbird, "%s", "Acme Help") }), sign: noSign},
	{name: "yahoo", mailer: "X-Mailer: WebService/1.1.23369 YMailNovation", re: commonRe, html: yahooHTML, text: func(t tongue) string {
		return " " + freshText(t) + "\n    " + who(t.yahoo) + "  \n \n > " + strings.Join(t.old, "\n > ") + "\n"
	}, sign: noSign},
	{name: "proton", mailer: "X-Pm-Message-Id: 5e1b", re: commonRe, html: protonHTML, text: quotingText(func(t tongue) string { return who(t.proton) }), sign: noSign},
	{name: "gmx", mailer: "X-UI-Message-Type: mail", re: ownRe, html: gmxHTML, sign: noSign},
	{name: "zoho", mailer: "X-Mailer: Zoho Mail", re: commonRe, html: zohoHTML, text: func(t tongue) string {
		return freshText(t) + "\n\n\n\n---- On Mon, 02 Mar 2026 10:00:00 +0100 " + desk + " wrote ----\n\n" + quotedLines(t) + "\n"
	}, sign: noSign},
	{name: "k9", mailer: "User-Agent: K-9 Mail for Android", re: commonRe, text: func(t tongue) string {
		return freshText(t) + "\n\n" + who(t.proton) + "\n" + quotedLines(t) + "\n"
	}, sign: noSign},
	{name: "mutt", mailer: "User-Agent: Mutt/2.2.13 (2024-03-09)", re: commonRe, text: func(t tongue) string {
		return who(t.thunderbird) + "\n" + quotedLines(t) + "\n\n" + freshText(t) + "\n"
	}, sign: noSign},
	{name: "notes", mailer: "X-Mailer: HCL Notes Release 12.0.2", legacy: true, re: ownRe, html: notesHTML, text: func(t tongue) string {
		return freshText(t) + "\n\n\n\n" + headerLines(t) + "\n\n\n\n" + strings.Join(t.old, "\n\n") + "\n"
	}, sign: noSign},
	{name: "samsung", mailer: "X-Mailer: Samsung Email", re: commonRe, html: samsungHTML, text: func(t tongue) string {
		return freshText(t) + "\n\n\n-------- " + t.original + " --------\n" + headerLines(t) + "\n\n" + strings.Join(t.old, "\n") + "\n"
	}, sign: noSign},
}

func replies() (out []sample) {
	for i, c := range clients {
		for j, t := range tongues {
			h := letterhead{id: fmt.Sprintf("reply-%s-%s", c.name, t.code), subject: c.re(t) + t.subject, charset: "utf-8", kind: [2]string{"Q", "B"}[(i+j)%2], answers: true}
			if c.mailer != "" {
				h.more = []string{c.mailer}
			}
			charset := "utf-8"
			if c.legacy {
				charset = t.charset
			}
			h.charset = charset
			want := h.reading()
			own := inOneLine(strings.Join(t.fresh, " ") + " " + c.sign(t))
			body, text, markup := c.body(t, charset, (i+j)%3)
			want.Own, want.Quotes, want.Text, want.HTML = own, true, text, markup
			if c.name == "mutt" { // answers below the quote, which stays
				want.Own, want.Quotes = inOneLine(text), false
			}
			out = append(out, sample{"clients/reply-" + c.name + "-" + t.code, h.write(body), want})
		}
	}
	return out
}

// body writes a reply in one of the encodings that the client may choose.
func (c client) body(t tongue, charset string, variant int) (body part, text, markup string) {
	encoding := [3]string{"quoted-printable", "base64", "8bit"}[variant]
	if charset == "iso-2022-jp" {
		encoding = "7bit"
	}
	switch {
	case c.text == nil:
		markup = c.html(t)
		return textPart("html", charset, encoding, markup), "", markup
	case c.html == nil && c.flowed:
		text = c.text(t)
		body = textPart("plain", charset, encoding, text)
		body.fields[0] += "; format=flowed"
		return body, text, ""
	case c.html == nil:
		text = c.text(t)
		return textPart("plain", charset, encoding, text), text, ""
	}
	text, markup = c.text(t), c.html(t)
	return alternative(textPart("plain", charset, encoding, text), textPart("html", charset, encoding, markup)), text, markup
}

// forwards are mails by which a customer passes on what they got from somebody else.
func forwards() (out []sample) {
	styles := []struct {
		name       string
		fw         func(t tongue) string
		text, html func(t tongue) string
	}{
		{"gmail", func(tongue) string { return "Fwd: " }, func(t tongue) string {
			return freshText(t) + "\n\n---------- " + t.forwarded + " ---------\n" + headerLines(t) + "\n\n" + strings.Join(t.old, "\n\n") + "\n"
		}, func(t tongue) string {
			return `<div dir="ltr">` + divs(t.fresh) + `<br><div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">---------- ` + html.EscapeString(t.forwarded) + " ---------<br>" +
				headerHTML(t) + `<br></div><br><br>` + divs(t.old) + "</div></div>"
		}},
		{"outlook-desktop", func(t tongue) string { return t.fw + ": " }, outlookText, outlookHTML},
		{"outlook-web", func(t tongue) string { return t.fw + ": " }, nil, owaHTML},
		{"apple-mail", func(tongue) string { return "Fwd: " }, func(t tongue) string {
			return freshText(t) + "\n\n> " + t.begin + "\n> \n> " + strings.ReplaceAll(headerLines(t), "\n", "\n> ") + "\n> \n" + quotedLines(t) + "\n"
		}, func(t tongue) string {
			return "<html><body>" + divs(t.fresh) + `<div><br><blockquote type="cite"><div>` + html.EscapeString(t.begin) + `</div><br class="Apple-interchange-newline"><div>` + headerHTML(t) + "</div><br><div>" + divs(t.old) + "</div></blockquote></div></body></html>"
		}},
		{"thunderbird", func(tongue) string { return "Fwd: " }, func(t tongue) string {
			return freshText(t) + "\n\n\n-------- " + t.forwarded + " --------\n" + headerLines(t) + "\n\n\n" + strings.Join(t.old, "\n\n") + "\n"
		}, func(t tongue) string {
			return "<html><body>" + paragraphs(t.fresh) + `<div class="moz-forward-container"><br><br>-------- ` + html.EscapeString(t.forwarded) + ` --------<table class="moz-email-headers-table"><tbody><tr><td>` +
				headerHTML(t) + "</td></tr></tbody></table><br>" + paragraphs(t.old) + "</div></body></html>"
		}},
	}
	for i, s := range styles {
		for j, t := range tongues {
			if j%2 != i%2 {
				continue
			}
			c := client{text: s.text, html: s.html}
			if s.text == nil {
				c.text = nil
			}
			h := letterhead{id: "forward-" + s.name + "-" + t.code, subject: s.fw(t) + t.subject, charset: "utf-8", kind: "B"}
			body, text, markup := c.body(t, "utf-8", (i+j)%3)
			want := h.reading()
			want.Own, want.Quotes, want.Text, want.HTML = inOneLine(strings.Join(t.fresh, " ")), true, text, markup
			out = append(out, sample{"clients/forward-" + s.name + "-" + t.code, h.write(body), want})
		}
	}
	return out
}
