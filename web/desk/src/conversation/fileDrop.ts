import { ref } from 'vue'

/** Files that are dragged over a page: whether some are, and the handlers of its root. What something in it took is not dropped. */
export function useFileDrop(dropped: (files: File[]) => void) {
  const dragging = ref(false)
  let depth = 0

  function drag(event: DragEvent, by: 1 | -1): void {
    if (!event.dataTransfer?.types.includes('Files')) return
    event.preventDefault()
    depth = Math.max(0, depth + by)
    dragging.value = depth > 0
  }

  function drop(event: DragEvent): void {
    depth = 0
    dragging.value = false
    const files = [...(event.dataTransfer?.files ?? [])]
    if (!files.length || event.defaultPrevented) return
    event.preventDefault()
    dropped(files)
  }

  return {
    dragging,
    handlers: {
      dragenter: (event: DragEvent) => drag(event, 1),
      dragover: (event: DragEvent) => dragging.value && event.preventDefault(),
      dragleave: (event: DragEvent) => drag(event, -1),
      drop,
    },
  }
}
