import { replaceEqualDeep } from '@tanstack/vue-query'

type Fields = Record<string, unknown>

const isFields = (value: unknown): value is Fields => !!value && Object.getPrototypeOf(value) === Object.prototype

/** What tells one of a list from the others. */
const identity = (one: unknown): unknown => (isFields(one) ? (one.uuid ?? one.id) : undefined)

function shareList(before: unknown[], now: unknown[]): unknown[] {
  const known = new Map(before.map((one) => [identity(one), one]))
  const shared = now.map((one, at) => share(identity(one) === undefined ? before[at] : known.get(identity(one)), one))
  return shared.length === before.length && shared.every((one, at) => one === before[at]) ? before : shared
}

function shareFields(before: Fields, now: Fields): Fields {
  const names = Object.keys(now)
  const shared = Object.fromEntries(names.map((name) => [name, share(before[name], now[name])]))
  const same = names.length === Object.keys(before).length && names.every((name) => name in before && shared[name] === before[name])
  return same ? before : shared
}

/**
 * New data in which all that is as it was is the same object as before, so that only what changed is drawn anew. What has an
 * identity is known by it wherever it went in its list: the cache's own way goes by places, and takes the rest of a list for
 * changed when something comes or leaves before it.
 */
export function share(before: unknown, now: unknown): unknown {
  if (before === now) return before
  if (Array.isArray(before) && Array.isArray(now)) return shareList(before, now)
  if (isFields(before) && isFields(now)) return shareFields(before, now)
  return replaceEqualDeep(before, now)
}
