import { afterEach, describe, expect, it, vi } from 'vitest'
import { works } from '@ui/keys'
import { effectScope } from 'vue'
import { rank } from './rank'
import { choices, commands, createKeyHandler, keyName, keyOf, offered, shortcuts, singleKeys, useChoices, useCommands, type Command } from './registry'

const command = (id: string, keys: string[], run: () => void = () => {}): Command => ({ id, title: id, section: 'Test', keys, run })

function press(handler: (event: KeyboardEvent) => void, init: KeyboardEventInit, target: EventTarget = document.body) {
  const event = new KeyboardEvent('keydown', { bubbles: true, cancelable: true, ...init })
  target.addEventListener('keydown', handler as EventListener, { once: true })
  target.dispatchEvent(event)
  return event
}

afterEach(() => {
  document.body.innerHTML = ''
  singleKeys.value = true
})

describe('keyName', () => {
  const cases: [KeyboardEventInit, string][] = [
    [{ key: 'j' }, 'j'],
    [{ key: 'U', shiftKey: true }, 'Shift+u'],
    [{ key: '?', shiftKey: true }, '?'],
    [{ key: 'k', ctrlKey: true }, 'Mod+k'],
    [{ key: 'Enter', ctrlKey: true, shiftKey: true }, 'Mod+Shift+Enter'],
    [{ key: 'о', code: 'KeyJ' }, 'j'],
    [{ key: 'J' }, 'j'],
    [{ key: 'ü', code: 'BracketLeft' }, '['],
    [{ key: '[', code: 'Digit8', ctrlKey: true, altKey: true, modifierAltGraph: true }, '['],
    [{ key: 'О', code: 'KeyJ', shiftKey: true }, 'Shift+j'],
  ]
  it.each(cases)('%j is %s', (init, name) => {
    expect(keyName(new KeyboardEvent('keydown', init))).toBe(name)
  })
})

describe('single keys that are turned off', () => {
  it('are not printed; chords and Escape are, and Escape still works', () => {
    singleKeys.value = false
    expect(['j', 'Shift+u', 'g i', '?'].filter(works)).toEqual([])
    expect(['Mod+k', 'Alt+Enter', 'Escape', 'Shift+Enter'].every(works)).toBe(true)
    const run = vi.fn()
    const handler = createKeyHandler(() => [command('clear', ['Escape'], run)])
    press(handler, { key: 'Escape' })
    expect(run).toHaveBeenCalledOnce()
    singleKeys.value = true
    expect(works('j')).toBe(true)
  })
})

describe('createKeyHandler', () => {
  it('runs a single key, and not while somebody types', () => {
    const run = vi.fn()
    const handler = createKeyHandler(() => [command('a', ['j'], run)])
    expect(press(handler, { key: 'j' }).defaultPrevented).toBe(true)
    document.body.innerHTML = '<input /><div role="dialog"><p></p></div><div role="textbox" contenteditable></div>'
    for (const target of document.querySelectorAll('input, p, [role=textbox]')) press(handler, { key: 'j' }, target)
    expect(run).toHaveBeenCalledOnce()
  })

  it('runs a chord even while somebody types', () => {
    const run = vi.fn()
    const handler = createKeyHandler(() => [command('a', ['Mod+k'], run)])
    document.body.innerHTML = '<input />'
    press(handler, { key: 'k', ctrlKey: true }, document.querySelector('input')!)
    expect(run).toHaveBeenCalledOnce()
  })

  it('runs a sequence, unless the second key comes too late', () => {
    let now = 0
    const go = vi.fn()
    const mine = vi.fn()
    const handler = createKeyHandler(
      () => [command('go', ['g i'], go), command('i', ['i'], mine)],
      () => now,
    )
    press(handler, { key: 'g' })
    press(handler, { key: 'i' })
    expect([go, mine].map((fn) => fn.mock.calls.length)).toEqual([1, 0])
    press(handler, { key: 'g' })
    now = 5_000
    press(handler, { key: 'i' })
    expect([go, mine].map((fn) => fn.mock.calls.length)).toEqual([1, 1])
  })

  it('leaves Enter to the control that has the focus', () => {
    const run = vi.fn()
    const handler = createKeyHandler(() => [command('open', ['Enter'], run)])
    document.body.innerHTML = '<button></button>'
    press(handler, { key: 'Enter' }, document.querySelector('button')!)
    expect(run).not.toHaveBeenCalled()
    press(handler, { key: 'Enter' })
    expect(run).toHaveBeenCalledOnce()
  })

  it('keeps chords when single keys are turned off', () => {
    singleKeys.value = false
    const run = vi.fn()
    const handler = createKeyHandler(() => [command('a', ['j', 'Mod+j'], run)])
    press(handler, { key: 'j' })
    expect(run).not.toHaveBeenCalled()
    press(handler, { key: 'j', ctrlKey: true })
    expect(run).toHaveBeenCalledOnce()
  })

  it('gives a shared key to whoever registered last', () => {
    const first = vi.fn()
    const second = vi.fn()
    const handler = createKeyHandler(() => [command('a', ['e'], first), command('b', ['e'], second)])
    press(handler, { key: 'e' })
    expect([first, second].map((fn) => fn.mock.calls.length)).toEqual([0, 1])
  })
})

describe('useCommands', () => {
  it('offers commands as long as their component lives and their condition holds', () => {
    const scope = effectScope()
    let allowed = true
    scope.run(() => useCommands(() => [{ ...command('a', ['q']), when: () => allowed }]))
    expect(keyOf('a')).toBe('q')
    scope.stop()
    allowed = false
    expect(commands.value.some(({ id }) => id === 'a')).toBe(false)
  })
})

describe('what is listed', () => {
  const listed = (): [string, string[]][] => shortcuts.value.flatMap(([, list]) => list.map(({ id, keys }): [string, string[]] => [id, keys]))
  const ids = (list: readonly { id: string }[]): string[] => list.map(({ id }) => id)

  it('has in the sheet what the command bar leaves out for want of something to act on', () => {
    const scope = effectScope()
    scope.run(() => useCommands(() => [{ ...command('range', ['Shift+x']), offered: () => false }, command('plain', [])]))
    expect(ids(offered.value)).toEqual(['plain'])
    expect(listed()).toEqual([['range', ['Shift+x']]])
    scope.stop()
  })

  it('has no single keys where they are turned off, and a command by those of its keys that work', () => {
    const scope = effectScope()
    scope.run(() => useCommands(() => [command('next', ['j']), command('sidebar', ['[', 'Mod+b']), command('leave', ['Escape'])]))
    singleKeys.value = false
    expect(listed()).toEqual([['sidebar', ['Mod+b']], ['leave', ['Escape']]])
    singleKeys.value = true
    expect(listed()).toHaveLength(3)
    scope.stop()
  })

  it('has keys that a part of the page hears by itself, and leaves them to it', () => {
    const scope = effectScope()
    const run = vi.fn()
    scope.run(() => useCommands(() => [{ ...command('send', ['Mod+Enter'], run), local: true }]))
    press(createKeyHandler(), { key: 'Enter', ctrlKey: true })
    expect(run).not.toHaveBeenCalled()
    expect(ids(offered.value)).toEqual(['send'])
    expect(keyOf('send')).toBe('Mod+Enter')
    scope.stop()
  })
})

describe('useChoices', () => {
  it('offers lines to the command bar that no key looks through', () => {
    const scope = effectScope()
    scope.run(() => useChoices(() => [command('assign.7', ['q'])]))
    expect(choices.value.map(({ id }) => id)).toEqual(['assign.7'])
    expect(keyOf('assign.7')).toBeUndefined()
    scope.stop()
    expect(choices.value).toEqual([])
  })
})

describe('rank', () => {
  const list = ['Assign to me', 'Go to unassigned', 'Resolve', 'Réassign'].map((title) => ({ ...command(title, []), title }))
  const found = (typed: string) => rank(list, typed).map(({ title }) => title)

  it('puts what starts with the text first and finds words in any order', () => {
    expect(found('assign')).toEqual(['Assign to me', 'Go to unassigned', 'Réassign'])
    expect(found('me assign')).toEqual(['Assign to me'])
    expect(found('reass')).toEqual(['Réassign'])
    expect(found('')).toHaveLength(4)
    expect(found('xyz')).toEqual([])
  })
})
