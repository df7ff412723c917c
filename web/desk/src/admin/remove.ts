import { api, ApiError } from '@ui/api/client'
import { confirm, type Question } from '@ui/confirm'
import { t } from '@ui/i18n'
import { toast, toastError } from '@ui/toast/toasts'
import { changed } from './data'

/**
 * Deletes what a row is about, once it was said what is lost. `ask` may look first at who uses it, and gives no question
 * when it said itself why not.
 */
export async function remove(path: string, name: string, references: string[], ask: () => Promise<Omit<Question, 'danger' | 'title'> | undefined>): Promise<void> {
  try {
    const question = await ask()
    if (!question || !(await confirm({ ...question, title: t('admin.delete.title', { name }), danger: true }))) return
    await api.delete(path)
    toast(t('admin.deleted', { name }), { kind: 'success' })
    await changed(...references)
  } catch (cause) {
    if (!(cause instanceof ApiError)) throw cause
    toastError(cause)
  }
}

/** How many conversations use a tag or status. */
export const usageOf = async (path: string): Promise<number> => (await api.get<{ conversations: number }>(`${path}/usage`)).conversations
