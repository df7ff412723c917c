import { computed, ref } from 'vue'

/** The classes of the page, which decide on its colours. */
const looks = ref(document.documentElement.className)
new MutationObserver(() => (looks.value = document.documentElement.className)).observe(document.documentElement, { attributeFilter: ['class'] })

/** The colours of the page as a mail uses them. Reading them makes the browser compute styles: once for each look is enough. */
export const palette = computed(() => {
  const look = looks.value.split(' ')
  const style = getComputedStyle(document.documentElement)
  const value = (name: string): string => style.getPropertyValue(name).trim()
  return { text: value('--slate-12'), link: value('--iris-11'), quote: value('--slate-6'), dark: look.includes('dark') }
})

/** Whether the page is dark. */
export const dark = computed(() => palette.value.dark)
