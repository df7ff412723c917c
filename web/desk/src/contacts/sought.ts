import { computed, ref, watch } from 'vue'
import { onBeforeRouteLeave, useRoute, useRouter } from 'vue-router'

/** Milliseconds without a key before what is typed counts. */
const patience = 300

/** What a list of people or companies is searched for: as it is typed, and as it stands in the address, to come back to. */
export function useSought() {
  const route = useRoute()
  const router = useRouter()
  const text = computed(() => (typeof route.query.q === 'string' ? route.query.q : ''))
  const typed = ref(text.value)
  let timer: ReturnType<typeof setTimeout> | undefined
  watch(typed, (next) => {
    clearTimeout(timer)
    timer = setTimeout(() => {
      timer = undefined
      if (next.trim() !== text.value) void router.replace({ query: { ...route.query, q: next.trim() || undefined } })
    }, patience)
  })
  // The address may change by itself, by a link or the way back; while somebody types, what they type comes next.
  watch(text, (q) => {
    if (timer === undefined && q !== typed.value.trim()) typed.value = q
  })
  // A filter that is not applied yet must not call off the way to another page.
  onBeforeRouteLeave(() => clearTimeout(timer))
  return { typed, text }
}
