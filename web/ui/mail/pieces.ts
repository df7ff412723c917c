import { cleanWithin, type CleanMail, type Pictures } from './sanitise'

/** A mail takes so long to clean that it is not shown. */
export class TooMuchWork extends Error {}

/** Milliseconds at a time, and altogether, that cleaning may take. */
const slice = 25
const workAtMost = 10_000

/** Elements that are cleaned before the clock is looked at. */
const cleanedAtOnce = 200

/** Elements that are cleaned apart from what is in them: they mean nothing but where that stands. All others are cleaned as they are. */
const containers = 'div, table, tbody, thead, tfoot, tr, td, th, ul, ol, li, blockquote, center, section, article, main, header, footer, p, span, font, b, i'

/** Lets the browser do something else whenever it was kept busy for a moment. */
class Pace {
  private began = performance.now()
  private spent = 0

  constructor(private readonly signal: AbortSignal) {}

  async rest(): Promise<void> {
    const now = performance.now() - this.began
    if (this.spent + now > workAtMost) throw new TooMuchWork()
    if (now < slice) return
    this.spent += now
    await new Promise((done) => setTimeout(done))
    this.signal.throwIfAborted()
    this.began = performance.now()
  }
}

const sizeOf = (node: Node): number => (node instanceof Element ? node.querySelectorAll('*').length + 1 : 1)

/**
 * Cleans a very large mail as [cleanMail] does, a few elements at a time: meanwhile the page answers. Throws
 * [TooMuchWork] when it takes too long.
 */
export async function cleanInPieces(html: string, pictures: Pictures, signal: AbortSignal): Promise<CleanMail> {
  const pace = new Pace(signal)
  // A document that nobody sees: it runs nothing and fetches nothing. Reading alone is quick.
  const inert = new DOMParser().parseFromString(`<body>${html}`, 'text/html')
  await pace.rest()
  const mail: CleanMail = { body: inert.createElement('body'), remote: 0, coloured: false }

  const clean = (element: HTMLElement): void => {
    const { remote, coloured } = cleanWithin(element, pictures)
    mail.remote += remote
    mail.coloured ||= coloured
  }

  const move = async (source: Element, target: Element): Promise<void> => {
    let piece = inert.createElement('div')
    let size = 0
    const flush = async (): Promise<void> => {
      clean(piece)
      target.append(...piece.childNodes)
      piece = inert.createElement('div')
      size = 0
      await pace.rest()
    }
    for (let node = source.firstChild; node; node = source.firstChild) {
      const more = sizeOf(node)
      if (size + more > cleanedAtOnce) await flush()
      if (more > cleanedAtOnce && node instanceof Element && node.matches(containers)) {
        const container = node.cloneNode() as Element
        piece.append(container)
        await flush()
        await move(node, container)
        node.remove()
      } else {
        piece.append(node)
        size += more
      }
    }
    await flush()
  }
  await move(inert.body, mail.body)
  return mail
}
