import type { Draft, Message } from '@ui/api/types'
import { computed, onBeforeUnmount, type Ref } from 'vue'
import type { RecipientKind, useAddressing } from './addressing'
import type { Subject, useDrafting } from './drafting'
import { draftContent, drafts, type Mode } from './drafts'
import { offerComposer } from './intents'
import { quoteOf, forwardSubject } from './quoting'
import { answerTo } from './recipients'
import type { Session } from './session'

/** What the rest of the page asks of a composer: to answer, pass on or quote a message, or to go on with a reply. */
export function useAnswering(options: {
  subject: Subject
  mode: Readonly<Ref<Mode>>
  session: Readonly<Ref<Session>>
  empty: Readonly<Ref<boolean>>
  addressing: ReturnType<typeof useAddressing>
  drafting: ReturnType<typeof useDrafting>
  switchTo: (mode: Mode) => void
  focus: (mode?: Mode) => void
  editRecipients: () => void
  /** Puts text at the caret. */
  insert: (html: string) => void
}) {
  const { subject, session, addressing, drafting } = options
  const { uuid } = subject.conversation
  /** The message that a reply passes on. */
  const forwarded = computed(() => subject.messages.find((message) => message.uuid === session.value.forward?.message))

  function toReply(): void {
    if (options.mode.value !== 'reply') options.switchTo('reply')
  }

  function answer(message: Message | undefined, alone: boolean): void {
    toReply()
    if (message || session.value.forward) {
      session.value.forward = null
      session.value.recipients = message ? answerTo(subject.conversation, message, alone) : addressing.proposed.value
      if (!options.empty.value) drafting.changed()
    }
    options.focus('reply')
  }

  function forward(message: Message): void {
    toReply()
    session.value.forward = {
      message: message.uuid,
      subject: forwardSubject(message.meta.subject || subject.conversation.subject || ''),
      files: message.attachments.filter((file) => file.disposition !== 'inline').map((file) => file.uuid),
    }
    session.value.recipients = { to: [], cc: [], bcc: [] }
    drafting.changed()
    options.editRecipients()
  }

  /** Makes an answer of what was to be passed on; what was written stays. */
  function dropForward(): void {
    session.value.forward = null
    session.value.recipients = null
    drafting.changed()
  }

  function dropForwardedFile(file: string): void {
    const { forward: passed } = session.value
    if (!passed) return
    session.value.forward = { ...passed, files: passed.files.filter((known) => known !== file) }
    drafting.changed()
  }

  function quote(message: Message, selected: string): void {
    const html = quoteOf(message, selected)
    if (!html) return
    toReply()
    options.insert(html)
    options.focus('reply')
  }

  function writeToo(address: string, field: RecipientKind): void {
    toReply()
    addressing.move(address, field)
    addressing.editing.value = true
  }

  /** A reply that was taken back before it left. What the draft said instead is among its versions. */
  function resume(draft: Draft): void {
    const content = draftContent(draft)
    drafts.adopt(uuid, 'reply', content, draft.updated_at)
    toReply()
    drafting.takeOver('reply', content)
    options.focus('reply')
  }

  onBeforeUnmount(
    offerComposer(uuid, {
      reply: (message) => answer(message, true),
      replyAll: (message) => answer(message, false),
      forward,
      quote,
      address: writeToo,
      resume,
    }),
  )

  return { forwarded, dropForward, dropForwardedFile }
}
