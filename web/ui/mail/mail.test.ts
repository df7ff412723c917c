import { describe, expect, it } from 'vitest'
import { frameDocument, framePolicy } from './document'
import { ownUpload } from './policy'
import { cleanMail } from './sanitise'

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

  it('keeps the layout of a mail and the direction it is written in', () => {
    const html =
      '<table width="600" align="center" cellpadding="8" border="0"><tbody><tr><td valign="top" colspan="2" bgcolor="white">x</td></tr></tbody></table>' +
      '<div dir="rtl" lang="fa"><ol type="a" start="3"><li>y</li></ol><blockquote type="cite"><font color="red" size="2" face="Arial">z</font></blockquote></div>'
    expect(cleanMail(html).body.innerHTML).toBe(html)
  })

  it('knows whether a mail chose its colours', () => {
    expect(cleanMail('<p style="color:#000">x</p>').coloured).toBe(true)
    expect(cleanMail('<p style="margin:0">x</p>').coloured).toBe(false)
  })
})
