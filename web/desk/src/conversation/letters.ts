import { reactive } from 'vue'
import type { Uuid } from '@ui/api/types'

/** How the agent looks at a letter. It is kept while the letter is far from what is in sight, and not drawn. */
export interface Look {
  images: boolean
  quotes: boolean
  envelope: boolean
  dim: boolean
  /** Of its mail as it was drawn last, so that nothing moves when it is drawn again. */
  height: number
}

const looks = new Map<Uuid, Look>()

export function lookOf(message: Uuid): Look {
  let look = looks.get(message)
  if (!look) {
    look = reactive<Look>({ images: false, quotes: false, envelope: false, dim: false, height: 24 })
    looks.set(message, look)
  }
  return look
}

/** Another conversation is opened. */
export const forgetLooks = (): void => looks.clear()
