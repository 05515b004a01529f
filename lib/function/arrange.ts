/** Arrays turned, moved on and repeated. */
import { refuse } from '../core/FoldgradError.js'
import { invalid, isInvalid, type Node } from '../core/Node.js'
import { sizeOf, type Axes } from '../core/Shape.js'
import { tensor } from '../core/Tensor.js'
import { gather } from '../primitive/indexing.js'
import { constant } from '../primitive/leaf.js'
import * as primitive from '../primitive/shape.js'
import { isCount, noCount, onAxes, onAxis } from './axis.js'
import { withArgument, withArguments, withOptions, type WithArgument, type WithArguments, type WithOptions } from './call.js'
import { toNode } from './operand.js'

const flipped = (x: Node, axes: ReadonlyArray<number>): Node =>
  primitive.slice(x, {
    start: x.shape.map((n, a) => (axes.includes(a) ? n - 1 : 0)),
    step: x.shape.map((_, a) => (axes.includes(a) ? -1 : 1)),
    shape: x.shape,
  })

/**
 * Some axes (default: all) in reverse order.
 *
 * @example
 * toArray(flip([1, 2, 3])) // [3, 2, 1]
 */
export const flip: WithOptions<{ readonly axis?: Axes }> = withOptions((operand, { axis }) => onAxes('flip', operand, axis, flipped))

const rolled = (x: Node, by: number, axis: number): Node => {
  const length = x.shape[axis]!
  const shift = length === 0 ? 0 : ((by % length) + length) % length
  if (shift === 0) return x
  const part = (from: number, count: number) => primitive.slice(x, primitive.rangeAlong(x.shape, axis, from, count))
  return primitive.concat([part(length - shift, shift), part(0, length - shift)], axis)
}

/** The axis of an operation that takes all elements row by row when none is given. */
export interface FlatAxisOption {
  readonly axis?: number | null
}

/** The axes along which elements are moved; all elements row by row when none is given. */
export interface RollOptions {
  readonly axis?: number | ReadonlyArray<number> | null
}

/**
 * Elements moved on by `shift` places, those that leave the end entering at the beginning; along an axis, along several
 * with a shift each, or (absent or `null`) over all elements row by row.
 *
 * @example
 * toArray(roll([1, 2, 3, 4], 1)) // [4, 1, 2, 3]
 */
export const roll: WithArguments<[shift: number | ReadonlyArray<number>], RollOptions> = withArguments(1, (operand, [shift], { axis }) => {
  const shifts = typeof shift === 'number' ? [shift] : shift
  if (axis === null || axis === undefined)
    return onAxes('roll', operand, null, (x) => {
      const total = shifts.reduce((sum, s) => sum + s, 0)
      if (!Number.isInteger(total)) return invalid('roll', [x], noCount('the shift', total, -Infinity))
      return primitive.reshape(rolled(primitive.reshape(x, [sizeOf(x.shape)]), total, 0), x.shape)
    })
  const axes = typeof axis === 'number' ? [axis] : axis
  return axes.reduce<Node>(
    (y, a, i) =>
      onAxis('roll', y, a, (x, place) => {
        const by = shifts.length === 1 ? shifts[0]! : shifts[i]!
        return Number.isInteger(by)
          ? rolled(x, by, place)
          : invalid('roll', [x], refuse('Argument', `${shifts.length} shifts [${shifts.join(', ')}] are given for ${axes.length} axes`, 'Give one integer for all axes or one for each'))
      }),
    toNode(operand, 'roll'),
  )
})

/**
 * The array turned by `k` quarter turns in the plane of two axes (default: the first two), from the first towards the second.
 *
 * @example
 * toArray(rot90([[1, 2], [3, 4]])) // [[2, 4], [1, 3]]
 */
export const rot90: WithOptions<{ readonly k?: number; readonly axes?: readonly [number, number] }> = withOptions(
  (operand, { k = 1, axes: [first, second] = [0, 1] }) =>
    onAxis('rot90', operand, first, (x, a) =>
      onAxis('rot90', x, second, (_, b) => {
        if (a === b || !Number.isInteger(k))
          return invalid('rot90', [x], refuse('Argument', `${k} quarter turns in the axes ${first} and ${second}`, 'Give an integer and two different axes'))
        const turns = ((k % 4) + 4) % 4
        const exchanged = (y: Node) => primitive.transpose(y, y.shape.map((_n, i) => (i === a ? b : i === b ? a : i)))
        if (turns === 0) return x
        if (turns === 2) return flipped(x, [a, b])
        return turns === 1 ? exchanged(flipped(x, [b])) : flipped(exchanged(x), [b])
      }),
    ),
)

/**
 * The array repeated as a whole, so often along each axis.
 *
 * @example
 * toArray(tile([1, 2], 2)) // [1, 2, 1, 2]
 * toArray(tile([1, 2], [2, 1])) // [[1, 2], [1, 2]]
 */
export const tile: WithArgument<number | ReadonlyArray<number>> = withArgument((operand, reps) => {
  const x = toNode(operand, 'tile')
  if (isInvalid(x)) return invalid('tile', [x])
  const given = typeof reps === 'number' ? [reps] : [...reps]
  const wrong = given.find((r) => !isCount(r))
  if (wrong !== undefined) return invalid('tile', [x], noCount('a number of repetitions', wrong))
  const rank = Math.max(given.length, x.shape.length)
  const times = [...Array<number>(rank - given.length).fill(1), ...given]
  const shape = [...Array<number>(rank - x.shape.length).fill(1), ...x.shape]
  const apart = primitive.reshape(x, shape.flatMap((n) => [1, n]))
  return primitive.reshape(primitive.broadcastTo(apart, shape.flatMap((n, i) => [times[i]!, n])), shape.map((n, i) => n * times[i]!))
})

/**
 * Each element repeated in place, along an axis or (absent or `null`) over all elements row by row. A list of counts
 * repeats each entry of the axis a number of times of its own.
 *
 * @example
 * toArray(repeat([1, 2], 2)) // [1, 1, 2, 2]
 * toArray(repeat([1, 2], [1, 3])) // [1, 2, 2, 2]
 */
export const repeat: WithArguments<[repeats: number | ReadonlyArray<number>], FlatAxisOption> = withArguments(
  1,
  (operand, [repeats], { axis }) => {
    const all = axis === null || axis === undefined
    const x = toNode(operand, 'repeat')
    return onAxis('repeat', all && !isInvalid(x) ? primitive.reshape(x, [sizeOf(x.shape)]) : x, axis ?? 0, (node, a) => {
      const counts = typeof repeats === 'number' ? [repeats] : repeats
      const wrong = counts.find((n) => !isCount(n))
      if (wrong !== undefined) return invalid('repeat', [node], noCount('a number of repetitions', wrong))
      if (counts.length === 1) return repeatedBy(node, a, counts[0]!)
      return counts.length === node.shape[a]
        ? gather(node, constant(tensor(counts.flatMap((n, i) => Array<number>(n).fill(i)), { dtype: 'i32' })), a)
        : invalid('repeat', [node], refuse('Shape', `${counts.length} counts are given for an axis of length ${node.shape[a]}`, 'Give one count, or one for each entry of the axis'))
    })
  },
)

const repeatedBy = (x: Node, axis: number, times: number): Node => {
  const before = x.shape.slice(0, axis + 1)
  const after = x.shape.slice(axis + 1)
  const wide = primitive.broadcastTo(primitive.reshape(x, [...before, 1, ...after]), [...before, times, ...after])
  return primitive.reshape(wide, x.shape.map((n, i) => (i === axis ? n * times : n)))
}
