/** Jacobians and Hessians as nodes, and Hessian-vector products. */
import { allocate, isFloat } from '../core/DType.js'
import { isInvalid, type Node } from '../core/Node.js'
import { shapeOf, sizeOf } from '../core/Shape.js'
import { tensorOf } from '../core/Tensor.js'
import { rebuild, type Input, type Leaf, type NodeTree } from '../core/Tree.js'
import { constant, full, leafNodes, parameter } from '../primitive/leaf.js'
import { reshape, transpose } from '../primitive/shape.js'
import { adjointsOf } from './backward.js'
import { batchNodes, withBatch } from './batch.js'
import { tangentsOf } from './forward.js'
import { grad, type FirstInput } from './grad.js'
import { jvp } from './jvp.js'
import { derivativeAt, traced, treeOf } from './trace.js'

/** A tree of the structure of `R` with a `T` at each leaf. */
export type Nested<R, T> = [Node] extends [R] ? T : R extends Leaf ? T : { readonly [K in keyof R]: Nested<R[K], T> }

/** How a Jacobian is computed: row by row, column by column, or whichever is fewer. */
export interface JacobianOptions {
  readonly mode?: 'reverse' | 'forward'
}

/** The unit arrays of a shape, as a batch of them. */
const basis = ({ shape, dtype }: Node): Node => {
  const size = sizeOf(shape)
  const units = allocate(dtype, size * size)
  for (let i = 0; i < size; i++) units[i * size + i] = 1
  return constant(tensorOf(units, shapeOf([size, ...shape]), dtype))
}

/** Linear functions of `direction`, on every unit array of its shape: `[size, ...shape]` for each. */
const onBasis = (results: ReadonlyArray<Node>, direction: Node): ReadonlyArray<Node> => {
  const size = sizeOf(direction.shape)
  const units = { node: basis(direction), mapped: true }
  return batchNodes(results, [direction], [units], size).map((y) => withBatch(y, size))
}

/** `∂y/∂x` for several `x`: one pullback on a batch of cotangents, one for each element of `y`. */
const byRows = (y: Node, xs: ReadonlyArray<Node>): ReadonlyArray<Node> => {
  if (isInvalid(y)) return xs.map(() => y)
  const cotangent = parameter(y)
  const rows = adjointsOf(y, xs, cotangent).map((row, k) => derivativeAt('jacobian', xs[k]!, row))
  return onBasis(rows, cotangent).map((batch, k) => (isInvalid(rows[k]!) ? rows[k]! : reshape(batch, [...y.shape, ...xs[k]!.shape])))
}

/** `∂y/∂x` for several `y`: one pushforward on a batch of tangents, one for each element of `x`. */
const byColumns = (ys: ReadonlyArray<Node>, x: Node): ReadonlyArray<Node> => {
  const tangent = parameter(x)
  const columns = tangentsOf(ys, [x], [tangent]).map((t, i) => t ?? full(0, ys[i]!))
  return onBasis(columns, tangent).map((batch, i) => {
    const y = ys[i]!
    const last = transpose(batch, [...y.shape.map((_, axis) => axis + 1), 0])
    return reshape(last, [...y.shape, ...x.shape])
  })
}

const total = (nodes: ReadonlyArray<Node>): number => nodes.reduce((sum, { shape }) => sum + sizeOf(shape), 0)

/** The blocks `∂ys[i]/∂xs[k]`. An input without derivatives, or a misuse, gives invalid blocks. */
const blocks = (ys: ReadonlyArray<Node>, xs: ReadonlyArray<Node>, mode: JacobianOptions['mode']): ReadonlyArray<ReadonlyArray<Node>> => {
  const sound = ys.every((y) => !isInvalid(y) && isFloat(y.dtype)) && xs.every((x) => !isInvalid(derivativeAt('jacobian', x, undefined)))
  const reverse = !sound || (mode === undefined ? total(ys) <= total(xs) : mode === 'reverse')
  if (reverse) return ys.map((y) => byRows(y, xs))
  const columns = xs.map((x) => byColumns(ys, x))
  return ys.map((_, i) => columns.map((column) => column[i]!))
}

/**
 * The Jacobian of a function of a tree: for each leaf `y` of the result and each leaf `x` of the first argument a node of
 * shape `[...y.shape, ...x.shape]`, in a tree of the structure of the result with a tree of the structure of the argument
 * at each leaf. For array to array it is one node.
 *
 * Computed in reverse mode, one pullback on a batch with a cotangent for each element of the result, or in forward mode, one
 * pushforward on a batch with a tangent for each element of the argument: whichever is fewer, unless `mode` says.
 *
 * @example
 * const f = (x: Node) => mul(x, x)
 * toArray(jacobian(f)(tensor([1, 2]))) // [[2, 0], [0, 4]]
 */
export const jacobian =
  <A extends ReadonlyArray<unknown>, R>(f: (...args: A) => R, { mode }: JacobianOptions = {}) =>
  (...[first, ...rest]: FirstInput<A>): Nested<R, NodeTree<A[0]>> => {
    const input = traced(first)
    const result = f(...([treeOf(input), ...rest] as unknown as A))
    const rows = blocks(leafNodes(result), input.inputs, mode)
    return rebuild(result, rows.map((row) => rebuild(input.tree, row))) as Nested<R, NodeTree<A[0]>>
  }

/**
 * The Hessian of a scalar function of a tree: the Jacobian of its gradient, forward over reverse unless `mode` says. For an
 * array of shape `S` it has shape `[...S, ...S]`; for a tree it is a tree of trees.
 *
 * @example
 * const f = ([x, y]: readonly [Node, Node]) => mul(square(x), y)
 * value(hessian(f)([2, 3])) // [[6, 4], [4, 0]]
 */
export const hessian = <A extends ReadonlyArray<unknown>>(
  f: (...args: A) => Leaf,
  { mode = 'forward' }: JacobianOptions = {},
): ((...args: FirstInput<A>) => Nested<A[0], NodeTree<A[0]>>) =>
  jacobian(grad(f) as unknown as (...args: A) => A[0], { mode }) as (...args: FirstInput<A>) => Nested<A[0], NodeTree<A[0]>>

/**
 * The product of the Hessian of a scalar function with a tangent of its first argument, without the Hessian: a pushforward
 * of the gradient, at a small multiple of the cost of `f`.
 *
 * @example
 * const f = (x: Node) => sum(pow(x, 3))
 * toArray(hvp(f)(tensor([1, 2]), tensor([1, 1]))) // [6, 12]
 */
export const hvp =
  <P, R extends ReadonlyArray<unknown>>(f: (x: P, ...rest: R) => Leaf) =>
  (x: Input<P>, v: Input<P>, ...rest: R): NodeTree<P> => {
    const gradient = (at: P): NodeTree<P> =>
      (grad(f as never) as unknown as (...args: ReadonlyArray<unknown>) => NodeTree<P>)(at, ...rest)
    const [, product] = jvp(gradient as never)([x] as never, [v] as never)
    return product as NodeTree<P>
  }
