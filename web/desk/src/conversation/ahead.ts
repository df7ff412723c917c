import type { Uuid } from '@ui/api/types'
import { prefetchConversation } from '@/data/conversations'
import { prefetchThread } from './thread'

/** Fetches a conversation before it is drawn: it is about to be opened, or likely to be the next. */
export function fetchAhead(uuid: Uuid): void {
  void prefetchConversation(uuid)
  void prefetchThread(uuid)
}

/** Begins with the press of a mouse, which is some frames before its click. A finger that presses may only scroll. */
export function fetchOnPress(event: PointerEvent, uuid: Uuid): void {
  if (event.pointerType === 'mouse' && event.button === 0) fetchAhead(uuid)
}
