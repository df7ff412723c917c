import { onBeforeUnmount, ref, shallowRef, watch } from 'vue'

/** A picture that is being chosen: read from a file, then cut by CropDialog, which is open while `cropping`. */
export function usePictureChoice(unreadable: () => void) {
  const picture = shallowRef<ImageBitmap>()
  const cropping = ref(false)

  const release = () => {
    picture.value?.close()
    picture.value = undefined
  }
  watch(cropping, (open) => open || release())
  onBeforeUnmount(release)

  async function choose(event: Event): Promise<void> {
    const input = event.target as HTMLInputElement
    const file = input.files?.[0]
    // The same file can be chosen again after a failure.
    input.value = ''
    if (!file) return
    try {
      picture.value = await createImageBitmap(file)
      cropping.value = true
    } catch {
      unreadable()
    }
  }

  return { picture, cropping, choose }
}
