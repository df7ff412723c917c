import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Draft } from '@ui/api/types'
import { DraftConflict, draftContent, DraftQueue, isEmptyDraft, sameText, type DraftStore } from './drafts'

const text = (content: string) => ({ content, attachments: [] })

function setup() {
  const log: string[] = []
  const gates: (() => void)[] = []
  let open = true
  const pass = () => (open ? Promise.resolve() : new Promise<void>((resolve) => gates.push(resolve)))
  const store: DraftStore = {
    save: async (_, mode, draft) => {
      log.push(`save ${mode} ${draft.content}`)
      await pass()
      return `version of ${draft.content}`
    },
    remove: async (_, mode) => {
      log.push(`remove ${mode}`)
      await pass()
    },
  }
  const items = new Map<string, string>()
  const copies = {
    getItem: (key: string) => items.get(key) ?? null,
    setItem: (key: string, value: string) => void items.set(key, value),
    removeItem: (key: string) => void items.delete(key),
  }
  return {
    log,
    items,
    store,
    queue: new DraftQueue(store, copies),
    block: () => void (open = false),
    release: () => {
      open = true
      gates.splice(0).forEach((go) => go())
    },
  }
}

describe('drafts', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it('are written once, half a second after the last change', async () => {
    const { queue, log } = setup()
    queue.change('c', 'reply', text('a'))
    await vi.advanceTimersByTimeAsync(400)
    queue.change('c', 'reply', text('ab'))
    await vi.advanceTimersByTimeAsync(499)
    expect(log).toEqual([])
    await vi.advanceTimersByTimeAsync(1)
    expect(log).toEqual(['save reply ab'])
    expect(queue.states.get('c:reply')).toBe('saved')
  })

  it('are not sent when nothing changed', async () => {
    const { queue, log } = setup()
    queue.known('c', 'reply', text('same'))
    queue.change('c', 'reply', text('same'))
    await vi.advanceTimersByTimeAsync(1000)
    expect(log).toEqual([])
  })

  it('are deleted when they became empty', async () => {
    const { queue, log } = setup()
    queue.known('c', 'reply', text('old'))
    queue.change('c', 'reply', text('<p></p>'))
    await vi.advanceTimersByTimeAsync(500)
    expect(log).toEqual(['remove reply'])
  })

  it('never let a deletion be overtaken by an older write', async () => {
    const { queue, log, block, release } = setup()
    block()
    queue.change('c', 'reply', text('a'))
    await vi.advanceTimersByTimeAsync(500)
    queue.hold('c', 'reply')
    const done = queue.sent('c', 'reply')
    await vi.advanceTimersByTimeAsync(0)
    expect(log).toEqual(['save reply a'])
    release()
    await done
    expect(log).toEqual(['save reply a', 'remove reply'])
  })

  it('stay on the server while the message is on its way', async () => {
    const { queue, log } = setup()
    queue.change('c', 'reply', text('a'))
    await vi.advanceTimersByTimeAsync(500)
    queue.hold('c', 'reply')
    await vi.advanceTimersByTimeAsync(5000)
    expect(log).toEqual(['save reply a'])
  })

  it('keep what was typed after the message was sent', async () => {
    const { queue, log } = setup()
    queue.change('c', 'reply', text('first'))
    await vi.advanceTimersByTimeAsync(500)
    queue.hold('c', 'reply')
    queue.change('c', 'reply', text('second'))
    await queue.sent('c', 'reply')
    await vi.advanceTimersByTimeAsync(500)
    expect(log).toEqual(['save reply first', 'save reply second'])
  })

  it('knows that a draft has become a message until the server has forgotten it', async () => {
    const { queue, block, release, log } = setup()
    block()
    const forgotten = queue.sent('c', 'reply')
    queue.known('c', 'reply', text('sent'), 'version of sent') // the list of drafts comes meanwhile
    expect(queue.isDone('c', 'reply')).toBe(true)
    release()
    await forgotten
    expect(queue.isDone('c', 'reply')).toBe(false)
    expect(queue.mayAdopt('c', 'reply', '')).toBe(false)
    await queue.sent('c', 'reply')
    expect(queue.isDone('c', 'reply')).toBe(false)
    expect(log).toEqual(['remove reply'])
  })

  it('leave no copy behind once their message arrived, even if the page is left before the server has forgotten them', async () => {
    const { queue, items, block } = setup()
    queue.change('c', 'reply', text('sent'))
    expect(items.size).toBe(1)
    queue.hold('c', 'reply')
    expect(items.size).toBe(1)
    block()
    void queue.sent('c', 'reply')
    expect(items.size).toBe(0)
  })

  it('do not touch the other mode', async () => {
    const { queue, log } = setup()
    queue.change('c', 'reply', text('A'))
    queue.change('c', 'private_note', text('B'))
    await vi.advanceTimersByTimeAsync(500)
    queue.hold('c', 'private_note')
    await queue.sent('c', 'private_note')
    expect(log).toEqual(['save reply A', 'save private_note B', 'remove private_note'])
  })

  it('are copied to the browser until the server has them', async () => {
    const { queue, items } = setup()
    queue.change('c', 'reply', text('a'))
    expect(queue.crashCopy('c', 'reply')?.content).toBe('a')
    await vi.advanceTimersByTimeAsync(500)
    expect(items.size).toBe(0)
  })

  it('are tried again after a failure', async () => {
    const { queue, store, log } = setup()
    const save = vi.spyOn(store, 'save').mockRejectedValueOnce(new Error('away'))
    queue.change('c', 'reply', text('a'))
    await vi.advanceTimersByTimeAsync(500)
    expect(queue.states.get('c:reply')).toBe('failed')
    expect(queue.crashCopy('c', 'reply')?.content).toBe('a')
    await vi.advanceTimersByTimeAsync(5000)
    expect(save).toHaveBeenCalledTimes(2)
    expect(log).toEqual(['save reply a'])
    expect(queue.states.get('c:reply')).toBe('saved')
  })

  it('count an image or a file as content', () => {
    expect(isEmptyDraft(text('<p>&nbsp;</p>'))).toBe(true)
    expect(isEmptyDraft(text('<p><img src="/uploads/x"></p>'))).toBe(false)
  })

  it('are deleted once their message arrived, though they were never shown here', async () => {
    const { queue, log } = setup()
    await queue.sent('c', 'reply')
    expect(log).toEqual(['remove reply'])
  })

  it('say the same however the addresses of their pictures are signed', () => {
    const [picture, another] = ['1234abcd-5b6d-4462-a2d8-a84b184e3f51', '4321abcd-5b6d-4462-a2d8-a84b184e3f51']
    const written = `<p>Here: <img src="/uploads/${picture}" alt="x"></p>`
    expect(sameText(written, `<p>Here: <img src="http://desk.example:9000/uploads/${picture}?sig=a&amp;exp=1" alt="x"></p>`)).toBe(true)
    expect(sameText(written, written.replace(picture, another))).toBe(false)
  })

  it('name the version they began from, and are not written over another one', async () => {
    const bases: string[] = []
    const other = { content: 'theirs', meta: {}, updated_at: 'v9' } as unknown as Draft
    let stored = ''
    const store: DraftStore = {
      save: (_, __, draft, ___, base) => {
        bases.push(base)
        if (base !== stored) return Promise.reject(new DraftConflict(other))
        return Promise.resolve((stored = `v of ${draft.content}`))
      },
      remove: () => Promise.resolve(),
    }
    const queue = new DraftQueue(store)
    const write = async (content: string) => {
      queue.change('c', 'reply', text(content))
      await queue.flush()
    }
    await write('one')
    await write('two')
    expect(bases).toEqual(['', 'v of one'])
    stored = 'v9' // another window
    await write('three')
    expect(queue.states.get('c:reply')).toBe('conflict')
    await write('four')
    expect(bases).toHaveLength(3)
    expect(queue.conflicts.get('c:reply')).toEqual(other)
    await queue.keepMine('c', 'reply')
    expect(bases.at(-1)).toBe('v9')
    expect(queue.states.get('c:reply')).toBe('saved')
  })

  it('take over what another window wrote unless something is typed here', () => {
    const { queue } = setup()
    queue.known('c', 'reply', undefined)
    expect(queue.mayAdopt('c', 'reply', 'v1')).toBe(true)
    queue.adopt('c', 'reply', text('theirs'), 'v1')
    expect(queue.mayAdopt('c', 'reply', 'v1')).toBe(false)
    queue.change('c', 'reply', text('mine'))
    expect(queue.mayAdopt('c', 'reply', 'v2')).toBe(false)
  })

  it('know whether they leave without the signature, which alone is nothing to keep', () => {
    const stored = { content: '<p>Hi</p>', meta: { attachments: [], unsigned: true } } as unknown as Draft
    expect(draftContent(stored).unsigned).toBe(true)
    expect('unsigned' in draftContent({ content: '', meta: {} })).toBe(false)
    expect(isEmptyDraft(draftContent({ content: '', meta: { unsigned: true } }))).toBe(true)
  })
})
