import { useQuery } from '@tanstack/vue-query'
import { api, ApiError } from '@ui/api/client'
import type { Draft, Message, Uuid } from '@ui/api/types'
import { t } from '@ui/i18n'
import { dismissToast, toast, toastError } from '@ui/toast/toasts'
import { computed, onScopeDispose, ref, toValue, type MaybeRefOrGetter } from 'vue'
import { useFrames } from '@/data/live'
import { keys, queryClient } from '@/data/query'
import { router } from '@/router'
import { remember } from './undo'
import { drafts } from './drafts'
import { giveBack } from './intents'
import { knowsMessage, refetchMessage, upsertMessage } from './thread'

const heldKey = (uuid: Uuid) => [...keys.conversation(uuid), 'held'] as const
const path = (uuid: Uuid, held: Uuid): string => `/conversations/${uuid}/held/${held}`

/** The replies of a conversation that have not left yet, the next first. */
export function useHeld(uuid: MaybeRefOrGetter<Uuid>) {
  const id = computed(() => toValue(uuid))
  const { data } = useQuery({
    queryKey: computed(() => heldKey(id.value)),
    queryFn: ({ signal, queryKey }) => fetchHeld(id.value, queryClient.getQueryData<Message[]>(queryKey) ?? [], signal),
    staleTime: 30_000,
    // What left while the socket was down is not told.
    refetchInterval: ({ state }) => ((state.data ?? []).some(overdue) ? 3_000 : false),
  })
  useFrames<{ conversation_uuid: Uuid }>('held_update', ({ conversation_uuid: changed }) => void refetch(changed))
  useFrames<{ conversation_uuid: Uuid; uuid: Uuid }>('new_message', ({ conversation_uuid: changed, uuid: left }) => forget(changed, left))
  return computed(() => data.value ?? [])
}

const overdue = ({ held }: Message): boolean => !!held && !held.stopped && new Date(held.send_at).getTime() < Date.now() - 2_000

/** Reads what waits; of what waited before and does not now, the message that it became is read, if it became one. */
async function fetchHeld(uuid: Uuid, before: readonly Message[], signal: AbortSignal): Promise<Message[]> {
  const all = (await api.get<Message[] | null>(`/conversations/${uuid}/held`, { signal })) ?? []
  for (const gone of before) {
    if (!all.some((one) => one.uuid === gone.uuid) && !knowsMessage(uuid, gone.uuid)) void refetchMessage(uuid, gone.uuid).catch(() => {})
  }
  return all
}

const refetch = (uuid: Uuid): Promise<void> => queryClient.invalidateQueries({ queryKey: heldKey(uuid) })

function forget(uuid: Uuid, held: Uuid): void {
  queryClient.setQueryData<Message[]>(heldKey(uuid), (all) => all?.filter((one) => one.uuid !== held))
}

/** A reply of ours waits at the server. Where it is not on the screen, a notice offers to undo it. */
export function holdShown(uuid: Uuid, message: Message): void {
  queryClient.setQueryData<Message[]>(heldKey(uuid), (all) => [...(all ?? []).filter((one) => one.uuid !== message.uuid), message])
  if (message.held?.kind !== 'undo') return
  let notice = 0
  const undo = (): void => {
    dismissToast(notice)
    void takeBack(uuid, message.uuid, true)
  }
  remember({ undo, redo: () => {} })
  if (router.currentRoute.value.params['uuid'] === uuid) return
  const lifetime = new Date(message.held.send_at).getTime() - Date.now()
  notice = toast(t('composer.held.leaving'), { lifetime, action: { label: t('composer.undo'), run: undo } })
}

/** Takes a held reply back: its text returns to the composer it came from. True if it did not leave. */
export async function takeBack(uuid: Uuid, held: Uuid, open = false): Promise<boolean> {
  await drafts.flush()
  try {
    const draft = await api.delete<Draft | null>(path(uuid, held))
    forget(uuid, held)
    if (!draft) return true
    if (open && router.currentRoute.value.params['uuid'] !== uuid) await router.push(`/inboxes/all/conversation/${uuid}`)
    giveBack(uuid, draft)
    return true
  } catch (error) {
    await refused(uuid, error)
    return false
  }
}

export async function sendNow(uuid: Uuid, held: Uuid): Promise<void> {
  try {
    upsertMessage(uuid, await api.post<Message>(`${path(uuid, held)}/send`))
    forget(uuid, held)
  } catch (error) {
    await refused(uuid, error)
  }
}

export async function moveHeld(uuid: Uuid, held: Uuid, at: Date): Promise<void> {
  try {
    await api.put(path(uuid, held), { send_at: at.toISOString() })
  } catch (error) {
    toastError(error)
  }
  await refetch(uuid)
}

/** It was faster, or somebody else was: what is true is shown. */
async function refused(uuid: Uuid, error: unknown): Promise<void> {
  toastError(error)
  if (error instanceof ApiError) await refetch(uuid)
}

/** Seconds until a time, counted down. */
export function useCountdown(until: () => string | undefined) {
  const now = ref(Date.now())
  const timer = setInterval(() => (now.value = Date.now()), 250)
  onScopeDispose(() => clearInterval(timer))
  return computed(() => Math.max(0, Math.ceil((new Date(until() ?? 0).getTime() - now.value) / 1000)))
}
