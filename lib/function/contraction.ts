/** Sums of products over chosen pairs of axes, brought to the one form that the primitive computes. */
import type { Node } from '../core/Node.js'
import { sizeOf } from '../core/Shape.js'
import { dot } from '../primitive/product.js'
import { reshape, transpose } from '../primitive/shape.js'

/** Which axes of the left operand belong to which of the right one: first those of the left, then those of the right. */
export type Pairing = readonly [left: ReadonlyArray<number>, right: ReadonlyArray<number>]

/** The array with its axes in this order. */
export const permuted = (x: Node, order: ReadonlyArray<number>): Node => (inOrder(order) ? x : transpose(x, order))

const inOrder = (order: ReadonlyArray<number>): boolean => order.every((axis, i) => axis === i)

/**
 * The sum of `a · b` over the paired axes `summed`, for each position along the paired axes `batch`. The result has the
 * batch axes, then the remaining ones of `a`, then those of `b`.
 */
export const contract = (a: Node, b: Node, summed: Pairing, batch: Pairing = [[], []]): Node => {
  const freeA = remaining(a, summed[0], batch[0])
  const freeB = remaining(b, summed[1], batch[1])
  const left = matrices(a, batch[0], freeA, summed[0])
  const right = matrices(b, batch[1], summed[1], freeB)
  const product = dot(left.node, right.node, left.isTransposed, right.isTransposed)
  return reshape(product, [...lengths(a, batch[0]), ...lengths(a, freeA), ...lengths(b, freeB)])
}

const remaining = (x: Node, ...taken: ReadonlyArray<ReadonlyArray<number>>): ReadonlyArray<number> =>
  x.shape.flatMap((_, axis) => (taken.some((axes) => axes.includes(axis)) ? [] : [axis]))

const lengths = (x: Node, axes: ReadonlyArray<number>): ReadonlyArray<number> => axes.map((axis) => x.shape[axis]!)

/** The operand as matrices, with some axes as rows and some as columns; read transposed where that saves moving elements. */
const matrices = (x: Node, batch: ReadonlyArray<number>, rows: ReadonlyArray<number>, columns: ReadonlyArray<number>) => {
  const isTransposed = !inOrder([...batch, ...rows, ...columns]) && inOrder([...batch, ...columns, ...rows])
  const [first, last] = isTransposed ? [columns, rows] : [rows, columns]
  const ordered = permuted(x, [...batch, ...first, ...last])
  return { node: reshape(ordered, [...lengths(x, batch), sizeOf(lengths(x, first)), sizeOf(lengths(x, last))]), isTransposed }
}
