/** The sounds of notifications: two short tones, made here. */

let context: AudioContext | undefined

/** Browsers let a page sound only after somebody has touched it. */
function unlock(): void {
  context ??= new AudioContext()
  void context.resume()
}

export function unlockOnTouch(): void {
  for (const type of ['pointerdown', 'keydown']) window.addEventListener(type, unlock, { once: true, capture: true })
}

/** The least time between two sounds, in milliseconds, over all tabs. */
export const pause = 1500
const lastKey = 'foyer.sounded'

/** Reports whether the pause is over, and if so begins the next. */
export function maySound(now: number, store: Pick<Storage, 'getItem' | 'setItem'>): boolean {
  try {
    if (now - Number(store.getItem(lastKey) ?? 0) < pause) return false
    store.setItem(lastKey, String(now))
  } catch {
    // Storage is blocked: this tab is on its own.
  }
  return true
}

const tones = [
  { hertz: 660, at: 0 },
  { hertz: 880, at: 0.09 },
]
const loudest = 0.4

/** Whether this tab can be heard: somebody touched it. */
export const canSound = (): boolean => context?.state === 'running'

/** Plays the sound at a volume from 0 to 100. Does nothing before the page was touched. */
export function play(volume: number): void {
  if (!context || !canSound() || volume <= 0) return
  for (const { hertz, at } of tones) {
    const tone = context.createOscillator()
    const gain = context.createGain()
    const start = context.currentTime + at
    tone.frequency.value = hertz
    gain.gain.setValueAtTime(0, start)
    gain.gain.linearRampToValueAtTime((loudest * volume) / 100, start + 0.015)
    gain.gain.exponentialRampToValueAtTime(0.0001, start + 0.28)
    tone.connect(gain).connect(context.destination)
    tone.start(start)
    tone.stop(start + 0.3)
  }
}
