import type { Conversation } from '@ui/api/types'
import { asked, type Answer } from '@ui/confirm'
import { describe, expect, it, vi } from 'vitest'
import { nextTick } from 'vue'
import { mayLeave, type Leaving } from './asking'

const conversation = { tags: [] as string[], inbox_name: 'Support', inbox_channel: 'livechat', contact: {} } as unknown as Conversation
const leaving = (more: Partial<Leaving> = {}): Leaving => ({
  conversation,
  messages: [],
  to: { to: [], cc: [], bcc: [] },
  since: 0,
  forward: false,
  me: 1,
  wantsTags: true,
  pickTags: vi.fn(),
  ...more,
})

async function answer(what: Answer): Promise<void> {
  await nextTick()
  asked.value!.answer(what)
}

describe('a reply in an inbox that wants tags', () => {
  it.each([
    ['yes', true, 0],
    ['no', false, 0],
    ['instead', false, 1],
  ] as const)('asks when the conversation has none: %s', async (what, leaves, picks) => {
    const reply = leaving()
    const verdict = mayLeave(reply)
    await answer(what)
    expect(await verdict).toBe(leaves)
    expect(reply.pickTags).toHaveBeenCalledTimes(picks)
    expect(asked.value).toBeUndefined()
  })

  it.each<[string, Partial<Leaving>]>([
    ['has tags', { conversation: { ...conversation, tags: ['refund'] } }],
    ['is passed on', { forward: true }],
    ['is of an inbox that wants none', { wantsTags: false }],
  ])('does not ask when it %s', async (_, more) => {
    expect(await mayLeave(leaving(more))).toBe(true)
    expect(asked.value).toBeUndefined()
  })
})
