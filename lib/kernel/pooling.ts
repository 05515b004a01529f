/** Maxima of windows, as positions in the channel: the value, its derivative and its transpose all follow the positions. */
import { allocate, type Buffer, type DType } from '../core/DType.js'
import { sizeOf } from '../core/Shape.js'
import { padding, windowTable, type Windows } from './window.js'

/** How a stack of channels is pooled: the elements of a channel, and the places of the window in it. */
export interface Pooled {
  readonly channels: number
  readonly area: number
  readonly places: number
}

/**
 * Where the maximum of each window lies in its channel: the first of equal ones, or the first NaN. A window that lies
 * in the padding alone has none.
 */
export const firstMaxima = (x: Buffer, channels: number, windows: Windows): Int32Array => {
  const table = windowTable(windows)
  const area = sizeOf(windows.size)
  const places = sizeOf(windows.out)
  const found = new Int32Array(channels * places).fill(padding)
  for (let from = 0, first = 0; first < found.length; from += area, first += places) {
    for (let t = 0; t < table.length; t += places) {
      for (let p = 0; p < places; p++) {
        const at = table[t + p]!
        if (at === padding) continue
        const best = found[first + p]!
        if (best === padding || exceeds(x[from + at]!, x[from + best]!)) found[first + p] = at
      }
    }
  }
  return found
}

const exceeds = (a: number, b: number): boolean => a > b || (a !== a && b === b)

/** The elements at some positions of each channel, `otherwise` where there is no position. */
export const pickAt = (x: Buffer, at: Buffer, dtype: DType, { channels, area, places }: Pooled, otherwise: number): Buffer => {
  const out = allocate(dtype, channels * places)
  for (let from = 0, i = 0; i < out.length; from += area)
    for (let p = 0; p < places; p++, i++) out[i] = at[i] === padding ? otherwise : x[from + at[i]!]!
  return out
}

/** The transposed map: each element is added at its position in the channel. */
export const unpickAt = (g: Buffer, at: Buffer, dtype: DType, { channels, area, places }: Pooled): Buffer => {
  const out = allocate(dtype, channels * area)
  for (let into = 0, i = 0; i < g.length; into += area)
    for (let p = 0; p < places; p++, i++) if (at[i] !== padding) out[into + at[i]!]! += g[i]!
  return out
}
