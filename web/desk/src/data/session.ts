import { useQuery } from '@tanstack/vue-query'
import { api, ApiError } from '@ui/api/client'
import type { Agent, Availability, Config } from '@ui/api/types'
import { computed, ref, watch } from 'vue'
import type { WaitingSignIn } from './factors'
import { keys, queryClient } from './query'

/** True while the "session ended" dialog asks for the password again. */
export const sessionEnded = ref(false)

/** The server no longer knows this session. Before anybody signed in that is no news. */
export function sessionLost(): void {
  if (queryClient.getQueryData(keys.me)) sessionEnded.value = true
}

/** Id of the agent whose page this is; undefined before anybody signed in. */
export const signedInAgent = (): number | undefined => queryClient.getQueryData<Agent>(keys.me)?.id

/** Resolves once the agent of this page is signed in again; at once when they are. */
function signedInAgain(): Promise<void> {
  return new Promise((resolve) => {
    if (!sessionEnded.value) return resolve()
    const stop = watch(sessionEnded, (ended) => {
      if (ended) return
      stop()
      resolve()
    })
  })
}

/** Makes a call that must not be lost: one that finds the session over is repeated when the agent is back. */
export async function throughSessions<T>(call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call()
    } catch (error) {
      if (!(error instanceof ApiError && error.sessionOver && sessionEnded.value)) throw error
      await signedInAgain()
    }
  }
}

/** Tells the desk's other tabs in this browser who has signed in. */
const tabs = 'BroadcastChannel' in window ? new BroadcastChannel('foyer.session') : undefined

/** Calls back when the agent of this page has signed in again in another tab. */
export function onSignInElsewhere(back: (agent: Agent) => void): () => void {
  const hear = ({ data }: MessageEvent<Agent>): void => {
    if (data.id === signedInAgent()) back(data)
  }
  tabs?.addEventListener('message', hear)
  return () => tabs?.removeEventListener('message', hear)
}

const readMe = { queryKey: keys.me, queryFn: () => api.get<Agent>('/agents/me'), staleTime: Infinity }
const readConfig = { queryKey: keys.config, queryFn: () => api.get<Config>('/config'), staleTime: Infinity }

/** The signed-in agent, fetched once. Rejects when nobody is signed in. */
export const ensureMe = (): Promise<Agent> => queryClient.ensureQueryData(readMe)

/** The public configuration, fetched once. */
export const ensureConfig = (): Promise<Config> => queryClient.ensureQueryData(readConfig)

/** Puts the desk's own icon on the browser tab. */
export function showIcon(config: Config): void {
  const icon = document.querySelector<HTMLLinkElement>('link[rel="icon"]')
  if (!icon || !config['app.favicon_url']) return
  // The type is that of the icon that came with the page.
  if (icon.getAttribute('href') !== config['app.favicon_url']) icon.removeAttribute('type')
  icon.href = config['app.favicon_url']
}

/** Reads the configuration anew after it was changed, and shows it. */
export async function refreshConfig(): Promise<void> {
  await queryClient.invalidateQueries({ queryKey: keys.config })
  showIcon(await ensureConfig())
}

/** Public configuration, for templates. */
export function useConfig() {
  const { data } = useQuery(readConfig)
  return {
    config: data,
    siteName: computed(() => data.value?.['app.site_name'] || 'Foyer'),
  }
}

/** Whether permissions include one that something needs, or one of several. What needs none is everybody's. */
export const permitted = (permissions: readonly string[], needed: string | readonly string[] | undefined): boolean =>
  needed === undefined || [needed].flat().some((one) => permissions.includes(one))

/** The signed-in agent, what they may do, and their availability. */
export function useMe() {
  const { data: me } = useQuery(readMe)
  const permissions = computed(() => new Set(me.value?.permissions ?? []))
  return {
    me,
    permits: (needed: string | readonly string[] | undefined) => permitted(me.value?.permissions ?? [], needed),
    can: (permission: string) => permissions.value.has(permission),
    canAny: (prefixOrList: string[]) => prefixOrList.some((permission) => permissions.value.has(permission)),
  }
}

function signedIn(agent: Agent): Agent {
  // Nothing of the agent whose page this was stays in memory for another one.
  if (signedInAgent() && signedInAgent() !== agent.id) window.location.assign('/inboxes')
  queryClient.setQueryData(keys.me, agent)
  sessionEnded.value = false
  tabs?.postMessage(agent)
  return agent
}

/** Signs in by a password, or gets as far as the second factor. */
export async function signIn(email: string, password: string): Promise<Agent | WaitingSignIn> {
  const reply = await api.post<Agent | WaitingSignIn>('/auth/login', { email, password })
  return 'two_factor_required' in reply ? reply : signedIn(reply)
}

/** Finishes a sign-in that waits for a second factor. */
export const finishSignIn = async (code: { code: string } | { recovery_code: string }): Promise<Agent> =>
  signedIn(await api.post<Agent>('/auth/two-factor', code))

/** Ends the session, then leaves by a full navigation, so that nothing of this agent stays in memory. */
export async function signOut(): Promise<void> {
  // What is for this agent must not come up before whoever has the device next.
  const { thisDevice, removeDevice } = await import('@/notifications/device')
  const device = thisDevice()
  if (device) await removeDevice(device).catch(() => {})
  await api.post('/auth/logout').catch(() => {})
  window.location.assign('/')
}

export async function setAvailability(status: Availability, source: 'user' | 'idle' = 'user'): Promise<void> {
  const agent = await api.put<Agent>('/agents/me/availability', { status, source })
  queryClient.setQueryData<Agent>(keys.me, (me) => me && { ...me, availability_status: agent.availability_status })
}
