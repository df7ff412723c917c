import { toasts } from '@ui/toast/toasts'
import { describe, expect, it } from 'vitest'
import { begin, offerUndo, redoLast, remember, undoLast, undoStep } from './undo'

/** Resolves when all that was waiting for a promise has run. */
const rest = (): Promise<void> => new Promise((resolve) => setTimeout(resolve))

/** Something whose outcome is decided by the test, and what was asked of it. */
function undertaking(name: string, said: string[]) {
  let decide: (succeeded: boolean) => void = () => {}
  const outcome = new Promise<boolean>((resolve) => (decide = resolve))
  const step = begin(outcome, { undo: () => said.push(`undo ${name}`), redo: () => said.push(`redo ${name}`) })
  const settle = async (succeeded: boolean): Promise<void> => {
    decide(succeeded)
    await rest()
  }
  return { step, settle }
}

describe('undo', () => {
  it('takes back what was begun last, once it is done', async () => {
    const said: string[] = []
    remember({ undo: () => said.push('undo first'), redo: () => {} })
    const second = undertaking('second', said)
    undoLast()
    expect(said).toEqual([])
    await second.settle(true)
    expect(said).toEqual(['undo second'])
    undoLast()
    expect(said).toEqual(['undo second', 'undo first'])
  })

  it('forgets what was refused, also when it was to be taken back', async () => {
    const said: string[] = []
    const refused = undertaking('refused', said)
    undoLast()
    await refused.settle(false)
    redoLast()
    expect(said).toEqual([])
    undoStep(refused.step)
    expect(said).toEqual([])
  })

  it('takes back and does again in the order of the keys', async () => {
    const said: string[] = []
    const slow = undertaking('slow', said)
    undoLast()
    redoLast()
    undoLast()
    await slow.settle(true)
    expect(said).toEqual(['undo slow', 'redo slow', 'undo slow'])
  })

  it('takes a step back once, whether by its notice or by the key', async () => {
    const said: string[] = []
    const { step, settle } = undertaking('one', said)
    await settle(true)
    offerUndo(step, 'Done')
    expect(toasts.map(({ text }) => text)).toEqual(['Done'])
    undoStep(step)
    undoStep(step)
    await rest()
    expect(said).toEqual(['undo one'])
    expect(toasts).toEqual([])
  })

  it('offers nothing for what was taken back before it was done', async () => {
    const { step, settle } = undertaking('hasty', [])
    undoLast()
    await settle(true)
    offerUndo(step, 'Done')
    expect(toasts).toEqual([])
  })
})
