/**
 * The backward fold: from the last node to the first, each node hands its adjoint on to its operands through the
 * pullbacks of its primitive. The adjoints are nodes, so that they can be differentiated again, and the result is a map:
 * nothing is stored in the graph, so there is nothing to clear.
 */
import { isFloat } from '../core/DType.js'
import { refuse } from '../core/FoldgradError.js'
import { frozenMap, type Gradients, type VariableId } from '../core/Gradients.js'
import { positionsIn, sort, type Sorted } from '../core/Graph.js'
import { invalid, isInvalid, masks, type Node } from '../core/Node.js'
import { sameShape, showShape } from '../core/Shape.js'
import { astype, where } from '../primitive/arithmetic.js'
import { spoilt } from '../primitive/choice.js'
import { add } from '../primitive/declare.js'
import { full, heldTensor, variableId } from '../primitive/leaf.js'
import { sameTensor } from '../core/Tensor.js'

/**
 * What `y`, whose adjoint is `g`, contributes to the adjoint of its operand `k`: `null` if it is not differentiable there.
 *
 * Behind a mask (`masked`: on its way the adjoint came through a `where`, a `maximum` …) an entry that is exactly zero stays
 * zero: the pullback of an elementwise operation would multiply it by a derivative that may be infinite at a point that
 * was never selected, as in `where(x > 0, sqrt(x), 0)` at 0. Only what is not finite is replaced: a zero may also be the value
 * of an adjoint that varies, and then the contribution varies with it.
 */
export const contribution = (g: Node, masked: boolean, y: Node, k: number): Node | null => {
  const c = y.op.vjp(g, y, k)
  return masked && c !== null && c !== g && y.op.scalar !== undefined && y.op.masks !== true ? where(spoilt(g, c), 0, c) : c
}

/** Which nodes depend smoothly on a wanted one: only they need an adjoint. */
const reaching = ({ nodes, first, operands, floats }: Sorted, wanted: ReadonlyArray<number>): Uint8Array => {
  const reaches = new Uint8Array(nodes.length)
  for (const i of wanted) if (i >= 0) reaches[i] = 1
  for (let i = 0; i < nodes.length; i++) {
    if (reaches[i] === 1 || floats[i] === 0) continue
    for (let e = first[i]!; e < first[i + 1]!; e++) if (reaches[operands[e]!] === 1) reaches[i] = 1
  }
  return reaches
}

/**
 * The fold itself, over a sorted program and the cotangents of some of its nodes. The accumulator is an array by position
 * that never leaves it; the adjoints at the wanted positions are the result.
 */
const foldBack = (
  sorted: Sorted,
  wanted: ReadonlyArray<number>,
  cotangents: ReadonlyArray<readonly [position: number, cotangent: Node]>,
  behindMask = false,
): ReadonlyArray<Node | undefined> => {
  const { nodes, first, operands } = sorted
  const reaches = reaching(sorted, wanted)
  const adjoint = new Array<Node | undefined>(nodes.length)
  const masked = new Uint8Array(nodes.length)
  for (const [i, g] of cotangents) {
    adjoint[i] = sum(adjoint[i], g)
    masked[i] = behindMask ? 1 : 0
  }
  for (let i = nodes.length - 1; i >= 0; i--) {
    const g = adjoint[i]
    if (g === undefined || reaches[i] === 0) continue
    const y = nodes[i]!
    const from = first[i]!
    const together = y.op.pullback?.(g, y, Array.from(operands.subarray(from, first[i + 1]!), (operand) => reaches[operand] === 1), masked[i] === 1)
    for (let e = from; e < first[i + 1]!; e++) {
      const operand = operands[e]!
      if (reaches[operand] === 0) continue
      const c = together === undefined ? contribution(g, masked[i] === 1, y, e - from) : together[e - from]!
      if (c === null) continue
      adjoint[operand] = sum(adjoint[operand], c)
      if (masked[i] === 1 || masks(y)) masked[operand] = 1
    }
  }
  return wanted.map((i) => (i < 0 ? undefined : adjoint[i]))
}

/** The sum of contributions; nothing is zero. */
const sum = (a: Node | undefined, b: Node): Node => (a === undefined ? b : add(a, b))

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
  behindMask = false,
): ReadonlyArray<Node | undefined> => {
  const seeds = results.map(([y, cotangent]) => seedOf(op, y, cotangent))
  if (seeds.some(isInvalid)) return nodes.map(() => invalid(op, seeds))
  const sorted = sort(results.map(([y]) => y))
  const wanted = positionsIn(sorted, nodes)
  const at = positionsIn(sorted, results.map(([y]) => y))
  return foldBack(sorted, wanted, seeds.map((seed, i) => [at[i]!, seed] as const), behindMask)
}

/** The float variables of a sorted program, by id. */
const variablesIn = ({ nodes, floats, first }: Sorted): ReadonlyMap<VariableId, ReadonlyArray<Node>> => {
  const byId = new Map<VariableId, Array<Node>>()
  for (let i = 0; i < nodes.length; i++) {
    if (first[i] !== first[i + 1] || floats[i] === 0) continue
    const node = nodes[i]!
    const id = variableId(node)
    if (id === undefined) continue
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
  const variables = variablesIn(sorted)
  if (isInvalid(seed)) return frozenMap([...variables.keys()].map((id) => [id, invalid('backward', [seed])]))
  const ids = [...variables]
  const nodes = ids.flatMap(([, same]) => same)
  const adjoints = foldBack(sorted, positionsIn(sorted, nodes), [[sorted.nodes.length - 1, seed]])
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
