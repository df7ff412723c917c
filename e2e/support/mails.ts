// Mails as customers' programs write them. Bodies are bytes, because what matters here is their charsets.

import { randomUUID } from 'node:crypto'
import { deflateSync } from 'node:zlib'

export interface Attached {
  name: string
  type: string
  bytes: Buffer
}

export const customer = 'mireille@kunde.example'

export function messageID(): string {
  return `<${randomUUID()}@kunde.example>`
}

/** A small but complete PDF. */
export const pdf: Attached = {
  name: 'Rechnung März.pdf',
  type: 'application/pdf',
  bytes: Buffer.from(
    '%PDF-1.4\n%\u00e2\u00e3\u00cf\u00d3\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n' +
      '2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n' +
      '3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n',
    'latin1',
  ),
}

/** A square image of one colour (PNG, ISO/IEC 15948). */
export function png(red: number, green: number, blue: number, size = 48): Buffer {
  const chunk = (type: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
    const length = Buffer.alloc(4)
    length.writeUInt32BE(data.length)
    const sum = Buffer.alloc(4)
    sum.writeUInt32BE(crc32(body))
    return Buffer.concat([length, body, sum])
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(size, 0)
  header.writeUInt32BE(size, 4)
  header.set([8, 2, 0, 0, 0], 8)
  const line = Buffer.concat([Buffer.from([0]), Buffer.from(Array.from({ length: size }, () => [red, green, blue]).flat())])
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.concat(Array.from({ length: size }, () => line)))),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function crc32(data: Buffer): number {
  let crc = 0xffffffff
  for (const byte of data) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)
  }
  return (crc ^ 0xffffffff) >>> 0
}

function base64(bytes: Buffer): string {
  return bytes.toString('base64').replace(/.{76}/g, '$&\r\n')
}

function lines(...parts: (string | Buffer)[]): Buffer {
  return Buffer.concat(parts.flatMap((part) => [Buffer.isBuffer(part) ? part : Buffer.from(part, 'utf8'), Buffer.from('\r\n')]))
}

/** What the first mail's subject and bodies say, once decoded. */
export const firstMail = {
  subject: 'Réclamation こんにちは — 10 €',
  text: 'Où est mon colis à 10 € ?',
  html: 'Посылка не пришла',
}

/**
 * The mail of the main job: a subject in three charsets (RFC 2047), multipart/alternative with a text in windows-1252
 * and HTML in windows-1251, an inline image by Content-ID (RFC 2387), and a PDF whose name is encoded (RFC 2231).
 */
export function firstMailBytes(id: string, image: Buffer): Buffer {
  const cyrillic = Buffer.from('cfeef1fbebeae020ede520eff0e8f8ebe0', 'hex') // firstMail.html in windows-1251
  return lines(
    `From: =?UTF-8?Q?Mireille_M=C3=BCller?= <${customer}>`,
    'To: Support <support@desk.example>',
    'Subject: =?iso-8859-1?Q?R=E9clamation_?= =?ISO-2022-JP?B?GyRCJDMkcyRLJEEkTxsoQg==?=',
    ' =?utf-8?B?IOKAlCAxMCDigqw=?=',
    `Message-ID: ${id}`,
    `Date: ${new Date().toUTCString().replace('GMT', '+0000')}`,
    'MIME-Version: 1.0',
    'Content-Type: multipart/mixed; boundary="outer"',
    '',
    '--outer',
    'Content-Type: multipart/related; boundary="related"',
    '',
    '--related',
    'Content-Type: multipart/alternative; boundary="either"',
    '',
    '--either',
    'Content-Type: text/plain; charset=windows-1252',
    'Content-Transfer-Encoding: quoted-printable',
    '',
    'O=F9 est mon colis =E0 10 =80 ?',
    '',
    '--either',
    'Content-Type: text/html; charset=windows-1251',
    'Content-Transfer-Encoding: 8bit',
    '',
    Buffer.concat([
      Buffer.from('<html><body><p id="greeting">'),
      cyrillic,
      Buffer.from('</p><img alt="logo" src="cid:logo@kunde.example"></body></html>'),
    ]),
    '--either--',
    '--related',
    'Content-Type: image/png; name="logo.png"',
    'Content-ID: <logo@kunde.example>',
    'Content-Disposition: inline; filename="logo.png"',
    'Content-Transfer-Encoding: base64',
    '',
    base64(image),
    '--related--',
    '--outer',
    `Content-Type: ${pdf.type}`,
    `Content-Disposition: attachment; filename*=UTF-8''${encodeURIComponent(pdf.name)}`,
    'Content-Transfer-Encoding: base64',
    '',
    base64(pdf.bytes),
    '--outer--',
  )
}

/** A plain answer to a mail, quoting it as mail programs do. */
export function answerBytes(to: string, subject: string, inReplyTo: string, references: string, text: string): Buffer {
  return lines(
    `From: =?UTF-8?Q?Mireille_M=C3=BCller?= <${customer}>`,
    `To: ${to}`,
    `Subject: Re: ${subject}`,
    `Message-ID: ${messageID()}`,
    `In-Reply-To: ${inReplyTo}`,
    `References: ${references} ${inReplyTo}`,
    `Date: ${new Date().toUTCString().replace('GMT', '+0000')}`,
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: 8bit',
    '',
    text,
    '',
    '> Wir kümmern uns darum.',
  )
}

/** A plain mail of the customer's that begins a conversation. */
export function plainBytes(to: string, subject: string, text: string): Buffer {
  return lines(
    `From: ${customer}`,
    `To: ${to}`,
    `Subject: ${subject}`,
    `Message-ID: ${messageID()}`,
    `Date: ${new Date().toUTCString().replace('GMT', '+0000')}`,
    '',
    text,
  )
}

/** An HTML mail. */
export function htmlBytes(subject: string, html: string, ...more: string[]): Buffer {
  return lines(
    ...more,
    `From: Someone <someone@outside.example>`,
    'To: Support <support@desk.example>',
    `Subject: ${subject}`,
    `Message-ID: ${messageID()}`,
    `Date: ${new Date().toUTCString().replace('GMT', '+0000')}`,
    'MIME-Version: 1.0',
    'Content-Type: text/html; charset=utf-8',
    'Content-Transfer-Encoding: base64',
    '',
    base64(Buffer.from(html, 'utf8')),
  )
}
