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

/** How likely it is that a command is meant: 0 if it does not contain every word, most if its title starts with what was typed. */
function likelihood(command: Command, words: string[], whole: string): number {
  const { title, words: parts, all } = folded(command)
  if (!words.every((word) => all.includes(word))) return 0
  if (title.startsWith(whole)) return 4
  if (parts.some((part) => part.startsWith(words[0]!))) return 3
  return words.every((word) => title.includes(word)) ? 2 : 1
}

/**
 * Commands that contain every typed word, the likeliest first: those whose title starts with what
 * was typed, then those with a word that does, then the rest. Without text they keep their order.
 */
export function rank(list: readonly Command[], typed: string, most = Infinity): Command[] {
  const words = fold(typed).split(/\s+/).filter(Boolean)
  if (!words.length) return list.slice(0, most)
  const whole = words.join(' ')
  const found: Command[][] = [[], [], [], [], []]
  for (const command of list) found[likelihood(command, words, whole)]!.push(command)
  return found.slice(1).reverse().flat().slice(0, most)
}
