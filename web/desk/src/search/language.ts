/** What a search may ask for besides words: the name before the colon. The server's docs/search.md says what each means. */
export const operators = ['from', 'to', 'tag', 'status', 'assignee', 'team', 'inbox', 'organization', 'before', 'after', 'has', 'in'] as const
export type Operator = (typeof operators)[number]

/** The part of a query that is being typed. */
export interface Part {
  start: number
  end: number
  not: boolean
  operator?: Operator
  /** Without quotes. */
  value: string
}

const isOperator = (name: string): name is Operator => (operators as readonly string[]).includes(name)

/** Where the parts of a query begin and end: at spaces, unless quoted. */
function bounds(text: string): [start: number, end: number][] {
  return [...text.matchAll(/(?:-?[a-z]+:|-)?"[^"]*(?:"|$)|\S+/gi)].map((match) => [match.index, match.index + match[0].length])
}

/** The part the caret stands in or right behind; an empty one between parts. */
export function partAt(text: string, caret: number): Part {
  const [start, end] = bounds(text).find(([from, to]) => from < caret && caret <= to) ?? [caret, caret]
  const match = /^(-?)(?:([a-z]+):)?"?(.*?)"?$/is.exec(text.slice(start, end))!
  const name = match[2]?.toLowerCase()
  if (name !== undefined && isOperator(name)) return { start, end, not: match[1] === '-', operator: name, value: match[3]! }
  return { start, end, not: match[1] === '-', value: text.slice(start, end).replace(/^-/, '') }
}

/** A value as it stands behind a colon: in quotes if it has spaces. */
export const quoted = (value: string): string => (/\s/.test(value) ? `"${value.replaceAll('"', '')}"` : value)

/** Puts a text in the place of a part, and says where the caret is then: behind a colon, or behind a space. */
export function replacePart(text: string, part: Part, by: string): { text: string; caret: number } {
  const before = text.slice(0, part.start) + (part.not ? '-' : '') + by
  const after = text.slice(part.end)
  if (by.endsWith(':')) return { text: before + after, caret: before.length }
  return { text: `${before} ${after.trimStart()}`, caret: before.length + 1 }
}

/** What is asked of the server: a query without an operator at its end that has no value yet. */
export function askable(text: string): string {
  return text.replace(/(^|\s)-?([a-z]+):"?\s*$/i, (whole, space: string, name: string) => (isOperator(name.toLowerCase()) ? space : whole)).trim()
}

/** Fewer bytes find too much; the server refuses them, unless something else is asked for. */
const shortest = 3

/** Whether more is asked for than words. */
export const hasOperators = (text: string): boolean => bounds(text).some(([start, end]) => partAt(text, end).operator !== undefined && end > start)

export function longEnough(text: string): boolean {
  const asked = askable(text)
  if (hasOperators(asked)) return true
  return new TextEncoder().encode(asked).length >= shortest
}
