import { formatNumber } from '@ui/i18n'
import { ref, watchEffect } from 'vue'

const page = ref(document.title)

/** How many notifications the agent has not read: they stand before the page's name in the tab. */
export const titleCount = ref(0)

/** At most two digits, as the badge of the bell has room for. */
export const cappedCount = (count: number): string => (count > 99 ? `${formatNumber(99)}+` : formatNumber(count))

watchEffect(() => {
  document.title = titleCount.value > 0 ? `(${cappedCount(titleCount.value)}) ${page.value}` : page.value
})

/** Names the page in the browser's tab. */
export function setTitle(name: string): void {
  page.value = name
}
