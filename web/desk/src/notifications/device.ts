import { useQuery } from '@tanstack/vue-query'
import { api } from '@ui/api/client'
import type { Id, PushDevice, PushDevices } from '@ui/api/types'
import { ref } from 'vue'
import { ownStorage } from '@/data/ownStorage'
import { keys, queryClient } from '@/data/query'

const path = '/agents/me/push'
const stored = 'foyer.device'

/** Whether this browser can be told of things while the desk is closed. */
export const pushWorks = 'serviceWorker' in navigator && 'PushManager' in window && 'Notification' in window

export const useDevices = () => useQuery({ queryKey: keys.devices, queryFn: ({ signal }) => api.get<PushDevices>(path, { signal }) })

const changed = (): Promise<void> => queryClient.invalidateQueries({ queryKey: keys.devices })

/** The device that this browser is for the signed-in agent; undefined when it is none. */
export function thisDevice(): Id | undefined {
  return Number(ownStorage()?.getItem(stored)) || undefined
}

/** For templates: as {@link thisDevice} when it was last asked. */
export const ownDevice = ref<Id>()

function remember(id: Id | undefined): void {
  const storage = ownStorage()
  if (id) storage?.setItem(stored, String(id))
  else storage?.removeItem(stored)
  ownDevice.value = id
}

const subscription = async (): Promise<PushSubscription | null> => (pushWorks ? ((await (await navigator.serviceWorker.getRegistration())?.pushManager.getSubscription()) ?? null) : null)

/** A browser subscribes for one key: with another desk's, or one from before a new one was made, it begins again. */
async function subscribe(publicKey: string): Promise<PushSubscription> {
  const { pushManager } = await navigator.serviceWorker.ready
  const options = { userVisibleOnly: true, applicationServerKey: publicKey }
  try {
    return await pushManager.subscribe(options)
  } catch (cause) {
    const known = await pushManager.getSubscription()
    if (!known || !(cause instanceof DOMException && cause.name === 'InvalidStateError')) throw cause
    await known.unsubscribe()
    return pushManager.subscribe(options)
  }
}

/** Has this browser told of things. Rejects when the person or the browser does not want that. */
export async function addThisDevice(publicKey: string): Promise<void> {
  const { endpoint, keys: secrets } = (await subscribe(publicKey)).toJSON()
  const device = await api.post<PushDevice>(path, { endpoint, keys: secrets })
  remember(device.id)
  await changed()
}

export async function removeDevice(id: Id): Promise<void> {
  await api.delete(`${path}/${id}`)
  if (id === thisDevice()) {
    remember(undefined)
    await (await subscription())?.unsubscribe()
  }
  await changed()
}

/** Says whether this browser still is the device that it was: it may have been taken away elsewhere. */
export async function checkThisDevice(devices: readonly PushDevice[]): Promise<void> {
  const id = thisDevice()
  const still = !!id && devices.some((device) => device.id === id) && !!(await subscription())
  if (id && !still) remember(undefined)
  else ownDevice.value = id
}

export async function allowText(id: Id, allowed: boolean): Promise<void> {
  await api.put(`${path}/${id}`, { with_text: allowed })
  await changed()
}

export const testDevice = (id: Id): Promise<unknown> => api.post(`${path}/${id}/test`, undefined, { timeout: 20_000 })
