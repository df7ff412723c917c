// What the desk does in a browser without a page of it: it opens without a connection, and tells of news while it is
// closed. Kept are the page and the files whose names carry a hash of their content; answers of the API never are.

const cacheName = 'foyer-shell'
/** Files of releases that are gone go when there are more than this, the oldest first. */
const most = 400
/** One page is all there is: it is the same at every address of the app. */
const pageKey = '/page'
const appPath = /^\/(?:$|(?:inboxes|teams|views|contacts|organizations|reports|account|admin|reset-password|set-password|setup|two-factor-setup)(?:\/|$))/
const hashed = /^\/assets\/[^/]+-[\w-]{8}\.[a-z0-9]+$/

// Nothing of a release is in this file: a newer one takes over at once.
self.addEventListener('install', () => self.skipWaiting())
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()))

self.addEventListener('fetch', (event) => {
  const { request } = event
  const url = new URL(request.url)
  if (request.method !== 'GET' || url.origin !== self.location.origin) return
  if (request.mode === 'navigate' && appPath.test(url.pathname)) event.respondWith(page(request))
  else if (url.pathname.startsWith('/assets/')) event.respondWith(hashed.test(url.pathname) ? asset(request) : refreshed(request))
})

const isPage = (reply) => reply.ok && !reply.redirected && (reply.headers.get('Content-Type') ?? '').startsWith('text/html')

/** The page as the server has it, else as it was last. */
async function page(request) {
  const cache = await caches.open(cacheName)
  try {
    const reply = await fetch(request)
    if (isPage(reply)) await cache.put(pageKey, reply.clone())
    return reply
  } catch (error) {
    const known = await cache.match(pageKey)
    if (known) return known
    throw error
  }
}

/** A file that never changes. */
async function asset(request) {
  const cache = await caches.open(cacheName)
  const known = await cache.match(request)
  if (known) return known
  const reply = await fetch(request)
  if (reply.ok) {
    await cache.put(request, reply.clone())
    const all = await cache.keys()
    await Promise.all(all.slice(0, Math.max(0, all.length - most)).map((old) => cache.delete(old)))
  }
  return reply
}

/** A file that may change: the server's, else the one that was kept. */
async function refreshed(request) {
  const cache = await caches.open(cacheName)
  try {
    const reply = await fetch(request)
    if (reply.ok) await cache.put(request, reply.clone())
    return reply
  } catch (error) {
    const known = await cache.match(request)
    if (known) return known
    throw error
  }
}

// The first page was loaded before there was anybody to keep its files.
self.addEventListener('message', (event) => {
  const { keep } = event.data ?? {}
  if (Array.isArray(keep)) event.waitUntil(keepAll(keep))
})

async function keepAll(addresses) {
  const cache = await caches.open(cacheName)
  await Promise.all(
    addresses.map(async (address) => {
      const url = new URL(address, self.location.origin)
      const wanted = appPath.test(url.pathname) ? pageKey : url.pathname.startsWith('/assets/') ? url.pathname : ''
      if (!wanted || url.origin !== self.location.origin || (wanted !== pageKey && (await cache.match(wanted)))) return
      const reply = await fetch(url).catch(() => undefined)
      if (reply && (wanted === pageKey ? isPage(reply) : reply.ok)) await cache.put(wanted, reply)
    }),
  )
}

self.addEventListener('push', (event) => {
  let news
  try {
    news = event.data.json()
  } catch {
    return // not ours
  }
  event.waitUntil(tell(news))
})

async function tell({ title, body, path, tag, lang }) {
  const windows = await self.clients.matchAll({ type: 'window', includeUncontrolled: true })
  // Whoever works in the desk is told there.
  if (windows.some((one) => one.focused)) return
  await self.registration.showNotification(title, {
    body, tag, lang, renotify: true, icon: '/assets/icon-192.png', badge: '/assets/badge-96.png', data: { path },
  })
}

self.addEventListener('notificationclick', (event) => {
  event.notification.close()
  const path = String(event.notification.data?.path ?? '/')
  if (appPath.test(path.split('?')[0])) event.waitUntil(open(path))
})

/** Goes to a path in a window of the desk that is there already, else in a new one. */
async function open(path) {
  const [window] = await self.clients.matchAll({ type: 'window' })
  if (!window) return self.clients.openWindow(path)
  window.postMessage({ open: path })
  return window.focus()
}
