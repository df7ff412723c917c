import type { ConversationRow } from '@ui/api/types'
import { mount } from '@vue/test-utils'
import { effectScope, nextTick, ref, shallowRef } from 'vue'
import { describe, expect, it, vi } from 'vitest'
import { createMemoryHistory, createRouter } from 'vue-router'
import { remember, undoLast } from '@/conversation/undo'
import { notePlace, shownList, useListPosition } from './position'
import { scopeAddress, scopeOf, scopeTitle } from './scope'
import { useSelection } from './selection'
import { inHeldOrder, newcomers, pointingFor, useBroughtBack, usePointing, useSteadyOrder } from './steady'

const rows = (...uuids: string[]): ConversationRow[] => uuids.map((uuid) => ({ uuid }) as ConversationRow)
const uuidsOf = (list: readonly ConversationRow[]): string => list.map((row) => row.uuid).join('')

describe('rows that came', () => {
  it('are those above the last known row, not what was loaded below', () => {
    expect(newcomers(['a', 'b'], ['x', 'a', 'y', 'b', 'older'])).toBe(2)
    expect(newcomers(['a', 'b'], ['b', 'a'])).toBe(0)
    expect(newcomers(['a', 'b'], ['b'])).toBe(0)
  })

  it('are all of a list that was empty', () => expect(newcomers([], ['x'])).toBe(1))
})

describe('rows that hold still', () => {
  it('keep their order and count what is new above them', () => {
    const { shown, fresh } = inHeldOrder(rows('x', 'c', 'a', 'b'), ['a', 'b', 'c'])
    expect(uuidsOf(shown)).toBe('abc')
    expect(fresh).toBe(1)
  })

  it('leave when they are gone', () => {
    expect(uuidsOf(inHeldOrder(rows('a', 'c'), ['a', 'b', 'c']).shown)).toBe('ac')
  })

  it('take in what was loaded below them', () => {
    const { shown, fresh } = inHeldOrder(rows('a', 'b', 'c', 'd'), ['a', 'b'])
    expect(uuidsOf(shown)).toBe('abcd')
    expect(fresh).toBe(0)
  })

  it('flow again when they are let go', () => {
    const list = shallowRef(rows('a', 'b'))
    const hold = ref(false)
    const { shown, fresh, release } = useSteadyOrder(list, hold)
    list.value = rows('b', 'a')
    expect(uuidsOf(shown.value)).toBe('ba')
    hold.value = true
    list.value = rows('n', 'a', 'b')
    expect(uuidsOf(shown.value)).toBe('ba')
    expect(fresh.value).toBe(1)
    release()
    expect(uuidsOf(shown.value)).toBe('nab')
    expect(fresh.value).toBe(0)
    list.value = rows('m', 'n', 'a', 'b')
    expect(fresh.value).toBe(1)
    hold.value = false
    expect(uuidsOf(shown.value)).toBe('mnab')
  })
})

describe('the selection', () => {
  const order = shallowRef(['a', 'b', 'c', 'd', 'e'])

  it('extends from the last picked row in either direction', () => {
    const selection = useSelection(order)
    selection.toggle('d')
    selection.extend('b')
    expect(selection.selected.value).toEqual(['b', 'c', 'd'])
    selection.toggle('b')
    expect(selection.selected.value).toEqual(['c', 'd'])
  })

  it('begins a range where nothing was picked before', () => {
    const selection = useSelection(order)
    selection.extend('c')
    expect(selection.selected.value).toEqual(['c'])
  })

  it('forgets rows that left the list', () => {
    const list = shallowRef(['a', 'b'])
    const selection = useSelection(list)
    selection.all()
    list.value = ['b', 'c']
    expect(selection.selected.value).toEqual(['b'])
  })
})

describe('the place in the list', () => {
  async function at(uuid: string) {
    const router = createRouter({ history: createMemoryHistory(), routes: [{ path: '/:rest(.*)*', component: { render: () => null } }] })
    let position!: ReturnType<typeof useListPosition>
    mount({ setup: () => ((position = useListPosition(uuid)), () => null) }, { global: { plugins: [router] } })
    await router.isReady().catch(() => {})
    return { position, router }
  }

  it('counts from one and knows the neighbours', async () => {
    shownList.value = { scope: 'all', uuids: ['a', 'b', 'c'], total: 41, more: () => {} }
    const { position, router } = await at('b')
    expect([position.position.value, position.total.value]).toEqual([2, 41])
    expect([position.previous.value, position.next.value]).toEqual(['a', 'c'])
    position.openNext()
    await nextTick()
    await new Promise((resolve) => router.afterEach(resolve))
    expect(router.currentRoute.value.path).toBe('/inboxes/all/conversation/c')
  })

  it('goes on where a conversation stood that left the list', async () => {
    shownList.value = { scope: 'all', uuids: ['a', 'b', 'c'], total: 3, more: () => {} }
    const { position } = await at('b')
    notePlace('b', ['a', 'b', 'c'], ['a', 'c'])
    shownList.value = { ...shownList.value, uuids: ['a', 'c'] }
    expect(position.position.value).toBe(0)
    expect([position.previous.value, position.next.value]).toEqual(['a', 'c'])
  })
})

describe('the name of a list', () => {
  it('is read from the address and leads back to it', () => {
    expect(scopeOf({ type: 'unassigned' })).toBe('unassigned')
    expect(scopeOf({ teamID: '3' })).toBe('team:3')
    expect(scopeAddress('team:3')).toBe('/inboxes/teams/3')
    expect(scopeOf({ viewID: '7' })).toBe('view:7')
    expect(scopeAddress('view:7')).toBe('/inboxes/views/7')
    expect(scopeAddress('mentioned')).toBe('/inboxes/mentioned')
  })

  it('is the name of the team', () => {
    expect(scopeTitle('team:3', [{ id: 3, name: 'Returns', emoji: null }])).toBe('Returns')
    expect(scopeTitle('assigned', [])).toBe('My inbox')
  })
})

describe('a row that the agent brought back', () => {
  const brought = (uuid: string): boolean => uuid === 'x'

  it('is where it was, and no news', () => {
    expect(newcomers(['a', 'b'], ['x', 'a', 'n', 'b'], brought)).toBe(1)
    const { shown, fresh } = inHeldOrder(rows('n', 'a', 'x', 'b'), ['a', 'b'], brought)
    expect(uuidsOf(shown)).toBe('axb')
    expect(fresh).toBe(1)
    expect(uuidsOf(inHeldOrder(rows('x', 'a', 'b'), ['a', 'b'], brought).shown)).toBe('xab')
  })

  it('was in the list and left it; others that come at that moment are new', () => {
    const list = shallowRef(rows('a', 'b', 'c'))
    const broughtBack = useBroughtBack(list)
    list.value = rows('a', 'c')
    expect(broughtBack('b')).toBe(false)
    remember({ undo: () => undefined, redo: () => undefined })
    undoLast()
    expect(broughtBack('b')).toBe(true)
    expect(broughtBack('n')).toBe(false)
    list.value = []
    list.value = rows('a')
    expect(broughtBack('a')).toBe(true)
    list.value = rows('y', 'z')
    expect(broughtBack('a')).toBe(true)
    expect(broughtBack('b')).toBe(false)
  })
})

describe('pointing', () => {
  const event = (type: string, x: number, pointerType = 'mouse'): PointerEvent => ({ type, clientX: x, clientY: 0, pointerType }) as PointerEvent

  it('lasts for a moment after the last move or press, and ends when the mouse leaves', () => {
    vi.useFakeTimers()
    const { pointing, handlers } = effectScope().run(usePointing)!
    handlers.pointermove(event('pointermove', 1))
    vi.advanceTimersByTime(pointingFor - 1)
    expect(pointing.value).toBe(true)
    handlers.pointerdown(event('pointerdown', 1))
    vi.advanceTimersByTime(pointingFor - 1)
    expect(pointing.value).toBe(true)
    vi.advanceTimersByTime(2)
    expect(pointing.value).toBe(false)
    handlers.pointermove(event('pointermove', 2))
    handlers.pointerleave()
    expect(pointing.value).toBe(false)
    vi.useRealTimers()
  })

  it('is not what a still mouse does under which rows move, nor a finger', () => {
    const { pointing, end, handlers } = effectScope().run(usePointing)!
    handlers.pointermove(event('pointermove', 1))
    end()
    handlers.pointermove(event('pointermove', 1))
    handlers.pointermove(event('pointermove', 3, 'touch'))
    expect(pointing.value).toBe(false)
  })
})
