import { computed, inject, type ComputedRef, type InjectionKey } from 'vue'

/** What a form tells the fields in it. */
export interface FormContext {
  /** The message for a field, once the agent has left it or tried to save. */
  error: (name: string) => string
  /** The agent has left the field. */
  touch: (name: string) => void
}

/** What a field tells the control in it. */
export interface FieldContext {
  id: string
  name?: string
  describedBy: string | undefined
  invalid: boolean
  required: boolean
  touch: () => void
}

export const formKey: InjectionKey<FormContext> = Symbol('form')
export const fieldKey: InjectionKey<ComputedRef<FieldContext>> = Symbol('field')

/** The field around a control: its id, name and description. Controls also work on their own. */
export function useField(): ComputedRef<FieldContext | undefined> {
  const field = inject(fieldKey, undefined)
  return computed(() => field?.value)
}
