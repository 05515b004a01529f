/** Circular and hyperbolic functions, in radians unless they say otherwise. */
import { mul } from '../primitive/arithmetic.js'
import * as primitive from '../primitive/trigonometric.js'
import { binaryFunction, unaryFunction, type Binary, type Unary } from './call.js'

/**
 * The sine.
 *
 * @example
 * item(sin(0)) // 0
 */
export const sin: Unary = unaryFunction('sin', primitive.sin)

/**
 * The cosine.
 *
 * @example
 * item(cos(0)) // 1
 */
export const cos: Unary = unaryFunction('cos', primitive.cos)

/**
 * The tangent.
 *
 * @example
 * item(tan(0)) // 0
 */
export const tan: Unary = unaryFunction('tan', primitive.tan)

/**
 * The inverse sine, in [-π/2, π/2]; NaN outside [-1, 1], derivative ∞ at ±1.
 *
 * @example
 * item(asin(0)) // 0
 */
export const asin: Unary = unaryFunction('asin', primitive.asin)

/**
 * The inverse cosine, in [0, π]; NaN outside [-1, 1], derivative -∞ at ±1.
 *
 * @example
 * item(acos(1)) // 0
 */
export const acos: Unary = unaryFunction('acos', primitive.acos)

/**
 * The inverse tangent, in [-π/2, π/2].
 *
 * @example
 * item(atan(0)) // 0
 */
export const atan: Unary = unaryFunction('atan', primitive.atan)

/**
 * The angle of the point `(x, y)`, in [-π, π]: `atan2(y, x)`. At the origin there is a value and no derivative (NaN).
 *
 * @example
 * item(atan2(0, 1)) // 0
 */
export const atan2: Binary = binaryFunction('atan2', primitive.atan2)

/**
 * The hyperbolic sine.
 *
 * @example
 * item(sinh(0)) // 0
 */
export const sinh: Unary = unaryFunction('sinh', primitive.sinh)

/**
 * The hyperbolic cosine.
 *
 * @example
 * item(cosh(0)) // 1
 */
export const cosh: Unary = unaryFunction('cosh', primitive.cosh)

/**
 * The hyperbolic tangent.
 *
 * @example
 * item(tanh(0)) // 0
 */
export const tanh: Unary = unaryFunction('tanh', primitive.tanh)

/**
 * The inverse hyperbolic sine.
 *
 * @example
 * item(asinh(0)) // 0
 */
export const asinh: Unary = unaryFunction('asinh', primitive.asinh)

/**
 * The inverse hyperbolic cosine; NaN below 1, derivative ∞ at 1.
 *
 * @example
 * item(acosh(1)) // 0
 */
export const acosh: Unary = unaryFunction('acosh', primitive.acosh)

/**
 * The inverse hyperbolic tangent; ±∞ at ±1, NaN outside.
 *
 * @example
 * item(atanh(0)) // 0
 */
export const atanh: Unary = unaryFunction('atanh', primitive.atanh)

/**
 * `sin(πx) / (πx)`, smooth at 0 to every order (NumPy's `sinc`).
 *
 * @example
 * toArray(sinc([0, 1])) // [1, 0]
 */
export const sinc: Unary = unaryFunction('sinc', primitive.sinc)

/**
 * Degrees as radians.
 *
 * @example
 * item(deg2rad(180)) // Math.PI
 */
export const deg2rad: Unary = unaryFunction('deg2rad', (x) => mul(x, Math.PI / 180))

/**
 * Radians as degrees.
 *
 * @example
 * item(rad2deg(Math.PI)) // 180
 */
export const rad2deg: Unary = unaryFunction('rad2deg', (x) => mul(x, 180 / Math.PI))
