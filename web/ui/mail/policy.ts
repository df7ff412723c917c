// What of a mail may be shown, and where it may lead. It holds for both ways of cleaning one, that with a document and that without.

/** Elements that are kept. */
export const tags = [
  'a', 'abbr', 'acronym', 'address', 'area', 'article', 'aside', 'b', 'bdi', 'bdo', 'big', 'blockquote', 'br', 'caption', 'center', 'cite', 'code', 'col',
  'colgroup', 'data', 'dd', 'del', 'details', 'dfn', 'dir', 'div', 'dl', 'dt', 'em', 'figcaption', 'figure', 'font', 'footer', 'h1', 'h2', 'h3', 'h4', 'h5',
  'h6', 'header', 'hgroup', 'hr', 'i', 'img', 'ins', 'kbd', 'legend', 'li', 'main', 'map', 'mark', 'menu', 'nav', 'nobr', 'ol', 'p', 'picture', 'pre', 'q',
  'rp', 'rt', 'ruby', 's', 'samp', 'search', 'section', 'small', 'span', 'strike', 'strong', 'style', 'sub', 'summary', 'sup', 'table', 'tbody', 'td',
  'tfoot', 'th', 'thead', 'time', 'tr', 'tt', 'u', 'ul', 'var', 'wbr',
]

/** Elements that go with what is in them. Of all others that are not kept, that stays. */
export const dropped = [
  'audio', 'head', 'iframe', 'math', 'noembed', 'noframes', 'noscript', 'plaintext', 'script', 'selectedcontent', 'svg', 'template', 'title', 'video', 'xmp',
]

/** Attributes that may have any value: without them a mail would lose its layout and direction. */
export const plainAttributes = [
  'align', 'alt', 'bgcolor', 'border', 'cellpadding', 'cellspacing', 'class', 'clear', 'color', 'colspan', 'coords', 'datetime', 'dir', 'face', 'headers',
  'height', 'hidden', 'hspace', 'id', 'ismap', 'label', 'lang', 'media', 'name', 'noshade', 'nowrap', 'open', 'reversed', 'role', 'rowspan', 'scope',
  'shape', 'size', 'span', 'start', 'style', 'summary', 'title', 'type', 'valign', 'value', 'vspace', 'width',
]

/** Attributes whose value is an address. */
export const addressAttributes = ['cite', 'href', 'src', 'usemap']

/** Addresses that are kept, without the spaces in them. */
export const allowedAddress = /^(?:https?:|mailto:|tel:|cid:|\/uploads\/|#|data:image\/(?:png|jpe?g|gif|webp);base64,)/i

/** Addresses of other servers' pictures, and by which of ours each is read without that server learning who reads. */
export type Pictures = Readonly<Record<string, string>>

/** What is known about a mail that is clean. */
export interface Facts {
  /** Images that are on somebody else's server. */
  remote: number
  /** The mail chose colours itself; it needs the light canvas it was written for. */
  coloured: boolean
}

/** A file of ours, by its path: signed addresses carry the root URL, which need not be this origin. */
const upload = /^(?:https?:\/\/[^/]+)?(\/uploads\/(?:thumb_)?[0-9a-f]{8}-[0-9a-f-]{27}(?:\?.*)?)$/i

const web = /^https?:/i

/** The same-origin address of one of our files, or null when the address is somebody else's. */
export function ownUpload(address: string): string | null {
  const path = upload.exec(address)?.[1]
  if (!path) return null
  const foreign = web.test(address) && !(URL.canParse(address) && new URL(address).origin === location.origin)
  return foreign && !/[?&]sig=/.test(path) ? null : path
}

// An address that does not end goes to the end: to look for the end of each would take time by the square of their number.
const withoutAddresses = (css: string): string => css.replace(/@import[^;]*;?/gi, '').replace(/url\(\s*(?:"[^"]*"|'[^']*'|[^)]*)\s*\)?/gi, 'none')

const colour = /(?:^|[;{\s"'])(?:color|background(?:-color|-image)?)\s*:/i

/** The attributes of an element, whoever holds them. */
export type Attributes = Pick<Element, 'getAttribute' | 'setAttribute' | 'removeAttribute'>

/** Lets an element that is kept lead nowhere but where it may, and adds what it says about its mail. */
export function settle(tag: string, element: Attributes, pictures: Pictures, facts: Facts): void {
  if (tag === 'img') settlePicture(element, pictures, facts)
  if (tag === 'a' || tag === 'area') {
    if (!element.getAttribute('href')?.startsWith('#')) element.setAttribute('target', '_blank')
    element.setAttribute('rel', 'noopener noreferrer')
  }
  const style = element.getAttribute('style') ?? ''
  facts.coloured ||= colour.test(style) || element.getAttribute('bgcolor') !== null || (tag === 'font' && element.getAttribute('color') !== null)
  if (/url\(/i.test(style)) element.setAttribute('style', withoutAddresses(style))
}

function settlePicture(image: Attributes, pictures: Pictures, facts: Facts): void {
  const address = image.getAttribute('src')?.trim() ?? ''
  const foreign = web.test(address) && !ownUpload(address)
  const own = ownUpload(address) ?? (Object.hasOwn(pictures, address) ? pictures[address] : undefined)
  if (foreign) facts.remote += 1
  if (own) image.setAttribute('src', own)
  else if (foreign || !allowedAddress.test(address)) image.removeAttribute('src')
  image.setAttribute('referrerpolicy', 'no-referrer')
  image.setAttribute('decoding', 'async')
  // A document answers by the picture of a name in place of what is its own.
  image.removeAttribute('name')
}

/** What in a style sheet could be read as markup: such a sheet is not kept. */
export const markup = /<[/\w!]/

/** The same for what a mail says in a <style>. */
export function settleStyle(css: string, facts: Facts): string {
  facts.coloured ||= colour.test(css)
  const settled = withoutAddresses(css)
  // What was around an address is together now.
  return markup.test(settled) ? '' : settled
}
