import { quoteMark } from './quotes'

export interface FrameOptions {
  /** Where our own files are: scheme, host and port. */
  origin: string
  /** Colours of the surrounding page; absent for a mail on its light canvas. */
  theme?: { text: string; link: string; quote: string; dark: boolean }
  /** Our own @font-face rules, with absolute addresses below /assets. */
  fontFaces?: string
  /** Pixels of text whose size the mail does not name; 14 without. */
  letter?: number
  /** Language of the interface, for hyphenation when the mail names none. */
  language?: string
}

/**
 * What the frame may do: show styled text, our own images and our own font. No scripts, no forms, no
 * nested frames, and nothing of any other server: the pictures of those come from below /uploads, too.
 */
export function framePolicy({ origin }: Pick<FrameOptions, 'origin'>): string {
  return [
    "default-src 'none'",
    "style-src 'unsafe-inline'",
    `img-src ${origin}/uploads/ data:`,
    `font-src ${origin}/assets/`,
    "form-action 'none'",
    "base-uri 'none'",
  ].join('; ')
}

const escapeAttribute = (text: string): string => text.replace(/[&"<>]/g, (c) => `&#${c.charCodeAt(0)};`)

function styleSheet({ theme, fontFaces = '', letter = 14 }: FrameOptions): string {
  const text = theme?.text ?? '#1c2024'
  const link = theme?.link ?? '#5753c6'
  const quote = theme?.quote ?? '#d9d9e0'
  return `${fontFaces}
    :root { color-scheme: ${theme?.dark ? 'dark' : 'light'}; }
    html { height: auto !important; overflow-x: auto; overflow-y: hidden; background: transparent; }
    body { height: auto !important; min-height: 0 !important; margin: 0 !important; color: ${text};
      font: ${letter}px/1.5714 'Inter Variable', Inter, ui-sans-serif, system-ui, -apple-system, 'Segoe UI', sans-serif;
      overflow-wrap: break-word; }
    body.canvas { padding: 12px; background: #fff; }
    p { margin: 0 0 10px; }
    p:last-child { margin-bottom: 0; }
    a { color: ${link}; }
    img { max-width: 100%; }
    img:not([width]) { height: auto; }
    img[src^="/uploads/"] { cursor: zoom-in; }
    pre { white-space: pre-wrap; }
    table { max-width: none; }
    blockquote { margin: 8px 0; padding-inline-start: 12px; border-inline-start: 2px solid ${quote}; }
    [${quoteMark}] { display: none !important; }
    html.all [${quoteMark}] { display: revert !important; }
    *, ::before, ::after { animation: none !important; }
    ::highlight(found) { background: #ffe7b3; color: #1c2024; }
  `
}

/** The document for the frame's srcdoc around a cleaned mail. */
export function frameDocument(cleanHtml: string, options: FrameOptions): string {
  const canvas = options.theme ? '' : ' class="canvas"'
  return (
    `<!doctype html><html lang="${escapeAttribute(options.language ?? '')}"><head><meta charset="utf-8">` +
    `<meta http-equiv="Content-Security-Policy" content="${escapeAttribute(framePolicy(options))}">` +
    `<meta name="referrer" content="no-referrer"><style>${styleSheet(options)}</style></head>` +
    `<body dir="auto"${canvas}>${cleanHtml}</body></html>`
  )
}

const faces = new Map<string, string>()

/** The rules of our font as this page has them, for documents that load nothing else of it. Thousands of rules are read for them: once. */
export function ownFontFaces(family: string): string {
  const known = faces.get(family)
  if (known) return known
  const rules: string[] = []
  for (const sheet of document.styleSheets) {
    let list: CSSRuleList
    try {
      list = sheet.cssRules
    } catch {
      continue // of another origin
    }
    const collect = (inner: CSSRuleList): void => {
      for (const rule of inner) {
        if ('cssRules' in rule && !('style' in rule)) collect(rule.cssRules as CSSRuleList)
        else if (rule instanceof CSSFontFaceRule && rule.style.getPropertyValue('font-family').includes(family)) {
          const base = sheet.href ?? location.href
          rules.push(rule.cssText.replace(/url\(["']?([^"')]+)["']?\)/g, (_, url: string) => `url("${new URL(url, base)}")`))
        }
      }
    }
    collect(list)
  }
  const text = rules.join('\n')
  if (text) faces.set(family, text)
  return text
}
