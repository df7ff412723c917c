import { ref } from 'vue'

/** Where to go as soon as the desk answers; undefined while it does. */
export const awaited = ref<string>()
