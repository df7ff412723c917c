import { t, type MessageKey } from '@ui/i18n'
import { wallOf } from '@ui/i18n/zone'
import { computed, type MaybeRefOrGetter, toValue } from 'vue'
import { fullName, useAgents, useInboxes, useStatuses, useTags, useTeams } from '@/data/reference'
import { useMe } from '@/data/session'
import { statusName } from '@/data/standard'
import { useOrganizations } from '@/organizations/data'
import { operators, partAt, quoted, type Operator, type Part } from './language'

export interface Suggestion {
  /** What is put in, such as `status:open`. */
  insert: string
  label: string
  hint?: string
}

const most = 7
export const operatorText: Record<Operator, MessageKey> = {
  from: 'search.operator.from',
  to: 'search.operator.to',
  tag: 'search.operator.tag',
  status: 'search.operator.status',
  assignee: 'search.operator.assignee',
  team: 'search.operator.team',
  inbox: 'search.operator.inbox',
  organization: 'search.operator.organization',
  before: 'search.operator.before',
  after: 'search.operator.after',
  has: 'search.operator.has',
  in: 'search.operator.in',
}

interface Value {
  value: string
  label: string
  hint?: string
}

/** Days that are often meant, by the calendar of the agent's time zone. */
export function days(now: Date): Value[] {
  const wall = wallOf(now)
  const [year, month, day] = [wall.getUTCFullYear(), wall.getUTCMonth(), wall.getUTCDate()]
  const text = (...date: [year: number, month: number, day: number]): string => new Date(Date.UTC(...date)).toISOString().slice(0, 10)
  return [
    { value: text(year, month, day), label: t('search.day.today') },
    { value: text(year, month, day - 1), label: t('search.day.yesterday') },
    { value: text(year, month, day - 7), label: t('search.day.week') },
    { value: text(year, month, 1), label: t('search.day.month') },
    { value: text(year, 0, 1), label: t('search.day.year') },
  ].map((day) => ({ ...day, hint: day.value }))
}

/** What may be typed at the caret: names of operators, or values of the one that stands there. */
export function useSuggestions(text: MaybeRefOrGetter<string>, caret: MaybeRefOrGetter<number>) {
  const { data: agents } = useAgents()
  const { data: teams } = useTeams()
  const { data: inboxes } = useInboxes()
  const { data: statuses } = useStatuses()
  const { data: tags } = useTags()
  const { can } = useMe()
  const part = computed<Part>(() => partAt(toValue(text), toValue(caret)))
  const sought = computed(() => part.value.operator === 'organization' && can('contacts:read'))
  const organizations = useOrganizations(() => (sought.value ? part.value.value : ''), sought)

  const named = (list?: { name: string }[]): Value[] => (list ?? []).map(({ name }) => ({ value: name, label: name }))
  const people = (): Value[] =>
    (agents.value ?? []).map((agent) => ({ value: fullName(agent), label: fullName(agent) }))
  const me: () => Value = () => ({ value: 'me', label: t('search.value.me') })
  const none: () => Value = () => ({ value: 'none', label: t('search.value.none') })

  const values: Record<Operator, () => Value[]> = {
    from: () => [me(), ...people()],
    to: () => [],
    tag: () => named(tags.value),
    status: () => (statuses.value ?? []).map(({ name }) => ({ value: name.toLowerCase(), label: statusName(name) })),
    assignee: () => [me(), none(), ...people()],
    team: () => [none(), ...named(teams.value)],
    inbox: () => named(inboxes.value),
    organization: () => named(organizations.rows.value),
    before: () => days(new Date()),
    after: () => days(new Date()),
    has: () => (can('messages:read') ? [{ value: 'attachment', label: t('search.value.attachment') }, { value: 'note', label: t('search.value.note') }] : []),
    in: () => [{ value: 'spam', label: t('search.value.spam') }, { value: 'trash', label: t('search.value.trash') }],
  }

  const suggestions = computed<Suggestion[]>(() => {
    const { operator, value } = part.value
    const typed = value.toLowerCase()
    if (operator) {
      const fitting = values[operator]().filter((one) => `${one.label} ${one.value}`.toLowerCase().split(/\s+/).some((word) => word.startsWith(typed)) || one.label.toLowerCase().startsWith(typed))
      if (fitting.some((one) => one.value.toLowerCase() === typed)) return []
      return fitting.slice(0, most).map((one) => ({ insert: `${operator}:${quoted(one.value)}`, label: one.label, hint: one.hint }))
    }
    if (typed.length < 2) return []
    return operators.filter((name) => name.startsWith(typed)).map((name) => ({ insert: `${name}:`, label: `${name}:`, hint: t(operatorText[name]) }))
  })
  return { part, suggestions }
}
