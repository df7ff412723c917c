import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { markQuotes, quoteMark, splitPlainQuote } from './quotes'
import { cleanMail } from './sanitise'

const words = (text: string): string => text.split(/\s+/).filter(Boolean).join(' ')

/** What is seen of a mail while its history is folded. */
function seen(html: string): { own: string; folded: boolean } {
  const { body } = cleanMail(html)
  const folded = markQuotes(body)
  body.querySelectorAll(`[${quoteMark}], style`).forEach((element) => element.remove())
  body.querySelectorAll('div, p, br, li, td, blockquote').forEach((element) => element.after(' '))
  return { own: words(body.textContent), folded }
}

// Replies and forwards of nineteen mail programs in eleven languages; what their writers wrote themselves is known.
describe('history in the mails that the server is tested with', () => {
  interface Reading {
    html?: string
    text?: string
    own?: string
    quotes?: boolean
  }
  const corpus = join(import.meta.dirname, '../../../internal/platform/mail/testdata/corpus/clients')
  const mails = readdirSync(corpus).filter((name) => name.endsWith('.json'))
  it.each(mails)('%s', (name) => {
    const { html, text = '', own = '', quotes = false } = JSON.parse(readFileSync(join(corpus, name), 'utf8')) as Reading
    if (html) return expect(seen(html)).toEqual({ own, folded: quotes })
    const split = splitPlainQuote(text)
    expect({ own: words(split.fresh), folded: !!split.quoted }).toEqual({ own, folded: quotes })
  })
})

const onMonday = 'On Mon, 2 Mar 2026 at 10:00, Acme Help &lt;help@acme.test&gt; wrote:'
const header = '<b>From:</b> Acme<br><b>Sent:</b> Monday, 2 March 2026 10:00<br><b>To:</b> Bo<br><b>Subject:</b> Printer'

describe('history is folded', () => {
  it.each([
    ['Gmail', `<div>New</div><div class="gmail_quote_container"><div class="gmail_attr">${onMonday}</div><blockquote class="gmail_quote">Old</blockquote></div>`],
    ['Gmail of long ago', `<div>New</div><div class="gmail_extra">${onMonday}<br><blockquote class="gmail_quote">Old</blockquote></div>`],
    ['Outlook on the web', '<div>New</div><div id="appendonsend"></div><hr><div id="divRplyFwdMsg">From: a</div><div>Old</div>'],
    ['Outlook passed on by another', '<div>New</div><div id="x_divRplyFwdMsg">From: a</div>Old'],
    ['Outlook on a phone', '<div>New</div><div id="mail-editor-reference-message-container"><hr><div id="divRplyFwdMsg">From: a</div><div>Old</div></div>'],
    ['Outlook for Windows', `<p>New</p><div><div style="border:none;border-top:solid #E1E1E1 1.0pt"><p>${header}</p></div></div><p>Old</p>`],
    ['Outlook in German', '<p>New</p><p><b>Von:</b> Acme &lt;help@acme.test&gt; <br><b>Gesendet:</b> Montag, 2. März 2026 10:00<br><b>An:</b> Bo<br><b>Cc:</b> Ann<br><b>Betreff:</b> AW: Drucker</p><p>Old</p>'],
    ['Outlook in French', '<p>New</p><p><b>De :</b> Acme<br><b>Envoyé :</b> lundi 2 mars 2026 10:00<br><b>À :</b> Bo<br><b>Objet :</b> Imprimante</p><p>Old</p>'],
    ['Outlook for Mac', '<p>New</p><span id="OLK_SRC_BODY_SECTION"><p>Old</p></span>'],
    ['old Outlook', '<p>New</p><div><div class="OutlookMessageHeader">From</div></div><p>Old</p>'],
    ['Outlook with a line at the side', `<p>New</p><div style="border-left:solid blue 1.5pt"><p>${header}</p><p>Old</p></div>`],
    ['Yahoo', '<div>New</div><div class="yahoo_quoted"><div>Old</div></div>'],
    ['Apple Mail', `<div>New</div><div><br><blockquote type="cite"><div>${onMonday}</div><br><div>Old</div></blockquote></div>`],
    ['Thunderbird', `<p>New</p><div class="moz-cite-prefix">${onMonday}<br></div><blockquote type="cite" cite="mid:1@x.test"><p>Old</p></blockquote>`],
    ['Proton', `<div>New</div><div class="protonmail_quote">${onMonday}<br><blockquote class="protonmail_quote" type="cite">Old</blockquote></div>`],
    ['GMX and WEB.DE', '<div>New<div name="quote" style="border-left:2px solid #C3D9E5"><div><b>Gesendet:</b> Montag, 2. März 2026 um 10:00 Uhr<br><b>Von:</b> "Acme"<br><b>An:</b> Bo<br><b>Betreff:</b> Drucker</div><div name="quoted-content">Old</div></div></div>'],
    ['Lotus Notes', '<font>New</font><br><br><font size="1">Von: Acme<br>An: Bo<br>Datum: 02.03.2026 10:00<br>Betreff: Drucker</font><br><hr noshade><br><font>Old</font>'],
    ['Lotus Notes in a table', '<p>New</p><table><tr><td>From:</td><td>Acme</td></tr><tr><td>To:</td><td>Bo</td></tr><tr><td>Date:</td><td>2 Mar 2026</td></tr><tr><td>Subject:</td><td>Printer</td></tr></table><p>Old</p>'],
    ['a quotation without marks', `<p>New</p><p>${onMonday}</p><blockquote>Old</blockquote>`],
    ['a quotation in German without marks', '<p>New</p><p>Am 02.03.2026 um 10:00 schrieb Acme:</p><blockquote>Old</blockquote>'],
  ])('of %s', (_, html) => {
    expect(seen(html)).toEqual({ own: 'New', folded: true })
  })

  it('with the rule and the empty lines above it', () => {
    const body = document.createElement('div')
    body.innerHTML = '<p id="new">New</p><p>&nbsp;</p><hr><div id="divRplyFwdMsg">From: a</div>Old'
    markQuotes(body)
    expect([...body.children].filter((element) => !element.hasAttribute(quoteMark)).map((element) => element.id)).toEqual(['new'])
  })

  it.each([
    ['a signature', `<p>New</p><p>${onMonday}</p><blockquote type="cite">Old</blockquote><pre class="moz-signature">-- Bo</pre>`, 'New -- Bo'],
    ['what a server adds', `<div>New</div><div class="gmail_quote">${onMonday}<blockquote class="gmail_quote">Old</blockquote></div><p>This mail is confidential.</p>`, 'New This mail is confidential.'],
  ])('and %s below it stays', (_, html, own) => {
    expect(seen(html)).toEqual({ own, folded: true })
  })
})

describe('what the writer wrote stays', () => {
  it.each([
    ['answers between quotations', '<blockquote type="cite">How?</blockquote><p>So.</p><blockquote type="cite">When?</blockquote><p>Now.</p>', 'How? So. When? Now.'],
    [
      'answers that Gmail leaves in its box',
      `<div>See below.</div><div class="gmail_quote"><div class="gmail_attr">${onMonday}</div><blockquote class="gmail_quote">How?</blockquote><div>So.</div><blockquote class="gmail_quote">When?</blockquote><div>Now.</div></div>`,
      'See below. On Mon, 2 Mar 2026 at 10:00, Acme Help <help@acme.test> wrote: How? So. When? Now.',
    ],
    ['an answer below', `<p>${onMonday}</p><blockquote type="cite">How?</blockquote><p>So.</p>`, 'On Mon, 2 Mar 2026 at 10:00, Acme Help <help@acme.test> wrote: How? So.'],
    ['an answer below what repeats a header itself', `<p>Hi</p><blockquote type="cite"><p>How?</p><div id="x_divRplyFwdMsg">${header}</div><p>Older</p></blockquote><p>So.</p>`, undefined],
    ['an indented paragraph', '<div>Our address:</div><blockquote style="margin:0 0 0 40px;border:none">12 High Street</blockquote>', 'Our address: 12 High Street'],
    ['what is set off as a quotation', '<div>It says</div><blockquote class="gmail_quote">No paper</blockquote>', 'It says No paper'],
    ['a picture below the quotation', `<p>Look:</p><p>${onMonday}</p><blockquote type="cite">Old</blockquote><img src="/uploads/0b0e3d6e-6a5f-4a35-9f5d-0d3b6e0f3a11">`, undefined],
    ['a journey', '<p>Please change it:</p><p>From: Berlin<br>To: Paris<br>Date: 3 May</p>', 'Please change it: From: Berlin To: Paris Date: 3 May'],
    ['the form of a web site', '<p>A new message</p><p>From: Bo<br>Subject: Printer</p><p>It is broken.</p>', 'A new message From: Bo Subject: Printer It is broken.'],
    ['a mail that is nothing but a quotation', '<blockquote type="cite">Only this</blockquote>', 'Only this'],
    ['a mail that is nothing but passed on', `<div id="divRplyFwdMsg">${header}</div><p>Old</p>`, undefined],
  ])('%s', (_, html, own) => {
    expect(seen(html)).toEqual({ own: own ?? seen(`<i></i>${html}`).own, folded: false })
  })

  it('the last quotation after answers is history', () => {
    const html = `<blockquote type="cite">How?</blockquote><p>So.</p><p>${onMonday}</p><blockquote type="cite">Old</blockquote>`
    expect(seen(html)).toEqual({ own: 'How? So.', folded: true })
  })
})

describe('plain text', () => {
  it('is split at its quoted end', () => {
    expect(splitPlainQuote('Thanks!\n\nOn Mon, Ida wrote:\n> old\n> older')).toEqual({ fresh: 'Thanks!', quoted: 'On Mon, Ida wrote:\n> old\n> older' })
  })

  it.each(['> quoted\nanswer between', '> only', 'On Monday I wrote:\nnothing'])('stays whole: %s', (text) => {
    expect(splitPlainQuote(text)).toEqual({ fresh: text, quoted: '' })
  })

  it('of any length and shape is split at once', () => {
    for (const part of ['-', '- ', '> ', '1 <a@b> ', 'am 1 schrieb ', '1 wrote ', 'From: a\n', '_'.repeat(20) + '\n']) {
      const text = `${part.repeat(20_000)}:\n> old`
      const { fresh, quoted } = splitPlainQuote(text)
      expect(fresh.length + quoted.length).toBeGreaterThan(text.length - 10)
    }
  })
})
