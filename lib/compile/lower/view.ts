/**
 * Views: arrays that lie somewhere in a buffer, with a stride for each axis. Transposing, broadcasting, slicing and most
 * reshaping only change a view; nothing is moved.
 */
import { sizeOf, stridesOf, type Shape } from '../../core/Shape.js'
import type { Slice } from '../../primitive/shape.js'
import type { Access, Place, Storage } from '../ir.js'

/** An array in memory. */
export interface View extends Place {
  readonly storage: Storage
  readonly shape: Shape
  readonly strides: ReadonlyArray<number>
}

/** A whole buffer as an array in row-major order. */
export const dense = (buffer: number, storage: Storage, shape: Shape): View => ({ buffer, offset: 0, rounds: [], storage, shape, strides: stridesOf(shape) })

/** Whether the elements lie side by side in row-major order. */
export const isDense = ({ shape, strides }: View): boolean => {
  let next = 1
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== next) return false
    next *= shape[axis]!
  }
  return true
}

/** Axis `i` of the result is axis `perm[i]`. */
export const permuted = (view: View, perm: ReadonlyArray<number>): View => ({
  ...view,
  shape: perm.map((p) => view.shape[p]!),
  strides: perm.map((p) => view.strides[p]!),
})

/** Stretched to a larger shape: new axes, and those of length 1, stand still. */
export const stretched = (view: View, shape: Shape): View => {
  const added = shape.length - view.shape.length
  return { ...view, shape, strides: shape.map((_, axis) => (axis < added || view.shape[axis - added] === 1 ? 0 : view.strides[axis - added]!)) }
}

/** A regular part. */
export const part = (view: View, { start, step, shape }: Slice): View => ({
  ...view,
  offset: view.offset + start.reduce((sum, s, axis) => sum + s * view.strides[axis]!, 0),
  shape,
  strides: step.map((s, axis) => s * view.strides[axis]!),
})

/**
 * The same elements in row-major order under another shape; `undefined` if no strides say that. Runs of axes are matched from
 * the right, where the products of their lengths agree; within a run the elements must lie at one distance.
 */
export const reshaped = (view: View, shape: Shape): View | undefined => {
  if (sizeOf(shape) === 0) return { ...view, shape, strides: stridesOf(shape) }
  const strides = shape.map(() => 0)
  let from = view.shape.length - 1
  let to = shape.length - 1
  while (from >= 0 || to >= 0) {
    while (from >= 0 && view.shape[from] === 1) from--
    while (to >= 0 && shape[to] === 1) to--
    if (from < 0 || to < 0) break
    // A run: the fewest axes on either side with equal products.
    const step = view.strides[from]!
    let [left, right] = [view.shape[from]!, shape[to]!]
    let [firstFrom, firstTo] = [from, to]
    while (left !== right) {
      if (left < right) {
        firstFrom--
        if (view.shape[firstFrom] !== 1 && view.strides[firstFrom] !== step * left) return undefined
        left *= view.shape[firstFrom]!
      } else right *= shape[--firstTo]!
    }
    for (let axis = to, next = step; axis >= firstTo; axis--) {
      strides[axis] = next
      next *= shape[axis]!
    }
    from = firstFrom - 1
    to = firstTo - 1
  }
  return { ...view, shape, strides }
}

/** Element `i` of the leading axis, in round `i` of a loop. */
export const inRound = (view: View, repeat: number): View => ({
  ...view,
  rounds: [...view.rounds, { repeat, stride: view.strides[0]! }],
  shape: view.shape.slice(1),
  strides: view.strides.slice(1),
})

/** Axes of length 1 are no axes of a loop. */
export const squeezed = (shape: Shape): Shape => shape.filter((n) => n !== 1)

/** How a loop nest over the array without its axes of length 1 finds its elements. */
export const accessOf = ({ buffer, offset, rounds, shape, strides }: View): Access => ({ buffer, offset, rounds, strides: strides.filter((_, axis) => shape[axis] !== 1) })

/** Whether two arrays of one shape are the same elements of the same buffer. */
export const sameView = (a: View, b: View): boolean =>
  a.buffer === b.buffer &&
  a.offset === b.offset &&
  a.storage === b.storage &&
  a.rounds.length === b.rounds.length &&
  a.rounds.every(({ repeat, stride }, i) => repeat === b.rounds[i]!.repeat && stride === b.rounds[i]!.stride) &&
  a.strides.every((s, i) => a.shape[i] === 1 || s === b.strides[i])
