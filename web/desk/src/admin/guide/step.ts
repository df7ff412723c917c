import { formKey } from '@ui/components/field'
import { ApiError } from '@ui/api/client'
import { inject, nextTick, onBeforeUnmount, provide, reactive, ref, watch, type InjectionKey, type Ref } from 'vue'
import { findControl } from '../form'
import type { Errors } from '../validate'

/** Whether something was typed into the step on screen that is not saved. The guide provides it, for it knows the ways out. */
export const stepDirty: InjectionKey<Ref<boolean>> = Symbol('a step of the guide is unsaved')

export interface StepOptions {
  /** What the fields hold; undefined while it loads. */
  value: () => unknown
  errors: () => Errors
  save: () => Promise<void>
  done: () => void
  fieldOf?: (path: string) => string
}

/** What a step of the guide does with its fields: shows what is wrong, then saves. */
export function useStep(options: StepOptions) {
  const dirty = inject(stepDirty, ref(false))
  let untouched: string | undefined
  watch(
    () => JSON.stringify(options.value()),
    (now) => {
      untouched ??= now
      dirty.value = now !== untouched
    },
    { immediate: true },
  )
  onBeforeUnmount(() => (dirty.value = false))

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
      dirty.value = false
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
