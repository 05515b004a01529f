/** The words of expressions: constants, and the functions of one to three arrays. */
import type { Node } from '../../core/Node.js'
import { elu, gelu, leakyRelu, logSigmoid, relu, relu6, selu, sigmoid, silu, softplus } from '../activation.js'
import { cbrt, hypot, neg, pow, reciprocal, rsqrt, sqrt, square } from '../arithmetic.js'
import { abs, ceil, clip, floor, fmod, lerp, maximum, minimum, mod, round, sign, trunc, where } from '../elementwise.js'
import { erf, erfc, exp, exp2, expm1, lgamma, log, log10, log1p, log2, logaddexp, logit, xlog1py, xlogy } from '../exponential.js'
import { stopGradient } from '../leaf.js'
import { huber, meanAbsoluteError, meanSquaredError, sigmoidCrossEntropy, softmaxCrossEntropy } from '../loss.js'
import type { Operand } from '../operand.js'
import { dot, inner, kron, linear, matmul, outer, vdot } from '../product.js'
import { max, mean, min, prod, sum } from '../reduce.js'
import { transpose } from '../shape.js'
import { logSoftmax, logSumExp, softmax } from '../softmax.js'
import { norm, std, variance } from '../statistics.js'
import { acos, acosh, asin, asinh, atan, atan2, atanh, cos, cosh, sin, sinc, sinh, tan, tanh } from '../trigonometric.js'

/** Something that can be called in an expression. A function without an arity takes any number of arguments. */
export interface Callee {
  readonly name: string
  readonly arity: number | undefined
  readonly apply: (args: ReadonlyArray<Operand>) => Operand
}

type OfOne = (x: Operand) => Node
type OfTwo = (a: Operand, b: Operand) => Node
type OfThree = (a: Operand, b: Operand, c: Operand) => Node

/** What the numbers of an expression may be called. */
export const constants: ReadonlyMap<string, number> = new Map([
  ['pi', Math.PI],
  ['e', Math.E],
])

const ofOne: Readonly<Record<string, OfOne>> = {
  neg, square, sqrt, cbrt, rsqrt, reciprocal, abs, sign, floor, ceil, round, trunc,
  exp, exp2, expm1, log, log2, log10, log1p, logit, erf, erfc, lgamma,
  sin, cos, tan, asin, acos, atan, sinh, cosh, tanh, asinh, acosh, atanh, sinc,
  relu, relu6, leakyRelu, elu, selu, gelu, silu, softplus, sigmoid, logSigmoid,
  sum, mean, prod, max, min, variance, std, norm, logSumExp, softmax, logSoftmax, transpose, stopGradient,
}

const ofTwo: Readonly<Record<string, OfTwo>> = {
  pow, hypot, atan2, maximum, minimum, mod, fmod, logaddexp, xlogy, xlog1py,
  matmul, dot, vdot, inner, outer, kron,
  meanSquaredError, meanAbsoluteError, huber, sigmoidCrossEntropy, softmaxCrossEntropy,
}

const ofThree: Readonly<Record<string, OfThree>> = { where, clip, lerp, linear }

const callees = <F>(arity: number, table: Readonly<Record<string, F>>, apply: (f: F, args: ReadonlyArray<Operand>) => Node) =>
  Object.entries(table).map(([name, f]): [string, Callee] => [name, { name, arity, apply: (args) => apply(f, args) }])

/** By name. */
export const functions: ReadonlyMap<string, Callee> = new Map([
  ...callees(1, ofOne, (f, [x]) => f(x!)),
  ...callees(2, ofTwo, (f, [a, b]) => f(a!, b!)),
  ...callees(3, ofThree, (f, [a, b, c]) => f(a!, b!, c!)),
])
