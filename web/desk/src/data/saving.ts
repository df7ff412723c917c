import { ApiError } from '@ui/api/client'
import { ref } from 'vue'

/** What a small form does with its one request: whether it is under way, and why it was refused, at a field or as a whole. */
export function useSaving() {
  const saving = ref(false)
  const failure = ref('')
  const errors = ref<Record<string, string>>({})

  function forget(): void {
    failure.value = ''
    errors.value = {}
  }

  /** Does the work unless it is being done; a refusal that names one of the fields stands there. */
  async function save(work: () => Promise<unknown>, fields: readonly string[] = []): Promise<void> {
    if (saving.value) return
    forget()
    saving.value = true
    try {
      await work()
    } catch (cause) {
      if (!(cause instanceof ApiError)) throw cause
      if (cause.field && fields.includes(cause.field)) errors.value = { [cause.field]: cause.message }
      else failure.value = cause.message
    } finally {
      saving.value = false
    }
  }

  return { saving, failure, errors, forget, save }
}
