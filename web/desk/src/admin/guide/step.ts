import { formKey } from '@ui/components/field'
import { ApiError } from '@ui/api/client'
import { nextTick, provide, reactive, ref } from 'vue'
import { findControl } from '../form'
import type { Errors } from '../validate'

/** What a step of the guide does with its fields: shows what is wrong, then saves. */
export function useStep(options: { errors: () => Errors; save: () => Promise<void>; done: () => void; fieldOf?: (path: string) => string }) {
  const saving = ref(false)
  const failure = ref('')
  const touched = reactive(new Set<string>())
  const refused = ref<Errors>({})

  provide(formKey, {
    error: (name) => refused.value[name] || (touched.has(name) && options.errors()[name]) || '',
    touch: (name) => void touched.add(name),
  })

  async function show(names: string[]): Promise<void> {
    await nextTick()
    findControl(document, (name) => names.includes(name))?.focus()
  }

  function check(): boolean {
    const errors = options.errors()
    for (const name of Object.keys(errors)) touched.add(name)
    const wrong = Object.keys(errors).filter((name) => errors[name])
    if (wrong.length) void show(wrong)
    return wrong.length === 0
  }

  async function submit(): Promise<void> {
    if (saving.value) return
    refused.value = {}
    failure.value = ''
    if (!check()) return
    saving.value = true
    try {
      await options.save()
      options.done()
    } catch (cause) {
      if (!(cause instanceof ApiError)) throw cause
      failure.value = cause.message
      const name = cause.field && (options.fieldOf?.(cause.field) ?? cause.field)
      if (!name) return
      refused.value = { [name]: cause.message }
      void show([name])
    } finally {
      saving.value = false
    }
  }

  return { saving, failure, check, submit }
}
