/** Small compositions along one axis that the rules of reductions and scans are written in. */
import type { Buffer } from '../core/DType.js'
import { apply, signature, type Node } from '../core/Node.js'
import { groups, type Groups } from '../kernel/reduce.js'
import { defineOp } from './declare.js'
import { rangeAlong, reshape, slice, spread, sum, unslice } from './shape.js'

/** The attributes of an operation along one axis. */
export const axisOf = (y: Node): number => y.attrs['axis'] as number

/** The first operand's buffer as groups along the axis of `y`. */
export const alongAxis = (data: Buffer, y: Node): Groups => {
  const { dtype, shape } = y.inputs[0]!
  return groups(data, dtype, shape, [axisOf(y)])
}

/** A result of a reduction over one axis, repeated along it again. */
export const repeated = (y: Node, like: Node, axis: number): Node => spread(y, like.shape, [axis])

/** The sum along an axis, repeated along it again. */
export const totals = (x: Node, axis: number): Node => repeated(sum(x, [axis]), x, axis)

/** The elements moved by one place along an axis, towards its end or its beginning; the place left free is 0. */
export const shifted = (x: Node, axis: number, backwards: boolean): Node => {
  const length = x.shape[axis]!
  if (length === 0) return x
  const kept = slice(x, rangeAlong(x.shape, axis, backwards ? 1 : 0, length - 1))
  return unslice(kept, x.shape, rangeAlong(x.shape, axis, backwards ? 0 : 1, length - 1))
}

/** The elements at the first (or last) place of an axis, and 0 elsewhere. */
export const onlyFirst = (x: Node, axis: number, last: boolean): Node => {
  if (x.shape[axis] === 0) return x
  const part = rangeAlong(x.shape, axis, last ? x.shape[axis]! - 1 : 0, 1)
  return unslice(slice(x, part), x.shape, part)
}

/** The integers `0 … length - 1`. */
export const positions = (length: number): Node => apply(positionsOp, [], { length })
export const positionsOp = defineOp({
  name: 'positions',
  batch: 'leading',
  infer: (_, attrs) => signature([attrs['length'] as number], 'i32'),
  evaluate: (_, y) => Int32Array.from({ length: y.shape[0]! }, (_v, i) => i),
  vjp: () => null,
  jvp: () => null,
})

/** The part at one place of an axis, which is dropped. */
export const onlyPlace = (x: Node, axis: number, place: number): Node =>
  reshape(slice(x, rangeAlong(x.shape, axis, place, 1)), x.shape.filter((_, i) => i !== axis))
