import { t } from '@ui/i18n'
import { computed } from 'vue'
import { fullName, useAgents, useAttributes, useInboxes, usePriorities, useStatuses, useTags, useTeams } from '@/data/reference'
import { useMe } from '@/data/session'
import { priorityName, statusName } from '@/data/standard'
import { attributeFields, filterFields, type FilterField, type Kind } from './fields'

export interface FilterOption {
  value: string
  label: string
  keywords?: string
}

/** What conversations can be filtered by on this desk, its custom attributes last. */
export function useFilterFields() {
  const attributes = useAttributes().data
  const { can } = useMe()
  const offered = computed(() => filterFields.filter(({ kind }) => kind !== 'organization' || can('contacts:read')))
  return computed<FilterField[]>(() => [...offered.value, ...attributeFields(attributes.value ?? [])])
}

/** What can be chosen for the fields that have a list. */
export function useFilterOptions() {
  const { me } = useMe()
  const statuses = useStatuses().data
  const priorities = usePriorities().data
  const agents = useAgents().data
  const teams = useTeams().data
  const inboxes = useInboxes().data
  const tags = useTags().data

  return computed<Partial<Record<Kind, FilterOption[]>>>(() => ({
    status: (statuses.value ?? []).map(({ id, name }) => ({ value: String(id), label: statusName(name), keywords: name })),
    priority: (priorities.value ?? []).map(({ id, name }) => ({ value: String(id), label: priorityName(name), keywords: name })),
    agent: (agents.value ?? []).map((agent) => ({
      value: String(agent.id),
      label: agent.id === me.value?.id ? t('filter.me', { name: fullName(agent) }) : fullName(agent),
      keywords: agent.email ?? '',
    })),
    team: (teams.value ?? []).map(({ id, emoji, name }) => ({ value: String(id), label: [emoji, name].filter(Boolean).join(' ') })),
    inbox: (inboxes.value ?? []).map(({ id, name }) => ({ value: String(id), label: name })),
    tags: (tags.value ?? []).map(({ id, name }) => ({ value: String(id), label: name })),
    checkbox: [
      { value: 'true', label: t('filter.checked') },
      { value: 'false', label: t('filter.unchecked') },
    ],
    unread: [{ value: 'true', label: t('filter.unread.yes') }],
    channel: [
      { value: 'email', label: t('filter.channel.email') },
      { value: 'livechat', label: t('filter.channel.livechat') },
    ],
    sender: [
      { value: 'contact', label: t('filter.sender.contact') },
      { value: 'agent', label: t('filter.sender.agent') },
    ],
  }))
}
