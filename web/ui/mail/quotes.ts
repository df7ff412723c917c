import { historyOf, passesOn, plainLine } from './history'

/** The attribute that the frame's style sheet hides. */
export const quoteMark = 'data-quoted'

/** Names that some programs put "x_" before. */
const named = (...names: string[]): string => names.flatMap((name) => [`.${name}`, `.x_${name}`]).join(', ')

/** Boxes in which programs put what a reply repeats, below what its writer writes. */
const boxes = [
  named('gmail_quote_container', 'gmail_quote', 'protonmail_quote', 'zmail_extra', 'tutanota_quote', 'moz-forward-container'),
  'div[class$="yahoo_quoted"]',
].join(', ')

/** Quotations that only programs make; others may be what a writer set off himself. */
const citation = 'blockquote[type="cite"], blockquote[cite]'

/** Marks behind which everything is history: Outlook's, of all its kinds. */
const markers = [
  ...['divRplyFwdMsg', 'appendonsend', 'OLK_SRC_BODY_SECTION', 'mail-editor-reference-message-container'].map((id) => `#${id}, #x_${id}`),
  named('OutlookMessageHeader'),
].join(', ')

const signatures = named('moz-signature', 'gmail_signature')

/** Elements by which a new line begins. */
const breaking =
  'br, hr, p, h1, h2, h3, h4, h5, h6, table, tr, dl, dt, dd, div, ul, ol, li, pre, blockquote, figure, figcaption, caption, ' +
  'address, article, section, header, footer, center, main, nav, aside'

/** A line as a reader of a mail sees it: its text, and the node that it begins with. */
interface Line {
  text: string
  first: Node
  /** The outermost quotation it is in. */
  quote?: Element
  signature: boolean
}

/** Reads the lines of a mail. */
class Lines {
  readonly all: Line[] = []
  /** From which line on Outlook's marks say that all is history. */
  marked?: number
  private quote?: Element
  private signature = false
  private goesOn = false

  constructor(body: Element) {
    for (const child of body.childNodes) this.read(child)
  }

  private read(node: Node): void {
    if (node.nodeType === Node.TEXT_NODE) this.add(node, node.nodeValue ?? '')
    else if (node instanceof Element) this.enter(node)
  }

  private enter(element: Element): void {
    if (element.matches('style, script, title')) return
    // Pictures of ours are content; those of others are seldom more than a logo or a spy.
    if (element.matches('img[src]')) return this.add(element, '\ufffc')
    if (!this.quote && element.matches(markers)) this.marked ??= this.all.length
    const { quote, signature } = this
    const breaks = element.matches(breaking)
    this.goesOn &&= !breaks
    this.quote ??= isQuotation(element, this.all) ? element : undefined
    this.signature ||= element.matches(signatures)
    if (this.quote !== quote) this.goesOn = false
    for (const child of element.childNodes) this.read(child)
    this.goesOn &&= !breaks && this.quote === quote
    this.quote = quote
    this.signature = signature
  }

  private add(node: Node, text: string): void {
    if (this.goesOn) this.all.at(-1)!.text += text
    else if (text.trim()) {
      this.all.push({ text, first: node, quote: this.quote, signature: this.signature })
      this.goesOn = true
    }
  }
}

/** Whether an element holds what a mail repeats and nothing else; `before` are the lines above it. */
function isQuotation(element: Element, before: readonly Line[]): boolean {
  if (element.matches('blockquote')) return element.matches(citation) || isIntroduced(element, before)
  return element.matches(boxes) && !isAnswered(element)
}

/** Programs say above a quotation whose it is; what is set off without that is the writer's own: an indented paragraph. */
function isIntroduced(element: Element, before: readonly Line[]): boolean {
  if (element.parentElement?.closest(boxes)) return true
  const above = before.slice(-4).filter((line) => !line.quote)
  const lines = ['.', ...above.map((line) => plainLine(line.text)), '>']
  return (historyOf(lines)?.from ?? lines.length) < lines.length - 1
}

/** How long the line is that says whose a quotation is. */
const introductionLimit = 400

/**
 * Whether somebody wrote answers into a box of quotations: it begins with one, and below that stands what is in none. What is
 * passed on has text of its own before the first.
 */
function isAnswered(box: Element): boolean {
  const first = [...box.querySelectorAll('blockquote')].find((quote) => quote.textContent.trim())
  if (first?.parentElement?.closest(boxes) !== box) return false
  let before = 0
  const walker = document.createTreeWalker(box, NodeFilter.SHOW_TEXT)
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const text = node.nodeValue?.trim() ?? ''
    if (!text) continue
    const quote = node.parentElement?.closest('blockquote')
    if (quote && box.contains(quote)) continue
    if (first.compareDocumentPosition(node) & Node.DOCUMENT_POSITION_FOLLOWING) return true
    before += text.length
    if (before > introductionLimit || passesOn(plainLine(text))) return false
  }
  return false
}

/** The line below which nothing is quoted but what the programs and their servers put under it. */
function endOf(lines: readonly Line[]): number {
  const last = lines.findLastIndex((line) => line.quote)
  if (last < 0) return lines.length
  const below = lines.slice(last + 1)
  return below.every((line) => line.signature) || lines[last]?.quote?.matches(`div:is(${boxes})`) ? last + 1 : lines.length
}

/**
 * Marks the history in a cleaned mail: from a repeated header on, and the quotations at its end. Returns whether there is something
 * to fold. What its writer wrote stays, and so do quotations between answers; a mail that is nothing but history is left open.
 */
export function markQuotes(body: HTMLElement): boolean {
  const { all, marked } = new Lines(body)
  const texts = all.map((line) => (line.quote ? '>' : '') + plainLine(line.text))
  let found = historyOf(texts, endOf(all))
  if (marked !== undefined && marked > 0 && marked < all.length && !(found && found.from < marked)) found = { from: marked, to: all.length }
  if (!found) return false
  const from = widest(all[found.from]!.first, body, all[found.to]?.first)
  hideBlanksBefore(from)
  cover(body, from, all[found.to]?.first)
  return true
}

/** Whether there is anything to see in a node. */
const isBlank = (node: Node): boolean =>
  !node.textContent?.trim() && !(node instanceof Element && (node.matches('img[src]') || node.querySelector('img[src]')))

/** The outermost node that begins with this one. */
function widest(node: Node, body: Element, without?: Node): Node {
  let at = node
  for (;;) {
    const parent = at.parentNode
    if (!parent || parent === body || (without && parent.contains(without))) return at
    for (let before = at.previousSibling; before; before = before.previousSibling) if (!isBlank(before)) return at
    at = parent
  }
}

/** The rule and the empty lines above the history are part of it. */
function hideBlanksBefore(node: Node): void {
  for (let before = node.previousSibling; before && isBlank(before); before = before.previousSibling) {
    if (before instanceof Element) before.setAttribute(quoteMark, '')
  }
}

/** Marks what stands below a node from one node on up to another. */
function cover(node: Node, from: Node, to?: Node): void {
  for (const child of [...node.childNodes]) {
    if (child !== from && child.contains(from)) cover(child, from, to)
    else if (from !== child && !(from.compareDocumentPosition(child) & Node.DOCUMENT_POSITION_FOLLOWING)) continue
    else if (to && (child === to || to.compareDocumentPosition(child) & Node.DOCUMENT_POSITION_FOLLOWING)) return
    else if (to && child.contains(to)) cover(child, from, to)
    else mark(child)
  }
}

function mark(node: ChildNode): void {
  if (node instanceof Element) node.setAttribute(quoteMark, '')
  else if (node.nodeValue?.trim()) {
    const wrapper = document.createElement('span')
    wrapper.setAttribute(quoteMark, '')
    node.replaceWith(wrapper)
    wrapper.append(node)
  }
}

/** Splits a plain text mail into what is new and the history at its end. */
export function splitPlainQuote(text: string): { fresh: string; quoted: string } {
  const lines = text.split('\n')
  const found = historyOf(lines.map(plainLine))
  if (!found) return { fresh: text, quoted: '' }
  return { fresh: lines.slice(0, found.from).join('\n').trimEnd(), quoted: lines.slice(found.from).join('\n').replace(/^\s*\n/, '') }
}
