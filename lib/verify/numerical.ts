/** Numerical differentiation: central differences, extrapolated from a ladder of steps, with an honest error bound. */
import { isFloat } from '../core/DType.js'
import { leavesOf } from '../core/Tree.js'
import { asNode } from '../primitive/leaf.js'
import type { ArgumentInputs } from '../transform/vjp.js'
import { extrapolate, type Estimate } from './extrapolate.js'
import { along, numeric, pack, results, tensorsOf } from './numeric.js'
import { absoluteDot, dot } from './sum.js'

/** The unit roundoff that values of type `f64` carry. */
export const epsilon = Number.EPSILON

/** The largest step of the first ladder, relative to the direction. */
export const firstStep = 2 ** -6

const rungs = 9

/** Values of `f` on both sides of a point along a direction, at steps that halve from one rung to the next. */
export interface Ladder {
  readonly steps: ReadonlyArray<number>
  readonly here: Float64Array
  readonly after: ReadonlyArray<Float64Array>
  readonly before: ReadonlyArray<Float64Array>
}

/** The values that all estimates at one point are made of. */
export const climb = (f: (t: number) => Float64Array, step: number): Ladder => {
  const steps = Array.from({ length: rungs }, (_, k) => step * 2 ** -k)
  return { steps, here: f(0), after: steps.map(f), before: steps.map((h) => f(-h)) }
}

/**
 * One difference quotient of `⟨w, f⟩` and its rounding error. Outputs are subtracted one by one before they are summed.
 * The values carry a relative error each. So does the point, which moves the result by `scale = Σ|vⱼ gⱼ|`, or by the slope
 * nearby where that is greater, as it is beside a minimum.
 */
const quotient = (w: Float64Array, a: Float64Array, b: Float64Array, width: number, slope: number): Estimate => {
  const change = a.map((x, i) => (x - b[i]!) / width)
  return { value: dot(w, change), error: (2 * epsilon * (absoluteDot(w, a) + absoluteDot(w, b) + 2 * slope)) / Math.abs(width) }
}

const limit = (quotients: ReadonlyArray<Estimate>, order: 1 | 2): Estimate =>
  extrapolate(quotients.map((q) => q.value), quotients.map((q) => q.error), order)

/** The slope of `⟨w, |f|⟩` between the point and one beside it. */
const slopeTo = ({ here }: Ladder, w: Float64Array, y: Float64Array, h: number): number =>
  absoluteDot(w, y.map((x, i) => (x - here[i]!) / h))

/** The derivative from both sides, where the error of a quotient is a series in h². */
export const central = (ladder: Ladder, w: Float64Array, scale: number): Estimate => {
  const { steps, after, before } = ladder
  return limit(
    steps.map((h, k) => {
      const [a, b] = [after[k]!, before[k]!]
      return quotient(w, a, b, 2 * h, Math.max(scale, slopeTo(ladder, w, a, h), slopeTo(ladder, w, b, h)))
    }),
    2,
  )
}

/** The derivative from the left and from the right, where the error of a quotient is a series in h. */
export const oneSided = (ladder: Ladder, w: Float64Array, scale: number): readonly [Estimate, Estimate] => {
  const { steps, here, after, before } = ladder
  const towards = (ys: ReadonlyArray<Float64Array>, sign: 1 | -1): Estimate =>
    limit(steps.map((h, k) => quotient(w, ys[k]!, here, sign * h, Math.max(scale, slopeTo(ladder, w, ys[k]!, h)))), 1)
  return [towards(before, -1), towards(after, 1)]
}

/** What the numbers that a quotient is taken of amount to at most, `Σ|wᵢ fᵢ|`. */
export const magnitude = ({ after, before }: Ladder, w: Float64Array): number =>
  Math.max(...[...after, ...before].map((y) => absoluteDot(w, y)))

/**
 * The derivative of a function of trees along a direction (a tangent for every leaf), summed over the elements of the
 * result, by central differences alone: an estimate, and a bound on its error. Steps are relative to the direction, from
 * 1/64 of it down, so choose it of the size over which `f` changes. The error is infinite where there is no derivative.
 *
 * Throws a `FoldgradException` if `f` misuses an operation.
 *
 * @example
 * const { value, error } = numericalDerivative((x: Node) => sin(x), [1], [1])
 * Math.abs(value - Math.cos(1)) <= error // true
 * error < 1e-11                          // true
 */
export const numericalDerivative = <A extends ReadonlyArray<unknown>, R>(
  f: (...args: A) => R,
  args: ArgumentInputs<A>,
  direction: ArgumentInputs<A>,
): Estimate => {
  const g = numeric(f as (...args: ReadonlyArray<never>) => unknown, args)
  const tangents = tensorsOf(leavesOf(direction).map(([path, leaf]) => asNode(leaf, path)))
  const v = pack(tangents.filter((t) => isFloat(t.dtype)))
  const w = pack(results(g)).fill(1)
  return central(climb(along(g, v), firstStep), w, 0)
}

/**
 * The central difference `(f(x + ε) - f(x - ε)) / 2ε` of a function of one scalar: the textbook formula, good to a few
 * digits. {@link numericalDerivative} chooses its steps and says how good it is.
 *
 * Throws a `FoldgradException` if `f` misuses an operation.
 *
 * @example
 * numericalDiff((x: Node) => square(x), 2).toFixed(6) // '4.000000'
 */
export const numericalDiff = (f: (x: never) => unknown, x: number, eps = 1e-4): number => {
  const at = (t: number): number => pack(results(numeric(f, [x + t])))[0]!
  return (at(eps) - at(-eps)) / (2 * eps)
}
