import { useInfiniteQuery, useQuery } from '@tanstack/vue-query'
import { api } from '@ui/api/client'
import type { Schemas } from '@ui/api/types'
import { t, type MessageKey } from '@ui/i18n'
import { computed, type Ref } from 'vue'
import { changed } from '../../data'
import type { LedgerState, MailboxHealth } from '../../wire'

export type LedgerMail = Schemas['EmailMail']
export type OpenedMail = Schemas['OpenedMail']

/** What the list is limited to. */
export interface MailFilter {
  state: LedgerState | ''
  rule: string
}

/** The mails of a mailbox as far as they have been asked for, the newest first. */
export function useMails(inbox: number, mailbox: Ref<number>, filter: Ref<MailFilter>) {
  const query = useInfiniteQuery({
    queryKey: ['admin', 'mails', inbox, mailbox, filter],
    queryFn: ({ pageParam, signal }) => {
      const search = new URLSearchParams({ mailbox: String(mailbox.value), page_size: '50' })
      if (filter.value.state) search.set('state', filter.value.state)
      if (filter.value.rule) search.set('rule', filter.value.rule)
      if (pageParam) search.set('before', String(pageParam))
      return api.get<Schemas['EmailMailsPage']>(`/inboxes/${inbox}/mails?${search}`, { signal })
    },
    initialPageParam: 0,
    getNextPageParam: (last) => last.next ?? undefined,
    enabled: computed(() => mailbox.value > 0),
    staleTime: 0,
  })
  const mails = computed(() => (query.data.value?.pages ?? []).flatMap((page) => page.mails ?? []))
  return { ...query, mails }
}

export const useOpenedMail = (id: Ref<number | undefined>) =>
  useQuery({
    queryKey: ['admin', 'mail', id],
    queryFn: ({ signal }) => api.get<OpenedMail>(`/mails/${id.value}`, { signal }),
    enabled: computed(() => id.value !== undefined),
    staleTime: Infinity,
    retry: false,
  })

export async function release(id: number, as: 'usual' | 'conversation', from: string): Promise<LedgerMail> {
  const mail = await api.post<LedgerMail>(`/mails/${id}/release`, { as, from })
  await changed()
  return mail
}

export async function readSince(inbox: number, mailbox: number, since: string): Promise<void> {
  await api.put(`/inboxes/${inbox}/mailboxes/${mailbox}/since`, { since })
  await changed()
}

const rules: Record<string, MessageKey> = {
  automatic: 'admin.mail.rule.automatic',
  blocked: 'admin.mail.rule.blocked',
  deleted: 'admin.mail.rule.deleted',
  failed: 'admin.mail.rule.failed',
  large: 'admin.mail.rule.large',
  loop: 'admin.mail.rule.loop',
  no_sender: 'admin.mail.rule.no_sender',
  notice: 'admin.mail.rule.notice',
  purged: 'admin.mail.rule.purged',
  report: 'admin.mail.rule.report',
  unreadable: 'admin.mail.rule.unreadable',
  withheld: 'admin.mail.rule.withheld',
}

/** A rule in words. */
export const ruleText = (rule: string): string => (rules[rule] ? t(rules[rule]) : rule)

/** Mails that can be read here and released: those that were kept from the desk. */
export const isSetAside = (mail: LedgerMail): boolean => mail.state === 'ignored' || mail.state === 'quarantined'

export const states: readonly LedgerState[] = ['filed', 'pending', 'duplicate', 'ignored', 'quarantined']
export type Part = LedgerState | 'left_out'

/** What the server holds, by what became of it; the parts sum to what it holds. */
export function partsOf(box: MailboxHealth): { part: Part; count: number }[] {
  return [...states.map((part) => ({ part: part as Part, count: box.present[part] })), { part: 'left_out' as const, count: box.left_out }]
}

/** Whether every mail on the server is accounted for. */
export const balanced = (box: MailboxHealth): boolean =>
  box.compared_at !== null && partsOf(box).reduce((sum, { count }) => sum + count, 0) === box.server_count

/** The subject of a mail that may have none. */
export const subjectOf = (mail: LedgerMail): string => mail.subject || (mail.kept ? t('admin.mail.no_subject') : t('admin.mail.not_kept'))
