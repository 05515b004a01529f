/** Numerical differentiation: central differences, extrapolated from a ladder of steps, with an honest error bound. */
import { isFloat } from '../core/DType.js'
import { leavesOf } from '../core/Tree.js'
import { asNode } from '../primitive/leaf.js'
import type { ArgumentInputs } from '../transform/vjp.js'
import { extrapolate, type Estimate, type Limit } from './extrapolate.js'
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
 * What the rounding of a difference quotient comes from. `scale` is `Σ|vⱼ gⱼ|`, the change that a relative error of the point
 * makes; `noise` is an error of `⟨w, f⟩` beyond the rounding of its values, as measured for functions that iterate.
 */
export interface Rounding {
  readonly scale: number
  readonly noise?: number
}

/**
 * One difference quotient of `⟨w, f⟩` and its rounding error. Outputs are subtracted one by one before they are summed.
 * The values carry a relative error each. So does the point, which moves the result by `scale`, or by the slope nearby where
 * that is greater, as it is beside a minimum.
 */
const quotient = (w: Float64Array, a: Float64Array, b: Float64Array, width: number, slope: number, noise: number): Estimate => {
  const change = new Float64Array(w.length)
  for (let i = 0; i < w.length; i++) change[i] = (a[i]! - b[i]!) / width
  const rounding = 2 * epsilon * (absoluteDot(w, a) + absoluteDot(w, b) + 2 * slope) + 2 * noise
  return { value: dot(w, change), error: rounding / Math.abs(width) }
}

const limit = (quotients: ReadonlyArray<Estimate>, order: 1 | 2): Limit =>
  extrapolate(quotients.map((q) => q.value), quotients.map((q) => q.error), order)

/** The slope of `⟨w, |f|⟩` between the point and one beside it. */
const slopeTo = ({ here }: Ladder, w: Float64Array, y: Float64Array, h: number): number => {
  let sum = 0
  for (let i = 0; i < w.length; i++) sum += Math.abs((w[i]! * (y[i]! - here[i]!)) / h)
  return sum
}

/** The derivative from both sides, where the error of a quotient is a series in h². */
export const central = (ladder: Ladder, w: Float64Array, { scale, noise = 0 }: Rounding): Limit => {
  const { steps, after, before } = ladder
  return limit(
    steps.map((h, k) => {
      const [a, b] = [after[k]!, before[k]!]
      return quotient(w, a, b, 2 * h, Math.max(scale, slopeTo(ladder, w, a, h), slopeTo(ladder, w, b, h)), noise)
    }),
    2,
  )
}

/** The second derivative, from second differences, whose error is a series in h² too. */
export const curvature = ({ steps, here, after, before }: Ladder, w: Float64Array): Limit =>
  limit(
    steps.map((h, k) => {
      const [a, b] = [after[k]!, before[k]!]
      const second = here.map((y, i) => (a[i]! - y - (y - b[i]!)) / h ** 2)
      const slope = here.reduce((sum, y, i) => sum + Math.abs((w[i]! * (a[i]! - y)) / h) + Math.abs((w[i]! * (y - b[i]!)) / h), 0)
      const rounding = 2 * epsilon * (absoluteDot(w, a) + 2 * absoluteDot(w, here) + absoluteDot(w, b) + 2 * slope)
      return { value: dot(w, second), error: rounding / h ** 2 }
    }),
    2,
  )

/** The derivative from the left and from the right, where the error of a quotient is a series in h. */
export const oneSided = (ladder: Ladder, w: Float64Array, { scale, noise = 0 }: Rounding): readonly [left: Limit, right: Limit] => {
  const { steps, here, after, before } = ladder
  const towards = (ys: ReadonlyArray<Float64Array>, sign: 1 | -1): Limit =>
    limit(steps.map((h, k) => quotient(w, ys[k]!, here, sign * h, Math.max(scale, slopeTo(ladder, w, ys[k]!, h)), noise)), 1)
  return [towards(before, -1), towards(after, 1)]
}

/** The least slope of `⟨w, |f|⟩` over any step: how steep the function is at least, whether its elements cancel or not. */
export const steepness = (ladder: Ladder, w: Float64Array): number =>
  Math.min(...ladder.steps.flatMap((h, k) => [slopeTo(ladder, w, ladder.after[k]!, h), slopeTo(ladder, w, ladder.before[k]!, h)]))

/** How far `⟨w, |f|⟩` gets on a ladder. */
export const variation = (ladder: Ladder, w: Float64Array): number =>
  Math.max(...[...ladder.after, ...ladder.before].map((y) => slopeTo(ladder, w, y, 1)))

/** What the numbers that a quotient is taken of amount to at most, `Σ|wᵢ fᵢ|`. */
export const magnitude = ({ after, before }: Ladder, w: Float64Array): number =>
  Math.max(...[...after, ...before].map((y) => absoluteDot(w, y)))

/**
 * The derivative of a function of trees along a direction (a tangent for every leaf), summed over the elements of the
 * result, by central differences alone: an estimate, and a bound on its error. Steps are relative to the direction, from
 * 1/64 of it down, so choose it of the size over which `f` changes. The error is infinite where there is no derivative.
 *
 * A function that computes in `f32` is differenced in `f64`: the program that it builds is evaluated in double precision.
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
  const { value, error } = central(climb(along(g, v), firstStep), w, { scale: 0 })
  return Object.freeze({ value, error })
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
