/** Writing at indices: the array with other elements at some places. Indices are as in `take`. */
import { isFloat, join } from '../core/DType.js'
import { refuse } from '../core/FoldgradError.js'
import { invalid, isInvalid, type Node } from '../core/Node.js'
import { broadcastShapes, sameShape, showShape, sizeOf, stridesOf } from '../core/Shape.js'
import { add, astype, lt, mul, where } from '../primitive/arithmetic.js'
import { maximum, minimum } from '../primitive/choice.js'
import * as primitive from '../primitive/indexing.js'
import { full } from '../primitive/leaf.js'
import { broadcastTo, rangeAlong, reshape, slice } from '../primitive/shape.js'
import { isCount, noCount, onAxis } from './axis.js'
import { withArguments, type WithArguments } from './call.js'
import { offsetsIn, onIndices, toIndices } from './indices.js'
import { counted, toNode, type Operand } from './operand.js'

/** The axis written to, by default the first. */
interface ScatterOptions {
  readonly axis?: number
}

type Scatter = WithArguments<[indices: Operand, updates: Operand], ScatterOptions>

/** Checks indices and updates, and brings the updates to the shape of what `take` would return, and both to one dtype. */
const scattering = (op: string, f: (x: Node, indices: Node, updates: Node, axis: number) => Node): Scatter =>
  withArguments(2, (operand, [given, updates], { axis = 0 }) =>
    onAxis(op, operand, axis, (x, a) =>
      onIndices(op, x, given, x.shape[a]!, (indices) => {
        const u = toNode(updates, op)
        if (isInvalid(u)) return invalid(op, [u])
        const target = [...x.shape.slice(0, a), ...indices.shape, ...x.shape.slice(a + 1)]
        if (!sameShape(broadcastShapes(u.shape, target) ?? [NaN], target))
          return invalid(op, [x, indices, u], refuse('Shape', `updates of shape ${showShape(u.shape)} do not broadcast to ${showShape(target)}`, 'Give an update for each index'))
        const dtype = typeof updates === 'number' && isFloat(x.dtype) ? x.dtype : join(x.dtype, u.dtype)
        return f(astype(x, dtype), indices, broadcastTo(astype(u, dtype), target), a)
      }),
    ),
  )

/**
 * The array with updates added at these indices of an axis; an index that occurs several times receives them all. A sum of truth
 * values is true if one of them is.
 *
 * @example
 * toArray(scatterAdd([1, 1, 1], [0, 2, 0], [10, 20, 30])) // [41, 1, 21]
 */
export const scatterAdd: Scatter = scattering('scatterAdd', (x, indices, updates, axis) => {
  const [whole, parts] = [counted(x), counted(updates)]
  return astype(add(whole, primitive.scatter(parts, indices, axis, x.shape[axis]!)), x.dtype)
})

/** The array with `f(old, update)` at these indices of an axis: each place reads the update of its last writer. */
const written = (x: Node, indices: Node, updates: Node, axis: number, distinct: boolean, f: (old: Node, update: Node) => Node): Node => {
  const count = sizeOf(indices.shape)
  if (count === 0) return x
  const length = x.shape[axis]!
  const writer = primitive.writers(reshape(indices, [count]), length, distinct)
  const touched = reshape(lt(-1, writer), x.shape.map((_, i) => (i === axis ? length : 1)))
  const listed = reshape(updates, [...x.shape.slice(0, axis), count, ...x.shape.slice(axis + 1)])
  const update = primitive.gather(listed, where(lt(writer, 0), 0, writer), axis)
  return where(broadcastTo(touched, x.shape), f(x, update), x)
}

/**
 * The array with the updates at these indices of an axis; of several for one index the last wins, and the others have
 * gradient 0.
 *
 * @example
 * toArray(scatterSet([1, 2, 3], [0, 2, 0], [10, 20, 30])) // [30, 2, 20]
 */
export const scatterSet: Scatter = scattering('scatterSet', (x, indices, updates, axis) =>
  written(x, indices, updates, axis, false, (_, update) => update),
)

/**
 * The array multiplied by the updates at these indices of an axis, each of which may occur once.
 *
 * @example
 * toArray(scatterMul([1, 2, 3], [2, 0], [10, 20])) // [20, 2, 30]
 */
export const scatterMul: Scatter = scattering('scatterMul', (x, indices, updates, axis) => written(x, indices, updates, axis, true, mul))

/**
 * The array with the greater of the old element and the update at these indices of an axis, each of which may occur once.
 *
 * @example
 * toArray(scatterMax([1, 2, 3], [2, 0], [1, 5])) // [5, 2, 3]
 */
export const scatterMax: Scatter = scattering('scatterMax', (x, indices, updates, axis) =>
  written(x, indices, updates, axis, true, maximum),
)

/**
 * The array with the lesser of the old element and the update at these indices of an axis, each of which may occur once.
 *
 * @example
 * toArray(scatterMin([1, 2, 3], [2, 0], [1, 5])) // [1, 2, 1]
 */
export const scatterMin: Scatter = scattering('scatterMin', (x, indices, updates, axis) =>
  written(x, indices, updates, axis, true, minimum),
)

/**
 * The sums of the entries of the first axis that have one segment id in common; 0 for a segment without entries. Truth values
 * are counted.
 *
 * @example
 * toArray(segmentSum([1, 2, 3, 4], [0, 2, 0, 1], 3)) // [4, 4, 2]
 */
export const segmentSum: WithArguments<[ids: Operand, segments: number]> = withArguments(2, (operand, [given, segments]) =>
  onAxis('segmentSum', operand, 0, (x) =>
    isCount(segments)
      ? onIndices('segmentSum', x, given, segments, (ids) => primitive.scatter(counted(x), ids, 0, segments))
      : invalid('segmentSum', [x], noCount('the number of segments', segments)),
  ),
)

/**
 * The array with a block replaced by `update`, from `start` (an index for each axis, data or an `i32` node) on. As in XLA the
 * start is clamped so that the block fits.
 *
 * @example
 * toArray(dynamicUpdateSlice([1, 2, 3, 4], [10, 20], [1])) // [1, 10, 20, 4]
 */
export const dynamicUpdateSlice: WithArguments<[update: Operand, start: Operand]> = withArguments(2, (operand, [given, from]) => {
  const [x, update] = [toNode(operand, 'dynamicUpdateSlice'), toNode(given, 'dynamicUpdateSlice')]
  const start = toIndices('dynamicUpdateSlice', from)
  if ([x, update, start].some(isInvalid)) return invalid('dynamicUpdateSlice', [x, update, start])
  const rank = x.shape.length
  if (update.shape.length !== rank || !sameShape(start.shape, [rank]) || update.shape.some((n, i) => n > x.shape[i]!))
    return invalid('dynamicUpdateSlice', [x, update, start], refuse('Shape', `a block of shape ${showShape(update.shape)} from a start of shape ${showShape(start.shape)} on does not lie in ${showShape(x.shape)}`, `Give a block of rank ${rank} that fits, and ${rank} indices`))
  const strides = stridesOf(x.shape)
  const axis = (i: number): Node => {
    const first = reshape(slice(start, rangeAlong(start.shape, 0, i, 1)), [])
    const clamped = minimum(maximum(first, 0), x.shape[i]! - update.shape[i]!)
    return mul(clamped, strides[i]!)
  }
  const origin = strides.map((_, i) => axis(i)).reduce((a, b) => add(a, b), full(0, { shape: [], dtype: 'i32' }))
  const places = add(broadcastTo(origin, update.shape), offsetsIn(update.shape, strides))
  const dtype = join(x.dtype, update.dtype)
  const flat = reshape(astype(x, dtype), [sizeOf(x.shape)])
  const size = sizeOf(update.shape)
  return reshape(written(flat, reshape(places, [size]), reshape(astype(update, dtype), [size]), 0, true, (_, u) => u), x.shape)
})
