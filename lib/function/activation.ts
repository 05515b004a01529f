/** Activations of neural networks. */
import { add, div, gt, mul, neg, square, where, ge } from '../primitive/arithmetic.js'
import { maximum, minimum, relu as positivePart } from '../primitive/choice.js'
import { expm1, sigmoid as logistic, softplus as softened } from '../primitive/exponential.js'
import { softSign as algebraic } from '../primitive/power.js'
import { ndtr } from '../primitive/special.js'
import { tanh } from '../primitive/trigonometric.js'
import type { Node } from '../core/Node.js'
import { unaryFunction, withOptions, type Unary, type WithOptions } from './call.js'
import { toFloatNode } from './operand.js'

/** Lifts an activation with options to operands. */
const activation = <O extends object>(name: string, f: (x: Node, options: O) => Node): WithOptions<O> =>
  withOptions((x, options) => f(toFloatNode(x, name), options))

const clip = (x: Node, lo: number, hi: number): Node => minimum(maximum(x, lo), hi)

/**
 * `max(x, 0)`; derivative 0 at 0.
 *
 * @example
 * toArray(relu([-1, 2])) // [0, 2]
 */
export const relu: Unary = unaryFunction('relu', positivePart)

/**
 * `min(max(x, 0), 6)`; derivative 0 at both ends.
 *
 * @example
 * toArray(relu6([-1, 2, 9])) // [0, 2, 6]
 */
export const relu6: Unary = unaryFunction('relu6', (x) => where(ge(x, 6), 6, positivePart(x)))

/** The slope of a leaky `relu` for negative numbers; 0.01 unless given. */
export interface LeakyReluOptions {
  readonly alpha?: number
}

/**
 * `x` where positive, `alpha · x` elsewhere; derivative `alpha` at 0.
 *
 * @example
 * toArray(leakyRelu([-1, 2], { alpha: 0.5 })) // [-0.5, 2]
 */
export const leakyRelu: WithOptions<LeakyReluOptions> = activation('leakyRelu', (x, { alpha = 0.01 }) => where(gt(x, 0), x, mul(alpha, x)))

/** The scale of an exponential unit: it tends to `-alpha`; 1 unless given. */
export interface EluOptions {
  readonly alpha?: number
}

const exponentialUnit = (x: Node, alpha: number): Node => where(gt(x, 0), x, mul(alpha, expm1(x)))

/**
 * `x` where positive, `alpha (eˣ - 1)` elsewhere (Clevert et al. 2015).
 *
 * @example
 * toArray(elu([0, 2])) // [0, 2]
 */
export const elu: WithOptions<EluOptions> = activation('elu', (x, { alpha = 1 }) => exponentialUnit(x, alpha))

/**
 * `x` where positive, `alpha (exp(x/alpha) - 1)` elsewhere: `elu` with a continuous derivative (Barron 2017).
 *
 * @example
 * toArray(celu([0, 2])) // [0, 2]
 */
export const celu: WithOptions<EluOptions> = activation('celu', (x, { alpha = 1 }) => where(gt(x, 0), x, mul(alpha, expm1(div(x, alpha)))))

/**
 * The self-normalising `elu` (Klambauer et al. 2017).
 *
 * @example
 * item(selu(0)) // 0
 */
export const selu: Unary = unaryFunction('selu', (x) => mul(1.0507009873554805, exponentialUnit(x, 1.6732632423543772)))

/**
 * `x Φ(x)` with the normal distribution function Φ (Hendrycks and Gimpel 2016), accurate in the negative tail.
 *
 * @example
 * item(gelu(0)) // 0
 */
export const gelu: Unary = unaryFunction('gelu', (x) => mul(x, ndtr(x)))

/**
 * The approximation `x/2 (1 + tanh(√(2/π) (x + 0.044715 x³)))` of `gelu`, written as `x · sigmoid(2 …)`, which is the same and does not
 * cancel.
 *
 * @example
 * item(geluTanh(0)) // 0
 */
export const geluTanh: Unary = unaryFunction('geluTanh', (x) =>
  mul(x, logistic(mul(mul(2 * Math.sqrt(2 / Math.PI), x), add(1, mul(0.044715, square(x)))))),
)

/**
 * `x · sigmoid(x)`, also called swish.
 *
 * @example
 * item(silu(0)) // 0
 */
export const silu: Unary = unaryFunction('silu', (x) => mul(x, logistic(x)))

/**
 * `x tanh(softplus(x))` (Misra 2019).
 *
 * @example
 * item(mish(0)) // 0
 */
export const mish: Unary = unaryFunction('mish', (x) => mul(x, tanh(softened(x))))

/**
 * `log(1 + eˣ)` without overflow.
 *
 * @example
 * item(softplus(0)) // Math.LN2
 */
export const softplus: Unary = unaryFunction('softplus', softened)

/**
 * `1 / (1 + e⁻ˣ)`, with a derivative that is accurate in both tails.
 *
 * @example
 * item(sigmoid(0)) // 0.5
 */
export const sigmoid: Unary = unaryFunction('sigmoid', logistic)

/**
 * `log(sigmoid(x))` without underflow.
 *
 * @example
 * item(logSigmoid(0)) // -Math.LN2
 */
export const logSigmoid: Unary = unaryFunction('logSigmoid', (x) => neg(softened(neg(x))))

/**
 * `x / (1 + |x|)`.
 *
 * @example
 * item(softSign(1)) // 0.5
 */
export const softSign: Unary = unaryFunction('softSign', algebraic)

/**
 * `clip(x, -1, 1)`; derivative ½ at the ends.
 *
 * @example
 * toArray(hardTanh([-2, 0.5])) // [-1, 0.5]
 */
export const hardTanh: Unary = unaryFunction('hardTanh', (x) => clip(x, -1, 1))

/**
 * `clip(x + 3, 0, 6) / 6`.
 *
 * @example
 * item(hardSigmoid(0)) // 0.5
 */
export const hardSigmoid: Unary = unaryFunction('hardSigmoid', (x) => div(clip(add(x, 3), 0, 6), 6))

/**
 * `x · hardSigmoid(x)`.
 *
 * @example
 * item(hardSwish(3)) // 3
 */
export const hardSwish: Unary = unaryFunction('hardSwish', (x) => div(mul(x, clip(add(x, 3), 0, 6)), 6))
