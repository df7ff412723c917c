/**
 * What word processors put on the clipboard, as the HTML that it means: their styles, comments and own elements go, bold and
 * italic that they say by style become elements, and images come as files or not at all.
 */
export function cleanPasted(html: string): string {
  const body = new DOMParser().parseFromString(html.replace(/<!--[\s\S]*?-->/g, '').replace(/<\/?(?:o|w|m|v|st1):[^>]*>/gi, ''), 'text/html').body
  for (const element of body.querySelectorAll('style, script, meta, link, title, xml')) element.remove()
  for (const image of body.querySelectorAll('img')) if (!/^https?:/i.test(image.getAttribute('src') ?? '')) image.remove()
  for (const element of body.querySelectorAll<HTMLElement>('b, strong')) {
    if (/^(normal|400)$/.test(element.style.fontWeight)) element.replaceWith(...element.childNodes) // Google Docs wraps all in one
  }
  for (const element of body.querySelectorAll<HTMLElement>('span, font')) {
    const { fontWeight, fontStyle, textDecoration } = element.style
    const wanted = [/^(bold|[6-9]00)$/.test(fontWeight) && 'strong', fontStyle === 'italic' && 'em', textDecoration.includes('line-through') && 's'].filter((tag) => tag !== false)
    let inner: Node[] = [...element.childNodes]
    for (const tag of wanted) {
      const wrapper = element.ownerDocument.createElement(tag)
      wrapper.append(...inner)
      inner = [wrapper]
    }
    element.replaceWith(...inner)
  }
  for (const element of body.querySelectorAll('*')) {
    for (const name of ['style', 'class', 'id', 'lang', 'align', 'width', 'height', 'dir']) element.removeAttribute(name)
  }
  return body.innerHTML
}
