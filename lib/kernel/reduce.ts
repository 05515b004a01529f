/** The layout of reductions: whichever axes are reduced, the kernel sees `[outer, length, inner]` and reduces the middle. */
import { allocate, type Buffer, type DType } from '../core/DType.js'
import { sizeOf, stridesOf, type Shape } from '../core/Shape.js'
import { readView } from './strided.js'

/** An array seen as `[outer, length, inner]`, the middle axis being the one reduced. */
export interface Groups {
  readonly data: Buffer
  readonly outer: number
  readonly length: number
  readonly inner: number
}

/** The array with the reduced `axes` (sorted) as one middle axis; copied only when they are not neighbours. */
export const groups = (data: Buffer, dtype: DType, shape: Shape, axes: ReadonlyArray<number>): Groups => {
  const from = axes[0] ?? shape.length
  const to = from + axes.length
  if (axes.every((axis, i) => axis === from + i))
    return { data, outer: sizeOf(shape.slice(0, from)), length: sizeOf(shape.slice(from, to)), inner: sizeOf(shape.slice(to)) }
  const kept = shape.flatMap((_, axis) => (axes.includes(axis) ? [] : [axis]))
  const strides = stridesOf(shape)
  const order = [...kept, ...axes]
  const view = { offset: 0, strides: order.map((axis) => strides[axis]!) }
  const copy = readView(data, view, allocate(dtype, data.length), order.map((axis) => shape[axis]!))
  return { data: copy, outer: sizeOf(kept.map((axis) => shape[axis]!)), length: sizeOf(axes.map((axis) => shape[axis]!)), inner: 1 }
}

/** Reduces each group by `f`, which is told where the group starts, how long it is and how far its elements are apart. */
export const reduceGroups = (
  { data, outer, length, inner }: Groups,
  dtype: DType,
  f: (data: Buffer, at: number, length: number, stride: number) => number,
): Buffer => {
  const out = allocate(dtype, outer * inner)
  for (let o = 0; o < outer; o++)
    for (let i = 0; i < inner; i++) out[o * inner + i] = f(data, o * length * inner + i, length, inner)
  return out
}
