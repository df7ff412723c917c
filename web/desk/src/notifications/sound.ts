/** The sounds of notifications: a few short tones each, made here. */
import type { NotificationPreferences } from '@ui/api/types'

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

export type Tone = NotificationPreferences['tone']

/** A part of a sound; it begins `at` seconds, and from `hertz` it may glide `to` another. */
interface Part {
  hertz: number
  to?: number
  at: number
  /** How long it is heard, in seconds. */
  lasts: number
  /** Beside the others; 1 unless given. */
  loud?: number
}

const sounds: Record<Tone, readonly Part[]> = {
  chime: [
    { hertz: 660, at: 0, lasts: 0.28 },
    { hertz: 880, at: 0.09, lasts: 0.28 },
  ],
  // What makes a bell of a tone is that its overtones are no multiples of it.
  bell: [
    { hertz: 988, at: 0, lasts: 0.9 },
    { hertz: 2_727, at: 0, lasts: 0.35, loud: 0.3 },
    { hertz: 5_335, at: 0, lasts: 0.15, loud: 0.12 },
  ],
  drop: [{ hertz: 420, to: 1_250, at: 0, lasts: 0.14 }],
  knock: [
    { hertz: 190, to: 90, at: 0, lasts: 0.09, loud: 2 },
    { hertz: 190, to: 90, at: 0.16, lasts: 0.09, loud: 2 },
  ],
}
export const tones = Object.keys(sounds) as Tone[]
const loudest = 0.4

/** Whether this tab can be heard: somebody touched it. */
export const canSound = (): boolean => context?.state === 'running'

/** Plays a sound at a volume from 0 to 100. Does nothing before the page was touched. */
export function play(sound: Tone, volume: number): void {
  if (!context || !canSound() || volume <= 0) return
  for (const { hertz, to, at, lasts, loud = 1 } of sounds[sound] ?? sounds.chime) {
    const tone = context.createOscillator()
    const gain = context.createGain()
    const start = context.currentTime + at
    tone.frequency.setValueAtTime(hertz, start)
    if (to) tone.frequency.exponentialRampToValueAtTime(to, start + lasts)
    gain.gain.setValueAtTime(0, start)
    gain.gain.linearRampToValueAtTime((loudest * loud * volume) / 100, start + Math.min(0.015, lasts / 8))
    gain.gain.exponentialRampToValueAtTime(0.0001, start + lasts)
    tone.connect(gain).connect(context.destination)
    tone.start(start)
    tone.stop(start + lasts + 0.02)
  }
}
