import type { Command } from './registry'

const fold = (text: string): string => text.normalize('NFD').replace(/\p{M}/gu, '').toLocaleLowerCase()

interface Folded {
  title: string
  words: string[]
  all: string
}

/** Thousands of lines are looked through at every key: what they say is folded once. */
const foldedOf = new WeakMap<Command, Folded>()

function folded(command: Command): Folded {
  let known = foldedOf.get(command)
  if (!known) {
    const title = fold(command.title)
    known = { title, words: title.split(/\s+/), all: `${title} ${fold(command.section)} ${fold(command.keywords ?? '')}` }
    foldedOf.set(command, known)
  }
  return known
}

/**
 * Commands that contain every typed word, the likeliest first: those whose title starts with what
 * was typed, then those with a word that does, then the rest. Without text they keep their order.
 */
export function rank(list: readonly Command[], typed: string): Command[] {
  const words = fold(typed).split(/\s+/).filter(Boolean)
  if (!words.length) return [...list]
  const whole = words.join(' ')
  return list
    .map((command) => {
      const { title, words: parts, all } = folded(command)
      if (!words.every((word) => all.includes(word))) return { command, score: 0 }
      if (title.startsWith(whole)) return { command, score: 4 }
      if (parts.some((part) => part.startsWith(words[0]!))) return { command, score: 3 }
      return { command, score: words.every((word) => title.includes(word)) ? 2 : 1 }
    })
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score)
    .map(({ command }) => command)
}
