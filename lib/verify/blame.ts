/**
 * Which node of a program makes its derivative wrong.
 *
 * Let `τ` be the true tangents of all nodes along a line, and `ḡ` their adjoints as the rules compute them. What a node hands
 * on to its operands falls short of what it received by `⟨ḡ, τ⟩ − Σₖ ⟨pullbackₖ(ḡ), τₖ⟩`, which is zero for a right rule. Summed
 * over all nodes these shortfalls are exactly what the whole derivative is wrong by, so a node is to blame if and only if its
 * own is not zero; a wrong rule whose adjoint is zero does no harm and is not blamed. The numbers are differenced for all
 * nodes at once along the line that failed. In forward mode the pullback is the transposed pushforward.
 */
import type { Node } from '../core/Node.js'
import { tensorOf, type Tensor } from '../core/Tensor.js'
import { constant } from '../primitive/leaf.js'
import { tangentsOf } from '../transform/forward.js'
import { claim, type Comparison } from './compare.js'
import type { Line } from './direction.js'
import { flowBack, type Flow, type Misshapen } from './flow.js'
import { pack, tensorsOf, unpack, type Numeric } from './numeric.js'
import { central, epsilon } from './numerical.js'
import { absoluteDot } from './sum.js'
import { courseOf, hasKink, ladderOf, type Course, type Program } from './traced.js'
import type { Way } from './trial.js'

/** A node whose rule is wrong along a line. */
export interface Culprit {
  readonly position: number
  /** The node has a kink on the line, so that its rule may choose; the shortfall is no proof then. */
  readonly kink: boolean
  /** The operand whose contribution has the wrong shape, if that is what is wrong, and that shape. */
  readonly misshapen?: Misshapen
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
  const flow = flowBack(program, ys, w, way === 'forward')
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
