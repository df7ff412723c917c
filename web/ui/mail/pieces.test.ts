import { afterEach, describe, expect, it, vi } from 'vitest'
import { cleanInPieces, TooMuchWork } from './pieces'
import { cleanMail } from './sanitise'

const never = new AbortController().signal

const row = '<tr><td style="color:red" onclick="x()">a <b>b</b> <a href="https://x.example">c</a></td></tr>'
const hostile = [
  '<script>x()</script>', '<img src="/x" onerror="x()">', '<form action="https://evil.example"><input name="a"><p>kept</p></form>', '<iframe src="https://evil.example"></iframe>',
  '<svg><script>x()</script></svg>', '<math><mtext><style><img src=x onerror=x()></style></mtext></math>', '<base href="https://evil.example/">', '<a href="javascript:x()">a</a>',
  '<template><img src=x onerror=x()></template>', '<noscript><p title="</noscript><img src=x onerror=x()>"></noscript>', '<style>@import "https://t.example/a.css"; p { color: red }</style>',
  '<img src="https://t.example/p.gif">', '<table background="https://t.example/c.png"><tr><td>x</td></tr></table>', '<x-custom onclick="x()">y</x-custom>',
]

describe('cleaning in pieces', () => {
  afterEach(() => vi.restoreAllMocks())

  it.each([
    ['paragraphs', `<style>p { color: red }</style>${'<p>one</p>two<br>'.repeat(400)}`],
    ['one table', `<table bgcolor="#fff" onmouseover="x()"><tbody>${row.repeat(200)}</tbody></table>`],
    ['boxes in boxes', `${'<div class="a" onclick="x()" style="background:url(https://t.example/b.png)">'.repeat(100)}${row.repeat(3)}${'<p>deep</p>'.repeat(300)}`],
    ['a form around everything', `<form action="https://evil.example">${'<p>x</p>'.repeat(300)}</form>`],
    ['an unknown element around everything', `<x-large onclick="x()">${'<p>x</p>'.repeat(300)}</x-large>`],
    ['a script around everything', `<script>${'<p>x</p>'.repeat(300)}</script>`],
    ...hostile.map((bad): [string, string] => [bad, `<div>${'<p>before</p>'.repeat(150)}${bad}${'<p>behind</p>'.repeat(150)}</div>${bad}`]),
  ])('leaves of %s what cleaning at once leaves', async (_, html) => {
    const whole = cleanMail(html)
    const pieces = await cleanInPieces(html, {}, never)
    expect(pieces.body.innerHTML).toBe(whole.body.innerHTML)
    expect([pieces.remote, pieces.coloured]).toEqual([whole.remote, whole.coloured])
    expect(pieces.body.innerHTML).not.toMatch(/<script|onerror|onclick|onmouseover|<form|<input|<iframe|<svg|<base|javascript:|t\.example/)
  })

  it('reads pictures of other servers from here', async () => {
    const { body } = await cleanInPieces(`<div>${'<p><img src="https://t.example/p.gif"></p>'.repeat(300)}</div>`, { 'https://t.example/p.gif': '/uploads/remote?p' }, never)
    expect(body.querySelectorAll('img[src="/uploads/remote?p"]')).toHaveLength(300)
  })

  it('gives up what takes too long', async () => {
    let now = 0
    vi.spyOn(performance, 'now').mockImplementation(() => (now += 1_000))
    await expect(cleanInPieces('<p>x</p>'.repeat(2_000), {}, never)).rejects.toThrow(TooMuchWork)
  })

  it('ends when nobody waits for it', async () => {
    const asked = new AbortController()
    const mail = cleanInPieces('<p>x</p>'.repeat(2_000), {}, asked.signal)
    asked.abort(new Error('gone'))
    await expect(mail).rejects.toThrow('gone')
  })
})
