import DOMPurify, { type Config } from 'dompurify'

/** What a mail is after cleaning: a detached body, and what is known about it. */
export interface CleanMail {
  body: HTMLElement
  /** Images that are on somebody else's server. */
  remote: number
  /** The mail chose colours itself; it needs the light canvas it was written for. */
  coloured: boolean
}

const config: Config = {
  USE_PROFILES: { html: true },
  // Without it a <style> at the start would be dropped with the head it is parsed into.
  FORCE_BODY: true,
  RETURN_DOM: true,
  FORBID_TAGS: [
    'form', 'input', 'button', 'textarea', 'select', 'option', 'optgroup', 'label', 'fieldset', 'dialog', 'video', 'audio',
    'source', 'track', 'iframe', 'object', 'embed', 'base', 'meta', 'link', 'title', 'svg', 'math', 'template', 'slot',
  ],
  FORBID_ATTR: ['srcset', 'sizes', 'autofocus', 'contenteditable', 'popover', 'popovertarget', 'ping', 'tabindex', 'accesskey'],
  // DOMPurify takes the values of all attributes for addresses but those it is told of: a mail would lose its layout and direction.
  ADD_URI_SAFE_ATTR: [
    'align', 'bgcolor', 'border', 'cellpadding', 'cellspacing', 'clear', 'color', 'colspan', 'dir', 'face', 'height', 'hspace', 'lang', 'noshade',
    'nowrap', 'rowspan', 'size', 'span', 'start', 'text', 'type', 'valign', 'vspace', 'width',
  ],
  ALLOWED_URI_REGEXP: /^(?:https?:|mailto:|tel:|cid:|\/uploads\/|#|data:image\/(?:png|jpe?g|gif|webp);base64,)/i,
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
}

/** A file of ours, by its path: signed addresses carry the root URL, which need not be this origin. */
const upload = /^(?:https?:\/\/[^/]+)?(\/uploads\/(?:thumb_)?[0-9a-f]{8}-[0-9a-f-]{27}(?:\?.*)?)$/i

/** The same-origin address of one of our files, or null when the address is somebody else's. */
export function ownUpload(address: string): string | null {
  const path = upload.exec(address)?.[1]
  if (!path) return null
  const foreign = /^https?:/i.test(address) && new URL(address).origin !== location.origin
  return foreign && !/[?&]sig=/.test(path) ? null : path
}

/** Addresses of other servers' pictures, and by which of ours each is read without that server learning who reads. */
export type Pictures = Readonly<Record<string, string>>

const withoutAddresses = (css: string): string => css.replace(/@import[^;]*;?/gi, '').replace(/url\(\s*(?:"[^"]*"|'[^']*'|[^)]*)\s*\)/gi, 'none')

const colour = /(?:^|[;{\s"'])(?:color|background(?:-color|-image)?)\s*:/i

/**
 * Cleans a mail once more in the browser; the server has done so when it was received. Whatever
 * gets through is still in a frame that runs no script and fetches nothing it was not allowed.
 * Addresses of other servers are taken out, so that nothing even tries; those in `pictures` become ours.
 */
export function cleanMail(html: string, pictures: Pictures = {}): CleanMail {
  const body = DOMPurify.sanitize(html, config) as unknown as HTMLElement
  return { body, ...settle(body, pictures) }
}

const inPlace: Config = { ...config, RETURN_DOM: false, IN_PLACE: true }

/** Cleans what is below an element, as [cleanMail] does, where it is. The element is an allowed one, and in no document that is shown. */
export function cleanWithin(element: HTMLElement, pictures: Pictures): Omit<CleanMail, 'body'> {
  DOMPurify.sanitize(element, inPlace)
  return settle(element, pictures)
}

/** Lets what is clean lead nowhere but where it may, and says what is known about it. */
function settle(body: HTMLElement, pictures: Pictures): Omit<CleanMail, 'body'> {
  let remote = 0
  let coloured = false

  for (const image of body.querySelectorAll('img')) {
    const address = image.getAttribute('src')?.trim() ?? ''
    const foreign = /^https?:/i.test(address) && !ownUpload(address)
    const own = ownUpload(address) ?? (Object.hasOwn(pictures, address) ? pictures[address] : undefined)
    if (foreign) remote += 1
    if (own) image.setAttribute('src', own)
    else if (foreign) image.removeAttribute('src')
    image.setAttribute('referrerpolicy', 'no-referrer')
    image.setAttribute('decoding', 'async')
  }
  for (const element of body.querySelectorAll('[background]')) element.removeAttribute('background')
  for (const link of body.querySelectorAll('a, area')) {
    if (!link.getAttribute('href')?.startsWith('#')) link.setAttribute('target', '_blank')
    link.setAttribute('rel', 'noopener noreferrer')
  }
  for (const style of body.querySelectorAll('style')) {
    coloured ||= colour.test(style.textContent)
    style.textContent = withoutAddresses(style.textContent)
  }
  for (const element of body.querySelectorAll('[style], [bgcolor], font[color], [text]')) {
    const style = element.getAttribute('style') ?? ''
    coloured ||= colour.test(style) || element.matches('[bgcolor], font[color], [text]')
    if (/url\(/i.test(style)) element.setAttribute('style', withoutAddresses(style))
  }
  return { remote, coloured }
}
