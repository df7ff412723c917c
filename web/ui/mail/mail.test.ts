import { describe, expect, it } from 'vitest'
import { frameDocument, framePolicy } from './document'
import { markQuotes, quoteMark, splitPlainQuote } from './quotes'
import { cleanMail, ownUpload } from './sanitise'

const file = '/uploads/0b0e3d6e-6a5f-4a35-9f5d-0d3b6e0f3a11'
const origin = 'https://desk.example'

describe('frame document', () => {
  it('allows no script, form or nested frame, and only our own images and font', () => {
    const policy = framePolicy({ origin })
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain(`img-src ${origin}/uploads/ data:;`)
    expect(policy).toContain(`font-src ${origin}/assets/`)
    expect(policy).not.toMatch(/script-src|frame-src|https:(?!\/\/desk)|http:/)
  })

  it('puts the policy before anything of the mail', () => {
    const html = frameDocument('<p>hello</p>', { origin })
    expect(html.indexOf('Content-Security-Policy')).toBeLessThan(html.indexOf('hello'))
    expect(html).toContain('dir="auto"')
  })

  it('cannot be left through the language attribute', () => {
    expect(frameDocument('', { origin, language: '"><script>' })).not.toContain('<script>')
  })
})

describe('cleaning', () => {
  it.each([
    ['script', '<script>x()</script>'],
    ['event attribute', '<img src="/x" onerror="x()">'],
    ['form', '<form action="https://evil.example"><input name="a"></form>'],
    ['frame', '<iframe src="https://evil.example"></iframe>'],
    ['svg', '<svg><script>x()</script></svg>'],
    ['meta refresh', '<meta http-equiv="refresh" content="0;url=https://evil.example">'],
    ['base', '<base href="https://evil.example/">'],
    ['javascript link', '<a href="javascript:x()">a</a>'],
    ['data link', '<a href="data:text/html,<script>x()</script>">a</a>'],
  ])('removes %s', (_, html) => {
    const out = cleanMail(html).body.innerHTML
    expect(out).not.toMatch(/script|onerror|<form|<input|<iframe|<svg|<meta|<base|javascript:|text\/html/)
  })

  it('opens links in a new tab without an opener', () => {
    const link = cleanMail('<a href="https://x.example">x</a>').body.querySelector('a')
    expect(link?.target).toBe('_blank')
    expect(link?.rel).toBe('noopener noreferrer')
  })

  it('counts the pictures of other servers, not our own files', () => {
    const { remote, body } = cleanMail(`<img src="https://t.example/p.gif"><img src="https://other.example${file}?sig=a&exp=1">`)
    expect(remote).toBe(1)
    expect(body.querySelectorAll('img')[0]?.hasAttribute('src')).toBe(false)
    expect(body.querySelectorAll('img')[1]?.getAttribute('src')).toBe(`${file}?sig=a&exp=1`)
  })

  it('reads pictures of other servers from here, and nothing else of them', () => {
    const html =
      '<style>@import "https://t.example/a.css"; p { background: url("https://t.example/b.png") }</style>' +
      '<table background="https://t.example/c.png"><tr><td style="background-image:url(//t.example/d.png)">x</td></tr></table>' +
      '<img src="https://t.example/p.gif?a=1&amp;b=2"><img src="https://t.example/q.gif"><img src="https://t.example/constructor">'
    expect(cleanMail(html).body.innerHTML).not.toContain('t.example')
    const { body, remote } = cleanMail(html, { 'https://t.example/p.gif?a=1&b=2': '/uploads/remote?sig=1' })
    expect(body.innerHTML).not.toContain('t.example')
    expect(body.querySelectorAll('img')[0]?.getAttribute('src')).toBe('/uploads/remote?sig=1')
    expect(remote).toBe(3)
  })

  it('takes an unsigned foreign address for what it is', () => {
    expect(ownUpload(`https://t.example${file}`)).toBeNull()
    expect(ownUpload(file)).toBe(file)
  })

  it('knows whether a mail chose its colours', () => {
    expect(cleanMail('<p style="color:#000">x</p>').coloured).toBe(true)
    expect(cleanMail('<p style="margin:0">x</p>').coloured).toBe(false)
  })
})

describe('quoted history', () => {
  it.each([
    ['Gmail', '<div>New</div><div class="gmail_quote_container"><div>On Monday</div><blockquote>Old</blockquote></div>'],
    ['Outlook on the web', '<div>New</div><div id="appendonsend"></div><hr><div id="divRplyFwdMsg">From: a</div><div>Old</div>'],
    ['Outlook with a prefix', '<div>New</div><div id="x_divRplyFwdMsg">From: a</div>Old'],
    ['Outlook for Mac', '<p>New</p><span id="OLK_SRC_BODY_SECTION"><p>Old</p></span>'],
    ['old Outlook', '<p>New</p><div><div class="OutlookMessageHeader">From</div></div><p>Old</p>'],
    ['Yahoo', '<div>New</div><div class="yahoo_quoted"><div>Old</div></div>'],
    ['Apple', '<div>New</div><blockquote type="cite">Old</blockquote>'],
    ['Proton', '<div>New</div><div class="protonmail_quote">Old</div>'],
  ])('folds %s', (_, html) => {
    const body = document.createElement('div')
    body.innerHTML = html
    expect(markQuotes(body)).toBe(true)
    body.querySelectorAll(`[${quoteMark}]`).forEach((e) => e.remove())
    expect(body.textContent).toContain('New')
    expect(body.textContent).not.toContain('Old')
  })

  it('leaves a mail open that is nothing but a quotation', () => {
    const body = document.createElement('div')
    body.innerHTML = '<blockquote>Only this</blockquote>'
    expect(markQuotes(body)).toBe(false)
    expect(body.querySelector(`[${quoteMark}]`)).toBeNull()
  })

  it('splits plain text at its quoted end', () => {
    expect(splitPlainQuote('Thanks!\n\nOn Mon, Ida wrote:\n> old\n> older')).toEqual({
      fresh: 'Thanks!',
      quoted: 'On Mon, Ida wrote:\n> old\n> older',
    })
    expect(splitPlainQuote('> quoted\nanswer between').quoted).toBe('')
    expect(splitPlainQuote('> only').fresh).toBe('> only')
  })
})
