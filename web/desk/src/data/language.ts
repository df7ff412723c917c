import { useQuery } from '@tanstack/vue-query'
import { api } from '@ui/api/client'
import type { Agent } from '@ui/api/types'
import { matchLanguage, setLanguage } from '@ui/i18n'
import { setZone } from '@ui/i18n/zone'
import { keys, queryClient } from './query'
import { ensureConfig } from './session'

export interface Language {
  code: string
  name: string
}

const readLanguages = { queryKey: keys.languages, queryFn: () => api.get<Language[]>('/lang'), staleTime: Infinity }

/** The languages the desk speaks, by name. */
export const useLanguages = () => useQuery(readLanguages)

/** Speaks the language of the browser where the desk has it, else the desk's; English when the server does not answer. */
export async function speakToGuest(): Promise<void> {
  try {
    const [config, languages] = await Promise.all([ensureConfig(), queryClient.ensureQueryData(readLanguages)])
    const known = languages.map((language) => language.code)
    await setLanguage(matchLanguage(navigator.languages, known) ?? config['app.lang'])
  } catch {
    // The page goes on in the language it has.
  }
}

/** Speaks the language of an agent and shows their time; what they did not choose is the desk's. */
export async function speakTo(agent: Pick<Agent, 'language' | 'timezone'>): Promise<void> {
  try {
    const config = await ensureConfig()
    setZone(agent.timezone ?? config['app.timezone'])
    await setLanguage(agent.language ?? config['app.lang'])
  } catch {
    // As above.
  }
}
