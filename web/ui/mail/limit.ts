/** Characters of HTML that are cleaned and drawn without being asked for: about a quarter of a second of a slow computer. */
const drawnAtMost = 400_000

/** Whether a mail is so large that to draw it would be felt. */
export const tooLarge = (html: string): boolean => html.length > drawnAtMost
