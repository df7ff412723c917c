import type { SendMessage } from '@ui/api/types'
import { computed, ref, type Ref } from 'vue'
import { useHabits } from '@/data/habits'
import { useInboxes, useTags } from '@/data/reference'
import { useMe } from '@/data/session'
import { mayLeave } from './asking'
import type { useAddressing } from './addressing'
import { contentOf, type Subject, type useDrafting } from './drafting'
import { drafts, type DraftContent, type Mode } from './drafts'
import { useHeld } from './held'
import { forwardIntro } from './quoting'
import type { Recipients } from './recipients'
import { outbox, type SendAs } from './sending'
import { clearSession, mentionsIn, type Session } from './session'

const nobody: Recipients = { to: [], cc: [], bcc: [] }

/** Sends what is written in a composer, after the questions that are to be asked before. */
export function useDispatching(options: {
  subject: Subject
  mode: Readonly<Ref<Mode>>
  session: Readonly<Ref<Session>>
  email: Readonly<Ref<boolean>>
  sendable: Readonly<Ref<boolean>>
  addressing: ReturnType<typeof useAddressing>
  drafting: ReturnType<typeof useDrafting>
  /** It is on its way, and the composer is empty. */
  left: (mode: Mode, as: SendAs) => void
  /** It does not leave now. */
  stayed: () => void
  pickTags: () => void
}) {
  const { subject, session, email, addressing, drafting } = options
  const { uuid } = subject.conversation
  const { me, can } = useMe()
  const { data: inboxes } = useInboxes()
  const { data: tags } = useTags()
  const wantsTags = computed(() => {
    const inbox = inboxes.value?.find((one) => one.id === subject.conversation.inbox_id)
    return !!inbox?.prompt_tags_on_reply && !!tags.value?.length && can('conversations:update_tags')
  })
  const { data: habits } = useHabits()
  const held = useHeld(uuid)
  const checking = ref(false)

  /** How a reply waits before it leaves; its status is set by the server then. */
  function waits({ sendAt, unlessAnswered, status }: SendAs): Partial<SendMessage> {
    if (sendAt) return { send_at: sendAt.toISOString(), unless_answered: unlessAnswered, status }
    return email.value && habits.value?.undo_send_seconds !== 0 ? { undoable: true, status } : {}
  }

  /** What only a reply has: whom it goes to, what its writer has seen, and what it passes on. */
  function publicPart(as: SendAs, to: Recipients, { forward, unsigned }: DraftContent): Recipients & Partial<SendMessage> & { seen_message: string } {
    const original = forward && subject.messages.find((message) => message.uuid === forward.message)
    return {
      ...to,
      seen_message: drafting.newestPublic.value?.uuid ?? '',
      seen_held: held.value.map((one) => one.uuid),
      ...waits(as),
      ...(unsigned && { signature: false }),
      ...(forward && {
        subject: forward.subject,
        forward: { message: forward.message, files: forward.files, intro: original ? forwardIntro(original, subject.conversation.subject ?? '') : '' },
      }),
    }
  }

  function post(kind: Mode, as: SendAs, to: Recipients, draft: DraftContent): void {
    const reply = kind === 'reply'
    const echoId = crypto.randomUUID()
    void outbox.send({
      echoId,
      conversation: uuid,
      mode: kind,
      body: {
        sender_type: 'agent',
        private: !reply,
        message: draft.content,
        // Pictures in the text are found by their address.
        attachments: draft.attachments.filter((file) => file.disposition !== 'inline').map((file) => file.id),
        mentions: reply ? [] : mentionsIn(draft.content),
        echo_id: echoId,
        ...nobody,
        seen_message: '',
        ...(reply && publicPart(as, to, draft)),
      },
      draft: { ...draft, ...to },
      createdAt: new Date().toISOString(),
      thenStatus: as.status,
    })
  }

  async function send(as: SendAs = {}): Promise<void> {
    if (!options.sendable.value || checking.value) return
    const target = session.value
    const kind = options.mode.value
    const reply = kind === 'reply'
    if (reply && email.value && !addressing.complete()) return
    const to = reply && email.value ? addressing.recipients.value : nobody
    checking.value = true
    const question = { ...subject, to, since: target.since, forward: !!target.forward, me: me.value?.id, wantsTags: wantsTags.value, pickTags: options.pickTags }
    const go = !reply || (await mayLeave(question).finally(() => (checking.value = false)))
    checking.value = false
    if (!go) return options.stayed()

    const draft = contentOf(target)
    drafts.hold(uuid, kind)
    clearSession(target)
    post(kind, as, to, draft)
    options.left(kind, as)
  }

  return { send }
}
