import { queryClient } from '@/data/query'
import { useQuery } from '@tanstack/vue-query'
import { api } from '@ui/api/client'

export interface Guide {
  state: 'open' | 'finished' | 'dismissed'
  step: string
}

/** What the guide leads through, in this order. */
export const steps = ['desk', 'account', 'mailbox', 'colleagues'] as const
export type Step = (typeof steps)[number]

/** The permission without which nobody is guided. */
export const guidePermission = 'general_settings:manage'

const key = ['guide'] as const
const read = { queryKey: key, queryFn: () => api.get<Guide>('/settings/guide'), staleTime: Infinity }

export const ensureGuide = (): Promise<Guide> => queryClient.ensureQueryData(read)

/** How far the first set-up got; nothing for those who are not guided. */
export const useGuide = (enabled: boolean) => useQuery({ ...read, enabled })

/** Notes how far it got, for every browser. */
export async function saveGuide(guide: Guide): Promise<void> {
  queryClient.setQueryData(key, await api.put<Guide>('/settings/guide', guide))
}

/** Reads anew how far it got. */
export const refreshGuide = (): Promise<void> => queryClient.invalidateQueries({ queryKey: key })

/** Where the guide goes on after a step; nowhere after the last. */
export const after = (step: Step): Step | undefined => steps[steps.indexOf(step) + 1]

/** The step that was stored, or the first for one that this version does not know. */
export const stepOf = (stored: string): Step => steps.find((step) => step === stored) ?? steps[0]
