import { onScopeDispose, shallowRef, watch, type Ref } from 'vue'

/** Runs something once the browser has made a picture of what is now; at once where nobody looks. Returns a way to call it off. */
export function afterPicture(then: () => void): () => void {
  if (document.hidden) {
    then()
    return () => {}
  }
  let timer: ReturnType<typeof setTimeout> | undefined
  const frame = requestAnimationFrame(() => (timer = setTimeout(then)))
  return () => {
    cancelAnimationFrame(frame)
    clearTimeout(timer)
  }
}

/** A value that follows another by one picture: for what may come after the one thing that is waited for. */
export function useFollowing<T>(source: () => T): Readonly<Ref<T | undefined>> {
  const value = shallowRef<T>()
  let callOff = (): void => {}
  watch(source, (now) => {
    callOff()
    callOff = afterPicture(() => (value.value = now))
  }, { immediate: true })
  onScopeDispose(() => callOff())
  return value
}
