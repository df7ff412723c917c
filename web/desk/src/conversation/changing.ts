import { api } from '@ui/api/client'
import type { Conversation, Uuid } from '@ui/api/types'
import { t } from '@ui/i18n'
import { toast } from '@ui/toast/toasts'
import { patchConversation, showUnsent } from '@/data/conversations'
import { ownStorage } from '@/data/ownStorage'
import { keys, queryClient } from '@/data/query'
import { throughSessions } from '@/data/session'
import { conversationAddress } from '@/inbox/position'
import { router } from '@/router'
import { ChangeQueue, type WaitingChange } from './changes'
import { whenReachable } from './reaching'
import { snoozeDuration } from './snooze'

const read = (uuid: Uuid): Promise<Conversation> => api.get<Conversation>(`/conversations/${uuid}`)

/** Fetches anew what a change has changed. */
export function refresh(uuid: Uuid): void {
  void queryClient.invalidateQueries({ queryKey: keys.conversation(uuid), exact: true })
  void queryClient.invalidateQueries({ queryKey: keys.counts })
}

/** Shows what is true instead, and says why the agent's change is not. */
async function takeBack({ uuid, to, from, said }: WaitingChange, cause?: Error): Promise<void> {
  const now = await read(uuid).catch(() => from)
  const fields = Object.keys(to) as (keyof Conversation)[]
  patchConversation(uuid, Object.fromEntries(fields.map((name) => [name, now[name]])))
  refresh(uuid)
  const here = router.currentRoute.value.params['uuid'] === uuid
  toast(cause ? t('conversation.waits.refused', { done: said, reason: cause.message }) : t('conversation.waits.conflict', { done: said }), {
    kind: 'error',
    lifetime: 20_000,
    action: here ? undefined : { label: t('composer.collision.open'), run: () => void router.push(conversationAddress(uuid)) },
  })
}

/** What the signed-in agent changed without a connection. */
export const changes = new ChangeQueue(
  {
    send: ({ method, path, body, until }) => api[method](path, until ? { ...body, snoozed_until: snoozeDuration(new Date(until)) } : body),
    read: (uuid) => throughSessions(() => read(uuid)),
    done: ({ uuid }) => refresh(uuid),
    refused: (change, cause) => void takeBack(change, cause),
    alone: async (work) => void (await ('locks' in navigator ? navigator.locks.request('foyer.changes', work) : work())),
  },
  ownStorage,
)

showUnsent((uuid) => Object.assign({}, ...changes.of(uuid).map(({ to }) => to)) as Partial<Conversation>)
whenReachable(() => changes.waiting.length > 0, () => changes.resume())
