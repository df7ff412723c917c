import { api, ApiError } from '@ui/api/client'
import { onScopeDispose, ref, watch } from 'vue'
import type { Preview, PreviewDraft } from '../wire'

export interface PreviewProblem {
  message: string
  field: string
  line: number
}

/** How long somebody must have stopped typing, in milliseconds. */
const pause = 350

/** What a template looks like, soon after it was changed. What is wrong with it leaves the last picture standing. */
export function usePreview(draft: () => PreviewDraft | undefined) {
  const shown = ref<Preview>()
  const problem = ref<PreviewProblem>()
  const loading = ref(false)
  let timer = 0
  let running: AbortController | undefined

  async function load(body: PreviewDraft): Promise<void> {
    running?.abort()
    const mine = (running = new AbortController())
    loading.value = true
    try {
      shown.value = await api.post<Preview>('/templates/preview', body, { signal: mine.signal })
      problem.value = undefined
    } catch (cause) {
      if (mine.signal.aborted) return
      if (!(cause instanceof ApiError)) throw cause
      problem.value = { message: cause.message, field: cause.field ?? '', line: (cause.data as { line?: number } | null)?.line ?? 0 }
    } finally {
      if (running === mine) loading.value = false
    }
  }

  watch(
    () => JSON.stringify(draft()),
    (_, before) => {
      clearTimeout(timer)
      const body = draft()
      if (body) timer = window.setTimeout(() => void load(body), before === undefined ? 0 : pause)
    },
    { immediate: true },
  )
  onScopeDispose(() => {
    clearTimeout(timer)
    running?.abort()
  })

  return { shown, problem, loading }
}
