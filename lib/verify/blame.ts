/**
 * Which node of a program makes its derivative wrong.
 *
 * Let `τ` be the true tangents of all nodes along a line, and `ḡ` their adjoints as the rules compute them. What a node hands
 * on to its operands falls short of what it received by `⟨ḡ, τ⟩ − Σₖ ⟨pullbackₖ(ḡ), τₖ⟩`, which is zero for a right rule. Summed
 * over all nodes these shortfalls are exactly what the whole derivative is wrong by, so a node is to blame if and only if its
 * own is not zero; a wrong rule whose adjoint is zero does no harm and is not blamed. The numbers are differenced for all
 * nodes at once along the line that failed. In forward mode the pullback is the transposed pushforward.
 */
import { isFloat } from '../core/DType.js'
import { isInvalid, masks, type Node } from '../core/Node.js'
import { sameShape, type Shape } from '../core/Shape.js'
import { tensorOf, type Tensor } from '../core/Tensor.js'
import { add } from '../primitive/declare.js'
import { identity } from '../primitive/identity.js'
import { constant, full } from '../primitive/leaf.js'
import { adjointsOfAll, contribution } from '../transform/backward.js'
import { tangentsOf } from '../transform/forward.js'
import { claim, type Comparison } from './compare.js'
import type { Line } from './direction.js'
import { pack, tensorsOf, unpack, type Numeric } from './numeric.js'
import { central, epsilon } from './numerical.js'
import { absoluteDot } from './sum.js'
import { courseOf, hasKink, ladderOf, type Course, type Program } from './traced.js'
import type { Way } from './trial.js'

/** A contribution of the wrong shape. */
export interface Misshapen {
  readonly operand: number
  readonly found: Shape
}

/** A node whose rule is wrong along a line. */
export interface Culprit {
  readonly position: number
  /** The node has a kink on the line, so that its rule may choose; the shortfall is no proof then. */
  readonly kink: boolean
  /** The operand whose contribution has the wrong shape, if that is what is wrong, and that shape. */
  readonly misshapen?: Misshapen
}

/** What a node hands on to its operands; `null` to one that it has no derivative in. */
type Contributions = ReadonlyArray<Node | null>

const reverse = (g: Node, y: Node, masked: boolean): Contributions => {
  const wanted = y.inputs.map((x) => isFloat(x.dtype))
  return (y.op.pullback?.(g, y, wanted, masked) ?? y.inputs.map((_, k) => (wanted[k] ? contribution(g, masked, y, k) : null))).map((c, k) => (wanted[k] ? c : null))
}

/** The transposed pushforward. A tangent of a wrong shape is handed on to all operands, so that it is seen. */
const forward = (g: Node, y: Node): Contributions => {
  const tangents = y.inputs.map((x) => (isFloat(x.dtype) ? identity(full(0, x)) : null))
  const t = tangents.every((p) => p === null) ? null : y.op.jvp(tangents, y)
  if (t === null) return y.inputs.map(() => null)
  if (isInvalid(t) || !sameShape(t.shape, y.shape)) return tangents.map((p) => (p === null ? null : t))
  const moving = tangents.filter((p) => p !== null)
  const found = adjointsOfAll([[t, g]], moving, 'blame')
  let next = 0
  return tangents.map((p) => (p === null ? null : (found[next++] ?? null)))
}

/** The adjoint of every node and what it hands on, by position. */
interface Flow {
  readonly adjoints: ReadonlyArray<Node | undefined>
  readonly contributions: ReadonlyArray<Contributions | undefined>
  /** A node that hands on an array that does not fit, where the flow ends. */
  readonly misshapen: readonly [position: number, Misshapen] | undefined
}

const flowBack = ({ nodes, outputs, variables }: Program, ys: ReadonlyArray<Tensor>, w: Float64Array, way: Way): Flow => {
  const at = new Map(nodes.map((node, i) => [node, i]))
  const adjoints = new Array<Node | undefined>(nodes.length).fill(undefined)
  const contributions = new Array<Contributions | undefined>(nodes.length).fill(undefined)
  const masked = new Uint8Array(nodes.length)
  const receive = (node: Node, g: Node): void => {
    const i = at.get(node)!
    adjoints[i] = adjoints[i] === undefined ? g : add(adjoints[i], g)
  }
  unpack(ys, w).forEach((t, i) => receive(outputs[i]!, constant(t)))
  const moves = new Set(variables)
  for (const node of nodes) if (node.inputs.some((x) => moves.has(x))) moves.add(node)
  for (let i = nodes.length - 1; i >= 0; i--) {
    const [y, g] = [nodes[i]!, adjoints[i]]
    if (g === undefined || y.inputs.length === 0) continue
    const given = (way === 'forward' ? forward(g, y) : reverse(g, y, masked[i] === 1)).map((c, k) => (moves.has(y.inputs[k]!) ? c : null))
    const wrong = given.findIndex((c, k) => c !== null && !isInvalid(c) && !sameShape(c.shape, y.inputs[k]!.shape))
    if (wrong >= 0) return { adjoints, contributions, misshapen: [i, { operand: wrong, found: given[wrong]!.shape }] }
    contributions[i] = given
    given.forEach((c, k) => {
      if (c === null) return
      receive(y.inputs[k]!, c)
      if (way !== 'forward' && (masked[i] === 1 || masks(y))) masked[at.get(y.inputs[k]!)!] = 1
    })
  }
  return { adjoints, contributions, misshapen: undefined }
}

const zeros = (node: Node): Tensor => tensorOf(new Float64Array(node.shape.reduce((n, d) => n * d, 1)), node.shape, 'f64')

/** What flows into a node and, with the opposite sign, what flows out of it, beside the positions of the arrays it belongs to. */
interface Balance {
  readonly position: number
  readonly positions: ReadonlyArray<number>
  readonly weights: Float64Array
}

const balances = (program: Program, { adjoints, contributions }: Flow): ReadonlyArray<Balance> => {
  const { nodes } = program
  const at = new Map(nodes.map((node, i) => [node, i]))
  const wanted = nodes.flatMap((_, i) => (contributions[i] === undefined ? [] : [adjoints[i]!, ...contributions[i].filter((c) => c !== null)]))
  const values = tensorsOf(wanted)
  let next = 0
  return nodes.flatMap((node, i): ReadonlyArray<Balance> => {
    const cs = contributions[i]
    if (cs === undefined) return []
    const g = values[next++]!
    const parts = cs.map((c, k) => (c === null ? zeros(node.inputs[k]!) : values[next++]!))
    const outflow = pack(parts).map((x) => -x)
    return [{ position: i, positions: [i, ...node.inputs.map((x) => at.get(x)!)], weights: Float64Array.from([...pack([g]), ...outflow]) }]
  })
}

/**
 * Whether a node falls short along the line by more than the errors of the numbers, and by more than what the whole derivative
 * may be off by.
 */
const fallsShort = (course: Course, { positions, weights }: Balance, least: number): boolean => {
  const ladder = ladderOf(course, positions)
  const h = ladder.steps.at(-1)!
  const scale = absoluteDot(weights, ladder.after.at(-1)!.map((y, j) => (y - ladder.before.at(-1)![j]!) / (2 * h)))
  const { value, error } = central(ladder, weights, { scale })
  return Math.abs(value) > Math.max(least, 8 * error + 16 * epsilon * scale) && error <= 1e-3 * Math.abs(value)
}

/** The same from the tangents of forward mode instead of numerical ones: whether the two rules of a node are not transposes. */
const isUntransposed = (tangents: ReadonlyArray<Tensor>, { positions, weights }: Balance, least: number): boolean => {
  const t = pack(positions.map((i) => tangents[i]!))
  const { value, scale } = claim(weights, t)
  return Math.abs(value) > Math.max(least, 16 * t.length * epsilon * scale)
}

/**
 * The nodes to blame for a line that was refuted, in topological order. The difference was found with steps from `step`
 * down, and is more than `tolerance`.
 */
export const culprits = (
  g: Numeric,
  program: Program,
  ys: ReadonlyArray<Tensor>,
  way: Way,
  { v, w }: Line,
  { step, tolerance }: Pick<Comparison, 'step' | 'tolerance'>,
): ReadonlyArray<Culprit> => {
  const flow = flowBack(program, ys, w, way)
  if (flow.misshapen !== undefined) {
    const [position, misshapen] = flow.misshapen
    return [{ position, misshapen, kink: false }]
  }
  const all = balances(program, flow)
  if (way !== 'transposition') {
    const course = courseOf(g, program, v, step)
    return all.flatMap((b) => (fallsShort(course, b, tolerance) ? [{ position: b.position, kink: hasKink(course, b.position) }] : []))
  }
  const directions = unpack(g.point, v).map(constant)
  const tangents = tensorsOf(tangentsOf(program.nodes, program.variables, directions).map((t, i) => t ?? constant(zeros(program.nodes[i]!))))
  return all.flatMap((b) => (isUntransposed(tangents, b, tolerance) ? [{ position: b.position, kink: false }] : []))
}
