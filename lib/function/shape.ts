/** The shape of an array: its axes renamed, added, dropped, stretched and merged; no element changes. */
import { refuse } from '../core/FoldgradError.js'
import { invalid, isInvalid, type Node } from '../core/Node.js'
import { broadcastShapes, normalizeAxes, normalizeAxis, sameShape, showShape, sizeOf, type Axes, type Shape } from '../core/Shape.js'
import * as primitive from '../primitive/shape.js'
import { isShape, noAxis, noShape, onAxes, onAxis } from './axis.js'
import { isOptions, withArgument, withArguments, withOptions, type Unary, type WithArgument, type WithArguments, type WithOptions } from './call.js'
import { toNode, type Operand } from './operand.js'

/** The array as a node, handed on if it is valid. */
const given = (op: string, operand: Operand, f: (x: Node) => Node): Node => {
  const x = toNode(operand, op)
  return isInvalid(x) ? invalid(op, [x]) : f(x)
}

/** The shape with its -1 replaced by what is left for it, if that is possible. */
const completed = (shape: Shape, size: number): Shape | undefined => {
  const unknown = shape.indexOf(-1)
  if (unknown < 0) return isShape(shape) ? shape : undefined
  const rest = sizeOf(shape.filter((_, i) => i !== unknown))
  const filled = shape.map((n, i) => (i === unknown ? size / rest : n))
  return isShape(filled) ? filled : undefined
}

/**
 * The elements in row-major order under another shape of the same size. One length may be -1: it is what is left.
 *
 * @example
 * toArray(reshape([1, 2, 3, 4], [2, 2])) // [[1, 2], [3, 4]]
 * pipe([1, 2, 3, 4], reshape([2, -1]), toArray) // [[1, 2], [3, 4]]
 */
export const reshape: WithArgument<Shape | number> = withArgument((operand, shape) =>
  given('reshape', operand, (x) => {
    const lengths = typeof shape === 'number' ? [shape] : shape
    if (!Array.isArray(lengths)) return invalid('reshape', [x], noShape(lengths))
    const whole = completed(lengths, sizeOf(x.shape))
    return whole === undefined
      ? invalid('reshape', [x], refuse('Shape', `${sizeOf(x.shape)} elements do not fill the shape ${showShape(lengths)}`, `Give a shape of ${sizeOf(x.shape)} elements, in which one length may be -1`))
      : primitive.reshape(x, whole)
  }),
)

/**
 * All elements on one axis.
 *
 * @example
 * toArray(ravel([[1, 2], [3, 4]])) // [1, 2, 3, 4]
 */
export const ravel: Unary = (operand) => given('ravel', operand, (x) => primitive.reshape(x, [sizeOf(x.shape)]))

/**
 * Each entry of the first axis (an example of a batch) laid out on one axis.
 *
 * @example
 * toArray(flatten([[[1, 2], [3, 4]], [[5, 6], [7, 8]]])) // [[1, 2, 3, 4], [5, 6, 7, 8]]
 */
export const flatten: Unary = (operand) =>
  onAxis('flatten', operand, 0, (x) => primitive.reshape(x, [x.shape[0]!, sizeOf(x.shape.slice(1))]))

/** The order of the axes, as a list or as an option. */
type Permutation = ReadonlyArray<number> | { readonly perm?: ReadonlyArray<number> | null }

interface Transpose {
  (x: Operand, perm?: Permutation): Node
  (options: { readonly perm?: ReadonlyArray<number> | null }): (x: Operand) => Node
}

const permuted = (operand: Operand, permutation: Permutation | undefined): Node =>
  given('transpose', operand, (x) => {
    const rank = x.shape.length
    const perm = isOptions(permutation) ? (permutation as { perm?: ReadonlyArray<number> | null }).perm : permutation
    if (perm === null || perm === undefined) return primitive.transpose(x, x.shape.map((_, i) => rank - 1 - i))
    const order = (perm as ReadonlyArray<number>).map((axis) => normalizeAxis(axis, rank))
    return order.length === rank && new Set(order).size === rank && order.every((axis) => axis !== undefined)
      ? primitive.transpose(x, order as ReadonlyArray<number>)
      : invalid('transpose', [x], refuse('Shape', `[${perm.join(', ')}] is no order of ${rank} axes`, 'Name each axis once, or none to reverse them all'))
  })

/**
 * The axes in another order: axis `i` of the result is axis `perm[i]` of `x`. Without an order all are reversed.
 *
 * @example
 * toArray(transpose([[1, 2], [3, 4]])) // [[1, 3], [2, 4]]
 * pipe(zeros([2, 3, 4]), transpose({ perm: [2, 0, 1] })).shape // [4, 2, 3]
 */
export const transpose: Transpose = ((x: Operand | Permutation, permutation?: Permutation) =>
  isOptions(x) ? (data: Operand) => permuted(data, x as Permutation) : permuted(x as Operand, permutation)) as Transpose

/**
 * Two axes exchanged.
 *
 * @example
 * swapaxes(zeros([2, 3, 4]), 0, -1).shape // [4, 3, 2]
 */
export const swapaxes: WithArguments<[a: number, b: number]> = withArguments(2, (operand, [first, second]) =>
  onAxis('swapaxes', operand, first, (x, a) =>
    onAxis('swapaxes', x, second, (_, b) => primitive.transpose(x, x.shape.map((_n, i) => (i === a ? b : i === b ? a : i)))),
  ),
)

/**
 * An axis (or several) moved to other positions; the rest keeps its order.
 *
 * @example
 * moveaxis(zeros([2, 3, 4]), 0, -1).shape // [3, 4, 2]
 */
export const moveaxis: WithArguments<[source: number | ReadonlyArray<number>, destination: number | ReadonlyArray<number>]> =
  withArguments(2, (operand, [source, destination]) =>
    given('moveaxis', operand, (x) => {
      const rank = x.shape.length
      const [from, to] = [source, destination].map((axes) => listOf(axes).map((axis) => normalizeAxis(axis, rank)))
      if ([from!, to!].some((list) => list.includes(undefined) || new Set(list).size !== list.length) || from!.length !== to!.length)
        return invalid('moveaxis', [x], refuse('Shape', `the axes [${listOf(source).join(', ')}] do not move to [${listOf(destination).join(', ')}] in rank ${rank}`, 'Give as many different positions as different axes'))
      const rest = x.shape.map((_, i) => i).filter((i) => !from!.includes(i))
      return primitive.transpose(x, x.shape.map((_, i) => (to!.includes(i) ? from![to!.indexOf(i)]! : rest.shift()!)))
    }),
  )

const listOf = (axes: number | ReadonlyArray<number>): ReadonlyArray<number> => (typeof axes === 'number' ? [axes] : axes)

/**
 * New axes of length 1, at these positions of the result.
 *
 * @example
 * expandDims([1, 2, 3], 0).shape // [1, 3]
 * expandDims(zeros([2, 3]), [0, 2]).shape // [1, 2, 1, 3]
 */
export const expandDims: WithArgument<number | ReadonlyArray<number>> = withArgument((operand, axis) =>
  given('expandDims', operand, (x) => {
    const rank = x.shape.length + listOf(axis).length
    const places = normalizeAxes(axis, rank)
    if (places === undefined)
      return invalid('expandDims', [x], listOf(axis).length === 1 ? noAxis(listOf(axis)[0]!, rank) : refuse('Shape', `the axes [${listOf(axis).join(', ')}] are not different axes of rank ${rank}`, `Give different axes from ${-rank} to ${rank - 1}`))
    const lengths = [...x.shape]
    for (const place of places) lengths.splice(place, 0, 1)
    return primitive.reshape(x, lengths)
  }),
)

/**
 * Axes of length 1 dropped: the given ones, or all of them.
 *
 * @example
 * squeeze(zeros([1, 3, 1])).shape // [3]
 * squeeze(zeros([1, 3, 1]), { axis: 0 }).shape // [3, 1]
 */
export const squeeze: WithOptions<{ readonly axis?: Axes }> = withOptions((operand, { axis }) =>
  onAxes('squeeze', operand, axis, (x, axes) => {
    const long = axes.find((a) => x.shape[a] !== 1)
    const all = axis === null || axis === undefined
    return long !== undefined && !all
      ? invalid('squeeze', [x], refuse('Shape', `axis ${long} has length ${x.shape[long]}, only an axis of length 1 can be dropped`, 'Reduce, slice or reshape it'))
      : primitive.reshape(x, x.shape.filter((n, i) => n !== 1 || !axes.includes(i)))
  }),
)

/**
 * NumPy's broadcast to a shape: axes are added on the left, and axes of length 1 repeat.
 *
 * @example
 * toArray(broadcastTo([1, 2], [2, 2])) // [[1, 2], [1, 2]]
 */
export const broadcastTo: WithArgument<Shape> = withArgument((operand, shape) =>
  given('broadcastTo', operand, (x) => (isShape(shape) ? primitive.broadcastTo(x, shape) : invalid('broadcastTo', [x], noShape(shape)))),
)

/**
 * The transpose of broadcasting: the sum over the axes along which `shape` would be stretched to that of `x`.
 *
 * @example
 * toArray(sumTo([[1, 2], [3, 4]], [2])) // [4, 6]
 */
export const sumTo: WithArgument<Shape> = withArgument((operand, shape) =>
  given('sumTo', operand, (x) =>
    !isShape(shape)
      ? invalid('sumTo', [x], noShape(shape))
      : sameShape(broadcastShapes(shape, x.shape) ?? [NaN], x.shape)
        ? primitive.sumTo(x, shape)
        : invalid('sumTo', [x], refuse('Shape', `the shape ${showShape(shape)} does not broadcast to ${showShape(x.shape)}`, 'Give a shape that broadcasts to that of the operand')),
  ),
)
