import { ref } from 'vue'

/** Whether the command bar is open. */
export const barOpen = ref(false)

/** Whether the sheet of shortcuts is open. */
export const sheetOpen = ref(false)
