/** Exponentials, logarithms, and the special functions that grow out of them. */
import * as arithmetic from '../primitive/arithmetic.js'
import * as primitive from '../primitive/exponential.js'
import * as special from '../primitive/special.js'
import { refuse } from '../core/FoldgradError.js'
import { invalid, type Node } from '../core/Node.js'
import { binaryFunction, unaryFunction, type Binary, type Unary } from './call.js'
import { toFloatNode, type Operand } from './operand.js'

/**
 * `eˣ`, elementwise.
 *
 * @example
 * item(exp(0)) // 1
 */
export const exp: Unary = unaryFunction('exp', primitive.exp)

/**
 * `2ˣ`, elementwise.
 *
 * @example
 * item(exp2(3)) // 8
 */
export const exp2: Unary = unaryFunction('exp2', primitive.exp2)

/**
 * `eˣ - 1`, accurate near 0.
 *
 * @example
 * item(expm1(1e-18)) // 1e-18
 */
export const expm1: Unary = unaryFunction('expm1', primitive.expm1)

/**
 * The natural logarithm; -∞ at 0 (derivative +∞), NaN below.
 *
 * @example
 * item(log(1)) // 0
 */
export const log: Unary = unaryFunction('log', primitive.log)

/**
 * The logarithm to base 2.
 *
 * @example
 * item(log2(8)) // 3
 */
export const log2: Unary = unaryFunction('log2', primitive.log2)

/**
 * The logarithm to base 10.
 *
 * @example
 * item(log10(1000)) // 3
 */
export const log10: Unary = unaryFunction('log10', primitive.log10)

/**
 * `log(1 + x)`, accurate near 0.
 *
 * @example
 * item(log1p(1e-18)) // 1e-18
 */
export const log1p: Unary = unaryFunction('log1p', primitive.log1p)

/**
 * `log(1 - e⁻ˣ)` for x > 0, accurate near 0 and far from it.
 *
 * @example
 * item(log1mexp(Math.LN2)) // -Math.LN2
 */
export const log1mexp: Unary = unaryFunction('log1mexp', primitive.log1mexp)

/**
 * `log(x / (1 - x))`, the inverse of `sigmoid`; ∓∞ at 0 and 1, NaN outside.
 *
 * @example
 * item(logit(0.5)) // 0
 */
export const logit: Unary = unaryFunction('logit', primitive.logit)

/**
 * `-x log x`, 0 at 0 and -∞ below: the terms of an entropy.
 *
 * @example
 * item(entr(1)) // 0
 */
export const entr: Unary = unaryFunction('entr', primitive.entr)

/**
 * `log(eᵃ + eᵇ)` without overflow. The gradients sum to 1, in halves for two equal operands, also for two of +∞; they are 0
 * for two of -∞.
 *
 * @example
 * item(logaddexp(-Infinity, 2)) // 2
 */
export const logaddexp: Binary = binaryFunction('logaddexp', primitive.logaddexp)

/**
 * `log₂(2ᵃ + 2ᵇ)` without overflow.
 *
 * @example
 * item(logaddexp2(3, 3)) // 4
 */
export const logaddexp2: Binary = binaryFunction('logaddexp2', (a, b) =>
  arithmetic.mul(primitive.logaddexp(arithmetic.mul(a, Math.LN2), arithmetic.mul(b, Math.LN2)), Math.LOG2E),
)

/**
 * `x log y`, and 0 where `x` is 0.
 *
 * @example
 * item(xlogy(0, 0)) // 0
 */
export const xlogy: Binary = binaryFunction('xlogy', primitive.xlogy)

/**
 * `x log(1 + y)`, and 0 where `x` is 0.
 *
 * @example
 * item(xlog1py(0, -1)) // 0
 */
export const xlog1py: Binary = binaryFunction('xlog1py', primitive.xlog1py)

/**
 * `x log(x / y)`, 0 where x = 0 ≤ y, +∞ outside the positive quadrant: the terms of a relative entropy.
 *
 * @example
 * item(relEntr(1, 1)) // 0
 */
export const relEntr: Binary = binaryFunction('relEntr', primitive.relEntr)

/**
 * `x log(x / y) - x + y`: the terms of a Kullback–Leibler divergence, each of them at least 0.
 *
 * @example
 * item(klDiv(0, 1)) // 1
 */
export const klDiv: Binary = binaryFunction('klDiv', (x, y) => arithmetic.add(arithmetic.sub(primitive.relEntr(x, y), x), y))

/**
 * The error function `2/√π ∫₀ˣ exp(-t²) dt`.
 *
 * @example
 * item(erf(0)) // 0
 */
export const erf: Unary = unaryFunction('erf', special.erf)

/**
 * `1 - erf(x)`, accurate far into its tail.
 *
 * @example
 * item(erfc(0)) // 1
 */
export const erfc: Unary = unaryFunction('erfc', special.erfc)

/**
 * `exp(x²) erfc(x)`: the complementary error function without its decay.
 *
 * @example
 * item(erfcx(0)) // 1
 */
export const erfcx: Unary = unaryFunction('erfcx', special.erfcx)

/**
 * The inverse of `erf`; ±∞ at ±1, NaN outside.
 *
 * @example
 * item(erfinv(0)) // 0
 */
export const erfinv: Unary = unaryFunction('erfinv', special.erfinv)

/**
 * The standard normal distribution function Φ.
 *
 * @example
 * item(ndtr(0)) // 0.5
 */
export const ndtr: Unary = unaryFunction('ndtr', special.ndtr)

/**
 * The inverse of Φ, the quantiles of the standard normal distribution.
 *
 * @example
 * item(ndtri(0.5)) // 0
 */
export const ndtri: Unary = unaryFunction('ndtri', special.ndtri)

/**
 * `log Φ(x)`, accurate far into the lower tail.
 *
 * @example
 * item(logNdtr(0)) // -Math.LN2
 */
export const logNdtr: Unary = unaryFunction('logNdtr', special.logNdtr)

/**
 * `log |Γ(x)|`; +∞ at 0, -1, -2, ….
 *
 * @example
 * item(lgamma(2)) // 0
 */
export const lgamma: Unary = unaryFunction('lgamma', special.lgamma)

/**
 * The derivative of `lgamma`; NaN at -1, -2, ….
 *
 * @example
 * item(digamma(0)) // -Infinity
 */
export const digamma: Unary = unaryFunction('digamma', (x) => special.polygamma(0, x))

/**
 * The `n`-th derivative of the digamma function, for a number n = 0, 1, 2, ….
 *
 * @example
 * item(sub(polygamma(1, 1), polygamma(1, 2))) // 1
 */
export const polygamma = (n: number, x: Operand): Node => {
  const node = toFloatNode(x, 'polygamma')
  return Number.isInteger(n) && n >= 0
    ? special.polygamma(n, node)
    : invalid('polygamma', [node], refuse('Argument', `the order is ${n}, an integer from 0 on is needed`, 'Give the order first: polygamma(1, x)'))
}
