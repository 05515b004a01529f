/** Parts of arrays: regular slices and single elements, by Python's rules. */
import { refuse } from '../core/FoldgradError.js'
import { invalid, isInvalid, type Node } from '../core/Node.js'
import { showShape } from '../core/Shape.js'
import { outOfRange, wrapped } from '../kernel/gather.js'
import * as primitive from '../primitive/shape.js'
import { withArgument, type WithArgument } from './call.js'
import { toNode } from './operand.js'

/**
 * Which part of an axis: an index (which drops the axis), or `[start, stop, step]` as in Python: negative numbers count
 * from the end, `null` or absence means as far as possible, and `null` alone takes the whole axis.
 */
export type Range = number | null | readonly [start?: number | null, stop?: number | null, step?: number | null]

/** Start, step and number of elements of a range on an axis of this length. */
interface Part {
  readonly start: number
  readonly step: number
  readonly count: number
}

const bound = (at: number, length: number, least: number, most: number): number =>
  Math.min(Math.max(at < 0 ? at + length : at, least), most)

/** Python's `slice.indices`. */
const partOf = (range: Exclude<Range, number>, length: number): Part => {
  const [from, to, by] = range ?? []
  const step = by ?? 1
  const [least, most] = step > 0 ? [0, length] : [-1, length - 1]
  const start = from === null || from === undefined ? (step > 0 ? 0 : length - 1) : bound(from, length, least, most)
  const stop = to === null || to === undefined ? (step > 0 ? length : -1) : bound(to, length, least, most)
  return { start, step, count: Math.max(0, Math.ceil((stop - start) / step)) }
}

const isRange = (range: unknown): range is Range =>
  range === null ||
  Number.isInteger(range) ||
  (Array.isArray(range) && range.length <= 3 && range[2] !== 0 && range.every((n) => n === null || n === undefined || Number.isInteger(n)))

/**
 * A part of each axis, in order; the axes that are not mentioned are taken whole. A range is `[start, stop, step]` by
 * Python's rules, clamped to the axis; an index drops its axis, and one out of range is an error.
 *
 * @example
 * toArray(slice([1, 2, 3, 4, 5], [[1, 4]])) // [2, 3, 4]
 * toArray(slice([1, 2, 3], [[null, null, -1]])) // [3, 2, 1]
 * pipe([[1, 2, 3], [4, 5, 6]], slice([null, -1]), toArray) // [3, 6]
 */
export const slice: WithArgument<ReadonlyArray<Range>> = withArgument((operand, ranges) => sliced('slice', toNode(operand, 'slice'), ranges))

const sliced = (op: string, x: Node, ranges: ReadonlyArray<Range>): Node => {
  if (isInvalid(x)) return invalid(op, [x])
  if (!Array.isArray(ranges as unknown) || ranges.length > x.shape.length)
    return invalid(op, [x], refuse('Shape', `${Array.isArray(ranges as unknown) ? ranges.length : 'no'} ranges are given for the ${x.shape.length} axes of ${showShape(x.shape)}`, 'Give a list of at most one range per axis'))
  const wrong = ranges.find((range) => !isRange(range))
  if (wrong !== undefined)
    return invalid(op, [x], refuse('Argument', `${JSON.stringify(wrong)} is no range`, 'Give an integer index or [start, stop, step] of integers or null, the step not 0'))
  const outside = ranges.findIndex((range, axis) => typeof range === 'number' && wrapped(range, x.shape[axis]!) < 0)
  if (outside >= 0) return invalid(op, [x], outOfRange(ranges[outside] as number, x.shape[outside]!))
  const parts = x.shape.map((length, axis): Part => {
    const range = ranges[axis] ?? null
    return typeof range === 'number' ? { start: wrapped(range, length), step: 1, count: 1 } : partOf(range, length)
  })
  const part = primitive.slice(x, {
    start: parts.map((p) => p.start),
    step: parts.map((p) => p.step),
    shape: parts.map((p) => p.count),
  })
  return primitive.reshape(part, part.shape.filter((_, axis) => typeof ranges[axis] !== 'number'))
}

/**
 * The part at these indices of the leading axes, which are dropped; an index out of range is an error.
 *
 * @example
 * item(at([[1, 2], [3, 4]], [1, 0])) // 3
 * toArray(at([[1, 2], [3, 4]], -1)) // [3, 4]
 */
export const at: WithArgument<number | ReadonlyArray<number>> = withArgument((operand, indices) =>
  sliced('at', toNode(operand, 'at'), typeof indices === 'number' ? [indices] : indices),
)
