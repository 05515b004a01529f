/** Running a user's function on fresh nodes, so that derivatives can be taken with respect to exactly those. */
import { isFloat } from '../core/DType.js'
import { refuse, type Refusal } from '../core/FoldgradError.js'
import { invalid, isInvalid, type Node } from '../core/Node.js'
import { snapshot } from '../core/snapshot.js'
import { alignedLeaves, leavesOf, rebuild, showPaths } from '../core/Tree.js'
import { identity } from '../primitive/identity.js'
import { asNode, full } from '../primitive/leaf.js'

/** One argument of a traced call: the tree as given, and the fresh nodes that stand for its leaves. */
export interface Traced {
  readonly tree: unknown
  readonly inputs: ReadonlyArray<Node>
}

/**
 * An argument with each leaf under a new identity. The identity belongs to this call alone, so nested derivatives are
 * never confused with one another, and no counter is needed to tell them apart.
 */
export const traced = (tree: unknown): Traced => ({
  tree: snapshot(tree),
  inputs: leavesOf(tree).map(([path, leaf]) => identity(asNode(leaf, path))),
})

/** The tree that the user's function receives. */
export const treeOf = ({ tree, inputs }: Traced): unknown => rebuild(tree, inputs)

/**
 * The leaves of `given`, which should be a tree of the structure of `tree`, in the order of the leaves of that; if it is not,
 * invalid nodes that say so.
 */
export const matched = (op: string, what: string, tree: unknown, given: unknown): ReadonlyArray<Node> =>
  alignedLeaves(tree, given)?.map(([path, leaf]) => asNode(leaf, path)) ??
  leavesOf(tree).map(() =>
    invalid(op, [], refuse('Structure', `the ${what} has ${showPaths(given)} where ${showPaths(tree)} should be`, `Give a ${what} for each leaf`)),
  )

/** What is wrong with differentiating `y`, which should be a float scalar. */
const scalarRefusal = (op: string, y: Node): Refusal | undefined =>
  y.shape.length > 0
    ? refuse('Derivative', `the function returns shape [${y.shape.join(', ')}], the gradient needs a scalar`, `Reduce the result, with sum or mean for example, or use jacobian or vjp instead of ${op}`)
    : isFloat(y.dtype)
      ? undefined
      : refuse('DType', `the function returns ${y.dtype}, only floats have derivatives`, "Return a float, for example with astype('f64')")

/** The result, or an invalid node if it has no gradient. */
export const scalarResult = (op: string, y: Node): Node => {
  const refusal = isInvalid(y) ? undefined : scalarRefusal(op, y)
  return refusal === undefined ? y : invalid(op, [y], refusal)
}

/** The derivative at a leaf: zeros where the result does not depend on it, an invalid node where none exists. */
export const derivativeAt = (op: string, input: Node, found: Node | undefined): Node =>
  isInvalid(input)
    ? input
    : isFloat(input.dtype)
      ? (found ?? full(0, input))
      : invalid(op, [input], refuse('DType', `an argument is ${input.dtype}, only floats have derivatives`, "Pass it as a float, with astype('f64'), or as an argument that is not differentiated"))
