import { ref } from 'vue'

/** Whether the panel behind the bell is open. */
export const bellOpen = ref(false)
