/** One comparison: a derivative along one line beside the estimate of it. */
import { isInvalid, type Node } from '../core/Node.js'
import { sameShape, type Shape } from '../core/Shape.js'
import type { Tensor } from '../core/Tensor.js'
import { asNode } from '../primitive/leaf.js'
import { jvp } from '../transform/jvp.js'
import { vjp } from '../transform/vjp.js'
import { claim, compare, type Claim, type Comparison } from './compare.js'
import { reachOf, type Line } from './direction.js'
import { along, pack, results, tensorsOf, unpack, type Numeric } from './numeric.js'
import { epsilon } from './numerical.js'
import { roundingOf } from './residue.js'
import { singlePrecision } from './rounding.js'

/** Reverse mode, forward mode, or the two against each other. */
export type Way = 'reverse' | 'forward' | 'transposition'

/** Shapes of a derivative that are not those that it must have. */
export interface WrongShapes {
  readonly expected: ReadonlyArray<Shape>
  readonly found: ReadonlyArray<Shape>
}

const nodesOf = (tensors: ReadonlyArray<Tensor>): ReadonlyArray<Node> => tensors.map((t) => asNode(t, ''))

/** The derivative along a line as nodes: the gradient of `⟨w, f⟩` in reverse mode, the tangent of `f` in forward mode. */
const derivativeOf = ({ point, call }: Numeric, ys: ReadonlyArray<Tensor>, forward: boolean, { v, w }: Line): ReadonlyArray<Node> => {
  const xs = nodesOf(point)
  return forward ? jvp(call)([xs], [nodesOf(unpack(point, v))])[1] : vjp(call)(xs)[1](nodesOf(unpack(ys, w)))[0]!
}

const wrongShapes = (found: ReadonlyArray<Node>, expected: ReadonlyArray<Tensor>): WrongShapes | undefined =>
  found.some(isInvalid) || (found.length === expected.length && found.every((t, i) => sameShape(t.shape, expected[i]!.shape)))
    ? undefined
    : { expected: expected.map((t) => t.shape), found: found.map((t) => t.shape) }

/** The number that a derivative claims for a line. */
const claimOf = (g: Numeric, ys: ReadonlyArray<Tensor>, forward: boolean, line: Line): Claim | WrongShapes => {
  const derivative = derivativeOf(g, ys, forward, line)
  const weights = forward ? line.w : line.v
  return wrongShapes(derivative, forward ? ys : g.point) ?? { ...claim(pack(tensorsOf(derivative)), weights), residue: () => roundingOf(derivative, weights) }
}

const isWrong = (found: object): found is WrongShapes => 'expected' in found

/** The comparison of one mode with numerical differentiation, along one line. */
export const trial = (g: Numeric, ys: ReadonlyArray<Tensor>, forward: boolean, line: Line): Comparison | WrongShapes => {
  const claimed = claimOf(g, ys, forward, line)
  return isWrong(claimed) ? claimed : compare(along(g, line.v), line.w, claimed, reachOf(line))
}

/**
 * The same for a function that computes in single precision: its derivative as it is beside the estimate, which is made in
 * double precision, within the rounding that single precision entitles it to. If the values of the function overflow, so may
 * its derivative, and that says nothing about the rules.
 */
export const singleTrial = (g: Numeric, single: Numeric, forward: boolean, line: Line): Comparison | WrongShapes => {
  const ys = results(single)
  const derivative = derivativeOf(single, ys, forward, line)
  const wrong = wrongShapes(derivative, forward ? ys : single.point)
  if (wrong !== undefined) return wrong
  const weights = forward ? line.w : line.v
  const { bound, overflow } = singlePrecision(derivative, weights)
  const found = compare(along(g, line.v), line.w, { ...claim(pack(tensorsOf(derivative)), weights), rounding: bound }, reachOf(line))
  const excused = overflow !== undefined && found.verdict === 'refuted' && overflowsItself(single)
  return excused ? { ...found, verdict: 'inconclusive' } : found
}

/** Whether a function has values too large for single precision on its way. */
const overflowsItself = ({ point, call }: Numeric): boolean => {
  const outputs = call(nodesOf(point))
  return singlePrecision(outputs, pack(tensorsOf(outputs)).fill(0)).overflow !== undefined
}

/** The two modes beside each other along one line, `⟨w, J v⟩` and `⟨Jᵀ w, v⟩`, which may differ by rounding alone. */
export const transpositionTrial = (g: Numeric, ys: ReadonlyArray<Tensor>, line: Line): Comparison | WrongShapes => {
  const forward = claimOf(g, ys, true, line)
  const backward = claimOf(g, ys, false, line)
  if (isWrong(forward)) return forward
  if (isWrong(backward)) return backward
  const apart = Math.abs(forward.value - backward.value)
  const usual = 16 * (line.v.length + line.w.length) * epsilon * (forward.scale + backward.scale)
  const tolerance = apart <= usual ? usual : usual + (forward.residue?.() ?? 0) + (backward.residue?.() ?? 0)
  const equal = apart <= tolerance
  return { verdict: equal ? 'consistent' : 'refuted', claimed: backward.value, estimate: forward.value, tolerance, kink: false, step: 0 }
}

/** The comparison along a line, whichever it is. */
export const trialOf = (way: Way, g: Numeric, ys: ReadonlyArray<Tensor>, line: Line): Comparison | WrongShapes =>
  way === 'transposition' ? transpositionTrial(g, ys, line) : trial(g, ys, way === 'forward', line)
