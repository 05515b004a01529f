/** `vmap`: a function on single elements to the same function on arrays of them. */
import { refuse, type Refusal } from '../core/FoldgradError.js'
import { invalid, isInvalid, type Node } from '../core/Node.js'
import { normalizeAxis, showShape } from '../core/Shape.js'
import { leavesOf, rebuild, type Input, type NodeTree } from '../core/Tree.js'
import { asNode, parameter } from '../primitive/leaf.js'
import { transpose } from '../primitive/shape.js'
import { batchNodes, withBatch } from './batch.js'

/** Where the batch is: an axis, or `null` for an argument that is the same for every element. */
export type BatchAxis = number | null

/** Where the batch axis lies in the arguments and in the results. */
export interface VmapOptions {
  /** One axis for all arguments, or one for each; 0 unless told otherwise. It holds for every leaf of the argument. */
  readonly in?: BatchAxis | ReadonlyArray<BatchAxis>
  /** The axis of every leaf of the result; 0 unless told otherwise. */
  readonly out?: number
}

/** The array with one axis moved. */
const moved = (x: Node, from: number, to: number): Node => {
  if (from === to) return x
  const others = x.shape.map((_, i) => i).filter((i) => i !== from)
  return transpose(x, [...others.slice(0, to), from, ...others.slice(to)])
}

const axisRefusal = (x: Node, axis: number): Refusal | undefined =>
  normalizeAxis(axis, x.shape.length) === undefined
    ? refuse('Shape', `an argument of shape ${showShape(x.shape)} has no axis ${axis} to map over`, 'Say where the batch axis is with the option in; null for an argument that is not mapped')
    : undefined

const sizeRefusal = (sizes: ReadonlyArray<number>): Refusal | undefined =>
  sizes.length === 0
    ? refuse('Argument', 'no argument is mapped', 'Give at least one argument a batch axis')
    : sizes.some((n) => n !== sizes[0])
      ? refuse('Shape', `the mapped axes have lengths ${[...new Set(sizes)].join(' and ')}`, 'Map over axes of one length')
      : undefined

/**
 * `f` on a batch: `vmap(f)(xs)` is the stack of `f(x)` over the elements `x` of `xs` along the batch axis, computed by
 * operations on whole batches, not by a loop. `f` is traced once, on a single element. Trees in and out; arguments whose axis
 * is `null` stay as they are. It composes with every other transform: `vmap(grad(f))` gives per-example gradients.
 *
 * Errors: mapped axes of different lengths, an argument without the axis.
 *
 * @example
 * const dots = vmap((x: Node, y: Node) => sum(mul(x, y)), { in: [0, null] })
 * toArray(dots(tensor([[1, 2], [3, 4]]), tensor([10, 1]))) // [12, 34]
 */
export const vmap =
  <A extends ReadonlyArray<unknown>, R>(f: (...args: A) => R, options: VmapOptions = {}) =>
  (...args: { [K in keyof A]: Input<A[K]> }): NodeTree<R> => {
    const { in: axes = 0, out = 0 } = options
    const leaves = args.map((tree, i) => {
      const axis = typeof axes === 'object' && axes !== null ? (axes[i] ?? null) : axes
      return leavesOf(tree).map(([path, leaf]) => ({ node: asNode(leaf, path), axis }))
    })
    const all = leaves.flat()
    const bad = all.map(({ node }) => node).filter(isInvalid)
    const refusal = all.map(({ node, axis }) => (axis === null || isInvalid(node) ? undefined : axisRefusal(node, axis))).find((r) => r)
    const at = ({ node, axis }: { node: Node; axis: BatchAxis }) => (axis === null || bad.length > 0 || refusal ? null : normalizeAxis(axis, node.shape.length)!)
    const sizes = all.flatMap((leaf) => (at(leaf) === null ? [] : [leaf.node.shape[at(leaf)!]!]))
    const wrong = refusal ?? (bad.length > 0 ? undefined : sizeRefusal(sizes))
    const size = sizes[0] ?? 0

    const batched = all.map((leaf) => ({ node: at(leaf) === null ? leaf.node : moved(leaf.node, at(leaf)!, 0), mapped: at(leaf) !== null }))
    const elements = batched.map(({ node, mapped }) => parameter({ shape: mapped ? node.shape.slice(1) : node.shape, dtype: node.dtype }))
    let next = 0
    const result = f(...(args.map((tree) => rebuild(tree, leavesOf(tree).map(() => elements[next++]))) as unknown as A))
    const ys = leavesOf(result).map(([path, leaf]) => asNode(leaf, path))
    const failed = [...bad, ...ys.filter(isInvalid)]
    if (failed.length > 0 || wrong)
      return rebuild(result, ys.map(() => invalid('vmap', wrong ? all.map(({ node }) => node) : failed, wrong))) as NodeTree<R>
    const results = batchNodes(ys, elements, batched, size).map((y) => {
      const stacked = withBatch(y, size)
      const axis = isInvalid(stacked) ? 0 : normalizeAxis(out, stacked.shape.length)
      return axis === undefined
        ? invalid('vmap', [stacked], refuse('Shape', `a result of shape ${showShape(stacked.shape)} has no axis ${out}`, 'Choose another axis with the option out'))
        : moved(stacked, 0, axis)
    })
    return rebuild(result, results) as NodeTree<R>
  }
