/** What the frame of a preview may do: show styled text and pictures. No scripts, no forms, no frames. */
const policy = "default-src 'none'; style-src 'unsafe-inline'; img-src https: http: data:; form-action 'none'; base-uri 'none'"

/**
 * The document of a preview, as a mail program would show the mail on a light or a dark ground. What an administrator
 * wrote is not cleaned, as no mail program would show it otherwise; the frame keeps it from doing anything.
 */
export function previewDocument(html: string, dark: boolean): string {
  const ground = dark ? 'color-scheme: dark; background: #18191b; color: #edeef0' : 'color-scheme: light; background: #fff; color: #1c2024'
  return (
    `<!doctype html><html><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${policy}">` +
    `<meta name="referrer" content="no-referrer"><style>:root { ${ground} } html { overflow-x: auto; overflow-y: hidden }` +
    ` body { margin: 16px; font: 14px/1.5 ui-sans-serif, system-ui, sans-serif; overflow-wrap: break-word }` +
    ` a { color: ${dark ? '#9eb1ff' : '#3a5bc7'} } img { max-width: 100% }</style></head><body>${html}</body></html>`
  )
}
