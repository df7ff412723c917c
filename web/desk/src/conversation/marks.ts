/** What was looked for in the texts of the page, marked without touching them. Mails in frames mark their own. */
const found = typeof Highlight === 'undefined' ? null : new Highlight()
if (found) CSS.highlights.set('found', found)

export const pageMarks = {
  add: (ranges: readonly Range[]): void => ranges.forEach((range) => found?.add(range)),
  remove: (ranges: readonly Range[]): void => ranges.forEach((range) => found?.delete(range)),
}
