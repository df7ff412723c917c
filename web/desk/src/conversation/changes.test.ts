import { ApiError } from '@ui/api/client'
import type { Conversation } from '@ui/api/types'
import { describe, expect, it, vi } from 'vitest'
import { ChangeQueue, type Change, type Request } from './changes'

const offline = () => new ApiError(0, 'NetworkException', 'No answer')

const status = (from: string, to: string): Change => ({
  uuid: 'u1',
  to: { status: to },
  from: { status: from },
  requests: [{ method: 'put', path: '/status', body: { status: to } }],
  said: to,
})

const tag = (name: string): Change => ({
  uuid: 'u1',
  to: { tags: [name] },
  from: { tags: [] },
  requests: [{ method: 'post', path: '/tags', body: { tags: [name] } }],
  said: name,
})

function memory() {
  const items = new Map<string, string>()
  return {
    getItem: (key: string) => items.get(key) ?? null,
    setItem: (key: string, value: string) => void items.set(key, value),
  }
}

/** A server with one conversation, and a queue that reaches it or not. */
function setup(storage: ReturnType<typeof memory> | null = memory()) {
  const server = { online: true, conversation: { status: 'Open', tags: [] as string[] }, got: [] as unknown[] }
  const reach = (): void => {
    if (!server.online) throw offline()
  }
  const send = vi.fn(async ({ body }: Request) => {
    reach()
    server.got.push(body)
    Object.assign(server.conversation, body)
  })
  const hooks = {
    send,
    read: async () => {
      reach()
      return { ...server.conversation } as unknown as Conversation
    },
    done: vi.fn(),
    refused: vi.fn(),
  }
  return { server, hooks, storage, queue: new ChangeQueue(hooks, () => storage), page: () => new ChangeQueue(hooks, () => storage) }
}

describe('changes of conversations', () => {
  it('are made at once where there is a connection, and refusals are the caller’s', async () => {
    const { queue, server, hooks } = setup()
    expect(await queue.make(status('Open', 'Resolved'))).toBeUndefined()
    expect(server.got).toEqual([{ status: 'Resolved' }])
    hooks.send.mockRejectedValueOnce(new ApiError(403, 'PermissionException', 'No'))
    await expect(queue.make(status('Resolved', 'Closed'))).rejects.toThrow('No')
    expect(queue.waiting).toHaveLength(0)
  })

  it('wait for a connection, and are then made once and in their order', async () => {
    const { queue, server, hooks } = setup()
    server.online = false
    await queue.make(status('Open', 'Snoozed'))
    await queue.make(tag('late'))
    await queue.make(status('Snoozed', 'Resolved'))
    await queue.resume()
    expect(queue.of('u1').map(({ said }) => said)).toEqual(['Snoozed', 'late', 'Resolved'])
    server.online = true
    await Promise.all([queue.resume(), queue.resume()])
    expect(server.got).toEqual([{ status: 'Snoozed' }, { tags: ['late'] }, { status: 'Resolved' }])
    expect(hooks.done).toHaveBeenCalledTimes(3)
    await queue.resume()
    expect(server.got).toHaveLength(3)
  })

  it('queue behind those that wait already', async () => {
    const { queue, server } = setup()
    server.online = false
    await queue.make(status('Open', 'Snoozed'))
    server.online = true
    await queue.make(status('Snoozed', 'Closed'))
    expect(server.got).toEqual([])
    await queue.resume()
    expect(server.conversation.status).toBe('Closed')
  })

  it('survive a reload, and are made by one page only', async () => {
    const { queue, page, server } = setup()
    server.online = false
    await queue.make(status('Open', 'Resolved'))
    const reloaded = page()
    reloaded.load()
    expect(reloaded.of('u1')).toHaveLength(1)
    server.online = true
    await reloaded.resume()
    server.conversation.status = 'Open' // by somebody, later
    await queue.resume()
    expect(server.got).toEqual([{ status: 'Resolved' }])
    expect(queue.waiting).toHaveLength(0)
  })

  it('wait as long as the page lives where the browser keeps nothing', async () => {
    const { queue, server } = setup(null)
    server.online = false
    await queue.make(status('Open', 'Resolved'))
    server.online = true
    await queue.resume()
    expect(server.conversation.status).toBe('Resolved')
  })

  it('do not undo what somebody else did meanwhile', async () => {
    const { queue, server, hooks } = setup()
    server.online = false
    await queue.make(status('Open', 'Resolved'))
    await queue.make(tag('both'))
    server.online = true
    server.conversation.status = 'Closed'
    await queue.resume()
    expect(server.got).toEqual([{ tags: ['both'] }])
    expect(hooks.refused.mock.calls).toEqual([[expect.objectContaining({ said: 'Resolved' }), undefined]])
  })

  it('are not made again when the answer was lost', async () => {
    const { queue, server, hooks } = setup()
    server.online = false
    await queue.make(status('Open', 'Resolved'))
    server.online = true
    server.conversation.status = 'Resolved'
    await queue.resume()
    expect(server.got).toEqual([])
    expect(hooks.done).toHaveBeenCalledOnce()
  })

  it('that are refused later are given up with the reason, and the next are made', async () => {
    const { queue, server, hooks } = setup()
    server.online = false
    await queue.make(status('Open', 'Resolved'))
    await queue.make(tag('next'))
    server.online = true
    hooks.send.mockRejectedValueOnce(new ApiError(403, 'PermissionException', 'No'))
    await queue.resume()
    expect(hooks.refused.mock.calls[0]![1]).toMatchObject({ message: 'No' })
    expect(server.got).toEqual([{ tags: ['next'] }])
  })

  it('can be taken back while they wait', async () => {
    const { queue, page, server } = setup()
    server.online = false
    const id = await queue.make(status('Open', 'Resolved'))
    expect(queue.withdraw(id!)).toBe(true)
    server.online = true
    await queue.resume()
    await page().resume()
    expect(server.got).toEqual([])
  })
})
