/** Spread and length: variance, standard deviation, norms. */
import { refuse } from '../core/FoldgradError.js'
import { invalid, type Node } from '../core/Node.js'
import { repeated, totals } from '../primitive/along.js'
import { div, eq, mul, square, sub, where } from '../primitive/arithmetic.js'
import { stopGradient } from '../primitive/identity.js'
import { pow } from '../primitive/power.js'
import { euclideanNorm, max } from '../primitive/reduce.js'
import { abs } from '../primitive/rounding.js'
import { broadcastTo, rangeAlong, slice, sum } from '../primitive/shape.js'
import { withOptions, type WithOptions } from './call.js'
import { reducedAlong, type ReduceOptions } from './reducing.js'

/** How many degrees of freedom are taken off the number of elements (default: 0). */
export interface SpreadOptions extends ReduceOptions {
  readonly ddof?: number
}

/**
 * The deviations from the mean. They are first taken from the first element: a constant deviates by exactly zero then, and
 * no digits are lost to a large offset. The offset is a constant to derivatives, as the result does not depend on it.
 */
const deviations = (x: Node, axis: number): Node => {
  const length = x.shape[axis]!
  if (length === 0) return x
  const first = slice(x, rangeAlong(x.shape, axis, 0, 1))
  const d = sub(x, broadcastTo(stopGradient(first), x.shape))
  return sub(d, div(totals(d, axis), length))
}

/**
 * The variance over some axes: the sum of the squared deviations from the mean, divided by `n - ddof`.
 * Also exported under NumPy's name `var`, for `import * as`.
 *
 * @example
 * item(variance([1, 2, 3, 4])) // 1.25
 * item(variance([1, 2, 3], { ddof: 1 })) // 1
 */
export const variance: WithOptions<SpreadOptions> = withOptions((operand, { ddof = 0, ...options }) =>
  reducedAlong('variance', operand, options, 'float', (x, axis) => div(sum(square(deviations(x, axis)), [axis]), x.shape[axis]! - ddof)),
)
export { variance as var }

/**
 * The standard deviation over some axes: the root of the variance. That of a constant has gradient 0.
 *
 * @example
 * item(std([3, 5])) // 1
 * toArray(grad(std)(constant([2, 2, 2]))) // [0, 0, 0]
 */
export const std: WithOptions<SpreadOptions> = withOptions((operand, { ddof = 0, ...options }) =>
  reducedAlong('std', operand, options, 'float', (x, axis) =>
    div(euclideanNorm(deviations(x, axis), axis), Math.sqrt(x.shape[axis]! - ddof)),
  ),
)

/** Which norm: the Euclidean one (`null`, 2, `'fro'`), the sum of magnitudes (1), their maximum (`'inf'`), or any p > 0. */
export interface NormOptions extends ReduceOptions {
  readonly ord?: number | 'inf' | 'fro' | null
}

/** `(Σ |x|^p)^(1/p)`, scaled by the greatest magnitude. A norm is homogeneous, so the scale is a constant to derivatives. */
const powerNorm = (x: Node, axis: number, p: number): Node => {
  if (x.shape[axis] === 0) return sum(x, [axis])
  const top = stopGradient(max(abs(x), [axis]))
  const scale = where(eq(top, 0), 1, where(eq(top, Infinity), 1, top))
  const powers = sum(pow(div(abs(x), repeated(scale, x, axis)), p), [axis])
  return mul(scale, where(eq(powers, 0), 0, pow(powers, 1 / p)))
}

/**
 * The norm of the elements over some axes (all of them as one vector), safe from overflow. The gradient at zero is 0.
 *
 * @example
 * item(norm([3, 4])) // 5
 * item(norm([3e200, 0])) // 3e200
 * item(norm([3, -4], { ord: 1 })) // 7
 * item(norm([3, -4], { ord: 'inf' })) // 4
 */
export const norm: WithOptions<NormOptions> = withOptions((operand, { ord = 2, ...options }) =>
  reducedAlong('norm', operand, options, 'float', (x, axis) => {
    if (ord === null || ord === 2 || ord === 'fro') return euclideanNorm(x, axis)
    if (ord === 1) return sum(abs(x), [axis])
    if (ord === 'inf' || ord === Infinity) return max(abs(x), [axis])
    return typeof ord === 'number' && ord > 0
      ? powerNorm(x, axis, ord)
      : invalid('norm', [x], refuse('Argument', `ord is ${String(ord)}`, "Give a number above 0, 'inf', 'fro' or null"))
  }),
)
