/** Letters that have no decomposition, and yet people type them in another way; as the server folds them. */
const letters: Record<string, string> = { ß: 'ss', ø: 'o', ł: 'l', đ: 'd', æ: 'ae', œ: 'oe', ı: 'i', ς: 'σ' }

/** A character in lower case and without diacritics. */
export function foldCharacter(character: string): string {
  const plain = character.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()
  return letters[plain] ?? plain
}

const inWord = /[\p{L}\p{N}\p{M}]/u

/** Where words of a text begin with one of those looked for, which are folded: from and to, in characters of the text. */
export function placesOf(text: string, wanted: readonly string[]): [number, number][] {
  const out: [number, number][] = []
  const words = wanted.filter(Boolean)
  if (!words.length) return out
  let begins = true
  for (let at = 0; at < text.length; ) {
    const size = text.codePointAt(at)! > 0xffff ? 2 : 1
    const character = text.slice(at, at + size)
    const word = inWord.test(character)
    if (word && (begins || /\p{sc=Han}|\p{sc=Hira}|\p{sc=Kana}|\p{sc=Thai}/u.test(character))) {
      const ends = words.map((one) => endOf(text, at, one)).filter((end) => end > at)
      if (ends.length) {
        const end = Math.max(...ends)
        out.push([at, end])
        begins = false
        at = end
        continue
      }
    }
    begins = !word
    at += size
  }
  return out
}

/** Where a word that begins at a place of a text is over; -1 if another stands there. */
function endOf(text: string, at: number, word: string): number {
  let left = word
  while (left && at < text.length) {
    const size = text.codePointAt(at)! > 0xffff ? 2 : 1
    const folded = foldCharacter(text.slice(at, at + size))
    if (!left.startsWith(folded)) return folded.startsWith(left) ? at + size : -1
    left = left.slice(folded.length)
    at += size
  }
  // Marks that only add to the last character belong to it.
  while (at < text.length && !left && /\p{M}/u.test(text[at]!)) at++
  return left ? -1 : at
}

/** More than this many places of one text are not marked. */
const most = 1000

/** The places below an element where words begin with one of those looked for. */
export function rangesOf(root: Node, wanted: readonly string[]): Range[] {
  const page = root.ownerDocument
  const out: Range[] = []
  if (!page || !wanted.length) return out
  const walker = page.createTreeWalker(root, NodeFilter.SHOW_TEXT)
  for (let node = walker.nextNode(); node && out.length < most; node = walker.nextNode()) {
    for (const [from, to] of placesOf(node.nodeValue ?? '', wanted)) {
      const range = page.createRange()
      range.setStart(node, from)
      range.setEnd(node, to)
      out.push(range)
    }
  }
  return out
}
