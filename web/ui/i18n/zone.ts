import { ref } from 'vue'
import { dateFormat } from './formatters'

/** The time zone that times are shown in; undefined for the browser's. */
export const zone = ref<string>()

let asked: string | null | undefined

/** Shows times in a zone from now on; in the browser's if it does not know the zone. */
export function setZone(name: string | null | undefined): void {
  if (name === asked) return
  asked = name
  try {
    zone.value = name ? new Intl.DateTimeFormat('en-US', { timeZone: name }).resolvedOptions().timeZone && name : undefined
  } catch {
    zone.value = undefined
  }
}

/** The zone of the browser. */
export const browserZone = (): string => dateFormat('en-US').resolvedOptions().timeZone || 'UTC'

function clock(): Intl.DateTimeFormat {
  const two = '2-digit'
  return dateFormat('en-US-u-ca-gregory-nu-latn', {
    timeZone: zone.value, hourCycle: 'h23', year: 'numeric', month: two, day: two, hour: two, minute: two, second: two,
  })
}

/** What clock and calendar on the wall show at a time, as a date whose UTC fields are theirs. */
export function wallOf(time: string | number | Date): Date {
  const date = new Date(time)
  const part = Object.fromEntries(clock().formatToParts(date).map(({ type, value }) => [type, Number(value)]))
  return new Date(Date.UTC(part['year']!, part['month']! - 1, part['day'], part['hour'], part['minute'], part['second'], date.getUTCMilliseconds()))
}

/** The time at which clock and calendar on the wall show this; the other way round than wallOf. */
export function timeOf(wall: Date): Date {
  // The offset may change between the guess and the time itself, so the guess is corrected once more.
  const shift = (guess: number): number => wall.getTime() - wallOf(guess).getTime()
  const guess = wall.getTime() + shift(wall.getTime())
  return new Date(guess + shift(guess))
}

/** The day on the calendar, as YYYY-MM-DD. */
export const dayOf = (time: string | number | Date): string => wallOf(time).toISOString().slice(0, 10)
