import DOMPurify, { type Config } from 'dompurify'
import { addressAttributes, allowedAddress, dropped, plainAttributes, settle, settleStyle, tags, type Facts, type Pictures } from './policy'

/** What a mail is after cleaning: a detached body, and what is known about it. */
export interface CleanMail extends Facts {
  body: HTMLElement
}

const config: Config = {
  ALLOWED_TAGS: tags,
  FORBID_CONTENTS: dropped,
  ALLOWED_ATTR: [...plainAttributes, ...addressAttributes],
  // DOMPurify takes the values of all attributes for addresses but those it is told of.
  ADD_URI_SAFE_ATTR: plainAttributes,
  ALLOWED_URI_REGEXP: allowedAddress,
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
  // Names that this page has are nothing special in the frame; those that a document would answer to are taken from pictures.
  SANITIZE_DOM: false,
  RETURN_DOM: true,
}

/**
 * Cleans a mail once more in the browser; the server has done so when it was received. Whatever
 * gets through is still in a frame that runs no script and fetches nothing it was not allowed.
 * Addresses of other servers are taken out, so that nothing even tries; those in `pictures` become ours.
 */
export function cleanMail(html: string, pictures: Pictures = {}): CleanMail {
  // Without a body that has begun, a <style> at the start would be lost with the head, and frames would take the place of all else.
  const body = DOMPurify.sanitize(`<body>${html}`, config) as unknown as HTMLElement
  const mail: CleanMail = { body, remote: 0, coloured: false }
  for (const element of mail.body.querySelectorAll('*')) {
    settle(element.localName, element, pictures, mail)
    if (element.localName === 'style') element.textContent = settleStyle(element.textContent, mail)
  }
  return mail
}
