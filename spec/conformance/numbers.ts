/** How the nodes of a case become numbers: by evaluation, or by a compiled function of their variables. */
import * as E from 'fp-ts/Either'
import { compile, evaluate as evaluated, FoldgradException, type Engine, type FoldgradError, type Node, type Tensor } from '../../lib/index.js'
import { instantiate } from '../../lib/control/Closed.js'
import { sort } from '../../lib/core/Graph.js'
import { leavesOf, rebuild, type TensorTree } from '../../lib/core/Tree.js'
import { asNode, heldTensor, variableId } from '../../lib/primitive/leaf.js'

/** By evaluation, or compiled for one engine. */
export type Way = 'evaluate' | Engine

type Answer<T> = E.Either<ReadonlyArray<FoldgradError>, T>

/** The tensors of nodes as results of a function that is compiled: variables become its arguments, constants stay in it. */
const compiled = (nodes: ReadonlyArray<Node>, engine: Engine): Answer<ReadonlyArray<Tensor>> => {
  const variables = sort(nodes).nodes.filter((node) => variableId(node) !== undefined)
  const tensors = variables.map((x) => heldTensor(x)!)
  const f = (...xs: ReadonlyArray<Node>): ReadonlyArray<Node> => instantiate({ parameters: variables, outputs: nodes }, xs)
  return E.chain((run: (...xs: ReadonlyArray<Tensor>) => ReadonlyArray<Tensor>) =>
    E.tryCatch(
      () => run(...tensors),
      (thrown) => {
        if (thrown instanceof FoldgradException) return thrown.errors
        throw thrown
      },
    ),
  )(compile(f, tensors, { engine }))
}

/** The way of the case that is running. */
let way: Way = 'evaluate'

/** Runs a case in one of the ways. */
export const inWay = <T>(of: Way, run: () => T): T => {
  const before = way
  way = of
  try {
    return run()
  } finally {
    way = before
  }
}

/** The numbers of a tree of nodes; `Left` with every misuse. */
export const evaluate = <T>(tree: T): Answer<TensorTree<T>> => {
  if (way === 'evaluate') return evaluated(tree)
  const nodes = leavesOf(tree).map(([path, leaf]) => asNode(leaf, path))
  return E.map((tensors: ReadonlyArray<Tensor>) => rebuild(tree, tensors) as TensorTree<T>)(compiled(nodes, way))
}

/** The same, throwing. */
export const value = <T>(tree: T): TensorTree<T> => {
  const answer = evaluate(tree)
  if (E.isLeft(answer)) throw new FoldgradException(answer.left)
  return answer.right
}

/** The number of a node with one element. */
export const item = (node: Node): number => value(node).toTypedArray()[0]!
