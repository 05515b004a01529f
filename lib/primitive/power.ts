/** Powers, roots and lengths. */
import * as kernel from '../kernel/power.js'
import { add, div, mul, neg, ratio, reciprocal, square, times } from './arithmetic.js'
import { binary, elementwise, notDifferentiable, unary } from './declare.js'
import { fullValue } from './leaf.js'
import { abs } from './rounding.js'
import type { Node } from '../core/Node.js'

/** `xʸ`. Where no derivative in `y` is wanted, none is formed, so a constant exponent is fine for negative `x` too. */
export const pow = binary(
  'pow',
  kernel.power,
  (dx, x, y) => times(dx, powDerivative(x, y, 1, 0)),
  (dy, x, y) => times(dy, powDerivative(x, y, 0, 1)),
)

/** `∂ʲ⁺ᵏ xʸ / ∂xᵏ ∂yʲ`: the family of all derivatives is closed, so each of them is one node. */
export const powDerivative = (x: Node, y: Node, k: number, j: number): Node => powDerivativeOp(x, y, k, j)
export const powDerivativeOp = elementwise('powDerivative', kernel.powerDerivative, [
  (dx, x, y, k, j) => times(dx, powDerivative(x, y, fullValue(k)! + 1, fullValue(j)!)),
  (dy, x, y, k, j) => times(dy, powDerivative(x, y, fullValue(k)!, fullValue(j)! + 1)),
  notDifferentiable,
  notDifferentiable,
], { family: true })

export const cbrt = unary('cbrt', Math.cbrt, (dx, _x, y) => div(dx, mul(3, square(y))))
export const rsqrt = unary('rsqrt', (x) => 1 / Math.sqrt(x), (dx, x, y) => times(dx, div(mul(-0.5, y), x)))

/** `√(x² + y²)` without overflow; its derivative at the origin is the subgradient of least norm, 0. */
export const hypot = binary('hypot', Math.hypot, (dx, x, y) => times(dx, direction(x, y)), (dy, x, y) => times(dy, direction(y, x)))

/** `x / √(x² + y²)`: the cosine of the direction of `(x, y)`, and 0 at the origin, which has none. */
export const direction = binary(
  'direction',
  (x, y) => {
    const length = Math.hypot(x, y)
    return length === 0 ? 0 : length === Infinity ? (x / 4) / Math.hypot(x / 4, y / 4) : x / length
  },
  (dx, x, y) => ratio(times(dx, square(direction(y, x))), hypot(x, y)),
  (dy, x, y, c) => neg(ratio(times(dy, mul(c, direction(y, x))), hypot(x, y))),
)

/** `x/(1 + |x|)`. */
export const softSign = unary(
  'softSign',
  (x) => (Math.abs(x) === Infinity ? Math.sign(x) : x / (1 + Math.abs(x))),
  (dx, x) => times(dx, square(reciprocal(add(1, abs(x))))),
)
