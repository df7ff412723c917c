import { reactive } from 'vue'
import type { Uuid } from '@ui/api/types'
import type { DraftFile, Forwarded, Mode } from './drafts'
import type { Recipients } from './recipients'

/** A file on its way up. */
export interface Upload {
  key: string
  name: string
  size: number
  part: number
  error: string
  inline: boolean
  cancel: () => void
  /** Tries a failed one again. */
  retry: () => void
}

/** A message that is being written. */
export interface Writing {
  content: string
  attachments: DraftFile[]
  uploads: Upload[]
}

/** What is being written to one conversation in one mode. It outlives the composer on screen. */
export interface Session extends Writing {
  uuid: Uuid
  mode: Mode
  /** Null until the agent writes or touches a field: then what was proposed is fixed. */
  recipients: Recipients | null
  /** What the reply passes on to somebody else. */
  forward: Forwarded | null
  /** It leaves without the signature. */
  unsigned: boolean
  /** Id of the newest public message when the writing began; 0 before. */
  since: number
  /** The stored draft has been taken over, or the agent was faster. */
  loaded: boolean
}

const sessions = new Map<string, Session>()
const modes = new Map<Uuid, Mode>()

export function sessionOf(uuid: Uuid, mode: Mode): Session {
  const key = `${uuid}:${mode}`
  let session = sessions.get(key)
  if (!session) {
    session = reactive<Session>({ uuid, mode, content: '', recipients: null, attachments: [], forward: null, unsigned: false, uploads: [], since: 0, loaded: false })
    sessions.set(key, session)
  }
  return session
}

/** Empties a session: its message is on its way, or was discarded. */
export function clearSession(session: Session): void {
  session.uploads.forEach((upload) => upload.cancel())
  Object.assign(session, { content: '', recipients: null, attachments: [], forward: null, unsigned: false, uploads: [], since: 0, loaded: true })
}

export const lastMode = (uuid: Uuid): Mode | undefined => modes.get(uuid)
export const rememberMode = (uuid: Uuid, mode: Mode): void => void modes.set(uuid, mode)

/** Which mode to open with: the last one used if it holds a draft, else the one that does. */
export function openingMode(last: Mode | undefined, has: Record<Mode, boolean>): Mode {
  if (last && has[last]) return last
  if (has.reply) return 'reply'
  if (has.private_note) return 'private_note'
  return last ?? 'reply'
}

/** Mentions are read from what is sent, so that a stored draft notifies as well. */
export function mentionsIn(html: string): { type: 'agent' | 'team'; id: number }[] {
  const body = new DOMParser().parseFromString(html, 'text/html').body
  const found = new Map<string, { type: 'agent' | 'team'; id: number }>()
  for (const element of body.querySelectorAll('[data-type="mention"][data-id]')) {
    const [, type, id] = /^(agent|team):(\d+)$/.exec(element.getAttribute('data-id') ?? '') ?? []
    if (type && id) found.set(`${type}:${id}`, { type: type as 'agent' | 'team', id: Number(id) })
  }
  return [...found.values()]
}
