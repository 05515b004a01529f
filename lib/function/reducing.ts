/** How reductions are lifted: axes are checked, the primitive drops them, and `keepDims` puts them back with length 1. */
import { isFloat, toFloat, type DType } from '../core/DType.js'
import { isInvalid, type Node } from '../core/Node.js'
import { reducedShape, sizeOf, type Axes } from '../core/Shape.js'
import { astype } from '../primitive/arithmetic.js'
import { reshape, transpose } from '../primitive/shape.js'
import { onAxes } from './axis.js'
import type { Operand } from './operand.js'

/** Which axes are reduced, and whether they stay with length 1. */
export interface ReduceOptions {
  /** One axis, several, or (absent or `null`) all; negative ones count from the end. */
  readonly axis?: Axes
  readonly keepDims?: boolean
}

/** What an operation computes in: any dtype, floats alone, or numbers (truth values are counted as `i32`). */
export type ReduceKind = 'any' | 'float' | 'number'

const dtypeFor = (dtype: DType, kind: ReduceKind): DType =>
  kind === 'any' || isFloat(dtype) ? dtype : kind === 'float' ? toFloat(dtype) : 'i32'

/** Reduces the checked axes by `f`, which drops them. */
export const reduced = (
  op: string,
  operand: Operand,
  { axis, keepDims = false }: ReduceOptions,
  kind: ReduceKind,
  f: (x: Node, axes: ReadonlyArray<number>) => Node,
): Node =>
  onAxes(op, operand, axis, (x, axes) => {
    const y = f(astype(x, dtypeFor(x.dtype, kind)), axes)
    return keepDims && !isInvalid(y) ? reshape(y, reducedShape(x.shape, axes, true)) : y
  })

/** The same for an `f` that reduces a single axis: several are merged into one. */
export const reducedAlong = (
  op: string,
  operand: Operand,
  options: ReduceOptions,
  kind: ReduceKind,
  f: (x: Node, axis: number) => Node,
): Node =>
  reduced(op, operand, options, kind, (x, axes) => {
    const { node, axis } = merged(x, axes)
    return f(node, axis)
  })

/** The array with some axes (sorted) as a single one: where they are if they are neighbours, else at the end. */
export const merged = (x: Node, axes: ReadonlyArray<number>): { readonly node: Node; readonly axis: number } => {
  const { shape } = x
  const from = axes[0] ?? shape.length
  const to = from + axes.length
  if (axes.every((axis, i) => axis === from + i))
    return { node: reshape(x, [...shape.slice(0, from), sizeOf(shape.slice(from, to)), ...shape.slice(to)]), axis: from }
  const kept = shape.flatMap((_, axis) => (axes.includes(axis) ? [] : [axis]))
  const together = transpose(x, [...kept, ...axes])
  const lengths = kept.map((axis) => shape[axis]!)
  return { node: reshape(together, [...lengths, sizeOf(axes.map((axis) => shape[axis]!))]), axis: kept.length }
}

/** The number of elements along some axes. */
export const countAlong = (x: Node, axes: ReadonlyArray<number>): number => sizeOf(axes.map((axis) => x.shape[axis]!))
