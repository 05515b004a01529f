/** Hessians by numerical differentiation alone: second differences of values. */
import { rebuild, leavesOf, type Leaf } from '../core/Tree.js'
import type { ArgumentInputs } from '../transform/vjp.js'
import { sizesOf } from './direction.js'
import type { Estimate } from './extrapolate.js'
import { attempts, blocks, type EstimatedJacobian } from './jacobian.js'
import { along, numeric, pack, results, type Numeric } from './numeric.js'
import { climb, curvature } from './numerical.js'

/** Second differences lose twice as many digits to rounding, so their steps are longer. */
const firstStep = 2 ** -3

/** The second derivative of the sum of the results along a line, from the ladder that knows it best. */
const along2 = (g: Numeric, v: Float64Array, w: Float64Array): Estimate => {
  const f = along(g, v)
  let best: Estimate = { value: NaN, error: Infinity }
  for (let attempt = 0, step = firstStep; attempt <= attempts; attempt++, step /= 8) {
    const found = curvature(climb(f, step), w)
    if (found.error < best.error) best = found
    if (best.error <= 1e-6 * Math.abs(best.value)) break
  }
  return best
}

/**
 * The Hessian of a scalar function of a tree by second differences alone, without any derivative: estimates in a tree of trees,
 * with a bound on the error of each. It is symmetric. Good to six or eight digits, where `checkSecondOrder`, which differences
 * the first derivative, is good to eleven.
 *
 * Integer leaves do not fit here: pass them as further arguments. Throws a `FoldgradException` if `f` misuses an operation.
 *
 * @example
 * const { value, error } = numericalHessian((x: Node) => sum(mul(x, mul(x, x))), [tensor([1, 2])])
 * value.toArray().map((row) => row.map((x) => Math.round(x * 1e5) / 1e5)) // [[6, 0], [0, 12]]
 * error.at(1, 1) < 1e-6                                                   // true
 */
export const numericalHessian = <A extends ReadonlyArray<unknown>>(f: (...args: A) => Leaf, [first, ...rest]: ArgumentInputs<A>): EstimatedJacobian<A[0], A[0]> => {
  const of = (x: unknown): Leaf => f(...([x, ...rest] as unknown as A))
  const g = numeric(of as (...args: ReadonlyArray<never>) => unknown, [first])
  if (leavesOf(first).length !== g.point.length) throw new TypeError('numericalHessian: an integer leaf has no derivative; pass it as a further argument')
  const sizes = sizesOf(g.point)
  const w = pack(results(g)).fill(1)
  const unit = (i: number): Float64Array => sizes.map((size, j) => (i === j ? size : 0))
  const diagonal = Array.from(sizes, (_, i) => along2(g, unit(i), w))
  const entries = Array.from(sizes, (_, i) =>
    Array.from({ length: i + 1 }, (_, j): Estimate => {
      const scale = sizes[i]! * sizes[j]!
      if (i === j) return { value: diagonal[i]!.value / scale, error: diagonal[i]!.error / scale }
      // The polarization identity: 4 H(u, v) = H(u + v, u + v) - H(u - v, u - v).
      const sum = along2(g, unit(i).map((x, k) => x + unit(j)[k]!), w)
      const difference = along2(g, unit(i).map((x, k) => x - unit(j)[k]!), w)
      return { value: (sum.value - difference.value) / (4 * scale), error: (sum.error + difference.error) / (4 * scale) }
    }),
  )
  const shapes = g.point.map((x) => x.shape)
  const found = blocks(shapes, shapes, (i, j) => entries[Math.max(i, j)]![Math.min(i, j)]!)
  return rebuild(first, found.map((row) => rebuild(first, row))) as EstimatedJacobian<A[0], A[0]>
}
