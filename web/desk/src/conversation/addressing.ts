import { t } from '@ui/i18n'
import { computed, nextTick, reactive, ref, type Ref } from 'vue'
import type { Subject } from './drafting'
import { prefillRecipients, type Recipients } from './recipients'
import type { Session } from './session'
import { participants } from './suggesting'

export type RecipientKind = keyof Recipients

/** Whom a reply goes to: what is proposed until the agent chooses, and the fields to choose in. */
export function useAddressing(subject: Subject, session: Readonly<Ref<Session>>, changed: () => void) {
  const proposed = computed(() => prefillRecipients(subject.conversation, [...subject.messages].reverse()))
  const recipients = computed<Recipients>(() => session.value.recipients ?? proposed.value)
  const known = computed(() => participants(subject.conversation, subject.messages))
  /** The fields are shown. */
  const editing = ref(false)
  const missing = ref('')
  /** What was typed into a field and is no address yet. */
  const unfinished = reactive<Record<RecipientKind, string>>({ to: '', cc: '', bcc: '' })

  const summary = computed(() => {
    const { to, cc, bcc } = recipients.value
    if (!to.length) return t('composer.nobody')
    const others = to.length + cc.length + bcc.length - 1
    return others ? t('conversation.to_and_others', { name: to[0]! }, others) : t('conversation.to', { name: to[0]! })
  })

  function set(change: Partial<Recipients>): void {
    missing.value = ''
    session.value.recipients = { ...recipients.value, ...change }
    changed()
  }

  /** Puts an address into a field, out of any other. */
  function move(address: string, field: RecipientKind): void {
    const written = Object.values(recipients.value).flat().find((one) => one.toLowerCase() === address.toLowerCase()) ?? address
    const without = (list: string[]): string[] => list.filter((one) => one !== written)
    const { to, cc, bcc } = recipients.value
    const rest = { to: without(to), cc: without(cc), bcc: without(bcc) }
    set({ ...rest, [field]: [...rest[field], written] })
  }

  async function edit(): Promise<void> {
    editing.value = true
    await nextTick()
    document.getElementById('composer-to')?.focus()
  }

  /** Whether a reply can leave; where it cannot, the fields say why. */
  function complete(): boolean {
    if (Object.values(unfinished).some(Boolean)) editing.value = true
    else if (recipients.value.to.length) return true
    else {
      missing.value = t('composer.to_missing')
      void edit()
    }
    return false
  }

  return { proposed, recipients, known, editing, missing, unfinished, summary, set, move, edit, complete }
}
