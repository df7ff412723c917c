import { describe, expect, it } from 'vitest'
import { hostile } from '../../../e2e/support/hostile'
import { cleanText } from './large'
import type { Pictures } from './policy'
import { cleanMail } from './sanitise'

const file = '/uploads/0b0e3d6e-6a5f-4a35-9f5d-0d3b6e0f3a11'
const row = '<tr><td style="color:red" onclick="x()">a <b>b</b> <a href="https://x.example">c</a></td></tr>'

const ordinary: Record<string, string> = {
  'paragraphs': '<style>p { margin: 0 }</style><p>one</p>two<br>',
  'colours': '<p bgcolor="#fff">x</p><font color="red">y</font>',
  'colours of a style sheet': '<style media="screen">p { color: red; background: url("https://t.example/a.png") }</style><p>x</p>',
  'a table': `<table width="600" align="center" cellpadding="8" border="0" bgcolor="#fff" onmouseover="x()">${row.repeat(3)}</table>`,
  'a table without its parts': `${row}<td>alone</td></table>`,
  'elements in a table that are none of it': '<table><b>w</b><tr><i>v</i><td>x</td></tr><div>y</div></table>',
  'lists and quotations': '<ol type="a" start="3"><li>a<li>b<ul><li>c</ul></ol><blockquote type="cite">q</blockquote>',
  'tags in the wrong order': '<b><p>x</b>y</p><i>one<p>two</i>three</p></div></span>',
  'tags that are not closed': '<p><b>one<p>two<a href="https://x.example">three<div>four',
  'links': '<a href="#there">a</a><a href="mailto:a@b.example?subject=x">b</a><a href=" https://x.example/?a=1&amp;b=2 ">c</a><a href="relative">d</a><a href="ftp://x.example">e</a><a name="there">f</a>',
  'a map': '<img usemap="#m" src="cid:1"><map name="m"><area href="https://x.example" coords="0,0,1,1" shape="rect"></map>',
  'pictures': `<img src="cid:logo"><img src="data:image/png;base64,AAAA" alt="a"><img src="${file}"><img src="${file}?sig=a&amp;exp=1"><img src="https://x.example${file}"><img src="https://x.example${file}?sig=a"><img src="https://t.example/p.gif?a=1&amp;b=2"><img src="https://t.example/q.gif"><img>`,
  'entities': '&lt;script&gt; &amp;lt; &nbsp;&copy; &notanentity; &#0; &#x80; a < b && c > d "e"',
  'directions': '<div dir="rtl" lang="fa">سلام <bdo dir="ltr">x</bdo></div>',
  'what Outlook writes': '<!--[if gte mso 9]><xml><o:x>1</o:x></xml><![endif]--><style>@page WordSection1 { size: 8.5in 11in }</style><div class=WordSection1><p class=MsoNormal><o:p>&nbsp;</o:p></p><![if !supportLists]>·<![endif]>x</div>',
  'a sheet in a comment': '<style><!-- p { color: red } --></style><p>x</p>',
  'a whole document': '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>x</title><style>p { color: red }</style></head><body bgcolor="#fff" text="#000"><p>x</p></body></html>',
  'frames': '<frameset><frame src="https://t.example"></frameset><p>x</p>',
  'what is unknown': '<x-card onclick="x()"><center>y</center></x-card><marquee>z</marquee><blink>w</blink><canvas>c</canvas>',
  'controls': '<label>a<input value="x"></label><button>b</button><textarea>c</textarea><select><option>d</select><details open><summary>e</summary>f</details>',
  'lines kept as written': '<pre>\n\n  a\n\tb</pre><p>\r\nc\u0000d</p>',
  'attributes twice and in capitals': '<P ALIGN=center align=left STYLE="MARGIN:0" title=\'"&lt;\' class="a&quot;b">x</P>',
  'attributes that could be read as markup': '<p title="--></style>x" class="]>">x</p><p title="a > b">y</p>',
}

const pictures: Pictures = { 'https://t.example/p.gif?a=1&b=2': '/uploads/remote?sig=1' }

/** A body as the frame reads it. */
const read = (html: string): HTMLElement => new DOMParser().parseFromString(`<body>${html}`, 'text/html').body

/** What may be left nowhere, whatever a mail says. */
function trespasses(body: HTMLElement): string[] {
  const found = [...body.querySelectorAll('script, iframe, frame, object, embed, form, input, button, base, meta, link, svg, math, template, noscript, title, video, audio')].map((element) => element.localName)
  for (const element of body.querySelectorAll('*')) {
    for (const { name, value } of element.attributes) {
      if (/^on|^(?:srcset|background|ping|formaction|action|autofocus)$/.test(name)) found.push(name)
      if (/^(?:href|src|cite|usemap)$/.test(name) && !/^(?:https?:|mailto:|tel:|cid:|#|\/uploads\/|data:image\/(?:png|jpeg);base64,)/i.test(value.replace(/\s/g, ''))) found.push(value)
      if (name === 'src' && /^https?:/.test(value)) found.push(value)
    }
  }
  return found
}

const filled = (html: string): string => html.replaceAll('CANARYHOST', 'canary.example').replaceAll('CANARY', 'https://canary.example')

describe('cleaning without a document', () => {
  it.each([...Object.entries(ordinary), ...Object.entries(hostile).filter(([name]) => name !== 'deep nesting')])('leaves of %s what cleaning with one leaves', (_, mail) => {
    for (const html of [filled(mail), `<div><p>before</p>${filled(mail)}<p>behind</p></div>`, `<table><tr><td>${filled(mail)}`, `<style>p { margin: 0 }</style>${filled(mail).repeat(2)}`]) {
      const one = cleanMail(html, pictures)
      const other = cleanText(html, pictures)
      const [oneRead, otherRead] = [read(one.body.innerHTML), read(other.html)]
      if (!oneRead.isEqualNode(otherRead)) expect(other.html).toBe(one.body.innerHTML)
      expect([other.remote, other.coloured]).toEqual([one.remote, one.coloured])
      expect(trespasses(otherRead)).toEqual([])
      // What a browser makes of the markup stays that when it is read once more.
      expect(trespasses(read(otherRead.innerHTML))).toEqual([])
      expect(trespasses(read(oneRead.innerHTML))).toEqual([])
    }
  })

  it('leaves of mails put together by chance what cleaning with a document leaves', { timeout: 60_000 }, () => {
    // No tables: the document of the tests puts text in them, but outside of cells, behind them, which browsers put in front.
    const pieces = [...Object.values(hostile), ...Object.values(ordinary)].flatMap((html) => html.match(/<[^>]*>|[^<]+/g) ?? []).filter((piece) => piece.length < 200 && !/<\/?t(?:able|body|r)/i.test(piece))
    let seed = 7
    const next = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below
    for (let n = 0; n < 200; n++) {
      const html = filled(Array.from({ length: 1 + next(14) }, () => pieces[next(pieces.length)]).join(''))
      const one = cleanMail(html, pictures)
      const other = cleanText(html, pictures)
      expect(trespasses(read(other.html)), html).toEqual([])
      if (!read(one.body.innerHTML).isEqualNode(read(other.html))) expect(other.html, html).toBe(one.body.innerHTML)
      expect([other.remote, other.coloured], html).toEqual([one.remote, one.coloured])
    }
  })

  it('keeps the words of what is nested as no reader needs it, and little of the nesting', { timeout: 60_000 }, () => {
    const { html } = cleanText(`${'<div>'.repeat(100_000)}deep${'</div>'.repeat(100_000)}<p>behind</p>`, {})
    expect(html).toContain('deep')
    expect(html).toContain('<p>behind</p>')
    expect(html.length).toBeLessThan(10_000)
  })

  it('reads huge attributes, and leaves what is not an address', { timeout: 60_000 }, () => {
    const { html } = cleanText(`<p title="${'x'.repeat(3_000_000)}">x</p><a href="${' '.repeat(1_000_000)}javascript:x()">y</a><p style="${'url('.repeat(200_000)}">z</p>`, {})
    expect(html).toHaveLength(`<p title="${'x'.repeat(3_000_000)}">x</p><a target="_blank" rel="noopener noreferrer">y</a><p style="none">z</p>`.length)
  })

  it('gives up what opens more elements than it has', { timeout: 60_000 }, () => {
    const html = Array.from({ length: 4_000 }, (_, n) => `<p><font id=${n}></p>`).join('')
    expect(() => cleanText(html, {})).toThrow(RangeError)
  })
})
