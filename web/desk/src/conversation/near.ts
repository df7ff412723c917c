import { inject, onBeforeUnmount, onMounted, provide, ref, type InjectionKey, type Ref } from 'vue'

/** Told whether an element is near what is in sight, and how high it is. */
type Told = (near: boolean, height: number) => void

interface Watcher {
  watch: (element: Element, told: Told) => void
  unwatch: (element: Element) => void
}

const watcherKey: InjectionKey<Watcher> = Symbol('near')

/**
 * Watches which rows of a scrolled pane are near what is in sight: a screen and a half before and behind. One observer for
 * all of them; the browser calls it outside of scrolling.
 */
export function provideNear(pane: Readonly<Ref<HTMLElement | null>>): void {
  const told = new Map<Element, Told>()
  let observer: IntersectionObserver | undefined
  onMounted(() => {
    observer = new IntersectionObserver(
      (entries) => entries.forEach((entry) => told.get(entry.target)?.(entry.isIntersecting, entry.boundingClientRect.height)),
      { root: pane.value, rootMargin: '150% 0px' },
    )
    told.forEach((_, element) => observer?.observe(element))
  })
  onBeforeUnmount(() => observer?.disconnect())
  provide(watcherKey, {
    watch: (element, fn) => {
      told.set(element, fn)
      observer?.observe(element)
    },
    unwatch: (element) => {
      told.delete(element)
      observer?.unobserve(element)
    },
  })
}

/** Whether a row is to be drawn, and the height that keeps its place while it is not. A row that is worked in stays. */
export function useNear(element: Readonly<Ref<HTMLElement | null>>): { drawn: Ref<boolean>; height: Ref<number> } {
  const watcher = inject(watcherKey)
  const drawn = ref(true)
  const height = ref(0)
  let watched: Element | null = null
  onMounted(() => {
    watched = element.value
    if (watched) {
      watcher?.watch(watched, (near, now) => {
        if (near || watched?.contains(document.activeElement)) drawn.value = true
        else if (drawn.value) {
          height.value = now
          drawn.value = false
        }
      })
    }
  })
  onBeforeUnmount(() => watched && watcher?.unwatch(watched))
  return { drawn, height }
}
