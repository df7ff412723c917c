/** The filters of a view: two levels, groups of conditions. */

export type Logic = 'AND' | 'OR'

export interface Condition {
  model: string
  field: string
  operator: string
  value: string
}

export interface Group {
  logic: Logic
  rules: Condition[]
}

export interface Filters {
  logic: Logic
  rules: Group[]
}

export const maxGroups = 10

/** A condition of which nothing has been chosen yet. */
export const blankCondition = (): Condition => ({ model: '', field: '', operator: '', value: '' })

export const blankGroup = (): Group => ({ logic: 'AND', rules: [blankCondition()] })

export const blankFilters = (): Filters => ({ logic: 'AND', rules: [blankGroup()] })

/** Operators that stand without a value. */
const alone = new Set(['set', 'not set'])

export const needsValue = (operator: string): boolean => !alone.has(operator)

/** Both days of a "between"; what is missing is empty. */
export function daysOf(value: string): [string, string] {
  const [from = '', to = ''] = value.split(',')
  return [from.trim(), to.trim()]
}

/** The ids in the value of a condition on tags. What is no list is none. */
export function idsOf(value: string): number[] {
  try {
    const ids: unknown = JSON.parse(value)
    return Array.isArray(ids) ? ids.filter((id): id is number => Number.isInteger(id)) : []
  } catch {
    return []
  }
}

/** Whether a condition says all that it has to. */
export function isComplete({ model, field, operator, value }: Condition): boolean {
  if (!model || !field || !operator) return false
  if (!needsValue(operator)) return true
  if (operator === 'between') return daysOf(value).every(Boolean)
  if (field === 'tags') return idsOf(value).length > 0
  return value.trim() !== ''
}

export const allComplete = (filters: Filters): boolean => filters.rules.every((group) => group.rules.every(isComplete))

type Json = Record<string, unknown>

const isObject = (node: unknown): node is Json => typeof node === 'object' && node !== null && !Array.isArray(node)
const rulesOf = (node: Json): unknown[] => (Array.isArray(node.rules) ? node.rules : [])
const isGroup = (node: unknown): node is Json => isObject(node) && (rulesOf(node).length > 0 || (typeof node.logic === 'string' && node.logic !== ''))
const logicOf = (node: Json): Logic => (String(node.logic).toUpperCase() === 'OR' ? 'OR' : 'AND')

function text(value: unknown): string {
  if (value === undefined || value === null) return ''
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

/** The conditions anywhere below a node, in order. One without a field is none. */
function conditionsOf(node: unknown): Condition[] {
  if (isGroup(node)) return rulesOf(node).flatMap(conditionsOf)
  if (!isObject(node) || typeof node.field !== 'string' || !node.field) return []
  return [{ model: text(node.model), field: node.field, operator: text(node.operator), value: text(node.value) }]
}

function rootOf(stored: unknown): Json {
  if (Array.isArray(stored)) return { logic: 'AND', rules: stored }
  if (isGroup(stored)) return stored
  return { logic: 'AND', rules: [stored] }
}

/**
 * Filters as they are edited, from whatever was stored: a list becomes one group; conditions loose at the root are gathered
 * into one group of the root's logic, where the first of them stood; deeper groups are flattened into the one at the top.
 */
export function coerce(stored: unknown): Filters {
  const root = rootOf(stored)
  const logic = logicOf(root)
  const loose: Group = { logic, rules: [] }
  const groups: Group[] = []
  for (const node of rulesOf(root)) {
    const rules = conditionsOf(node)
    if (isGroup(node)) {
      if (rules.length) groups.push({ logic: logicOf(node), rules })
    } else if (rules.length) {
      if (!loose.rules.length) groups.push(loose)
      loose.rules.push(...rules)
    }
  }
  return groups.length ? { logic: groups.length > 1 ? logic : 'AND', rules: groups } : blankFilters()
}

/** Filters as they are sent: without values that mean nothing. */
export const serialise = (filters: Filters): Filters => ({
  logic: filters.logic,
  rules: filters.rules.map((group) => ({
    logic: group.logic,
    rules: group.rules.map(({ model, field, operator, value }) => ({ model, field, operator, value: needsValue(operator) ? value.trim() : '' })),
  })),
})

/** Another field: what was said of the former one is forgotten. */
export function chooseField(condition: Condition, model: string, field: string): void {
  Object.assign(condition, { model, field, operator: '', value: '' })
}

/** Another operator. The value stays, unless it is two days on one side and one on the other. */
export function chooseOperator(condition: Condition, operator: string): void {
  if ((condition.operator === 'between') !== (operator === 'between')) condition.value = ''
  if (!needsValue(operator)) condition.value = ''
  condition.operator = operator
}

/** Takes a condition away, with its group if it was the last one there; one group always remains. */
export function removeCondition(filters: Filters, group: number, at: number): void {
  filters.rules[group]?.rules.splice(at, 1)
  if (filters.rules[group]?.rules.length === 0) filters.rules.splice(group, 1)
  if (filters.rules.length === 0) filters.rules.push(blankGroup())
}
