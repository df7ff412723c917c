import { useRouter } from 'vue-router'
import { useFrames } from '@/data/live'
import { thisDevice } from './device'
import { type NewNotification, markRead } from './data'
import { addressOf, titleOf } from './notification'
import { canSound, maySound, play, unlockOnTouch } from './sound'

/** What came while nobody was connected is in the list; it neither sounds nor pops up late, in milliseconds. */
const freshFor = 60_000

const looking = (): boolean => document.visibilityState === 'visible' && document.hasFocus()

/** Only the first tab that asks to tell of a notification in a way gets it, and keeps it for as long as others may ask. */
async function claim(way: 'sound' | 'desktop', id: number): Promise<boolean> {
  if (!navigator.locks) return true
  return new Promise((resolve) => {
    void navigator.locks.request(`foyer.notification.${way}.${id}`, { ifAvailable: true }, (lock) => {
      resolve(!!lock)
      return lock ? new Promise((done) => setTimeout(done, 10_000)) : undefined
    })
  })
}

const later = (milliseconds: number): Promise<void> => new Promise((done) => setTimeout(done, milliseconds))

/** Whether this browser can show notifications of the computer, and may. */
export const desktopPermission = (): NotificationPermission | 'unsupported' => ('Notification' in window ? Notification.permission : 'unsupported')

function showDesktop(title: string, body: string, tag: string, open: () => void): void {
  if (desktopPermission() !== 'granted') return
  const icon = document.querySelector<HTMLLinkElement>('link[rel="icon"]')?.href
  const shown = new Notification(title, { body, tag, icon })
  shown.onclick = () => {
    window.focus()
    shown.close()
    open()
  }
}

/** Shows what a notification looks like. */
export const tryDesktop = (title: string, body: string): void => showDesktop(title, body, 'foyer-test', () => {})

/** Sounds and pops up for the life of the calling component. */
export function useAlerts(): void {
  const router = useRouter()
  unlockOnTouch()
  useFrames<NewNotification>('new_notification', async (one) => {
    if (Date.now() - Date.parse(one.created_at) > freshFor) return
    // The tab in which somebody reads the conversation comes first, and says nothing.
    if (looking() && one.conversation_uuid && router.currentRoute.value.params.uuid === one.conversation_uuid) {
      void claim('sound', one.id)
      void claim('desktop', one.id)
      return
    }
    await later(looking() ? 50 : 100)
    // A tab that nobody touched is mute: another may be heard instead.
    if (one.alert.sound && canSound() && (await claim('sound', one.id)) && maySound(Date.now(), localStorage)) play(one.alert.tone, one.alert.volume)
    // A browser that is one of the agent's devices is told by its push service.
    if (one.alert.desktop && !(one.alert.push && thisDevice()) && (await claim('desktop', one.id)) && !looking()) {
      showDesktop(titleOf(one), one.body ?? '', `foyer-${one.conversation_uuid ?? one.id}`, () => {
        void markRead(one.id)
        void router.push(addressOf(one))
      })
    }
  })
}
