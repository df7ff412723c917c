import { refreshConfig } from '@/data/session'
import { changed } from '../data'

/** The picture of a desk that has none of its own. */
export const standardPicture = '/assets/favicon.svg'

/** Shows a new picture wherever it is shown. */
export async function pictureChanged(): Promise<void> {
  await Promise.all([changed(), refreshConfig()])
}
