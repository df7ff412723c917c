// The desk as an installed app: what it does without a connection, and what it tells while it is closed.

import { createECDH, randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, signIn, test } from '../support/fixtures.ts'
import { examineLooks } from '../support/look.ts'

test.use({ serviceWorkers: 'allow' })

test('the desk can be installed, says that it is offline, and comes back by itself', async ({ desk, page }) => {
  const manifest = (await (await fetch(`${desk.url}/manifest.webmanifest`)).json()) as { name: string; icons: { src: string; purpose?: string }[] }
  expect(manifest.name).not.toBe('')
  for (const { src } of manifest.icons) expect((await fetch(desk.url + src)).status, src).toBe(200)

  await signIn(page)
  const kept = (): Promise<string[]> => page.evaluate(async () => {
    const all = await (await caches.open('foyer-shell')).keys()
    return all.map((request) => new URL(request.url).pathname)
  })
  await expect.poll(kept).toContain('/page')
  await page.reload()
  await expect(page.getByTestId('me-menu')).toBeVisible()
  expect((await kept()).filter((path) => path.startsWith('/api/') || path.startsWith('/uploads/'))).toEqual([])

  await page.context().setOffline(true)
  await page.reload()
  await expect(page.getByTestId('offline')).toContainText('No connection to the desk')
  await examineLooks(page, 'offline', false)
  await page.context().setOffline(false)
  await expect(page.getByTestId('me-menu')).toBeVisible()
})

test('a device is told of things, and what it shows opens where it is about', async ({ desk, page }) => {
  let told = 0
  const service = createServer((_, answer) => {
    told++
    answer.writeHead(201).end()
  })
  await new Promise<void>((up) => service.listen(0, '127.0.0.1', up))
  const ecdh = createECDH('prime256v1')
  const subscription = {
    endpoint: `http://127.0.0.1:${(service.address() as AddressInfo).port}/device`,
    keys: { p256dh: ecdh.generateKeys('base64url'), auth: randomBytes(16).toString('base64url') },
  }
  // The browser under test has no push service; what it would get from one is given here.
  await page.addInitScript((given) => {
    const subscribed = { ...given, toJSON: () => given, unsubscribe: () => Promise.resolve(true) }
    PushManager.prototype.subscribe = () => Promise.resolve(subscribed as unknown as PushSubscription)
    PushManager.prototype.getSubscription = () => Promise.resolve(subscribed as unknown as PushSubscription)
  }, subscription)
  await page.context().grantPermissions(['notifications'])
  await signIn(page)
  await page.goto('/account/notifications')
  await page.getByTestId('push-on').click()
  const device = page.getByTestId('push-device')
  await expect(device).toContainText('This device')
  await device.getByRole('button', { name: 'Send a test' }).click()
  await expect.poll(() => told).toBe(1)
  await device.getByRole('switch').click()
  await expect.poll(async () => (await desk.api.get<{ devices: { with_text: boolean }[] }>('/api/v1/agents/me/push')).devices[0]?.with_text).toBe(true)
  await examineLooks(page, 'push-devices')

  // A message arrives while no page of the desk is open.
  const cdp = await page.context().newCDPSession(page)
  const registered = new Promise<string>((found) => {
    cdp.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
      const own = registrations.find((one) => one.scopeURL.startsWith(desk.url))
      if (own) found(own.registrationId)
    })
  })
  await cdp.send('ServiceWorker.enable')
  const registrationId = await registered
  await page.goto('about:blank')
  const data = JSON.stringify({ title: 'New reply in #100', path: '/contacts', tag: 'foyer-x', lang: 'en-US' })
  await cdp.send('ServiceWorker.deliverPushMessage', { origin: desk.url, registrationId, data })
  // The browser stops a worker that has nothing to do, and starts another for what arrives.
  const shown = async (): Promise<string[]> => {
    const worker = page.context().serviceWorkers().at(-1)
    const titles = worker?.evaluate(async () => {
      const { registration } = self as unknown as { registration: ServiceWorkerRegistration }
      return (await registration.getNotifications()).map((one) => one.title)
    })
    return (await titles?.catch(() => undefined)) ?? []
  }
  await expect.poll(shown).toEqual(['New reply in #100'])

  await page.goto('/account/notifications')
  await expect(device).toContainText('This device')
  await device.getByRole('button', { name: 'Turn off' }).click()
  await expect(page.getByTestId('push-on')).toBeVisible()
  expect((await desk.api.get<{ devices: unknown[] }>('/api/v1/agents/me/push')).devices).toEqual([])
  service.close()
})
