import { computed, shallowRef } from 'vue'
import type { Router } from 'vue-router'

/** What browsers that can install the desk ask with; no standard knows it. */
interface InstallQuestion extends Event {
  prompt: () => Promise<unknown>
}

const question = shallowRef<InstallQuestion>()

/** Whether the browser would install the desk as an app. */
export const installable = computed(() => !!question.value)

/** Has the browser ask whether to install the desk. */
export async function install(): Promise<void> {
  await question.value?.prompt()
  question.value = undefined
}

window.addEventListener('beforeinstallprompt', (event) => {
  event.preventDefault() // it is asked from our menu, when somebody wants it
  question.value = event as InstallQuestion
})
window.addEventListener('appinstalled', () => (question.value = undefined))

/** Files of this page, for the service worker to keep: they were loaded before it was there. */
function keepShell(worker: ServiceWorker | null): void {
  const files = performance.getEntriesByType('resource').map((entry) => entry.name).filter((name) => name.startsWith(`${location.origin}/assets/`))
  worker?.postMessage({ keep: [location.href, ...files] })
}

/** The desk opens without a connection, and what it told while it was closed opens in it. */
export async function serveOffline(router: Router): Promise<void> {
  if (!('serviceWorker' in navigator)) return
  navigator.serviceWorker.addEventListener('message', ({ data }: MessageEvent<{ open?: string }>) => {
    if (data.open) void router.push(data.open)
  })
  await navigator.serviceWorker.register('/sw.js')
  keepShell((await navigator.serviceWorker.ready).active)
}
