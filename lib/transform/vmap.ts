/** `vmap`: a function on single elements to the same function on arrays of them. */
import { refuse, type Refusal } from '../core/FoldgradError.js'
import { invalid, isInvalid, type Node } from '../core/Node.js'
import { normalizeAxis, showShape } from '../core/Shape.js'
import { snapshot } from '../core/snapshot.js'
import { mapLeaves, rebuild, type Input, type NodeTree } from '../core/Tree.js'
import { leafNodes, parameter } from '../primitive/leaf.js'
import { transpose } from '../primitive/shape.js'
import { batchNodes, withBatch, type Batched } from './batch.js'

/** Where the batch is: an axis, or `null` for an argument that is the same for every element. */
export type BatchAxis = number | null

type Axes = BatchAxis | ReadonlyArray<BatchAxis>

/** Where the batch axis lies in the arguments and in the results. */
export interface VmapOptions {
  /** One axis for all arguments, or one for each; 0 unless told otherwise. It holds for every leaf of the argument. */
  readonly in?: Axes
  /** The axis of every leaf of the result; 0 unless told otherwise. */
  readonly out?: number
}

/** A leaf of the arguments, and its batch axis, counted from the front once it is known to exist. */
interface Operand {
  readonly node: Node
  readonly axis: BatchAxis
}

const operandsOf = (args: ReadonlyArray<unknown>, axes: Axes): ReadonlyArray<Operand> =>
  args.flatMap((tree, i) => {
    const axis = typeof axes === 'object' && axes !== null ? (axes[i] ?? null) : axes
    return leafNodes(tree).map((node) => ({ node, axis: axis === null ? null : (normalizeAxis(axis, node.shape.length) ?? axis) }))
  })

/** What is wrong with the operands of a batched call, of which none is invalid. */
const refusalOf = (operands: ReadonlyArray<Operand>, args: ReadonlyArray<unknown>, axes: Axes): Refusal | undefined => {
  if (typeof axes === 'object' && axes !== null && axes.length !== args.length)
    return refuse('Argument', `the option in lists ${axes.length} axes for ${args.length} arguments`, 'Give an axis for each argument, null for one that is not mapped')
  const mapped = operands.filter(({ axis }) => axis !== null)
  if (mapped.length === 0) return refuse('Argument', 'no argument is mapped', 'Give at least one argument a batch axis')
  const without = mapped.find(({ node, axis }) => node.shape[axis!] === undefined)
  if (without !== undefined)
    return refuse('Shape', `an argument of shape ${showShape(without.node.shape)} has no axis ${without.axis} to map over`, 'Say where the batch axis is with the option in; null for an argument that is not mapped')
  const sizes = [...new Set(mapped.map(({ node, axis }) => node.shape[axis!]!))]
  return sizes.length === 1 ? undefined : refuse('Shape', `the mapped axes have lengths ${sizes.join(' and ')}`, 'Map over axes of one length')
}

/** The array with one axis moved. */
const moved = (x: Node, from: number, to: number): Node => {
  if (from === to) return x
  const others = x.shape.map((_, i) => i).filter((i) => i !== from)
  return transpose(x, [...others.slice(0, to), from, ...others.slice(to)])
}

/** An operand with the batch as its leading axis. */
const leading = ({ node, axis }: Operand): Batched => ({ node: axis === null ? node : moved(node, axis, 0), mapped: axis !== null })

/** The batch at the axis where it is wanted. */
const placed = (stacked: Node, out: number): Node => {
  if (isInvalid(stacked)) return stacked
  const axis = normalizeAxis(out, stacked.shape.length)
  return axis === undefined
    ? invalid('vmap', [stacked], refuse('Shape', `a batch of results has shape ${showShape(stacked.shape)}, which has no axis ${out}`, 'Choose another axis with the option out'))
    : moved(stacked, 0, axis)
}

/**
 * `f` on a batch: `vmap(f)(xs)` is the stack of `f(x)` over the elements `x` of `xs` along the batch axis, computed by
 * operations on whole batches, not by a loop. `f` is traced once, on a single element. Trees in and out; arguments whose axis
 * is `null` stay as they are. It composes with every other transform: `vmap(grad(f))` gives per-example gradients.
 *
 * Errors: mapped axes of different lengths, an argument without the axis, no argument mapped.
 *
 * @example
 * const dots = vmap((x: Node, y: Node) => sum(mul(x, y)), { in: [0, null] })
 * toArray(dots(tensor([[1, 2], [3, 4]]), tensor([10, 1]))) // [12, 34]
 */
export const vmap = <A extends ReadonlyArray<unknown>, R>(f: (...args: A) => R, options: VmapOptions = {}) => {
  const { in: axes = 0, out = 0 } = snapshot(options)
  return (...args: { [K in keyof A]: Input<A[K]> }): NodeTree<R> => {
    const operands = operandsOf(args, axes)
    const bad = operands.map(({ node }) => node).filter(isInvalid)
    const refusal = bad.length > 0 ? undefined : refusalOf(operands, args, axes)
    const sound = bad.length === 0 && refusal === undefined
    const batched = operands.map((operand) => (sound ? leading(operand) : { node: operand.node, mapped: false }))

    const elements = batched.map(({ node, mapped }) => parameter({ shape: mapped ? node.shape.slice(1) : node.shape, dtype: node.dtype }))
    let next = 0
    const result = f(...(args.map((tree) => mapLeaves(tree, () => elements[next++])) as unknown as A))
    const ys = leafNodes(result)
    const failed = [...bad, ...ys.filter(isInvalid)]
    if (!sound || failed.length > 0)
      return rebuild(result, ys.map(() => invalid('vmap', refusal ? operands.map(({ node }) => node) : failed, refusal))) as NodeTree<R>
    const size = batched.find(({ mapped }) => mapped)!.node.shape[0]!
    return rebuild(result, batchNodes(ys, elements, batched, size).map((y) => placed(withBatch(y, size), out))) as NodeTree<R>
  }
}
