import { t } from '@ui/i18n'
import type { InboxHealth, MailboxHealth } from '../wire'

export type Tone = 'good' | 'warning' | 'bad' | 'quiet'

/** What a list says about an inbox: the worst thing first. */
export function stateOf({ mailboxes, outbox, sending }: InboxHealth): { tone: Tone; text: string; detail?: string } {
  const read = mailboxes.filter((box) => box.configured)
  const broken = read.find((box) => box.last_error)
  if (broken) return { tone: 'bad', text: t('admin.health.broken'), detail: broken.last_error }
  if (sending.failing_since) return { tone: 'bad', text: t('admin.health.sending_broken'), detail: sending.last_error }
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
