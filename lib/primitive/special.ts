/** The error function, the normal distribution and the gamma function. */
import * as kernel from '../kernel/erf.js'
import * as gamma from '../kernel/gamma.js'
import { div, mul, neg, square, times } from './arithmetic.js'
import { binary, notDifferentiable, unary } from './declare.js'
import { exp } from './exponential.js'
import { full, fullValue } from './leaf.js'
import type { Node } from '../core/Node.js'

const rootPi = Math.sqrt(Math.PI)

/** `exp(-x²) · 2/√π`. */
const bell = (x: Node): Node => mul(2 / rootPi, exp(neg(square(x))))

export const erf = unary('erf', kernel.erf, (dx, x) => times(dx, bell(x)))
export const erfc = unary('erfc', kernel.erfc, (dx, x) => neg(times(dx, bell(x))))
export const erfinv = unary('erfinv', kernel.erfinv, (dx, _x, y) => times(dx, mul(rootPi / 2, exp(square(y)))))

/** `exp(x²) erfc(x)`; its derivatives cancel in any formula made of other functions, so it is a family closed under them. */
export const erfcx = (x: Node): Node => erfcxOp(x, 0)
export const erfcxOp = binary('erfcx', kernel.erfcxDerivative, (dx, x, n) => times(dx, erfcxOp(x, fullValue(n)! + 1)), notDifferentiable, { family: true })

/** The standard normal distribution function. */
export const ndtr = unary('ndtr', kernel.ndtr, (dx, x) => times(dx, mul(1 / Math.sqrt(2 * Math.PI), exp(mul(-0.5, square(x))))))
export const ndtri = unary('ndtri', kernel.ndtri, (dx, _x, y) => times(dx, mul(Math.sqrt(2 * Math.PI), exp(mul(0.5, square(y))))))
export const logNdtr = unary('logNdtr', kernel.logNdtr, (dx, x) => times(dx, div(full(Math.sqrt(2 / Math.PI), x), erfcx(mul(-Math.SQRT1_2, x)))))

export const lgamma = unary('lgamma', gamma.lgamma, (dx, x) => times(dx, polygamma(0, x)))

/** The `n`-th derivative of the digamma function. */
export const polygamma = (n: number, x: Node): Node => polygammaOp(n, x)
export const polygammaOp = binary('polygamma', gamma.polygamma, notDifferentiable, (dx, n, x) => times(dx, polygamma(fullValue(n)! + 1, x)), { family: true })
