import { defaultTreeAdapter, parse, type DefaultTreeAdapterMap, type DefaultTreeAdapterTypes, type TreeAdapter } from 'parse5'
import { addressAttributes, allowedAddress, dropped, markup, plainAttributes, settle, settleStyle, tags, type Attributes, type Facts, type Pictures } from './policy'

type Element = DefaultTreeAdapterTypes.Element

/** What a very large mail is after cleaning: markup, and what is known about it. */
export interface CleanText extends Facts {
  html: string
}

const kept = new Set(tags)
const gone = new Set(dropped)
const plain = new Set(plainAttributes)
const addresses = new Set(addressAttributes)
const empty = new Set(['area', 'br', 'col', 'hr', 'img', 'wbr'])

/** Elements that a mail may become, and characters of markup: a few bytes can open elements again and again that are not closed. */
const elementsAtMost = 1_000_000
const charactersAtMost = 64_000_000

/** Elements in elements that are kept, which is what browsers draw; of those further in, what they contain. */
const deepest = 500

/** What would end an attribute for a parser that takes the markup for something else. */
const breakout = /(?:--!?|\])>|<\/(?:style|script|title|xmp|textarea|noscript|iframe|noembed|noframes)/i

// eslint-disable-next-line no-control-regex -- browsers pass over them in an address
const spaces = /[\u0000- \u00a0\u1680\u180e\u2000-\u2029\u205f\u3000]/g

const escapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\u00a0': '&nbsp;' }
const escapeText = (text: string): string => text.replace(/[&<>\u00a0]/g, (c) => escapes[c]!)
const escapeValue = (text: string): string => text.replace(/[&<>"\u00a0]/g, (c) => escapes[c]!)

/** The attributes that an element keeps. */
class Kept implements Attributes {
  private readonly values = new Map<string, string>()

  constructor(element: Element) {
    for (const { name, value: raw } of element.attrs) {
      const value = name === 'value' ? raw : raw.trim()
      if (!breakout.test(value) && (plain.has(name) || (addresses.has(name) && (!value || allowedAddress.test(value.replace(spaces, '')))))) this.values.set(name, value)
    }
  }

  getAttribute(name: string): string | null {
    return this.values.get(name) ?? null
  }

  setAttribute(name: string, value: string): void {
    this.values.set(name, value)
  }

  removeAttribute(name: string): void {
    this.values.delete(name)
  }

  toString(): string {
    let text = ''
    for (const [name, value] of this.values) text += ` ${name}="${escapeValue(value)}"`
    return text
  }
}

/** What a parser makes of markup, up to a limit. */
function limited(): TreeAdapter<DefaultTreeAdapterMap> {
  let count = 0
  return {
    ...defaultTreeAdapter,
    createElement(...args) {
      if (++count > elementsAtMost) throw new RangeError('too many elements')
      return defaultTreeAdapter.createElement(...args)
    },
  }
}

/**
 * Cleans a mail as [cleanMail] does, without a document, so that it can be done beside the page. The markup is read by the rules that
 * browsers read it by: both ways see the same elements.
 */
export function cleanText(html: string, pictures: Pictures): CleanText {
  const document = parse(`<body>${html}`, { scriptingEnabled: false, treeAdapter: limited() })
  const root = document.childNodes.find((node) => node.nodeName === 'html') as Element
  const body = root.childNodes.find((node) => node.nodeName === 'body') as Element
  const facts: Facts = { remote: 0, coloured: false }
  let text = ''
  let depth = 0
  /** What follows, the next last; end tags are text. Mails can be deeper than functions may call each other. */
  const left: (DefaultTreeAdapterTypes.ChildNode | string)[] = []
  const follow = (element: Element): void => {
    for (let n = element.childNodes.length - 1; n >= 0; n--) left.push(element.childNodes[n]!)
  }
  const begin = (element: Element): void => {
    const tag = element.tagName
    if (gone.has(tag)) return
    if (!kept.has(tag) || depth >= deepest) return follow(element)
    const attributes = new Kept(element)
    settle(tag, attributes, pictures, facts)
    if (tag === 'style') {
      const css = element.childNodes.map((node) => ('value' in node ? node.value : '')).join('')
      if (!markup.test(css)) text += `<style${attributes}>${settleStyle(css, facts)}</style>`
      return
    }
    text += `<${tag}${attributes}>`
    if (empty.has(tag)) return
    depth += 1
    left.push(`</${tag}>`)
    follow(element)
  }
  follow(body)
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    if (text.length > charactersAtMost) throw new RangeError('too much markup')
    if (typeof next === 'string') {
      depth -= 1
      text += next
    } else if ('tagName' in next) begin(next)
    else if ('value' in next) text += escapeText(next.value)
  }
  return { html: text, ...facts }
}
