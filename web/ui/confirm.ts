import { shallowRef } from 'vue'

/** A question before something that cannot be taken back. */
export interface Question {
  title: string
  /** What will happen, and what is lost. */
  text: string
  /** What the confirming button does, as a verb. */
  action: string
  danger?: boolean
  /** The agent has to type this first: for what many depend on. */
  typed?: string
}

interface Asked extends Question {
  answer: (yes: boolean) => void
}

/** The question that is open. */
export const asked = shallowRef<Asked>()

/** Asks, and resolves with the answer. A second question takes the place of the first, which is then a no. */
export function confirm(question: Question): Promise<boolean> {
  asked.value?.answer(false)
  return new Promise((resolve) => {
    asked.value = {
      ...question,
      answer: (yes) => {
        asked.value = undefined
        resolve(yes)
      },
    }
  })
}
