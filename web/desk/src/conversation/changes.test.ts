import { ApiError } from '@ui/api/client'
import type { Conversation } from '@ui/api/types'
import { describe, expect, it, vi } from 'vitest'
import { ChangeQueue, type Change, type Request } from './changes'

const offline = () => new ApiError(0, 'NetworkException', 'No answer')

const status = (from: string, to: string): Change => ({
  parts: [{ uuid: 'u1', to: { status: to }, from: { status: from } }],
  requests: [{ method: 'put', path: '/status', body: { status: to } }],
  said: to,
})

const tag = (name: string): Change => ({
  parts: [{ uuid: 'u1', to: { tags: [name] }, from: { tags: [] } }],
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
    expect((await queue.make(status('Open', 'Resolved'))).kept).toBeUndefined()
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
    expect(hooks.done.mock.calls.map(([{ said }, left]) => [said, left])).toEqual([['Resolved', [{ status: 'Closed', tags: [] }]], ['both', []]])
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
    const { kept } = await queue.make(status('Open', 'Resolved'))
    expect(queue.withdraw(kept!)).toBe(true)
    server.online = true
    await queue.resume()
    await page().resume()
    expect(server.got).toEqual([])
  })

  it('that a page of an earlier release kept are made, too', async () => {
    const { queue, storage, server } = setup()
    const { parts, ...rest } = status('Open', 'Resolved')
    storage!.setItem('foyer.changes', JSON.stringify([{ ...rest, ...parts[0], id: 'old' }]))
    queue.load()
    expect(queue.of('u1')).toMatchObject([{ id: 'old', to: { status: 'Resolved' }, said: 'Resolved' }])
    await queue.resume()
    expect(server.got).toEqual([{ status: 'Resolved' }])
    expect(storage!.getItem('foyer.changes')).toBe('[]')
  })
})

const all = ['u1', 'u2', 'u3']

const statuses = (from: string, to: string, uuids = all): Change => ({
  parts: uuids.map((uuid) => ({ uuid, to: { status: to }, from: { status: from } })),
  requests: [{ method: 'post', path: '/conversations/bulk', body: { action: { type: 'status', status: to } }, many: true }],
  said: to,
})

const tags = (name: string, uuids = all): Change => ({
  parts: uuids.map((uuid) => ({ uuid, to: { tags: [name] }, from: { tags: [] } })),
  requests: [{ method: 'post', path: '/conversations/bulk', body: { action: { type: 'add_tags', tags: [name] } }, many: true }],
  said: name,
})

/** A server with several conversations, which makes a change of many under one id once, and pages of one browser that reach it or not. */
function setupMany(uuids = all) {
  const server = {
    online: true,
    answers: true,
    statuses: new Map(uuids.map((uuid) => [uuid, 'Open'])),
    hidden: new Set<string>(),
    got: [] as unknown[],
    jobs: new Map<string, unknown>(),
    reading: 0,
    atOnce: 0,
    reads: 0,
  }
  const send = vi.fn(async ({ path, body, many }: Request, meant: string[], id: string) => {
    if (!server.online) throw offline()
    const action = (many ? body!.action : body) as { status?: string; type?: string; tags?: string[] }
    const job = (many && server.jobs.get(id)) || { id: server.jobs.size + 1 }
    if (!many || !server.jobs.has(id)) {
      server.got.push([many ? meant : path, action.status ?? action.tags])
      if (action.status) for (const uuid of meant) server.statuses.set(uuid, action.status)
    }
    if (many) server.jobs.set(id, job)
    if (!server.answers) throw offline()
    return job
  })
  const hooks = {
    send,
    read: async (uuid: string) => {
      if (!server.online) throw offline()
      server.reads++
      server.atOnce = Math.max(server.atOnce, ++server.reading)
      await new Promise((resolve) => setTimeout(resolve))
      server.reading--
      return server.hidden.has(uuid) ? undefined : ({ uuid, status: server.statuses.get(uuid) } as unknown as Conversation)
    },
    done: vi.fn(),
    refused: vi.fn(),
  }
  const storage = memory()
  let turn: Promise<void> = Promise.resolve()
  const alone = (work: () => Promise<void>): Promise<void> => (turn = turn.then(work))
  const page = () => new ChangeQueue({ ...hooks, alone }, () => storage)
  return { server, hooks, queue: page(), page }
}

describe('changes of many conversations', () => {
  it('are made at once by one request, and answered', async () => {
    const { queue, server } = setupMany()
    expect(await queue.make(statuses('Open', 'Resolved'))).toEqual({ answer: { id: 1 } })
    expect(server.got).toEqual([[all, 'Resolved']])
    expect(server.reads).toBe(0)
  })

  it('wait in one order with those of single ones, are shown for each, and are made by one request each', async () => {
    const { queue, server, hooks } = setupMany()
    server.online = false
    await queue.make(statuses('Open', 'Snoozed'))
    await queue.make(status('Snoozed', 'Closed'))
    await queue.make(tags('late', ['u2', 'u3']))
    expect(all.map((uuid) => queue.of(uuid).map(({ said }) => said))).toEqual([['Snoozed', 'Closed'], ['Snoozed', 'late'], ['Snoozed', 'late']])
    server.online = true
    await Promise.all([queue.resume(), queue.resume()])
    expect(server.got).toEqual([[all, 'Snoozed'], ['/status', 'Closed'], [['u2', 'u3'], ['late']]])
    expect(hooks.done.mock.calls.map(([, left, answer]) => [left, answer])).toEqual([[[], { id: 1 }], [[], { id: 2 }], [[], { id: 2 }]])
    expect(queue.of('u2')).toEqual([])
  })

  it('queue behind what waits for any of them', async () => {
    const { queue, server } = setupMany()
    server.online = false
    await queue.make(status('Open', 'Closed'))
    server.online = true
    expect(await queue.make(tags('behind', ['u2', 'u1']))).toEqual({ kept: expect.any(String) })
    expect(await queue.make(tags('aside', ['u3']))).toEqual({ answer: expect.anything() })
    await queue.resume()
    expect(server.got).toEqual([[['u3'], ['aside']], ['/status', 'Closed'], [['u2', 'u1'], ['behind']]])
  })

  it('leave those that somebody else changed meanwhile, and name them together', async () => {
    const { queue, server, hooks } = setupMany()
    server.online = false
    await queue.make(statuses('Open', 'Resolved'))
    await queue.make(tags('both'))
    server.online = true
    server.statuses.set('u2', 'Closed')
    await queue.resume()
    expect(server.got).toEqual([[['u1', 'u3'], 'Resolved'], [all, ['both']]])
    expect(hooks.done.mock.calls.map(([{ said }, left]) => [said, left])).toEqual([['Resolved', [{ uuid: 'u2', status: 'Closed' }]], ['both', []]])
    expect(hooks.refused).not.toHaveBeenCalled()
  })

  it('ask for nothing when somebody else changed all of them', async () => {
    const { queue, server, hooks } = setupMany()
    server.online = false
    await queue.make(statuses('Open', 'Resolved'))
    server.online = true
    for (const uuid of all) server.statuses.set(uuid, 'Closed')
    await queue.resume()
    expect(server.got).toEqual([])
    expect(hooks.done.mock.calls[0]!.slice(1)).toEqual([[expect.anything(), expect.anything(), expect.anything()], undefined])
  })

  it('leave it to the server to refuse those that are not seen any more', async () => {
    const { queue, server } = setupMany()
    server.online = false
    await queue.make(statuses('Open', 'Resolved'))
    server.online = true
    server.hidden.add('u3')
    await queue.resume()
    expect(server.got).toEqual([[all, 'Resolved']])
  })

  it('can be taken back while they wait', async () => {
    const { queue, page, server } = setupMany()
    server.online = false
    const { kept } = await queue.make(statuses('Open', 'Resolved'))
    await queue.make(tags('stays'))
    expect(queue.withdraw(kept!)).toBe(true)
    expect(queue.of('u3').map(({ said }) => said)).toEqual(['stays'])
    server.online = true
    await queue.resume()
    await page().resume()
    expect(server.got).toEqual([[all, ['stays']]])
  })

  it('survive a reload, and are made by one of several pages', async () => {
    const { queue, page, server, hooks } = setupMany()
    server.online = false
    await queue.make(statuses('Open', 'Resolved'))
    const [one, two] = [page(), page()]
    one.load()
    two.load()
    expect(one.of('u2')).toHaveLength(1)
    server.online = true
    await Promise.all([one.resume(), two.resume(), queue.resume()])
    expect(server.got).toEqual([[all, 'Resolved']])
    expect(hooks.done).toHaveBeenCalledOnce()
    expect([one, two, queue].flatMap(({ waiting }) => [...waiting])).toEqual([])
  })

  it('are the same job when only the answer was lost', async () => {
    const { queue, server, hooks } = setupMany()
    server.answers = false
    await queue.make(statuses('Open', 'Resolved'))
    server.answers = true
    await queue.resume()
    expect(server.got).toEqual([[all, 'Resolved']])
    expect(hooks.done).toHaveBeenCalledWith(expect.anything(), [], { id: 1 })
  })

  it('that are refused are given up with the reason, and the next are made', async () => {
    const { queue, server, hooks } = setupMany()
    server.online = false
    await queue.make(statuses('Open', 'Resolved'))
    await queue.make(tags('next'))
    server.online = true
    hooks.send.mockRejectedValueOnce(new ApiError(403, 'PermissionException', 'No'))
    await queue.resume()
    expect(hooks.refused.mock.calls).toEqual([[expect.objectContaining({ said: 'Resolved' }), expect.objectContaining({ message: 'No' })]])
    expect(server.got).toEqual([[all, ['next']]])
  })

  it('are compared a few at a time, and not where nobody can be in the way', async () => {
    const many = Array.from({ length: 30 }, (_, n) => `c${n}`)
    const { queue, server } = setupMany(many)
    server.online = false
    await queue.make(statuses('Open', 'Resolved', many))
    await queue.make(tags('each', many))
    server.online = true
    await queue.resume()
    expect(server.reads).toBe(30)
    expect(server.atOnce).toBe(4)
    expect(server.got).toEqual([[many, 'Resolved'], [many, ['each']]])
  })
})
