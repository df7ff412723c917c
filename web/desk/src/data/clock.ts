import { ref } from 'vue'

/** The time, for ages and countdowns on the screen: it moves every half minute. */
export const now = ref(Date.now())

setInterval(() => (now.value = Date.now()), 30_000)
