import { formatNumber, t } from '@ui/i18n'
import type { InboxHealth, LedgerState, MailboxHealth } from '../wire'

export type Tone = 'good' | 'warning' | 'bad' | 'quiet'

/** What a list says about an inbox: the worst thing first. */
export function stateOf({ mailboxes, outbox }: InboxHealth): { tone: Tone; text: string; detail?: string } {
  const read = mailboxes.filter((box) => box.configured)
  const broken = read.find((box) => box.last_error)
  if (broken) return { tone: 'bad', text: t('admin.health.broken'), detail: broken.last_error }
  if (outbox.failed) return { tone: 'warning', text: t('admin.health.failed', {}, outbox.failed) }
  const quarantined = read.reduce((sum, box) => sum + box.ledger.quarantined, 0)
  if (quarantined) return { tone: 'warning', text: t('admin.health.quarantined', {}, quarantined) }
  if (read.some((box) => box.last_contact_at)) return { tone: 'good', text: t('admin.health.connected') }
  return { tone: 'quiet', text: t('admin.health.waiting') }
}

/** How a mailbox hears of new mail, in words. */
export function modeOf(box: MailboxHealth): string {
  if (!box.configured) return t('admin.health.mode.former')
  return box.mode ? t(`admin.health.mode.${box.mode}`) : t('admin.health.waiting')
}

/** Mails that the ledger knows the end of; a mail ends in exactly one state. */
export const accounted = ({ ledger }: MailboxHealth): number =>
  ledger.filed + ledger.duplicate + ledger.ignored + ledger.quarantined

const states: readonly LedgerState[] = ['filed', 'pending', 'duplicate', 'ignored', 'quarantined']

/** What became of the mailbox's mails. */
export const ledgerOf = (box: MailboxHealth) =>
  states.map((state) => ({
    state,
    label: t(`admin.health.state.${state}`),
    count: formatNumber(box.ledger[state]),
    alarming: state === 'quarantined' && box.ledger.quarantined > 0,
  }))
