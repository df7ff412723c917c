import { t } from '@ui/i18n'

export interface SnoozeChoice {
  id: string
  title: string
  at: Date
}

const atClock = (day: Date, hour: number): Date => {
  const date = new Date(day)
  date.setHours(hour, 0, 0, 0)
  return date
}

const inDays = (now: Date, days: number): Date => {
  const date = new Date(now)
  date.setDate(date.getDate() + days)
  return date
}

/** Times that make sense from now on; each one is later than now. */
export function snoozeChoices(now = new Date()): SnoozeChoice[] {
  const untilMonday = (8 - now.getDay()) % 7 || 7
  const choices: SnoozeChoice[] = [
    { id: '1h', title: t('conversation.snooze.one_hour'), at: new Date(now.getTime() + 3_600_000) },
    { id: '3h', title: t('conversation.snooze.three_hours'), at: new Date(now.getTime() + 3 * 3_600_000) },
    { id: 'tomorrow', title: t('conversation.snooze.tomorrow'), at: atClock(inDays(now, 1), 9) },
    { id: 'monday', title: t('conversation.snooze.next_monday'), at: atClock(inDays(now, untilMonday), 9) },
    { id: 'week', title: t('conversation.snooze.next_week'), at: atClock(inDays(now, 7), 9) },
  ]
  return choices.filter((choice, at) => choices.findIndex((other) => other.at.getTime() === choice.at.getTime()) === at)
}

/** The duration the server takes, in whole minutes; null for a time that is over. */
export function snoozeDuration(at: Date, now = new Date()): string | null {
  const minutes = Math.ceil((at.getTime() - now.getTime()) / 60_000)
  return minutes > 0 ? `${minutes}m` : null
}

/** A date as the value of an input of type datetime-local. */
export function localInputValue(date: Date): string {
  const shifted = new Date(date.getTime() - date.getTimezoneOffset() * 60_000)
  return shifted.toISOString().slice(0, 16)
}
