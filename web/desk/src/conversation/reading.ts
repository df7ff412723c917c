import type { Conversation, Message, Uuid } from '@ui/api/types'
import { onBeforeUnmount, onMounted, ref, watch } from 'vue'
import { findRow } from '@/data/conversations'
import { useFrames } from '@/data/live'
import { markSeen } from './actions'
import { firstUnread, type Unread } from './rows'

/** How long a conversation is looked at before it counts as read: going past it does not. Milliseconds. */
export const readAfter = 3_000

interface Shown {
  uuid: () => Uuid
  conversation: () => Conversation | undefined
  messages: () => readonly Message[] | undefined
  /** Whether there are messages before them. */
  older: () => boolean | undefined
  me: () => number | undefined
}

/** What was unread in the open conversation when it was opened, and that it is read after a while. */
export function useReading({ uuid, conversation, messages, older, me }: Shown) {
  /** Where the rule before the first unread message stands; reading does not move it. */
  const unread = ref<Unread | null>(null)
  let counted = 0
  let seen: string | null | undefined
  watch(uuid, (now) => (counted = findRow(now)?.unread_message_count ?? 0), { immediate: true })
  watch(
    [uuid, () => !!messages() && conversation()?.uuid === uuid()],
    ([, there]) => {
      seen = conversation()?.last_seen_at
      unread.value = there ? firstUnread(messages()!, counted, me(), seen, older()) : null
    },
    { immediate: true },
  )
  // It moves only to where it belongs, when that is loaded.
  watch(
    () => messages()?.[0]?.uuid,
    () => unread.value?.more && messages() && (unread.value = firstUnread(messages()!, counted, me(), seen, older())),
  )

  let timer: ReturnType<typeof setTimeout> | undefined
  const isLookedAt = (): boolean => document.visibilityState === 'visible' && !!messages()
  function stop(): void {
    clearTimeout(timer)
    timer = undefined
  }
  function begin(): void {
    stop()
    if (!isLookedAt()) return
    const opened = uuid()
    timer = setTimeout(() => {
      stop()
      void markSeen(opened)
    }, readAfter)
  }
  watch([uuid, () => !!messages()], begin, { immediate: true })
  useFrames<{ conversation_uuid: Uuid; type: Message['type'] }>('new_message', ({ conversation_uuid, type }) => {
    // What was done to a conversation does not count as unread.
    if (conversation_uuid === uuid() && type !== 'activity' && isLookedAt() && !timer) void markSeen(conversation_uuid)
  })
  onMounted(() => document.addEventListener('visibilitychange', begin))
  onBeforeUnmount(() => {
    document.removeEventListener('visibilitychange', begin)
    stop()
  })
  return unread
}
