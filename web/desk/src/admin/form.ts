import { ApiError } from '@ui/api/client'
import { formKey } from '@ui/components/field'
import { t } from '@ui/i18n'
import { computed, nextTick, provide, reactive, ref, watch, type Ref } from 'vue'
import { useLeaveGuard, type LeaveQuestion } from './leave'
import type { Errors } from './validate'

export interface FormOptions<T> {
  /** What is stored; undefined while it loads. When it changes, a form that is untouched or says the same follows. */
  source: () => T | undefined
  validate?: (value: T) => Errors
  /** Stores the value. A rejection is shown: at its field, when the server names one. */
  save: (value: T) => Promise<void>
  /** Where to go once it has been stored; without it, the form shows what the server made of it. */
  done?: () => void
  /** What is asked before it is left unsaved, where it is no page that was changed. */
  leaving?: () => LeaveQuestion
  /** Turns the server's name for a field into the form's. */
  fieldOf?: (path: string) => string
}

/** The control of a field. Some keep their name on a hidden input beside the button that takes the focus. */
export function findControl(root: ParentNode, named: (name: string) => boolean): HTMLElement | undefined {
  const control = [...root.querySelectorAll<HTMLElement>('form [name]')].find((element) => named(element.getAttribute('name')!))
  if (!control?.closest('[aria-hidden="true"]')) return control
  return control.parentElement?.querySelector<HTMLElement>('button') ?? control
}

const copy = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T

/**
 * A form over a copy of what is stored: knows whether it differs, shows what is wrong once a field has
 * been left, saves, and asks before unsaved changes are left behind.
 */
export function useForm<T extends object>(options: FormOptions<T>) {
  const value = ref() as Ref<T | undefined>
  const stored = ref('')
  const saving = ref(false)
  const saved = ref(false)
  const failure = ref('')
  const touched = reactive(new Set<string>())
  const refused = ref<Errors>({})

  const dirty = computed(() => value.value !== undefined && JSON.stringify(value.value) !== stored.value)
  const errors = computed<Errors>(() => (value.value && options.validate?.(value.value)) ?? {})

  function take(source: T): void {
    value.value = copy(source)
    stored.value = JSON.stringify(value.value)
    touched.clear()
    refused.value = {}
    failure.value = ''
  }

  watch(
    options.source,
    (source) => {
      if (source && (!dirty.value || JSON.stringify(source) === JSON.stringify(value.value))) take(source)
    },
    { immediate: true },
  )
  // What the server refused is settled by changing it.
  watch(value, () => (refused.value = {}), { deep: true })
  watch(errors, (now) => {
    if (!Object.values(now).some(Boolean)) failure.value = ''
  })
  watch(dirty, (changed) => changed && (saved.value = false))

  provide(formKey, {
    error: (name) => refused.value[name] || (touched.has(name) && errors.value[name]) || '',
    touch: (name) => void touched.add(name),
  })

  function settle(): void {
    const now = options.source()
    if (options.done) options.done()
    else if (now) take(now)
  }

  async function showFirst(names: string[]): Promise<void> {
    await nextTick()
    const wrong = findControl(document, (name) => names.includes(name))
    wrong?.closest('details')?.setAttribute('open', '')
    wrong?.focus()
  }

  function check(): boolean {
    const wrong = Object.keys(errors.value).filter((name) => errors.value[name])
    for (const name of Object.keys(errors.value)) touched.add(name)
    if (wrong.length) void showFirst(wrong)
    failure.value = wrong.length ? t('admin.error.check', {}, wrong.length) : ''
    return wrong.length === 0
  }

  async function submit(): Promise<void> {
    if (!value.value || saving.value || !check()) return
    saving.value = true
    const sent = JSON.stringify(value.value)
    try {
      await options.save(copy(value.value))
      stored.value = sent
      failure.value = ''
      saved.value = !dirty.value
      if (saved.value) settle()
    } catch (cause) {
      if (!(cause instanceof ApiError)) throw cause
      failure.value = cause.message
      const name = cause.field && (options.fieldOf?.(cause.field) ?? cause.field)
      if (!name) return
      refused.value = { [name]: cause.message }
      void showFirst([name])
    } finally {
      saving.value = false
    }
  }

  function reset(): void {
    if (stored.value) take(options.source() ?? (JSON.parse(stored.value) as T))
  }

  const mayLeave = useLeaveGuard(dirty, options.leaving)

  return { value, dirty, saving, saved, failure, errors, check, submit, reset, mayLeave }
}

export type Form = Pick<ReturnType<typeof useForm>, 'dirty' | 'saving' | 'saved' | 'failure' | 'submit' | 'reset' | 'mayLeave'>
