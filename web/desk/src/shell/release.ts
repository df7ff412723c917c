import { onScopeDispose, ref, watch } from 'vue'
import { connection } from '@/data/live'

/** A newer version of this page is being served. */
export const released = ref(false)

/** Without a touch for this long the agent is not at work in this tab. Milliseconds. */
const restAfter = 5 * 60_000
/** Another tab is in front for this long. */
const hiddenFor = 30_000
const lookEvery = 20_000

/** Whether a page as it is served now is another one than that which runs. */
export function isAnother(page: string, running: readonly string[]): boolean {
  // What is no page of this app, such as a proxy's word on its trouble, says nothing.
  return page.includes('type="module"') && running.length > 0 && !running.some((script) => page.includes(script))
}

/** Whether nobody would notice that the page is loaded anew. */
export const mayReload = (quiet: number, hidden: number | undefined, busy: boolean): boolean =>
  !busy && (quiet >= restAfter || (hidden ?? 0) >= hiddenFor)

/** Something is being written, chosen or asked. */
function isBusy(): boolean {
  const written = [...document.querySelectorAll<HTMLElement>('[contenteditable="true"]')].some((box) => box.textContent.trim() || box.querySelector('img'))
  const field = document.activeElement?.matches('input, textarea, select, [contenteditable="true"]')
  return written || !!field || !!document.querySelector('[role="dialog"], [role="menu"]')
}

const runningScripts = (): string[] => [...document.querySelectorAll<HTMLScriptElement>('script[type="module"][src]')].map((script) => new URL(script.src).pathname)

async function look(): Promise<void> {
  const page = await fetch(location.pathname, { cache: 'no-store', headers: { Accept: 'text/html' } }).then((reply) => (reply.ok ? reply.text() : ''), () => '')
  if (isAnother(page, runningScripts())) released.value = true
}

/** Notices after a reconnection that the desk was upgraded, and loads the new version when nobody is at work. */
export function useRelease(): void {
  let touched = Date.now()
  let hiddenSince: number | undefined
  let opened = false

  watch(connection, (state) => {
    if (state !== 'open') return
    if (opened) void look()
    opened = true
  }, { immediate: true })

  const touch = (): void => void (touched = Date.now())
  // A part of the app that is no longer on the server: another version is.
  const missed = (event: Event): void => {
    event.preventDefault()
    released.value = true
  }
  window.addEventListener('vite:preloadError', missed)
  const show = (): void => void (hiddenSince = document.visibilityState === 'hidden' ? Date.now() : undefined)
  const timer = setInterval(() => {
    const now = Date.now()
    if (released.value && mayReload(now - touched, hiddenSince && now - hiddenSince, isBusy())) location.reload()
  }, lookEvery)
  const signs = ['pointerdown', 'pointermove', 'keydown', 'wheel'] as const
  for (const sign of signs) window.addEventListener(sign, touch, { passive: true })
  document.addEventListener('visibilitychange', show)
  onScopeDispose(() => {
    clearInterval(timer)
    for (const sign of signs) window.removeEventListener(sign, touch)
    document.removeEventListener('visibilitychange', show)
    window.removeEventListener('vite:preloadError', missed)
  })
}
