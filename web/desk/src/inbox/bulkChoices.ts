import { t } from '@ui/i18n'
import { computed, ref } from 'vue'
import { fullName, useAgents, usePriorities, useStatuses, useTags, useTeams } from '@/data/reference'
import { priorityName, statusName } from '@/data/standard'

/** Which picker of the bar over a selection is open; by a key, from the command bar or by a click. */
export type BulkPick = 'status' | 'agent' | 'team' | 'priority' | 'add_tags' | 'remove_tags' | 'snooze'

export const bulkPicking = ref<BulkPick | null>(null)

/** Two-way: a picker's `open`. */
export const bulkPickerOpen = (name: BulkPick) => ({
  open: bulkPicking.value === name,
  'onUpdate:open': (open: boolean) => {
    if (open) bulkPicking.value = name
    else if (bulkPicking.value === name) bulkPicking.value = null
  },
})

/** What the pickers of the bar offer. */
export function useBulkChoices() {
  const statuses = useStatuses().data
  const agents = useAgents().data
  const teams = useTeams().data
  const priorities = usePriorities().data
  const tags = useTags().data
  return {
    // A snooze needs a time, which has a menu of its own.
    statuses: computed(() =>
      (statuses.value ?? []).filter(({ name }) => name !== 'Snoozed').map(({ name }) => ({ value: name, label: statusName(name), keywords: name })),
    ),
    agents: computed(() => [
      { value: 0, label: t('bulk.nobody') },
      ...(agents.value ?? []).filter((agent) => agent.enabled).map((agent) => ({ value: agent.id, label: fullName(agent) })),
    ]),
    teams: computed(() => [
      { value: 0, label: t('bulk.no_team') },
      ...(teams.value ?? []).map((team) => ({ value: team.id, label: team.name, hint: team.emoji ?? undefined })),
    ]),
    priorities: computed(() => (priorities.value ?? []).map(({ name }) => ({ value: name, label: priorityName(name), keywords: name }))),
    tags: computed(() => (tags.value ?? []).map(({ name }) => ({ value: name, label: name }))),
  }
}
