/** Containers that hold nothing but earlier mails. */
const containers = [
  '.gmail_quote_container',
  '.gmail_quote',
  '.gmail_extra > blockquote',
  '.yahoo_quoted',
  '.protonmail_quote',
  '.moz-cite-prefix + blockquote',
  'blockquote[type="cite"]',
  'blockquote',
].join(', ')

/** Marks behind which everything is history: Outlook, Hotmail, old Outlook. */
const markers = [
  '#divRplyFwdMsg',
  '#appendonsend',
  '#OLK_SRC_BODY_SECTION',
  '.OutlookMessageHeader',
  '[id$="divRplyFwdMsg"]',
  '[id$="appendonsend"]',
].join(', ')

/** "On 3 March, Ida wrote:", which goes with the quotation that follows it. */
const attribution = '.gmail_attr, .moz-cite-prefix, .protonmail_signature_block + .protonmail_quote_header'

/** The attribute that the frame's style sheet hides. */
export const quoteMark = 'data-quoted'

/**
 * Marks the quoted history in a cleaned mail. Returns whether there is something to fold: a mail
 * that is nothing but a quotation is left open.
 */
export function markQuotes(body: HTMLElement): boolean {
  let found = false
  const mark = (element: Element): void => {
    if (element.parentElement?.closest(`[${quoteMark}]`)) return
    element.setAttribute(quoteMark, '')
    found = true
  }

  for (const element of body.querySelectorAll(containers)) {
    mark(element)
    const before = element.previousElementSibling
    if (before?.matches(attribution)) mark(before)
  }
  for (const marker of body.querySelectorAll(markers)) {
    if (marker.closest(`[${quoteMark}]`)) continue
    mark(marker)
    // Everything after the marker, also outside of the boxes it is in.
    for (let at: Element | null = marker; at && at !== body; at = at.parentElement) {
      for (let next = at.nextSibling; next; next = next.nextSibling) {
        if (next instanceof Element) mark(next)
        else if (next.nodeType === Node.TEXT_NODE && next.textContent?.trim()) {
          const wrapper = document.createElement('span')
          next.replaceWith(wrapper)
          wrapper.append(next)
          mark(wrapper)
          next = wrapper
        }
      }
    }
    const rule = marker.previousElementSibling
    if (rule?.matches('hr')) mark(rule)
  }
  if (!found) return false

  const rest = body.cloneNode(true) as HTMLElement
  rest.querySelectorAll(`[${quoteMark}], style`).forEach((element) => element.remove())
  if (rest.textContent?.trim() || rest.querySelector('img')) return true
  body.querySelectorAll(`[${quoteMark}]`).forEach((element) => element.removeAttribute(quoteMark))
  return false
}

const quotedLine = /^\s*>/
const introduction = /^\s*(?:On .{4,200}wrote:|Le .{4,200}a écrit\s*:|Am .{4,200}schrieb.{0,100}:|El .{4,200}escribió:|-{2,}\s*Original Message\s*-{2,}|_{20,})\s*$/i

/** Splits a plain text mail into what is new and the quoted history at its end. */
export function splitPlainQuote(text: string): { fresh: string; quoted: string } {
  const lines = text.split('\n')
  let start = lines.length
  for (let at = lines.length - 1; at >= 0; at--) {
    const line = lines[at] ?? ''
    if (quotedLine.test(line)) start = at
    else if (line.trim() && at < start) break
  }
  const marker = lines.findIndex((line) => introduction.test(line))
  if (marker >= 0 && (/^[-_\s]/.test(lines[marker] ?? '') || quotedLine.test(lines.slice(marker + 1).find((l) => l.trim()) ?? ''))) {
    start = Math.min(start, marker)
  }
  const fresh = lines.slice(0, start).join('\n').trimEnd()
  if (!fresh || start >= lines.length) return { fresh: text, quoted: '' }
  return { fresh, quoted: lines.slice(start).join('\n') }
}
