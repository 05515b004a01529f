/**
 * Reading at indices. Indices are integers, given as data or computed as `i32` nodes. Negative ones count from the end of
 * the axis; one out of range is an error, found at once in data and else on evaluation.
 */
import type { DType } from '../core/DType.js'
import { refuse } from '../core/FoldgradError.js'
import { invalid, isInvalid, type Node } from '../core/Node.js'
import { broadcastShapes, showShape, sizeOf, stridesOf, type Shape } from '../core/Shape.js'
import { positions } from '../primitive/along.js'
import { add, astype, eq, mul } from '../primitive/arithmetic.js'
import * as primitive from '../primitive/indexing.js'
import { broadcastTo, rangeAlong, reshape, slice } from '../primitive/shape.js'
import { isCount, noCount, onAxis } from './axis.js'
import { withArgument, withArgumentAndOptions, type WithArgument, type WithArgumentAndOptions } from './call.js'
import { offsetsIn, onIndices, toIndices } from './indices.js'
import { toNode, type Operand } from './operand.js'

/** One axis; absent or `null`: all elements row by row. */
interface FlatAxis {
  readonly axis?: number | null
}

/** The array and an axis of it, or all of its elements as one axis. */
const onFlatAxis = (op: string, operand: Operand, axis: number | null | undefined, f: (x: Node, axis: number) => Node): Node => {
  const x = toNode(operand, op)
  const all = axis === null || axis === undefined
  return onAxis(op, all && !isInvalid(x) ? reshape(x, [sizeOf(x.shape)]) : x, axis ?? 0, f)
}

/**
 * The parts of an array at these indices of an axis, which is replaced by the axes of the indices. Without an axis
 * the indices are into all elements row by row.
 *
 * @example
 * toArray(take([10, 20, 30], [2, 0, -1])) // [30, 10, 30]
 * toArray(take([[1, 2, 3], [4, 5, 6]], [0, 2], { axis: 1 })) // [[1, 3], [4, 6]]
 * toArray(grad((x: Node) => sum(take(x, [0, 0, 1])))(constant([1, 2, 3]))) // [2, 1, 0]
 */
export const take: WithArgumentAndOptions<Operand, FlatAxis> = withArgumentAndOptions((operand, indices, { axis }) =>
  onFlatAxis('take', operand, axis, (x, a) => onIndices('take', x, indices, x.shape[a]!, (i) => primitive.gather(x, i, a))),
)

/** Indices along an axis of an array of this shape as indices into all of its elements row by row. */
const flatIndices = (indices: Node, shape: Shape, axis: number): Node => {
  const strides = stridesOf(shape)
  const starts = offsetsIn(indices.shape.map((n, i) => (i === axis ? 1 : n)), strides)
  return add(mul(primitive.wrapIndices(indices, shape[axis]!), strides[axis]!), broadcastTo(starts, indices.shape))
}

/**
 * For each element of `indices` the element of the array at that index of the axis, and at the same place of the other
 * axes, along which the two broadcast. Takes what `argsort` and `argmax` (with `keepDims`) return.
 *
 * @example
 * toArray(takeAlongAxis([[3, 1, 2], [4, 6, 5]], [[1, 2, 0], [0, 2, 1]], { axis: 1 })) // [[1, 2, 3], [4, 5, 6]]
 */
export const takeAlongAxis: WithArgumentAndOptions<Operand, FlatAxis> = withArgumentAndOptions((operand, given, { axis = -1 }) =>
  onFlatAxis('takeAlongAxis', operand, axis, (x, a) =>
    onIndices('takeAlongAxis', x, given, x.shape[a]!, (indices) => {
      const others = [x.shape, indices.shape].map((shape) => shape.map((n, i) => (i === a ? 1 : n)))
      const common = x.shape.length === indices.shape.length ? broadcastShapes(...others) : undefined
      return common === undefined
        ? invalid('takeAlongAxis', [x, indices], refuse('Shape', `indices of shape ${showShape(indices.shape)} do not go along axis ${a} of ${showShape(x.shape)}`, 'Give indices of the same rank whose other axes broadcast'))
        : along(x, indices, a, common)
    }),
  ),
)

const along = (x: Node, indices: Node, axis: number, common: Shape): Node => {
  const withLength = (length: number): Shape => common.map((n, i) => (i === axis ? length : n))
  const wide = broadcastTo(x, withLength(x.shape[axis]!))
  const flat = flatIndices(broadcastTo(indices, withLength(indices.shape[axis]!)), wide.shape, axis)
  return primitive.gather(reshape(wide, [sizeOf(wide.shape)]), flat, 0)
}

/**
 * The parts of an array at index tuples: the last axis of `indices` holds an index for each leading axis of the array.
 *
 * @example
 * toArray(gather([[1, 2], [3, 4]], [[0, 1], [1, 0]])) // [2, 3]
 * toArray(gather([[1, 2], [3, 4]], [[1], [0], [1]])) // [[3, 4], [1, 2], [3, 4]]
 */
export const gather: WithArgument<Operand> = withArgument((operand, given) => {
  const x = toNode(operand, 'gather')
  const indices = toIndices('gather', given)
  if (isInvalid(x) || isInvalid(indices)) return invalid('gather', [x, indices])
  const count = indices.shape[indices.shape.length - 1] ?? 0
  if (count === 0 || count > x.shape.length)
    return invalid('gather', [x, indices], refuse('Shape', `the last axis of the indices ${showShape(indices.shape)} names ${count} of the ${x.shape.length} axes of ${showShape(x.shape)}`, 'Put from one index up to as many as there are axes on the last axis of the indices'))
  const last = indices.shape.length - 1
  const lengths = x.shape.slice(0, count)
  const strides = stridesOf(lengths)
  const flat = lengths
    .map((length, k) => {
      const own = reshape(slice(indices, rangeAlong(indices.shape, last, k, 1)), indices.shape.slice(0, -1))
      return mul(primitive.wrapIndices(own, length), strides[k]!)
    })
    .reduce((a, b) => add(a, b))
  return primitive.gather(reshape(x, [sizeOf(lengths), ...x.shape.slice(count)]), flat, 0)
})

/**
 * The rows of a table at these indices: `take` along the first axis.
 *
 * @example
 * toArray(embedding([[1, 2], [3, 4]], [1, 1])) // [[3, 4], [3, 4]]
 */
export const embedding: WithArgument<Operand> = withArgument((operand, given) =>
  onAxis('embedding', operand, 0, (x) => onIndices('embedding', x, given, x.shape[0]!, (indices) => primitive.gather(x, indices, 0))),
)

/**
 * The rows of the identity matrix at these indices: 1 at the index on a new last axis of length `depth`, 0 elsewhere.
 *
 * @example
 * toArray(oneHot([0, 2], 3)) // [[1, 0, 0], [0, 0, 1]]
 */
export const oneHot: WithArgumentAndOptions<number, { readonly dtype?: DType }> = withArgumentAndOptions(
  (operand, depth, { dtype = 'f64' }) => {
    const x = toNode(operand, 'oneHot')
    if (!isCount(depth)) return invalid('oneHot', [x], noCount('the depth', depth))
    return onIndices('oneHot', x, x, depth, (indices) => {
      const shape = [...indices.shape, depth]
      const place = reshape(primitive.wrapIndices(indices, depth), [...indices.shape, 1])
      return astype(eq(broadcastTo(place, shape), broadcastTo(positions(depth), shape)), dtype)
    })
  },
)
