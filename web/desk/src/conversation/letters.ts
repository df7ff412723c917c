import { reactive } from 'vue'
import { api } from '@ui/api/client'
import type { Schemas, Uuid } from '@ui/api/types'
import type { Pictures } from '@ui/mail/policy'

/** How the agent looks at a letter. It is kept while the letter is far from what is in sight, and not drawn. */
export interface Look {
  /** The pictures of other servers, once they were asked for. */
  pictures?: Pictures
  quotes: boolean
  /** As it was written, however large it is. */
  whole: boolean
  envelope: boolean
  dim: boolean
  /** Of its mail as it was drawn last, so that nothing moves when it is drawn again. */
  height: number
}

const looks = new Map<Uuid, Look>()

export function lookOf(message: Uuid): Look {
  let look = looks.get(message)
  if (!look) {
    look = reactive<Look>({ quotes: false, whole: false, envelope: false, dim: false, height: 24 })
    looks.set(message, look)
  }
  return look
}

/** Another conversation is opened. */
export const forgetLooks = (): void => looks.clear()

/** Asks for the addresses by which the pictures of a mail are read: path is that of the message, or of the mail in the ledger. */
export async function picturesOf(path: string): Promise<Pictures> {
  const list = await api.get<Schemas['RemotePicture'][]>(`${path}/pictures`)
  return Object.fromEntries(list.map(({ address, url }) => [address, url]))
}
