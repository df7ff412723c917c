/** Pixels a side of a picture that is kept: sharp at the largest size shown, on a dense screen. */
export const side = 512
export const maxZoom = 6

export interface Size {
  width: number
  height: number
}

/** Which square of a picture is shown: its centre in the picture's pixels; at zoom 1 it is as large as fits. */
export interface View {
  x: number
  y: number
  zoom: number
}

export const whole = ({ width, height }: Size): View => ({ x: width / 2, y: height / 2, zoom: 1 })

/** The length of a side of the square, in the picture's pixels. */
export const lengthOf = ({ width, height }: Size, { zoom }: View): number => Math.min(width, height) / zoom

const between = (least: number, value: number, most: number): number => Math.min(Math.max(value, least), most)

/** The nearest view that shows nothing but the picture. */
export function held(size: Size, view: View): View {
  const zoom = between(1, view.zoom, maxZoom)
  const half = lengthOf(size, { ...view, zoom }) / 2
  return { x: between(half, view.x, size.width - half), y: between(half, view.y, size.height - half), zoom }
}

/** A view moved by parts of its own side: 0.1 shows what is a tenth further to the right or below. */
export function moved(size: Size, view: View, right: number, down: number): View {
  const length = lengthOf(size, view)
  return held(size, { ...view, x: view.x + right * length, y: view.y + down * length })
}

/** Draws the square of a view over a whole canvas. */
export function draw(canvas: HTMLCanvasElement | OffscreenCanvas, picture: ImageBitmap, view: View): void {
  const context = canvas.getContext('2d') as CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D | null
  if (!context) throw new Error('no canvas')
  const length = lengthOf(picture, view)
  context.imageSmoothingQuality = 'high'
  context.clearRect(0, 0, canvas.width, canvas.height)
  context.drawImage(picture, view.x - length / 2, view.y - length / 2, length, length, 0, 0, canvas.width, canvas.height)
}

/** The square of a view as PNG, of at most 512 pixels a side. */
export async function cut(picture: ImageBitmap, view: View): Promise<Blob> {
  const pixels = Math.max(1, Math.min(side, Math.round(lengthOf(picture, view))))
  const canvas = new OffscreenCanvas(pixels, pixels)
  draw(canvas, picture, view)
  return await canvas.convertToBlob({ type: 'image/png' })
}
