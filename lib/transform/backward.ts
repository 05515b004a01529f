/**
 * The backward fold: from the last node to the first, each node hands its adjoint on to its operands through the
 * pullbacks of its primitive. The adjoints are nodes, so that they can be differentiated again, and the result is a map:
 * nothing is stored in the graph, so there is nothing to clear.
 */
import { isFloat } from '../core/DType.js'
import { refuse } from '../core/FoldgradError.js'
import { frozenMap, type Gradients, type VariableId } from '../core/Gradients.js'
import { positionsIn, sort, type Sorted } from '../core/Graph.js'
import { invalid, isInvalid, type Node } from '../core/Node.js'
import { sameShape, showShape } from '../core/Shape.js'
import { astype, ne, where } from '../primitive/arithmetic.js'
import { add } from '../primitive/declare.js'
import { full, heldTensor, variableId } from '../primitive/leaf.js'
import { sameTensor } from '../core/Tensor.js'

/** An adjoint, and whether it came through a mask (`where`, `maximum`, …) on its way. */
export interface Adjoint {
  readonly node: Node
  readonly masked: boolean
}

/**
 * What `y`, whose adjoint is `g`, contributes to the adjoint of its operand `k`: `null` if it is not differentiable there.
 *
 * Behind a mask an entry that is exactly zero stays zero: the pullback of an elementwise operation would multiply it by
 * a derivative that may be infinite at a point that was never selected, as in `where(x > 0, sqrt(x), 0)` at 0.
 */
export const contribution = (g: Adjoint, y: Node, k: number): Adjoint | null => {
  const c = y.op.vjp(g.node, y, k)
  if (c === null) return null
  const masked = g.masked || y.op.masks === true
  const strongZero = g.masked && y.op.scalar !== undefined && y.op.masks !== true && c !== g.node
  return { node: strongZero ? where(ne(g.node, 0), c, 0) : c, masked }
}

/** The sum of two contributions to one adjoint. */
export const accumulate = (a: Adjoint | undefined, b: Adjoint): Adjoint =>
  a === undefined ? b : { node: add(a.node, b.node), masked: a.masked || b.masked }

/** Which nodes depend smoothly on a wanted one: only they need an adjoint. */
const reaching = ({ nodes, first, operands }: Sorted, wanted: ReadonlyArray<number>): Uint8Array => {
  const reaches = new Uint8Array(nodes.length)
  for (const i of wanted) if (i >= 0) reaches[i] = 1
  for (let i = 0; i < nodes.length; i++) {
    if (reaches[i] === 1 || !isFloat(nodes[i]!.dtype)) continue
    for (let e = first[i]!; e < first[i + 1]!; e++) if (reaches[operands[e]!] === 1) reaches[i] = 1
  }
  return reaches
}

/** The fold itself. The accumulator is an array by position that never leaves it. */
const foldBack = (sorted: Sorted, reaches: Uint8Array, seed: ReadonlyArray<Adjoint | undefined>): ReadonlyArray<Adjoint | undefined> => {
  const { nodes, first, operands } = sorted
  const adjoint = [...seed]
  for (let i = nodes.length - 1; i >= 0; i--) {
    const g = adjoint[i]
    if (g === undefined || reaches[i] === 0) continue
    for (let e = first[i]!, k = 0; e < first[i + 1]!; e++, k++) {
      const operand = operands[e]!
      if (reaches[operand] === 0) continue
      const c = contribution(g, nodes[i]!, k)
      if (c !== null) adjoint[operand] = accumulate(adjoint[operand], c)
    }
  }
  return adjoint
}

/** The adjoints at some positions of a sorted program, given cotangents of some of its nodes. */
const pullAll = (sorted: Sorted, wanted: ReadonlyArray<number>, cotangents: ReadonlyArray<readonly [number, Node]>) => {
  const seed = new Array<Adjoint | undefined>(sorted.nodes.length)
  for (const [i, node] of cotangents) seed[i] = accumulate(seed[i], { node, masked: false })
  const adjoint = foldBack(sorted, reaching(sorted, wanted), seed)
  return wanted.map((i) => (i < 0 ? undefined : adjoint[i]?.node))
}

/** The cotangent to start from: ones unless one is given, which must have the shape of the result. */
const seedOf = (op: string, y: Node, cotangent: Node | undefined): Node => {
  if (isInvalid(y) || (cotangent !== undefined && isInvalid(cotangent))) return invalid(op, cotangent ? [y, cotangent] : [y])
  if (!isFloat(y.dtype))
    return invalid(op, [y], refuse('DType', `the result is ${y.dtype}, only floats have derivatives`, "Differentiate a float result, or convert it with astype('f64')"))
  if (cotangent === undefined) return full(1, y)
  return sameShape(cotangent.shape, y.shape)
    ? astype(cotangent, y.dtype)
    : invalid(op, [y, cotangent], refuse('Shape', `the cotangent needs the shape of the result, ${showShape(y.shape)}`, `Give a cotangent of shape ${showShape(y.shape)}`))
}

/**
 * The adjoint of each of `nodes` in `y`: the derivative of `⟨cotangent, y⟩` with respect to it, as a node.
 * `undefined` for a node that `y` does not depend on smoothly.
 */
export const adjointsOf = (
  y: Node,
  nodes: ReadonlyArray<Node>,
  cotangent?: Node,
): ReadonlyArray<Node | undefined> => adjointsOfAll([[y, cotangent]], nodes, 'adjoints')

/** The same for several results at once: the derivative of the sum of `⟨cotangent, y⟩` over them. */
export const adjointsOfAll = (
  results: ReadonlyArray<readonly [y: Node, cotangent: Node | undefined]>,
  nodes: ReadonlyArray<Node>,
  op: string,
): ReadonlyArray<Node | undefined> => {
  const seeds = results.map(([y, cotangent]) => seedOf(op, y, cotangent))
  if (seeds.some(isInvalid)) return nodes.map(() => invalid(op, seeds))
  const sorted = sort(results.map(([y]) => y))
  const wanted = positionsIn(sorted, nodes)
  const at = positionsIn(sorted, results.map(([y]) => y))
  return pullAll(sorted, wanted, seeds.map((seed, i) => [at[i]!, seed] as const))
}

/** The variables of a sorted program by id, and the ids that stand for two different things. */
const variablesIn = (nodes: ReadonlyArray<Node>): ReadonlyMap<VariableId, ReadonlyArray<Node>> => {
  const byId = new Map<VariableId, Array<Node>>()
  for (const node of nodes) {
    const id = variableId(node)
    if (id === undefined || !isFloat(node.dtype)) continue
    const others = byId.get(id)
    if (others === undefined) byId.set(id, [node])
    else others.push(node)
  }
  return byId
}

/**
 * The gradient of `y` with respect to every variable that reaches it, keyed by variable id: the backward pass as a fold.
 *
 * `y` may have any shape; the gradient is that of `⟨cotangent, y⟩`, and the cotangent is ones unless given, so for a
 * scalar it is the gradient. Values of the map are nodes: they can be evaluated, used in further operations, and
 * differentiated again. A variable that does not reach `y` is absent; a leaf is its own gradient 1. Calling it twice gives
 * equal maps. A misuse in `y` makes the gradients invalid nodes, reported when they are evaluated.
 *
 * @example
 * const x = variable('x', 2)
 * const y = variable('y', 3)
 * const g = backward(add(square(x), square(y)))
 * item(g.get('x')!) // 4
 */
export const backward = (y: Node, cotangent?: Node): Gradients => {
  const seed = seedOf('backward', y, cotangent)
  const sorted = sort([y])
  const variables = variablesIn(sorted.nodes)
  if (isInvalid(seed)) return frozenMap([...variables.keys()].map((id) => [id, invalid('backward', [seed])]))
  const ids = [...variables]
  const nodes = ids.flatMap(([, same]) => same)
  const adjoints = pullAll(sorted, positionsIn(sorted, nodes), [[sorted.nodes.length - 1, seed]])
  let next = 0
  return frozenMap(
    ids.flatMap(([id, same]) => {
      const parts = same.flatMap(() => adjoints[next++] ?? [])
      if (parts.length === 0) return []
      return [[id, conflict(id, same) ?? parts.reduce((a, b) => add(a, b))] as const]
    }),
  )
}

/** Variables of one id must hold the same data. */
const conflict = (id: VariableId, [node, ...others]: ReadonlyArray<Node>): Node | undefined =>
  others.every((other) => sameTensor(heldTensor(node!)!, heldTensor(other)!))
    ? undefined
    : invalid('variable', [node!, ...others], refuse('Variable', `the id '${id}' names variables with different data`, 'Give each variable an id of its own, or use one node for both'))
