import { ref, watch, type Ref } from 'vue'

/** Whether something was ever open: what it would show need not be drawn before. */
export function useUsed(open: Readonly<Ref<boolean>>): Readonly<Ref<boolean>> {
  const used = ref(open.value)
  watch(open, (now) => now && (used.value = true), { flush: 'sync' })
  return used
}
