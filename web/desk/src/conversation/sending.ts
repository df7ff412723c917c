import type { Agent, Message } from '@ui/api/types'
import { t } from '@ui/i18n'
import { toast } from '@ui/toast/toasts'
import { ownStorage } from '@/data/ownStorage'
import { keys, queryClient } from '@/data/query'
import { throughSessions } from '@/data/session'
import { conversationAddress } from '@/inbox/position'
import { router } from '@/router'
import { setStatus } from './actions'
import { drafts } from './drafts'
import { holdShown } from './held'
import { Outbox, postMessage, type Pending } from './outbox'
import { whenReachable } from './reaching'
import { upsertMessage } from './thread'

/** How a message is sent: with a status for its conversation, on to the next one, or at a time. */
export interface SendAs {
  status?: string
  next?: boolean
  sendAt?: Date
  /** Of one that leaves at a time: not if somebody writes before. */
  unlessAnswered?: boolean
}

/** What the signed-in agent is sending. */
export const outbox = new Outbox(
  {
    post: (entry) => throughSessions(() => postMessage(entry)),
    confirmed: ({ conversation, mode, thenStatus, body }, message) => {
      void drafts.sent(conversation, mode)
      if (message.held) return holdShown(conversation, message)
      upsertMessage(conversation, message)
      if (thenStatus && !body.status) void setStatus(conversation, thenStatus)
    },
    refused: ({ conversation, newer }) => {
      for (const message of newer ?? []) if (!message.held) upsertMessage(conversation, message)
      if (router.currentRoute.value.params['uuid'] === conversation) return
      toast(t('composer.collision.toast'), {
        kind: 'error',
        action: { label: t('composer.collision.open'), run: () => void router.push(conversationAddress(conversation)) },
      })
    },
  },
  ownStorage(),
)

whenReachable(() => outbox.entries.some(({ state }) => state === 'waiting'), () => outbox.resume())

/** A message on its way as the thread shows it. */
export function asMessage(entry: Pending): Message {
  const me = queryClient.getQueryData<Agent>(keys.me)
  const failed = entry.state === 'failed'
  return {
    id: Number.MAX_SAFE_INTEGER,
    uuid: entry.echoId,
    created_at: entry.createdAt,
    updated_at: entry.createdAt,
    type: 'outgoing',
    status: failed ? 'failed' : 'pending',
    conversation_id: 0,
    conversation_uuid: entry.conversation,
    content: entry.body.message,
    text_content: '',
    content_type: 'html',
    private: entry.body.private,
    sender_id: me?.id ?? 0,
    sender_type: 'agent',
    meta: { to: entry.body.to, cc: entry.body.cc, bcc: entry.body.bcc, echo_id: entry.echoId, forward_of: entry.draft.forward?.message },
    attachments: entry.draft.attachments
      .filter((file) => file.disposition !== 'inline')
      .map((file) => ({
        uuid: file.uuid,
        name: file.filename,
        size: file.size,
        content: null,
        content_type: file.content_type,
        content_id: '',
        disposition: 'attachment',
        url: file.url,
        thumbnail_url: '',
      })),
    author: {
      id: me?.id ?? 0,
      first_name: me?.first_name ?? '',
      last_name: me?.last_name ?? '',
      email: me?.email ?? null,
      avatar_url: me?.avatar_url ?? null,
      availability_status: me?.availability_status ?? 'online',
      type: 'agent',
      last_active_at: null,
    },
    delivery: entry.state === 'waiting' ? { state: 'delayed', attempts: 1, next_attempt_at: null, last_error: t('composer.offline') } : failed ? { state: 'failed', attempts: 1, next_attempt_at: null, last_error: entry.error } : null,
  }
}
