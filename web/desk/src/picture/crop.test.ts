import { describe, expect, it } from 'vitest'
import { held, lengthOf, maxZoom, moved, whole } from './crop'

const wide = { width: 400, height: 200 }

describe('the square that is cut from a picture', () => {
  it('begins as the largest in the middle', () => {
    expect(whole(wide)).toEqual({ x: 200, y: 100, zoom: 1 })
    expect(lengthOf(wide, whole(wide))).toBe(200)
  })

  it('never shows what is beside the picture', () => {
    expect(moved(wide, whole(wide), 9, 9)).toEqual({ x: 300, y: 100, zoom: 1 })
    expect(moved(wide, whole(wide), -9, -9)).toEqual({ x: 100, y: 100, zoom: 1 })
    const close = moved(wide, { x: 200, y: 100, zoom: 4 }, 9, 9)
    expect(close).toEqual({ x: 375, y: 175, zoom: 4 })
    expect(held(wide, { ...close, zoom: 1 })).toEqual({ x: 300, y: 100, zoom: 1 })
  })

  it('moves by parts of what is shown, so that it is finer when closer', () => {
    expect(moved(wide, whole(wide), 0.1, 0).x).toBe(220)
    expect(moved(wide, { x: 200, y: 100, zoom: 2 }, 0.1, 0.1)).toEqual({ x: 210, y: 110, zoom: 2 })
  })

  it('is magnified within bounds', () => {
    expect(held(wide, { x: 200, y: 100, zoom: 0.2 }).zoom).toBe(1)
    expect(held(wide, { x: 200, y: 100, zoom: 99 }).zoom).toBe(maxZoom)
  })
})
