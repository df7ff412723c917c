import type { Message } from '@ui/api/types'
import { t } from '@ui/i18n'
import { toast, toastError } from '@ui/toast/toasts'
import { inject, provide, type InjectionKey } from 'vue'
import { setHabits, useHabits } from '@/data/habits'

/** Whose images of other servers an agent may want to see always: who wrote a mail to the desk. */
export const pictureSender = ({ type, meta, author }: Pick<Message, 'type' | 'meta' | 'author'>): string | undefined =>
  type === 'incoming' ? (meta.from?.[0] ?? author.email ?? '').toLowerCase() || undefined : undefined

const key: InjectionKey<ReturnType<typeof pictureSenders>> = Symbol('picture senders')

/** The senders whose images are shown without being asked for, in every browser of the agent. */
export const usePictureSenders = () => inject(key, pictureSenders, true)

/** Has all letters of a thread know them together. */
export const providePictureSenders = (): void => provide(key, pictureSenders())

function pictureSenders() {
  const { data: habits } = useHabits()

  async function set(address: string, shown: boolean): Promise<void> {
    try {
      await setHabits({ picture_senders: { [address]: shown } })
    } catch (error) {
      toastError(error)
      return
    }
    const label = t('common.undo')
    toast(t(shown ? 'conversation.images_always.done' : 'conversation.images_ask.done', { address }), { kind: 'success', action: { label, run: () => void set(address, !shown) } })
  }

  return {
    senders: (): readonly string[] => habits.value?.picture_senders ?? [],
    shows: (address: string | undefined): boolean => !!address && !!habits.value?.picture_senders.includes(address),
    set,
  }
}
