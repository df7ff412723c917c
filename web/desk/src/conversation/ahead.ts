import type { Uuid } from '@ui/api/types'
import { prefetchConversation } from '@/data/conversations'
import { prefetchThread } from './thread'

/** Fetches a conversation before it is drawn: it is about to be opened, or likely to be the next. */
export function fetchAhead(uuid: Uuid): void {
  void prefetchConversation(uuid)
  void prefetchThread(uuid)
}
