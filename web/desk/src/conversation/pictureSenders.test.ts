import type { Message } from '@ui/api/types'
import { expect, it } from 'vitest'
import { pictureSender } from './pictureSenders'

const of = (type: Message['type'], from?: string[], email: string | null = 'known@shop.example') =>
  pictureSender({ type, meta: { from }, author: { email } } as Message)

it('the sender of images is who wrote to the desk, by the address of the mail', () => {
  expect(of('incoming', ['Ida@Shop.example'])).toBe('ida@shop.example')
  expect(of('incoming')).toBe('known@shop.example')
  expect(of('incoming', undefined, null)).toBeUndefined()
  expect(of('outgoing', ['support@desk.example'])).toBeUndefined()
})
