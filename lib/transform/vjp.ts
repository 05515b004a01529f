/** Reverse mode on functions of trees: `vjp`, and adjoints of chosen nodes. */
import * as O from 'fp-ts/Option'
import type { Node } from '../core/Node.js'
import { mapTree, rebuild, type Input, type Leaf, type NodeTree } from '../core/Tree.js'
import { asNode, leafNodes } from '../primitive/leaf.js'
import { adjointsOf, adjointsOfAll } from './backward.js'
import { derivativeAt, matched, traced, treeOf } from './trace.js'

/** The gradients of all arguments. */
export type ArgumentTrees<A extends ReadonlyArray<unknown>> = { readonly [K in keyof A]: NodeTree<A[K]> }

/** The arguments, with any leaf where the function expects a node. */
export type ArgumentInputs<A extends ReadonlyArray<unknown>> = { [K in keyof A]: Input<A[K]> }

/**
 * The adjoint of each of `nodes` in `y`: the derivative of `⟨cotangent, y⟩` (ones unless given) with respect to that node,
 * wherever it stands in the graph; `none` for a node that `y` does not depend on.
 *
 * @example
 * const x = variable('x', 2)
 * const a = square(x)
 * pipe(adjoints(square(a), [a]), RA.map(O.map(item))) // [some(8)]
 */
export const adjoints = (y: Node, nodes: ReadonlyArray<Node>, cotangent?: Leaf): ReadonlyArray<O.Option<Node>> =>
  Object.freeze(
    adjointsOf(y, nodes, cotangent === undefined ? undefined : asNode(cotangent, '')).map((g) => Object.freeze(O.fromNullable(g))),
  )

/**
 * The value of a function of trees and its pullback, which takes a cotangent of the shape of the result (a tree of them if
 * the result is one) to the gradients of all arguments: `w ↦ Jᵀ w`.
 *
 * @example
 * const [y, pullback] = vjp((x: Node, k: Node) => mul(x, k))(tensor([1, 2]), 3)
 * toArray(y)                           // [3, 6]
 * toArray(pullback(tensor([1, 10]))[0]) // [3, 30]
 */
export const vjp =
  <A extends ReadonlyArray<unknown>, R>(f: (...args: A) => R) =>
  (...args: ArgumentInputs<A>): readonly [NodeTree<R>, (cotangent: Input<R>) => ArgumentTrees<A>] => {
    const inputs = args.map(traced)
    const result = f(...(inputs.map(treeOf) as unknown as A))
    const ys = leafNodes(result)
    const leaves = inputs.flatMap((t) => t.inputs)
    const pullback = (cotangent: Input<R>): ArgumentTrees<A> => {
      const given = matched('vjp', 'cotangent', result, cotangent)
      const seeds = ys.map((y, i) => [y, given[i]!] as const)
      const found = adjointsOfAll(seeds, leaves, 'vjp')
      let next = 0
      return Object.freeze(
        inputs.map((t) => rebuild(t.tree, t.inputs.map((input) => derivativeAt('vjp', input, found[next++])))),
      ) as unknown as ArgumentTrees<A>
    }
    return Object.freeze([mapTree(result, asNode) as NodeTree<R>, pullback] as const)
  }
