import { t } from '@ui/i18n'
import { timeOf, wallOf } from '@ui/i18n/zone'

export interface SnoozeChoice {
  id: string
  title: string
  at: Date
}

/** A day from now on by the agent's calendar, at an hour of their clock. */
export function inDays(now: Date, days: number, hour: number): Date {
  const wall = wallOf(now)
  return timeOf(new Date(Date.UTC(wall.getUTCFullYear(), wall.getUTCMonth(), wall.getUTCDate() + days, hour)))
}

/** Times that make sense from now on; each one is later than now. */
export function snoozeChoices(now = new Date()): SnoozeChoice[] {
  const untilMonday = (8 - wallOf(now).getUTCDay()) % 7 || 7
  const choices: SnoozeChoice[] = [
    { id: '1h', title: t('conversation.snooze.one_hour'), at: new Date(now.getTime() + 3_600_000) },
    { id: '3h', title: t('conversation.snooze.three_hours'), at: new Date(now.getTime() + 3 * 3_600_000) },
    { id: 'tomorrow', title: t('conversation.snooze.tomorrow'), at: inDays(now, 1, 9) },
    { id: 'monday', title: t('conversation.snooze.next_monday'), at: inDays(now, untilMonday, 9) },
    { id: 'week', title: t('conversation.snooze.next_week'), at: inDays(now, 7, 9) },
  ]
  return choices.filter((choice, at) => choices.findIndex((other) => other.at.getTime() === choice.at.getTime()) === at)
}

/** The duration the server takes, in whole minutes; null for a time that is over. */
export function snoozeDuration(at: Date, now = new Date()): string | null {
  const minutes = Math.ceil((at.getTime() - now.getTime()) / 60_000)
  return minutes > 0 ? `${minutes}m` : null
}

/** A time as the value of an input of type datetime-local, by the agent's clock. */
export const localInputValue = (time: Date): string => wallOf(time).toISOString().slice(0, 16)

/** The time that such a value means. */
export const timeOfInput = (value: string): Date => timeOf(new Date(`${value}Z`))
