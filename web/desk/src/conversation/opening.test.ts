import type { Conversation } from '@ui/api/types'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { effectScope, nextTick, ref, shallowRef, type EffectScope } from 'vue'
import { useOpening } from './opening'

const one = (uuid: string): Conversation => ({ uuid }) as Conversation
let scope: EffectScope

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'requestAnimationFrame', 'cancelAnimationFrame'] })
  scope = effectScope()
})
afterEach(() => {
  scope.stop()
  vi.useRealTimers()
})

function opened() {
  const uuid = ref('a')
  const data = shallowRef<Conversation>()
  const letters = ref(false)
  return { uuid, data, letters, ...scope.run(() => useOpening(() => uuid.value, data, () => letters.value))! }
}

/** Lets what was changed be seen, and a picture of it be made. */
async function picture(): Promise<void> {
  await nextTick()
  vi.advanceTimersByTime(20)
  await nextTick()
}

test('a conversation is drawn with its letters, and what stands around them one picture later', async () => {
  const { data, letters, conversation, settled } = opened()
  data.value = one('a')
  await nextTick()
  expect(conversation.value).toBeUndefined()
  letters.value = true
  await nextTick()
  expect(conversation.value?.uuid).toBe('a')
  expect(settled.value).toBe(false)
  await picture()
  expect(settled.value).toBe(true)
})

test('it waits for letters that are late only so long', async () => {
  const { data, conversation } = opened()
  data.value = one('a')
  await nextTick()
  vi.advanceTimersByTime(249)
  expect(conversation.value).toBeUndefined()
  vi.advanceTimersByTime(1)
  expect(conversation.value?.uuid).toBe('a')
})

test('it stays while other letters of it are on their way, and goes with its address', async () => {
  const { uuid, data, letters, conversation, settled } = opened()
  data.value = one('a')
  letters.value = true
  await picture()
  letters.value = false
  await picture()
  expect(conversation.value?.uuid).toBe('a')
  expect(settled.value).toBe(true)
  uuid.value = 'b'
  data.value = undefined
  await nextTick()
  expect(conversation.value).toBeUndefined()
  expect(settled.value).toBe(false)
})
