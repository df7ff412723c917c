import { t } from '@ui/i18n'
import { dismissToast, toast } from '@ui/toast/toasts'

/** Something that was done, and how it is taken back and done again. */
export interface Step {
  undo: () => unknown
  redo: () => unknown
}

const done: Step[] = []
const undone: Step[] = []

/** For so long what comes back to a list may have been brought back by the agent. Milliseconds. */
const bringing = 10_000
let broughtAt = -Infinity

/** Notes that something is being taken back: what it brings back to lists is no news. */
export function bringBack(): void {
  broughtAt = performance.now()
}

/** Whether the agent took something back a moment ago. */
export const broughtBackLately = (): boolean => performance.now() - broughtAt < bringing

/** The notice that offers to undo; there is one at a time. */
let notice = 0

/** Puts something that was done where the undo key finds it. */
export function remember(step: Step): void {
  done.push(step)
  undone.length = 0
}

function forget(step: Step): void {
  for (const steps of [done, undone]) {
    const at = steps.lastIndexOf(step)
    if (at >= 0) steps.splice(at, 1)
  }
}

/**
 * Puts something that has just begun where the undo key finds it: the key means what was done last, not what the server
 * confirmed last. What is asked for before the outcome is known waits for it, in order; what did not succeed is forgotten.
 */
export function begin(outcome: Promise<boolean>, { undo, redo }: Step): Step {
  let turn: Promise<unknown> = outcome
  const inTurn = (act: () => unknown) => (): void => {
    turn = turn.then(async () => (await outcome) && act())
  }
  const step = { undo: inTurn(undo), redo: inTurn(redo) }
  remember(step)
  void outcome.then((succeeded) => succeeded || forget(step))
  return step
}

/** Says what was done and offers to undo it, unless it was taken back meanwhile. */
export function offerUndo(step: Step, said: string): void {
  if (!done.includes(step)) return
  dismissToast(notice)
  notice = toast(said, { kind: 'success', action: { label: t('common.undo'), run: () => undoStep(step) } })
}

/** Takes a step back, whichever way it was asked for; the key for redoing it finds it. */
export function undoStep(step: Step): void {
  const at = done.lastIndexOf(step)
  if (at < 0) return
  done.splice(at, 1)
  undone.push(step)
  dismissToast(notice)
  bringBack()
  step.undo()
}

export function undoLast(): void {
  const last = done.at(-1)
  if (last) undoStep(last)
}

export function redoLast(): void {
  const last = undone.pop()
  if (!last) return
  done.push(last)
  bringBack()
  last.redo()
}
