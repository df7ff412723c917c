import { t } from '@ui/i18n'
import { computed } from 'vue'
import { useFilterOptions, type FilterOption } from '@/filters/options'
import { quickNames, type QuickFilters } from '@/filters/quick'

const labels = {
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

  const fields = computed(() =>
    quickNames.map((name) => {
      const none: FilterOption[] = name in without ? [{ value: 'none', label: t(without[name as keyof typeof without]) }] : []
      return { name, label: t(labels[name]), options: [...none, ...(options.value[name] ?? [])] }
    }),
  )

  function wordsOf(name: keyof QuickFilters, value: string): string {
    const known = fields.value.find((field) => field.name === name)?.options ?? []
    const chosen = name === 'tags' ? value.split(',') : [value]
    return chosen.map((one) => known.find((option) => option.value === one)?.label ?? t('filter.gone')).join(', ')
  }

  return { fields, wordsOf, labelOf: (name: keyof QuickFilters) => t(labels[name]) }
}

/** Several tags can be chosen, or none at all; of everything else one. Choosing what is chosen takes it back. */
export function chosen(name: keyof QuickFilters, before: string, pick: string): string {
  if (name !== 'tags' || pick === 'none' || before === 'none') return before === pick ? '' : pick
  const tags = before ? before.split(',') : []
  return (tags.includes(pick) ? tags.filter((tag) => tag !== pick) : [...tags, pick]).join(',')
}
