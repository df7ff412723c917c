import type { Uuid } from '@ui/api/types'
import { reactive } from 'vue'

/** A colleague who is in a conversation at this moment. */
export interface Present {
  id: number
  name: string
  viewing: boolean
  typing: boolean
  /** What is typed is a private note. */
  private: boolean
}

const present = reactive(new Map<Uuid, Present[]>())
const nobody: readonly Present[] = []

/** Who else is in a conversation that is open or on the list. */
export const presentIn = (uuid: Uuid): readonly Present[] => present.get(uuid) ?? nobody

/** Takes in the server's frame: everybody else who is there now. */
export function setPresent({ conversation_uuid: uuid, agents }: { conversation_uuid: Uuid; agents: Present[] }): void {
  if (agents.length) present.set(uuid, agents)
  else present.delete(uuid)
}

/** The server does not say when somebody leaves a conversation that is not on screen any more. */
export function forgetPresent(keep: (uuid: Uuid) => boolean = () => false): void {
  for (const uuid of [...present.keys()]) if (!keep(uuid)) present.delete(uuid)
}

/** Those who write a reply before those who write a note before those who look on. */
export function byUrgency(agents: readonly Present[]): Present[] {
  const rank = (one: Present): number => (one.typing ? (one.private ? 1 : 0) : 2)
  return [...agents].sort((a, b) => rank(a) - rank(b) || a.id - b.id)
}
