import { learn } from '@ui/i18n'

let learned: Promise<void> | undefined

/** Fetches the texts of the administration, which are not part of the first script. */
export const learnWords = (): Promise<void> =>
  (learned ??= import('virtual:words/admin').then(
    ({ default: words }) => learn(words),
    (cause: unknown) => {
      learned = undefined
      throw cause
    },
  ))

/** Loads a page with the texts it is made of. */
export const withWords = <P>(page: () => Promise<P>) => async (): Promise<P> => (await Promise.all([page(), learnWords()]))[0]
