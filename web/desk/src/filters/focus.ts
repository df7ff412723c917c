import { nextTick } from 'vue'

/** Puts the focus on the first condition that misses something, once it is marked. */
export async function focusIncomplete(): Promise<void> {
  await nextTick()
  document.querySelector<HTMLElement>('[data-incomplete] button')?.focus()
}
