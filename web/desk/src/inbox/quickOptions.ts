import { t } from '@ui/i18n'
import { computed } from 'vue'
import { useRoute } from 'vue-router'
import { useAttributes } from '@/data/reference'
import { useMe } from '@/data/session'
import { attributeFields, fieldName } from '@/filters/fields'
import { useFilterOptions, type FilterOption } from '@/filters/options'
import { attributeName, quickNames, type QuickName } from '@/filters/quick'
import { useOrganization } from '@/organizations/data'

const labels = {
  unread: 'filter.field.unread',
  subject: 'filter.field.subject',
  agent: 'filter.field.agent',
  team: 'filter.field.team',
  tags: 'filter.field.tags',
  inbox: 'filter.field.inbox',
  channel: 'filter.field.channel',
  priority: 'filter.field.priority',
  organization: 'organizations.one',
} as const

const without = { agent: 'bulk.nobody', team: 'bulk.no_team', tags: 'quick.no_tags', priority: 'quick.no_priority', organization: 'organizations.none_chosen' } as const

/** The quick filters with what can be chosen for each, and the words for what has been. */
export function useQuickOptions() {
  const options = useFilterOptions()

  const attributes = useAttributes().data
  const { can } = useMe()
  const route = useRoute()
  const organizationId = computed(() => Number(route.query.organization) || 0)
  const organization = useOrganization(organizationId, () => organizationId.value > 0 && can('contacts:read'))

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
    ...quickNames.filter((name) => name !== 'organization' || can('contacts:read')).map((name) => {
      const none: FilterOption[] = name in without ? [{ value: 'none', label: t(without[name as keyof typeof without]) }] : []
      const known = name === 'subject' || name === 'organization' ? [] : (options.value[name] ?? [])
      return { name: name as QuickName, label: t(labels[name]), options: [...none, ...known] }
    }),
    ...chosenFrom.value,
  ])

  const fieldOf = (name: QuickName) => fields.value.find((field) => field.name === name)

  function wordsOf(name: QuickName, value: string): string {
    if (name === 'subject') return value
    if (name === 'organization' && value !== 'none') return organization.isError.value ? t('filter.gone') : (organization.data.value?.name ?? '…')
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
