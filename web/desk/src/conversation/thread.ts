import { useQuery } from '@tanstack/vue-query'
import { api } from '@ui/api/client'
import type { Message, MessageMeta, Page, Uuid } from '@ui/api/types'
import { computed, ref, toValue, watch, type MaybeRefOrGetter, type Ref } from 'vue'
import { keys, queryClient } from '@/data/query'

/** The part of a conversation that is loaded: oldest first, without gaps. */
export interface Thread {
  messages: Message[]
  /** There are older messages on the server. */
  older: boolean
  /** There are newer ones: only after a jump to an old message. */
  newer: boolean
}

export const threadPage = 40

/** What of a conversation is shown. The server narrows it down, of which only a part may be loaded. */
export type ThreadFilter = 'all' | 'public' | 'notes' | 'attachments'

const narrowed: Record<ThreadFilter, Record<string, string>> = {
  all: {},
  public: { private: 'false' },
  notes: { private: 'true', type: 'outgoing' },
  attachments: { attachments: 'true' },
}

const keyOf = (uuid: Uuid, filter: ThreadFilter): readonly string[] => (filter === 'all' ? keys.messages(uuid) : [...keys.messages(uuid), filter])

/** Joins two runs of messages by uuid; what is in `next` wins. Oldest first. */
export function mergeMessages(known: readonly Message[], next: readonly Message[]): Message[] {
  const byUuid = new Map(known.map((message) => [message.uuid, message]))
  for (const message of next) byUuid.set(message.uuid, message)
  return [...byUuid.values()].sort((a, b) => a.id - b.id)
}

/**
 * What is shown after the newest page was fetched again. If messages were missed between the page
 * and what is known, the page stands alone: a thread never has a hole.
 */
export function mergeNewest(known: Thread | undefined, page: readonly Message[], full: boolean): Thread {
  const fresh: Thread = { messages: [...page].sort((a, b) => a.id - b.id), older: full, newer: false }
  if (!known?.messages.length || known.newer) return fresh
  const newest = known.messages.at(-1)
  const overlaps = page.some((message) => message.uuid === newest?.uuid)
  if (full && !overlaps) return fresh
  return { messages: mergeMessages(known.messages, page), older: known.older, newer: false }
}

const path = (uuid: Uuid): string => `/conversations/${uuid}/messages`

async function fetchPage(uuid: Uuid, query: Record<string, string>, signal?: AbortSignal): Promise<Message[]> {
  const page = await api.get<Page<Message>>(path(uuid), { query: { page_size: threadPage, ...query }, signal })
  return page.results ?? []
}

/** The newest page, joined to what is known of it. */
async function fetchNewest(uuid: Uuid, filter: ThreadFilter, signal?: AbortSignal): Promise<Thread> {
  const page = await fetchPage(uuid, narrowed[filter], signal)
  return mergeNewest(queryClient.getQueryData<Thread>(keyOf(uuid, filter)), page, page.length >= threadPage)
}

/** Milliseconds for which a thread is not asked for again: the socket keeps it as it is. */
const fresh = 30_000

/** Fetches the newest letters of a conversation that is likely to be opened. */
export const prefetchThread = (uuid: Uuid): Promise<void> =>
  queryClient.prefetchQuery({ queryKey: keys.messages(uuid), queryFn: ({ signal }) => fetchNewest(uuid, 'all', signal), staleTime: fresh })

/** The surroundings of a message; null when there is no such message. */
async function fetchAround(uuid: Uuid, message: Uuid, filter: ThreadFilter, signal?: AbortSignal): Promise<Thread | null> {
  const page = await fetchPage(uuid, { ...narrowed[filter], around: message }, signal).catch(() => null)
  if (!page?.length) return null
  const messages = [...page].sort((a, b) => a.id - b.id)
  const after = await fetchPage(uuid, { ...narrowed[filter], after: messages.at(-1)!.uuid }, signal)
  return { messages: mergeMessages(messages, after), older: page.length >= threadPage, newer: after.length >= threadPage }
}

const threadOf = (uuid: Uuid): Thread | undefined => queryClient.getQueryData<Thread>(keys.messages(uuid))

/** What was told about a message before the message itself came: a reply can be sent before our request returns. */
const early = new Map<Uuid, Partial<Message>>()

/** Puts a message into a thread that is in memory; a thread that is not will fetch it when opened. */
export function upsertMessage(uuid: Uuid, message: Message): void {
  const told = early.get(message.uuid)
  if (told) {
    early.delete(message.uuid)
    // Told of an older state, if the message was fetched later than that.
    if (message.status === 'pending') message = { ...message, ...told }
  }
  queryClient.setQueryData<Thread>(keys.messages(uuid), (thread) =>
    thread && !thread.newer ? { ...thread, messages: mergeMessages(thread.messages, [message]) } : thread,
  )
  // Whether it belongs to a part of the thread the server says.
  void queryClient.invalidateQueries({ queryKey: keys.messages(uuid), predicate: ({ queryKey }) => queryKey.length > keys.messages(uuid).length })
}

/** Changes a message in place, if it is in memory. */
export function patchMessage(uuid: Uuid, message: Uuid, change: Partial<Message>): void {
  queryClient.setQueriesData<Thread>(
    { queryKey: keys.messages(uuid) },
    (thread) =>
      thread && {
        ...thread,
        messages: thread.messages.map((known) => (known.uuid === message ? { ...known, ...change } : known)),
      },
  )
}

/** Fetches one message and puts it where it belongs. */
export async function refetchMessage(uuid: Uuid, message: Uuid): Promise<void> {
  if (!threadOf(uuid)) return
  upsertMessage(uuid, await api.get<Message>(`${path(uuid)}/${message}`))
}

/** When the newest message that is known was written. */
export const newestAt = (uuid: Uuid): string | undefined => threadOf(uuid)?.messages.at(-1)?.created_at

export const knowsMessage = (uuid: Uuid, message: Uuid): boolean =>
  threadOf(uuid)?.messages.some((known) => known.uuid === message) ?? false

interface MessageUpdate {
  conversation_uuid: Uuid
  uuid: Uuid
  status?: Message['status']
  content?: string
  text_content?: string
  meta?: MessageMeta
  delivery?: Message['delivery']
}

/** Applies a `message_update` frame. The reason of a failure is not in it and is fetched. */
export function applyMessageUpdate({ conversation_uuid: uuid, uuid: message, ...change }: MessageUpdate): void {
  if (!knowsMessage(uuid, message)) {
    if (threadOf(uuid) && early.size < 100) early.set(message, { ...early.get(message), ...change })
    return
  }
  patchMessage(uuid, message, change)
  if (change.status) void refetchMessage(uuid, message).catch(() => {})
}

const isLetter = (message: Message): boolean => message.type !== 'activity' && !message.private

/** Whether the newest letter of a conversation is among those that are loaded, if there is one at all. */
export function reachesNewestLetter(thread: Thread, filter: ThreadFilter): boolean {
  return (filter === 'all' || filter === 'public') && !thread.newer && (!thread.older || thread.messages.some(isLetter))
}

/**
 * The messages that an answer is made from: those that are shown, and the newest letters where notes have pushed them out of
 * what is loaded, or something else of the thread is shown.
 */
export function useAnswered(uuid: MaybeRefOrGetter<Uuid>, shown: Ref<Thread | undefined>, filter: Ref<ThreadFilter>) {
  const missing = computed(() => !!shown.value && !reachesNewestLetter(shown.value, filter.value))
  const { data: letters } = useQuery({
    queryKey: computed(() => keyOf(toValue(uuid), 'public')),
    queryFn: ({ signal }) => fetchNewest(toValue(uuid), 'public', signal),
    enabled: missing,
    staleTime: fresh,
  })
  return computed(() => mergeMessages(shown.value?.messages ?? [], missing.value ? (letters.value?.messages ?? []) : []))
}

/** The messages of one conversation: newest page first, older and newer ones on request. */
export function useThread(uuid: MaybeRefOrGetter<Uuid>, around?: MaybeRefOrGetter<Uuid | undefined>, filter: MaybeRefOrGetter<ThreadFilter> = 'all') {
  const id = computed(() => toValue(uuid))
  const key = computed(() => keyOf(id.value, toValue(filter)))
  const loaded = (): Thread | undefined => queryClient.getQueryData<Thread>(key.value)
  const query = useQuery({
    queryKey: key,
    queryFn: async ({ signal, queryKey }) => {
      const wanted = id.value
      const part = toValue(filter)
      const known = queryClient.getQueryData<Thread>(queryKey)
      const target = toValue(around)
      const surroundings = target && !known ? await fetchAround(wanted, target, part, signal) : null
      return surroundings ?? fetchNewest(wanted, part, signal)
    },
    staleTime: fresh,
  })

  const loadingOlder = ref(false)
  const loadingNewer = ref(false)
  /** What is on its way, for whoever wants it at the same time. */
  let underway: Partial<Record<'older' | 'newer', Promise<void>>> = {}
  watch(key, () => {
    underway = {}
    loadingOlder.value = false
    loadingNewer.value = false
  })

  function load(direction: 'older' | 'newer'): Promise<void> {
    const mine = underway
    return (mine[direction] ??= fetchMore(direction).finally(() => delete mine[direction]))
  }

  async function fetchMore(direction: 'older' | 'newer'): Promise<void> {
    const uuid = id.value
    const here = key.value
    const thread = loaded()
    const busy = direction === 'older' ? loadingOlder : loadingNewer
    const edge = direction === 'older' ? thread?.messages[0] : thread?.messages.at(-1)
    if (!thread?.[direction] || !edge) return
    busy.value = true
    try {
      const page = await fetchPage(uuid, { ...narrowed[toValue(filter)], [direction === 'older' ? 'before' : 'after']: edge.uuid })
      queryClient.setQueryData<Thread>(
        here,
        (now) =>
          now && { ...now, messages: mergeMessages(now.messages, page), [direction]: page.length >= threadPage },
      )
    } finally {
      if (key.value === here) busy.value = false
    }
  }

  /** Goes to the surroundings of a message that is not among those that are loaded. */
  async function reach(message: Uuid): Promise<void> {
    const here = key.value
    const known = loaded()
    if (!known || known.messages.some((one) => one.uuid === message)) return
    const surroundings = await fetchAround(id.value, message, toValue(filter))
    if (surroundings) queryClient.setQueryData<Thread>(here, surroundings)
  }

  /** Leaves the surroundings of an old message for the newest page. */
  async function toNewest(): Promise<void> {
    const here = key.value
    if (!loaded()?.newer) return
    const page = await fetchPage(id.value, narrowed[toValue(filter)])
    queryClient.setQueryData<Thread>(here, mergeNewest(undefined, page, page.length >= threadPage))
  }

  return {
    thread: query.data,
    pending: query.isPending,
    error: query.error,
    loadingOlder,
    loadingNewer,
    loadOlder: () => load('older'),
    loadNewer: () => load('newer'),
    reach,
    toNewest,
  }
}
