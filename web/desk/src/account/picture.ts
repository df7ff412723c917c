/** Pixels a side: sharp at the largest size shown, on a dense screen. */
const side = 256

/** The middle square of a picture, as PNG. Rejects when the file is no picture the browser can read. */
export async function square(file: Blob): Promise<Blob> {
  const image = await createImageBitmap(file)
  try {
    const cut = Math.min(image.width, image.height)
    const canvas = new OffscreenCanvas(side, side)
    const context = canvas.getContext('2d')
    if (!context) throw new Error('no canvas')
    context.imageSmoothingQuality = 'high'
    context.drawImage(image, (image.width - cut) / 2, (image.height - cut) / 2, cut, cut, 0, 0, side, side)
    return await canvas.convertToBlob({ type: 'image/png' })
  } finally {
    image.close()
  }
}
