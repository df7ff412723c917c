import type { Uuid } from '@ui/api/types'
import { shallowRef } from 'vue'

/** The dialog that chooses what conversations are merged into, when it is open. */
export const mergeDialog = shallowRef<{ uuids: Uuid[]; done?: () => void }>()

/** Asks what one conversation is to be merged into, or which of several stays; `done` is called once they are merged. */
export function startMerge(uuids: Uuid[], done?: () => void): void {
  if (uuids.length) mergeDialog.value = { uuids, done }
}

/** Without it nobody merges, separates or splits. */
export const mergePermission = 'conversations:update_status'

/** The server merges so many at once. */
export const mergedAtMost = 50
