import type { Command } from './registry'

const fold = (text: string): string => text.normalize('NFD').replace(/\p{M}/gu, '').toLocaleLowerCase()

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
      const title = fold(command.title)
      const all = `${title} ${fold(command.section)} ${fold(command.keywords ?? '')}`
      if (!words.every((word) => all.includes(word))) return { command, score: 0 }
      if (title.startsWith(whole)) return { command, score: 4 }
      if (title.split(/\s+/).some((part) => part.startsWith(words[0]!))) return { command, score: 3 }
      return { command, score: words.every((word) => title.includes(word)) ? 2 : 1 }
    })
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score)
    .map(({ command }) => command)
}
