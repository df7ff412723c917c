import { configureApi } from '@ui/api/client'
import { RealtimeClient, type ConnectionState, type Frame } from '@ui/realtime/client'
import { openShared } from '@ui/realtime/tab'
import type { Agent, Availability, Conversation, ConversationContact, ConversationRow, Id, UserCompact, Uuid } from '@ui/api/types'
import { onScopeDispose, ref } from 'vue'
import { oneMoreUnread } from '@/inbox/reconcile'
import { applyRow, findRow, forgetRow, patchContact, patchConversation, refetchViews, together } from './conversations'
import { watchAttention } from './attention'
import { forgetPresent, setPresent, type Present } from './presence'
import { forgetThread, keys, queryClient } from './query'
import { referenceChanged } from './reference'

/** State of the agent's connection, for the banner. */
export const connection = ref<ConnectionState>('connecting')

type Listener = (data: never) => void
const listeners = new Map<string, Set<Listener>>()

/** Hears frames of one type for the life of the calling component, after the caches were patched. */
export function useFrames<T>(type: string, listener: (data: T) => void): void {
  const set = listeners.get(type) ?? new Set()
  listeners.set(type, set)
  set.add(listener as Listener)
  onScopeDispose(() => set.delete(listener as Listener))
}

let open: Uuid | null = null
let listed = new Set<Uuid>()
let attentive = true

const onScreen = (uuid: Uuid): boolean => uuid === open || listed.has(uuid)

interface NewMessage {
  conversation_uuid: Uuid
  sender_type: 'agent' | 'contact'
  type: string
  /** Filed in spam: nobody is to be told. */
  silent?: boolean
  conversation: PushedRow | null
}

/** A row as it is pushed: without what differs by agent. */
type PushedRow = Omit<ConversationRow, 'unread_message_count' | 'mentioned_message_uuid'>

/** What differs by agent is kept from the row in memory. */
function withOwn(row: PushedRow, unread = (count: number) => count): ConversationRow {
  const { unread_message_count, mentioned_message_uuid } = findRow(row.uuid) ?? { unread_message_count: 0, mentioned_message_uuid: null }
  return { ...row, unread_message_count: unread(unread_message_count), mentioned_message_uuid }
}

/** Fields of the opened conversation that a row knows too. */
function patchOpened(row: PushedRow): void {
  queryClient.setQueryData<Conversation>(keys.conversation(row.uuid), (opened) => {
    if (!opened) return opened
    const { contact: _contact, id: _id, ...flat } = row
    return { ...opened, ...Object.fromEntries(Object.entries(flat).filter(([name]) => name in opened)) }
  })
}

const handlers: Record<string, (data: never) => void> = {
  /** Drafts are told of at the moment only: what was missed before the connection stood is read. */
  hello: () => void queryClient.invalidateQueries({ queryKey: keys.drafts }),
  new_message: (data: NewMessage) => {
    if (!data.conversation) return
    const read = data.silent || data.sender_type !== 'contact' || (open === data.conversation_uuid && document.visibilityState === 'visible')
    applyRow(withOwn(data.conversation, read ? undefined : oneMoreUnread))
    patchOpened(data.conversation)
  },
  new_conversation: (row: PushedRow) => {
    applyRow(withOwn(row))
    patchOpened(row)
  },
  conversation_row: (row: PushedRow) => {
    applyRow(withOwn(row))
    patchOpened(row)
  },
  conversation_update: ({ uuid, ...change }: { uuid: Uuid; merged_into_uuid?: Uuid | null; messages_moved?: true } & Partial<Conversation>) => {
    patchConversation(uuid, change)
    if (change.merged_from || change.messages_moved) forgetThread(uuid)
    // It leads to another conversation now, or to itself again.
    if (change.merged_into_uuid !== undefined) void queryClient.resetQueries({ queryKey: keys.conversation(uuid) })
  },
  contact_update: ({ contact_id: id, ...change }: { contact_id: Id } & Partial<ConversationContact>) => {
    patchContact(id, change)
    void queryClient.invalidateQueries({ queryKey: keys.contact(id), exact: true })
    void queryClient.invalidateQueries({ queryKey: keys.contacts })
  },
  /** One of many was changed: what is on screen is fetched again rather than told change by change. */
  conversations_changed: ({ uuids }: { uuids: Uuid[] }) => {
    for (const uuid of uuids) void queryClient.invalidateQueries({ queryKey: keys.conversation(uuid) })
    void queryClient.invalidateQueries({ queryKey: keys.lists })
  },
  conversation_deleted: ({ uuid }: { uuid: Uuid }) => {
    forgetRow(uuid)
    void queryClient.invalidateQueries({ queryKey: keys.conversation(uuid) })
  },
  presence: (data: { conversation_uuid: Uuid; agents: Present[] }) => {
    if (onScreen(data.conversation_uuid)) setPresent(data)
  },
  counts: () => void queryClient.invalidateQueries({ queryKey: keys.counts }),
  reference_update: ({ kind }: { kind: string }) => {
    referenceChanged(kind)
    if (kind === 'views') refetchViews()
  },
  agent_availability_update: (data: { agent_id: number; availability_status: Availability }) => {
    const { agent_id: id, availability_status } = data
    queryClient.setQueryData<UserCompact[]>(keys.reference('agents'), (agents) =>
      agents?.map((agent) => (agent.id === id ? { ...agent, availability_status } : agent)),
    )
    queryClient.setQueryData<Agent>(keys.me, (me) => (me?.id === id ? { ...me, availability_status } : me))
  },
}

/** Frames that came since the last were heard, and when that was. */
let waiting: Frame[] = []
let heardAt = 0
/** A screen shows no more often; what comes faster is heard together. */
const heardEvery = 50

function hear(): void {
  const frames = waiting
  waiting = []
  heardAt = performance.now()
  together(() => {
    for (const frame of frames) handlers[frame.type]?.(frame.data as never)
  })
  for (const frame of frames) for (const listener of listeners.get(frame.type) ?? []) listener(frame.data as never)
}

/** A frame is heard at once; in a rush many are heard as one, so that drawing does not fall behind. */
function onFrame(frame: Frame): void {
  waiting.push(frame)
  if (waiting.length > 1) return
  const rest = heardEvery - (performance.now() - heardAt)
  if (rest <= 0) hear()
  else setTimeout(hear, rest)
}

/** Least time between two fetches of everything: a server in a rush may ask for it again and again. */
const resyncEvery = 2_000
let resyncedAt = -Infinity
let resyncing: ReturnType<typeof setTimeout> | undefined

function onResync(): void {
  clearTimeout(resyncing)
  const rest = resyncEvery - (performance.now() - resyncedAt)
  if (rest <= 0) fetchAnew()
  else resyncing = setTimeout(fetchAnew, rest)
}

/** What is on screen is fetched again, what is not when it is opened next. */
function fetchAnew(): void {
  resyncedAt = performance.now()
  for (const queryKey of [keys.lists, ['conversation'], keys.counts, keys.viewCounts, keys.drafts, keys.notifications, ['reference']]) {
    void queryClient.invalidateQueries({ queryKey })
  }
}

/** What the agent may do decides which controls there are and what they can read: all of it is asked for anew. */
function onKicked(): void {
  void queryClient.invalidateQueries({ queryKey: keys.me })
  fetchAnew()
}

const client = new RealtimeClient({
  url: `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/ws`,
  open: (url) => openShared(url, `agent ${queryClient.getQueryData<Agent>(keys.me)?.id ?? 'unknown'}`),
  onFrame,
  onResync,
  onKicked,
  onState: (state) => {
    connection.value = state
    if (state !== 'open') forgetPresent()
  },
})

/** Colleagues see the agent in a conversation while it is open and somebody is before it. */
const showPresence = (): void => client.setAway(!open || !attentive)

watchAttention((there) => {
  attentive = there
  showPresence()
})

configureApi({ read: (event, began) => client.noteRead(event, began) })

/** The agent's socket, for what components have to say. */
export const live = {
  start: () => client.start(),
  /** Says and hears nothing until started again, which resumes. */
  pause: () => client.pause(),
  stop: () => client.stop(),
  /** Tries to connect now rather than at the end of the wait. */
  retry: () => client.connectNow(),
  openConversation: (uuid: Uuid | null) => {
    open = uuid
    forgetPresent(onScreen)
    client.openConversation(uuid)
    showPresence()
  },
  showList: (uuids: Uuid[]) => {
    listed = new Set(uuids)
    forgetPresent(onScreen)
    client.showList(uuids)
  },
  typing: (uuid: Uuid, isTyping: boolean, isPrivate: boolean) =>
    client.send('typing', { conversation_uuid: uuid, is_typing: isTyping, is_private_message: isPrivate }),
}
