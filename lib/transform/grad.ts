/** Gradients of functions: `grad`, `valueAndGrad` and n-th derivatives. */
import { snapshot } from '../core/snapshot.js'
import type { Input, Leaf, NodeTree } from '../core/Tree.js'
import { rebuild } from '../core/Tree.js'
import type { Node } from '../core/Node.js'
import { asNode } from '../primitive/leaf.js'
import { adjointsOf } from './backward.js'
import { derivativeAt, scalarResult, traced, treeOf, type Traced } from './trace.js'

/** The arguments of a transformed function: the first may have any leaf where the function expects a node. */
export type FirstInput<A extends ReadonlyArray<unknown>> = A extends readonly [infer P, ...infer R] ? [Input<P>, ...R] : []

/** The arguments of a transformed function when several are differentiated. */
export type AllInputs<A extends ReadonlyArray<unknown>> = { [K in keyof A]: Input<A[K]> | A[K] }

/** The gradients of several arguments. */
type Gradients<A extends ReadonlyArray<unknown>, I extends ReadonlyArray<number>> = {
  readonly [K in keyof I]: NodeTree<A[I[K]]>
}

type Args = ReadonlyArray<never>

/** How gradients of a function are asked for. */
export interface GradOptions {
  /** The positions of the arguments to differentiate; the first one unless told otherwise. */
  readonly argnums?: number | ReadonlyArray<number>
  /** The function returns a pair of the result and something else, which is handed through by reference. */
  readonly hasAux?: boolean
}

interface Differentiated {
  readonly y: Node
  readonly aux: unknown
  readonly gradients: unknown
}

const differentiate = (op: string, f: (...args: Args) => unknown, args: ReadonlyArray<unknown>, { argnums = 0, hasAux = false }: GradOptions): Differentiated => {
  const positions = typeof argnums === 'number' ? [argnums] : argnums
  const inputs = new Map<number, Traced>(positions.map((i) => [i, traced(args[i])]))
  const result = f(...(args.map((arg, i) => (inputs.has(i) ? treeOf(inputs.get(i)!) : arg)) as unknown as Args))
  const [out, aux] = hasAux ? (result as readonly [unknown, unknown]) : [result, undefined]
  const y = scalarResult(op, asNode(out, ''))
  const leaves = [...inputs.values()].flatMap((t) => t.inputs)
  const found = new Map(adjointsOf(y, leaves).map((adjoint, k) => [leaves[k]!, adjoint]))
  const gradients = positions.map((i) => {
    const { tree, inputs: at } = inputs.get(i)!
    return rebuild(tree, at.map((input) => derivativeAt(op, input, found.get(input))))
  })
  return { y, aux, gradients: typeof argnums === 'number' ? gradients[0] : Object.freeze(gradients) }
}

interface Grad {
  <A extends ReadonlyArray<unknown>>(f: (...args: A) => Leaf): (...args: FirstInput<A>) => NodeTree<A[0]>
  <A extends ReadonlyArray<unknown>, X>(f: (...args: A) => readonly [Leaf, X], options: { readonly hasAux: true }): (...args: FirstInput<A>) => readonly [NodeTree<A[0]>, X]
  <A extends ReadonlyArray<unknown>, const I extends number>(f: (...args: A) => Leaf, options: { readonly argnums: I }): (...args: AllInputs<A>) => NodeTree<A[I]>
  <A extends ReadonlyArray<unknown>, const I extends ReadonlyArray<number>>(f: (...args: A) => Leaf, options: { readonly argnums: I }): (...args: AllInputs<A>) => Gradients<A, I>
}

/**
 * The gradient of a scalar function: `grad(f)(p, ...rest)` is the tree of `∂f/∂leaf` over the leaves of `p`, as nodes of
 * the same shapes and the same tree type. It is a function like `f` itself, so it can be differentiated again.
 *
 * `argnums` picks other arguments (several give a tuple), `hasAux` lets `f` return `[value, aux]` and hands `aux` through.
 * A leaf that `f` does not depend on has gradient zero. A result that is no float scalar, or an argument that is not a
 * float, gives invalid nodes, reported on evaluation.
 *
 * @example
 * const f = (x: Node) => mul(x, sin(x))
 * item(grad(f)(1))       // 1.3817732906760363
 * item(grad(grad(f))(1)) // 0.23913362692838303
 */
export const grad: Grad = ((f: (...args: Args) => unknown, options: GradOptions = {}) => {
  const chosen = snapshot(options)
  return (...args: ReadonlyArray<unknown>) => {
    const { aux, gradients } = differentiate('grad', f, args, chosen)
    return chosen.hasAux ? Object.freeze([gradients, aux]) : gradients
  }
}) as unknown as Grad

interface ValueAndGrad {
  <A extends ReadonlyArray<unknown>>(f: (...args: A) => Leaf): (...args: FirstInput<A>) => readonly [Node, NodeTree<A[0]>]
  <A extends ReadonlyArray<unknown>, X>(f: (...args: A) => readonly [Leaf, X], options: { readonly hasAux: true }): (...args: FirstInput<A>) => readonly [readonly [Node, X], NodeTree<A[0]>]
  <A extends ReadonlyArray<unknown>, const I extends number>(f: (...args: A) => Leaf, options: { readonly argnums: I }): (...args: AllInputs<A>) => readonly [Node, NodeTree<A[I]>]
  <A extends ReadonlyArray<unknown>, const I extends ReadonlyArray<number>>(f: (...args: A) => Leaf, options: { readonly argnums: I }): (...args: AllInputs<A>) => readonly [Node, Gradients<A, I>]
}

/**
 * The value and the gradient of a scalar function, from one trace: evaluated together, the work they share is done once.
 * Options as for {@link grad}; with `hasAux` the value is the pair `[value, aux]`.
 *
 * @example
 * const [y, dy] = valueAndGrad((p: { a: Node; b: Node }) => mul(p.a, p.b))({ a: 2, b: 3 })
 * value({ y, dy }) // { y: 6, dy: { a: 3, b: 2 } }
 */
export const valueAndGrad: ValueAndGrad = ((f: (...args: Args) => unknown, options: GradOptions = {}) => {
  const chosen = snapshot(options)
  return (...args: ReadonlyArray<unknown>) => {
    const { y, aux, gradients } = differentiate('valueAndGrad', f, args, chosen)
    return Object.freeze([chosen.hasAux ? Object.freeze([y, aux]) : y, gradients])
  }
}) as unknown as ValueAndGrad

/**
 * The `n`-th derivative of a scalar function of one scalar.
 *
 * @example
 * item(nthDerivative(2)((x) => pow(x, 3))(2)) // 12
 */
export const nthDerivative =
  (n: number) =>
  (f: (x: Node) => Leaf): ((x: Leaf) => Node) => {
    let derivative: (x: Node) => Leaf = f
    for (let k = 0; k < n; k++) derivative = grad(derivative as never) as unknown as (x: Node) => Leaf
    return (x) => asNode(derivative(asNode(x, '')), '')
  }
