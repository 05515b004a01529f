/** Arrays put together and taken apart. */
import { join } from '../core/DType.js'
import { refuse, type Refusal } from '../core/FoldgradError.js'
import { invalid, isInvalid, type Node } from '../core/Node.js'
import { normalizeAxis, sameShape, showShape } from '../core/Shape.js'
import { onlyPlace } from '../primitive/along.js'
import { astype } from '../primitive/arithmetic.js'
import * as primitive from '../primitive/shape.js'
import { isCount, noAxis, noCount } from './axis.js'
import { withArguments, withOptions, type WithArguments } from './call.js'
import { toNode, type Operand } from './operand.js'

/** One axis, by default the first. */
export interface AxisOption {
  readonly axis?: number
}

/** An operation on a list of arrays: `concat([a, b])`, `pipe([a, b], concat({ axis: 1 }))`. */
export interface OfList<O> {
  (xs: ReadonlyArray<Operand>, options?: O): Node
  (options: O): (xs: ReadonlyArray<Operand>) => Node
}

/** The parts as nodes of one dtype, or the invalid node that says why they are not. */
const partsOf = (op: string, xs: ReadonlyArray<Operand>): ReadonlyArray<Node> | Node => {
  const nodes = xs.map((x) => toNode(x, op))
  if (nodes.length === 0) return invalid(op, [], refuse('Argument', 'there is nothing to put together', 'Give at least one array'))
  if (nodes.some(isInvalid)) return invalid(op, nodes)
  const dtype = nodes.map((x) => x.dtype).reduce(join)
  return nodes.map((x) => astype(x, dtype))
}

const ofList = (op: string, f: (parts: ReadonlyArray<Node>, axis: number) => Node): OfList<AxisOption> =>
  withOptions<AxisOption>((xs, { axis = 0 }) => {
    const parts = Array.isArray(xs) ? partsOf(op, xs) : invalid(op, [toNode(xs, op)], refuse('Argument', 'a list of arrays is needed', 'Give [a, b, …]'))
    return Array.isArray(parts) ? f(parts, axis) : (parts as Node)
  }) as OfList<AxisOption>

/**
 * Arrays one after another along an axis (default: the first) on which alone their lengths may differ.
 *
 * @example
 * toArray(concat([[1, 2], [3]])) // [1, 2, 3]
 * toArray(concat([[[1], [2]], [[3], [4]]], { axis: 1 })) // [[1, 3], [2, 4]]
 */
export const concat: OfList<AxisOption> = ofList('concat', (parts, axis) => {
  const a = normalizeAxis(axis, parts[0]!.shape.length)
  return a === undefined ? invalid('concat', parts, noAxis(axis, parts[0]!.shape.length)) : primitive.concat(parts, a)
})

/**
 * Arrays of one shape side by side along a new axis.
 *
 * @example
 * toArray(stack([[1, 2], [3, 4]])) // [[1, 2], [3, 4]]
 * toArray(stack([[1, 2], [3, 4]], { axis: 1 })) // [[1, 3], [2, 4]]
 */
export const stack: OfList<AxisOption> = ofList('stack', (parts, axis) => {
  const { shape } = parts[0]!
  const a = normalizeAxis(axis, shape.length + 1)
  if (a === undefined) return invalid('stack', parts, noAxis(axis, shape.length + 1))
  return parts.every((x) => sameShape(x.shape, shape))
    ? primitive.concat(parts.map((x) => primitive.reshape(x, [...shape.slice(0, a), 1, ...shape.slice(a)])), a)
    : invalid('stack', parts, refuse('Shape', `the parts need one shape, got ${parts.map((x) => showShape(x.shape)).join(', ')}`, 'Broadcast, slice or pad them first'))
})

/** Where the parts of an axis begin and end, as NumPy cuts it. */
const cutsOf = (sectionsOrCuts: number | ReadonlyArray<number>, length: number): ReadonlyArray<readonly [number, number]> | Refusal => {
  if (typeof sectionsOrCuts === 'number') {
    if (!isCount(sectionsOrCuts, 1)) return noCount('the number of sections', sectionsOrCuts, 1)
    if (length % sectionsOrCuts !== 0)
      return refuse('Shape', `an axis of length ${length} does not split into ${sectionsOrCuts} equal parts`, 'Give a divisor of the length, or the positions of the cuts')
    const size = length / sectionsOrCuts
    return Array.from({ length: sectionsOrCuts }, (_, k) => [k * size, (k + 1) * size])
  }
  const clamped = sectionsOrCuts.map((cut) => Math.min(Math.max(cut < 0 ? cut + length : cut, 0), length))
  return [...clamped, length].map((end, k) => [k === 0 ? 0 : clamped[k - 1]!, Math.max(end, k === 0 ? 0 : clamped[k - 1]!)])
}

/**
 * The array cut along an axis into equal sections (a number) or at the given positions (a list), as a list of nodes.
 *
 * @example
 * split([1, 2, 3, 4], 2).map(toArray) // [[1, 2], [3, 4]]
 * split([1, 2, 3, 4], [1, 3]).map(toArray) // [[1], [2, 3], [4]]
 */
export const split: WithArguments<[sectionsOrCuts: number | ReadonlyArray<number>], AxisOption, ReadonlyArray<Node>> =
  withArguments(1, (operand, [sectionsOrCuts], { axis = 0 }) => {
    const x = toNode(operand, 'split')
    const parts = typeof sectionsOrCuts === 'number' ? Math.max(sectionsOrCuts, 1) : sectionsOrCuts.length + 1
    const allInvalid = (refusal?: Refusal) => Array.from({ length: parts }, () => invalid('split', [x], refusal))
    if (isInvalid(x)) return allInvalid()
    const a = normalizeAxis(axis, x.shape.length)
    if (a === undefined) return allInvalid(noAxis(axis, x.shape.length))
    const cuts = cutsOf(sectionsOrCuts, x.shape[a]!)
    return 'rule' in cuts
      ? allInvalid(cuts)
      : cuts.map(([from, to]) => primitive.slice(x, primitive.rangeAlong(x.shape, a, from, to - from)))
  })

interface Unstack {
  (x: Operand, options?: AxisOption): ReadonlyArray<Node>
  (options: AxisOption): (x: Operand) => ReadonlyArray<Node>
}

/**
 * The entries of an axis (default: the first), which is dropped, as a list of nodes.
 *
 * @example
 * unstack([[1, 2], [3, 4]]).map(toArray) // [[1, 2], [3, 4]]
 */
export const unstack: Unstack = withArguments<[], AxisOption, ReadonlyArray<Node>>(0, (operand, _, { axis = 0 }) => {
  const x = toNode(operand, 'unstack')
  if (isInvalid(x)) return [invalid('unstack', [x])]
  const a = normalizeAxis(axis, x.shape.length)
  if (a === undefined) return [invalid('unstack', [x], noAxis(axis, x.shape.length))]
  return Array.from({ length: x.shape[a]! }, (_part, k) => onlyPlace(x, a, k))
}) as Unstack
