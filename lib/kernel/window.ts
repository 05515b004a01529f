/**
 * Windows that move over an array: what convolution and pooling have in common. Everything about strides, padding and
 * dilation is in one table that says where each element of each window lies; the loops only follow it.
 */
import { allocate, type Buffer, type DType } from '../core/DType.js'
import { sizeOf, type Shape } from '../core/Shape.js'

/**
 * How windows lie over the spatial axes of an array. Along each axis, element `k` of the window at place `p` lies at
 * `(p · stride + k · dilation − low) / inputDilation`; where that is no index in `0 … size − 1` there is padding.
 */
export interface Windows {
  /** The spatial lengths of the array. */
  readonly size: Shape
  /** The lengths of a window. */
  readonly window: Shape
  /** How many places the window takes along each axis. */
  readonly out: Shape
  readonly stride: ReadonlyArray<number>
  readonly dilation: ReadonlyArray<number>
  /** The distance that the elements of the array are spread to, with padding between them. */
  readonly inputDilation: ReadonlyArray<number>
  /** The padding before the first element; negative to leave elements out. */
  readonly low: ReadonlyArray<number>
}

/** An entry of the table for an element of a window that lies in the padding. */
export const padding = -1

/** Where the elements of the windows lie in one channel: `table[k][p]` for window element `k` and place `p`. */
export const windowTable = ({ size, window, out, stride, dilation, inputDilation, low }: Windows): Int32Array => {
  let table = Int32Array.of(0)
  let places = 1
  for (let axis = 0; axis < size.length; axis++) {
    const length = size[axis]!
    const next = new Int32Array(table.length * window[axis]! * out[axis]!)
    let to = 0
    for (let row = 0; row < table.length; row += places) {
      for (let k = 0; k < window[axis]!; k++) {
        for (let p = 0; p < places; p++) {
          for (let q = 0; q < out[axis]!; q++) {
            const at = (q * stride[axis]! + k * dilation[axis]! - low[axis]!) / inputDilation[axis]!
            const inside = table[row + p]! !== padding && Number.isInteger(at) && at >= 0 && at < length
            next[to++] = inside ? table[row + p]! * length + at : padding
          }
        }
      }
    }
    table = next
    places *= out[axis]!
  }
  return table
}

/** Whether the windows in a channel of `area` elements are the channel itself, as those of a 1×1 convolution are. */
export const isWhole = (table: Int32Array, area: number): boolean =>
  table.length === area && table.every((at, i) => at === i)

/** The windows of each channel: `[channels, …size]` to `[channels, …window, …out]`, zeros in the padding. */
export const gatherWindows = (x: Buffer, table: Int32Array, area: number, to: Buffer): Buffer => {
  for (let from = 0, i = 0; i < to.length; from += area) {
    for (let t = 0; t < table.length; t++, i++) {
      const at = table[t]!
      to[i] = at === padding ? 0 : x[from + at]!
    }
  }
  return to
}

/** The transposed map: each window is added to `to` where it lies. */
export const scatterWindows = (windows: Buffer, table: Int32Array, area: number, to: Buffer): Buffer => {
  for (let into = 0, i = 0; i < windows.length; into += area) {
    for (let t = 0; t < table.length; t++, i++) {
      const at = table[t]!
      if (at !== padding) to[into + at]! += windows[i]!
    }
  }
  return to
}

/** The windows of every channel of an array. */
export const windowsOf = (x: Buffer, dtype: DType, channels: number, windows: Windows): Buffer => {
  const table = windowTable(windows)
  return gatherWindows(x, table, sizeOf(windows.size), allocate(dtype, channels * table.length))
}

/** The transposed map: the windows of every channel, added up where they lie. */
export const overlay = (parts: Buffer, dtype: DType, channels: number, windows: Windows): Buffer => {
  const area = sizeOf(windows.size)
  return scatterWindows(parts, windowTable(windows), area, allocate(dtype, channels * area))
}
