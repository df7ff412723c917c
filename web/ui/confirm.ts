import { shallowRef } from 'vue'

/** A question before something that cannot be taken back. */
export interface Question {
  title: string
  /** What will happen, and what is lost. */
  text: string
  /** What the confirming button does, as a verb. */
  action: string
  danger?: boolean
  /** Something else that can be done first, as a verb. Enter then means the action all the same. */
  instead?: string
  /** The agent has to type this first: for what many depend on. */
  typed?: string
}

export type Answer = 'yes' | 'no' | 'instead'

interface Asked extends Question {
  answer: (answer: Answer) => void
}

/** The question that is open. */
export const asked = shallowRef<Asked>()

/** Asks, and resolves with the answer. A second question takes the place of the first, which is then a no. */
export function ask(question: Question): Promise<Answer> {
  asked.value?.answer('no')
  return new Promise((resolve) => {
    asked.value = {
      ...question,
      answer: (answer) => {
        asked.value = undefined
        resolve(answer)
      },
    }
  })
}

/** Asks a question of yes or no. */
export async function confirm(question: Omit<Question, 'instead'>): Promise<boolean> {
  return (await ask(question)) === 'yes'
}
