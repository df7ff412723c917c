import { ref } from 'vue'

/** Which of the conversation's pickers is open; by a key, from the command bar or by a click. */
export type Picked = 'status' | 'snooze' | 'agent' | 'team' | 'priority' | 'tags'

export const picking = ref<Picked | null>(null)

/** Whether the subject is being changed. */
export const editingSubject = ref(false)

/** Two-way: a picker's `open`. */
export const pickerOpen = (name: Picked) => ({
  open: picking.value === name,
  'onUpdate:open': (open: boolean) => {
    if (open) picking.value = name
    else if (picking.value === name) picking.value = null
  },
})
