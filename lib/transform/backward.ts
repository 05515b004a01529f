/**
 * The backward fold: from the last node to the first, each node hands its adjoint on to its operands through the
 * pullbacks of its primitive. The adjoints are nodes, so that they can be differentiated again, and the result is a map:
 * nothing is stored in the graph, so there is nothing to clear.
 */
import { isFloat } from '../core/DType.js'
import { refuse } from '../core/FoldgradError.js'
import { frozenMap, type Gradients, type VariableId } from '../core/Gradients.js'
import { positionsIn, sort, type Sorted } from '../core/Graph.js'
import { invalid, isInvalid, masks, settle, type Node } from '../core/Node.js'
import { sameShape, showShape } from '../core/Shape.js'
import type { Cotangent, Course } from '../core/Sweep.js'
import { astype, where } from '../primitive/arithmetic.js'
import { spoilt } from '../primitive/choice.js'
import { add } from '../primitive/declare.js'
import { full, heldTensor, variableId } from '../primitive/leaf.js'
import { sameTensor } from '../core/Tensor.js'
import { deferredAdjoints } from './defer.js'

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
 * that never leaves it; the adjoints at the wanted positions are the result. Those at the positions of `gradients` are known
 * already, as deferred nodes: they become what is found there.
 */
const foldBack = ({ sorted, reaches, cotangents, behindMask }: Course, gradients: ReadonlyMap<number, Node>): ReadonlyArray<Node | undefined> => {
  const { nodes, first, operands } = sorted
  const adjoint = new Array<Node | undefined>(nodes.length)
  const masked = new Uint8Array(nodes.length)
  for (const [i, g] of cotangents) {
    adjoint[i] = sum(adjoint[i], g)
    masked[i] = behindMask ? 1 : 0
  }
  for (let i = nodes.length - 1; i >= 0; i--) {
    const found = adjoint[i]
    if (found === undefined || reaches[i] === 0) continue
    const g = (adjoint[i] = settled(found, gradients.get(i)))
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
  return adjoint
}

/** The deferred node, if there is one, as what it turns out to be. */
const settled = (found: Node, gradient: Node | undefined): Node => {
  if (gradient === undefined) return found
  settle(gradient, found)
  return gradient
}

/** The adjoints at some positions of a sorted program; deferred where all that matters is a scalar. */
const adjointsAt = (
  sorted: Sorted,
  wanted: ReadonlyArray<number>,
  cotangents: ReadonlyArray<Cotangent>,
  behindMask = false,
): ReadonlyArray<Node | undefined> => {
  const course = { sorted, reaches: reaching(sorted, wanted), cotangents, behindMask }
  const deferred = deferredAdjoints(course, wanted, foldBack)
  if (deferred !== undefined) return deferred
  const found = foldBack(course, new Map())
  return wanted.map((i) => (i < 0 ? undefined : found[i]))
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
  return adjointsAt(sorted, wanted, seeds.map((seed, i) => [at[i]!, seed] as const), behindMask)
}

/** The positions of the float variables of a sorted program, by id. */
const variablesIn = ({ nodes, floats, first }: Sorted): ReadonlyMap<VariableId, ReadonlyArray<number>> => {
  const byId = new Map<VariableId, Array<number>>()
  for (let i = 0; i < nodes.length; i++) {
    if (first[i] !== first[i + 1] || floats[i] === 0) continue
    const id = variableId(nodes[i]!)
    if (id === undefined) continue
    const others = byId.get(id)
    if (others === undefined) byId.set(id, [i])
    else others.push(i)
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
  const wanted: Array<number> = []
  for (const same of variables.values()) wanted.push(...same)
  const adjoints = adjointsAt(sorted, wanted, [[sorted.nodes.length - 1, seed]])
  const gradients = new Map<VariableId, Node>()
  let next = 0
  for (const [id, same] of variables) {
    let gradient: Node | undefined
    for (let k = 0; k < same.length; k++) {
      const part = adjoints[next++]
      if (part !== undefined) gradient = sum(gradient, part)
    }
    if (gradient !== undefined) gradients.set(id, (same.length > 1 && conflict(id, same.map((i) => sorted.nodes[i]!))) || gradient)
  }
  return frozenMap(gradients)
}

/** Variables of one id must hold the same data. */
const conflict = (id: VariableId, same: ReadonlyArray<Node>): Node | undefined =>
  same.every((node) => sameTensor(heldTensor(same[0]!)!, heldTensor(node)!))
    ? undefined
    : invalid('variable', same, refuse('Variable', `the id '${id}' names variables with different data`, 'Give each variable an id of its own, or use one node for both'))
