import { describe, expect, it } from 'vitest'

/** The keys that agents are promised, by the command that each of them is. Reports and macros get theirs with their pages. */
const promised: Record<string, string[]> = {
  j: ['list.next'],
  k: ['list.previous'],
  Enter: ['list.open'],
  o: ['list.open'],
  u: ['list.back'],
  x: ['list.select'],
  'Shift+x': ['list.select_range'],
  c: ['app.compose'],
  r: ['conversation.reply'],
  n: ['conversation.note'],
  f: ['conversation.forward'],
  a: ['conversation.assign', 'row.assign', 'bulk.agent'],
  i: ['conversation.assign_me', 'row.assign_me'],
  t: ['conversation.team', 'row.team', 'bulk.team'],
  p: ['conversation.priority', 'row.priority', 'bulk.priority'],
  l: ['conversation.tags', 'row.tags', 'bulk.tags'],
  e: ['conversation.resolve', 'row.resolve', 'bulk.resolve'],
  'Shift+e': ['conversation.close', 'row.close', 'bulk.close'],
  s: ['conversation.snooze', 'row.snooze', 'bulk.snooze'],
  'Shift+u': ['conversation.mark_unread', 'row.unread', 'bulk.unread'],
  z: ['app.undo'],
  'Shift+z': ['app.redo'],
  'Mod+k': ['app.commands'],
  'Mod+Shift+a': ['conversation.attach'],
  '[': ['app.sidebar'],
  ']': ['conversation.context'],
  'g s': ['go.search', 'search.focus'],
  'g c': ['go.contacts'],
  '/': ['go.search', 'search.focus'],
  '?': ['app.shortcuts'],
  Escape: ['list.clear_selection', 'composer.leave'],
  '.': ['conversation.letter_menu'],
  'Shift+j': ['conversation.letter_down'],
  'Shift+k': ['conversation.letter_up'],
  'Mod+Enter': ['composer.send'],
  'Mod+Shift+Enter': ['composer.send_resolve'],
  'Alt+Enter': ['composer.send_next'],
}

/** Sequences to the lists stand in a table of their own. */
const lists = { assigned: 'g i', mentioned: 'g m', unassigned: 'g u', all: 'g a' }

const sources = Object.values(import.meta.glob<string>(['../**/*.{ts,vue}', '!../**/*.test.ts'], { query: '?raw', import: 'default', eager: true }))

/** The text of a command, from its id to the next one's. */
function textOf(id: string): string | undefined {
  const source = sources.find((text) => text.includes(`id: '${id}'`))
  if (!source) return undefined
  const from = source.indexOf(`id: '${id}'`)
  const next = source.indexOf(' id: ', from + 5)
  return source.slice(from, next < 0 ? undefined : next)
}

const keysOf = (id: string): string[] => [...(/keys: \[([^\]]*'[[\]]'[^\]]*|[^\]]*)\]/.exec(textOf(id) ?? '')?.[1] ?? '').matchAll(/'([^']+)'/g)].map(([, keys]) => keys!)

describe('the keyboard map', () => {
  const all = Object.entries(promised).flatMap(([keys, ids]) => ids.map((id) => [keys, id] as const))
  it.each(all)('%s is %s', (keys, id) => expect(keysOf(id)).toContain(keys))
  it.each(Object.entries(lists))('goes to %s by %s', (list, keys) => {
    expect(sources.some((text) => new RegExp(`listKeys = \\{[^}]*\\b${list}: '${keys}'`).test(text))).toBe(true)
  })
  it('sends with the command key and Enter', () => {
    expect(sources.some((text) => text.includes("event.key === 'Enter' && (mod || event.altKey)"))).toBe(true)
  })
})
