import { t } from '@ui/i18n'
import { computed } from 'vue'
import { useAttributes } from '@/data/reference'
import { attributeFields, fieldName } from '@/filters/fields'
import { useFilterOptions, type FilterOption } from '@/filters/options'
import { attributeName, quickNames, type QuickName } from '@/filters/quick'

const labels = {
  subject: 'filter.field.subject',
  agent: 'filter.field.agent',
  team: 'filter.field.team',
  tags: 'filter.field.tags',
  inbox: 'filter.field.inbox',
  channel: 'filter.field.channel',
  priority: 'filter.field.priority',
} as const

const without = { agent: 'bulk.nobody', team: 'bulk.no_team', tags: 'quick.no_tags', priority: 'quick.no_priority' } as const

/** The quick filters with what can be chosen for each, and the words for what has been. */
export function useQuickOptions() {
  const options = useFilterOptions()

  const attributes = useAttributes().data

  /** Attributes that are chosen from a list; the others are for views. */
  const chosenFrom = computed(() =>
    (attributes.value ?? [])
      .filter(({ data_type }) => data_type === 'list' || data_type === 'checkbox')
      .map((one) => {
        const [field] = attributeFields([one])
        return { name: attributeName(one) as QuickName, label: fieldName(field!), options: field!.options ?? options.value.checkbox ?? [] }
      }),
  )

  const fields = computed(() => [
    ...quickNames.map((name) => {
      const none: FilterOption[] = name in without ? [{ value: 'none', label: t(without[name as keyof typeof without]) }] : []
      const known = name === 'subject' ? [] : (options.value[name] ?? [])
      return { name: name as QuickName, label: t(labels[name]), options: [...none, ...known] }
    }),
    ...chosenFrom.value,
  ])

  const fieldOf = (name: QuickName) => fields.value.find((field) => field.name === name)

  function wordsOf(name: QuickName, value: string): string {
    if (name === 'subject') return value
    const known = fieldOf(name)?.options ?? []
    const chosen = name === 'tags' ? value.split(',') : [value]
    return chosen.map((one) => known.find((option) => option.value === one)?.label ?? t('filter.gone')).join(', ')
  }

  return { fields, wordsOf, labelOf: (name: QuickName) => fieldOf(name)?.label ?? t('filter.gone') }
}

/** Several tags can be chosen, or none at all; of everything else one. Choosing what is chosen takes it back. */
export function chosen(name: QuickName, before: string, pick: string): string {
  if (name !== 'tags' || pick === 'none' || before === 'none') return before === pick ? '' : pick
  const tags = before ? before.split(',') : []
  return (tags.includes(pick) ? tags.filter((tag) => tag !== pick) : [...tags, pick]).join(',')
}
