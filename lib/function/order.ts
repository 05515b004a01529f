/** Sorting, and what is read off a sorted axis. */
import { refuse } from '../core/FoldgradError.js'
import { invalid, isInvalid, type Node } from '../core/Node.js'
import { onlyPlace } from '../primitive/along.js'
import { add, eq, mul, where } from '../primitive/arithmetic.js'
import { full } from '../primitive/leaf.js'
import * as primitive from '../primitive/order.js'
import { rangeAlong, slice } from '../primitive/shape.js'
import { isCount, noCount, onAxis } from './axis.js'
import { withArgumentAndOptions, withArguments, withOptions, type WithArgumentAndOptions, type WithArguments, type WithOptions } from './call.js'
import { takeAlongAxis } from './indexing.js'
import { reducedAlong, type ReduceOptions } from './reducing.js'

/** The axis to sort (default: the last) and the direction. */
export interface SortOptions {
  readonly axis?: number
  readonly descending?: boolean
}

/**
 * The `i32` indices that sort an axis, stably (equal elements keep their order); NaN goes last. Not differentiable.
 *
 * @example
 * toArray(argsort([30, 10, 20])) // [1, 2, 0]
 */
export const argsort: WithOptions<SortOptions> = withOptions((operand, { axis = -1, descending = false }) =>
  onAxis('argsort', operand, axis, (x, a) => primitive.argsort(x, a, descending)),
)

const sorted = (x: Node, axis: number, descending: boolean): Node =>
  takeAlongAxis(x, primitive.argsort(x, axis, descending), { axis })

/**
 * An axis in order, stably; NaN goes last.
 *
 * @example
 * toArray(sort([3, 1, 2])) // [1, 2, 3]
 * toArray(sort([3, 1, 2], { descending: true })) // [3, 2, 1]
 */
export const sort: WithOptions<SortOptions> = withOptions((operand, { axis = -1, descending = false }) =>
  onAxis('sort', operand, axis, (x, a) => sorted(x, a, descending)),
)

/** The greatest elements and where they are. */
export interface TopK {
  readonly values: Node
  readonly indices: Node
}

/**
 * The `k` greatest elements along an axis (default: the last) in descending order, and their `i32` indices.
 *
 * @example
 * toArray(topK([1, 4, 2, 3], 2).values) // [4, 3]
 * toArray(topK([1, 4, 2, 3], 2).indices) // [1, 3]
 */
export const topK: WithArguments<[k: number], { readonly axis?: number }, TopK> = withArguments(1, (operand, [k], { axis = -1 }) => {
  const indices = onAxis('topK', operand, axis, (x, a) => {
    const length = x.shape[a]!
    if (!isCount(k) || k > length)
      return invalid('topK', [x], isCount(k) ? refuse('Shape', `the ${k} greatest of ${length} elements are asked for`, `Give k up to ${length}`) : noCount('k', k))
    return slice(primitive.argsort(x, a, true), rangeAlong(x.shape, a, 0, k))
  })
  return Object.freeze({ values: isInvalid(indices) ? indices : takeAlongAxis(operand, indices, { axis }), indices })
})

/** The element that lies a fraction `q` of the way along each sorted axis, interpolated between its neighbours. */
const quantileOf = (x: Node, axis: number, q: number): Node => {
  const length = x.shape[axis]!
  const inOrder = sorted(x, axis, false)
  const place = q * (length - 1)
  const below = Math.min(Math.floor(place), length - 1)
  const part = place - below
  const lower = onlyPlace(inOrder, axis, below)
  const between = part === 0 ? lower : add(mul(lower, 1 - part), mul(onlyPlace(inOrder, axis, below + 1), part))
  const last = onlyPlace(inOrder, axis, length - 1)
  return mul(between, where(eq(last, last), full(1, last), NaN))
}

const quantileAlong = (op: string, operand: Parameters<typeof reducedAlong>[1], q: number, options: ReduceOptions): Node =>
  reducedAlong(op, operand, options, 'float', (x, axis) =>
    x.shape[axis] === 0
      ? invalid(op, [x], refuse('Shape', 'there are no elements to put in order', 'Reduce an axis that is not empty'))
      : quantileOf(x, axis, q),
  )

/**
 * The element in the middle of the sorted axes, or the mean of the two there; NaN if there is one.
 *
 * @example
 * item(median([3, 1, 2])) // 2
 * item(median([1, 2, 3, 4])) // 2.5
 */
export const median: WithOptions<ReduceOptions> = withOptions((x, options) => quantileAlong('median', x, 0.5, options))

/**
 * The quantile `q` (0 to 1) over some axes, with NumPy's linear interpolation between neighbours; NaN if there is one.
 *
 * @example
 * item(quantile([1, 2, 3, 4, 5], 0.25)) // 2
 */
export const quantile: WithArgumentAndOptions<number, ReduceOptions> = withArgumentAndOptions((x, q, options) =>
  q >= 0 && q <= 1
    ? quantileAlong('quantile', x, q, options)
    : reducedAlong('quantile', x, options, 'float', (node) =>
        invalid('quantile', [node], refuse('Argument', `q is ${q}`, 'Give a number from 0 to 1'))),
)
