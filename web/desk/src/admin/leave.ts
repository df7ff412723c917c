import { confirm } from '@ui/confirm'
import { t } from '@ui/i18n'
import { onBeforeUnmount, onMounted, type Ref } from 'vue'
import { onBeforeRouteLeave, onBeforeRouteUpdate } from 'vue-router'

/** The words of the question. */
export interface LeaveQuestion {
  title: string
  text: string
  action: string
}

const leavingPage = (): LeaveQuestion => ({ title: t('admin.unsaved.title'), text: t('admin.unsaved.text'), action: t('admin.unsaved.leave') })

/** Asks before a page is left on which something is unsaved. Returns the same question, for what is lost in other ways. */
export function useLeaveGuard(dirty: Readonly<Ref<boolean>>, question = leavingPage): () => Promise<boolean> {
  const mayLeave = async (): Promise<boolean> =>
    !dirty.value || (await confirm({ ...question(), danger: true }))

  onBeforeRouteLeave(mayLeave)
  onBeforeRouteUpdate((to, from) => to.path === from.path || mayLeave())

  const warn = (event: BeforeUnloadEvent): void => {
    if (dirty.value) event.preventDefault()
  }
  onMounted(() => window.addEventListener('beforeunload', warn))
  onBeforeUnmount(() => window.removeEventListener('beforeunload', warn))
  return mayLeave
}
