/** Circular and hyperbolic functions with their inverses. */
import { angleDerivative, sech2 as sech2At, sincDerivative } from '../kernel/trigonometric.js'
import { add, div, mul, neg, nonNegative, square, sqrt, sub, times } from './arithmetic.js'
import { binary, elementwise, notDifferentiable, unary } from './declare.js'
import { fullValue } from './leaf.js'
import { hypot } from './power.js'
import type { Node } from '../core/Node.js'

export const sin = unary('sin', Math.sin, (dx, x) => times(dx, cos(x)))
export const cos = unary('cos', Math.cos, (dx, x) => neg(times(dx, sin(x))))
export const tan = unary('tan', Math.tan, (dx, _x, y) => times(dx, add(square(y), 1)))
export const asin = unary('asin', Math.asin, (dx, x) => div(dx, sqrt(coSquare(x))))
export const acos = unary('acos', Math.acos, (dx, x) => neg(div(dx, sqrt(coSquare(x)))))
export const atan = unary('atan', Math.atan, (dx, x) => div(dx, add(square(x), 1)))

/** The angle of the point `(x, y)`; no derivative exists at the origin. */
export const atan2 = binary(
  'atan2',
  Math.atan2,
  (dy, y, x) => times(dy, atan2Derivative(y, x, 1, 0)),
  (dx, y, x) => times(dx, atan2Derivative(y, x, 0, 1)),
)

/** `∂ᵖ⁺ᵠ atan2(y, x) / ∂yᵖ ∂xᵠ`. */
export const atan2Derivative = (y: Node, x: Node, p: number, q: number): Node => atan2DerivativeOp(y, x, p, q)
export const atan2DerivativeOp = elementwise('atan2Derivative', angleDerivative, [
  (dy, y, x, p, q) => times(dy, atan2Derivative(y, x, fullValue(p)! + 1, fullValue(q)!)),
  (dx, y, x, p, q) => times(dx, atan2Derivative(y, x, fullValue(p)!, fullValue(q)! + 1)),
  notDifferentiable,
  notDifferentiable,
], { family: true })

export const sinh = unary('sinh', Math.sinh, (dx, x) => times(dx, cosh(x)))
export const cosh = unary('cosh', Math.cosh, (dx, x) => times(dx, sinh(x)))
export const tanh = unary('tanh', Math.tanh, (dx, x, y) => times(dx, sech2(x, y)))
export const asinh = unary('asinh', Math.asinh, (dx, x) => div(dx, hypot(x, 1)))
export const acosh = unary('acosh', Math.acosh, (dx, x) => div(dx, mul(sqrt(sub(x, 1)), sqrt(add(x, 1)))))
export const atanh = unary('atanh', Math.atanh, (dx, x) => div(dx, nonNegative(coSquare(x))))

/** `1/cosh²(x) = 1 - tanh²(x)` without cancellation; `t` is `tanh(x)` where that is at hand, so that it is shared. */
export const sech2 = (x: Node, t: Node = tanh(x)): Node => sech2Op(x, t)
export const sech2Op = binary('sech2', sech2At, (dx, _x, t, y) => times(dx, mul(-2, mul(t, y))), notDifferentiable)

/** `1 - x²` without cancellation. */
export const coSquare = unary('coSquare', (x) => (1 - x) * (1 + x), (dx, x) => times(dx, mul(-2, x)))

/** `sin(πx)/(πx)`, which is smooth at 0. */
export const sinc = (x: Node): Node => sincOp(x, 0)
export const sincOp = binary('sinc', sincDerivative, (dx, x, n) => times(dx, sincOp(x, fullValue(n)! + 1)), notDifferentiable, { family: true })
