/**
 * The records of all primitives, by family. A node refers to its record, so nothing else needs this table: it is for reading
 * programs from text, and a program that does not do that leaves it out.
 */
import { callOp } from '../control/call.js'
import { condOp } from '../control/cond.js'
import { scanOp } from '../control/scanPrimitive.js'
import { backOp, whileOp } from '../control/whilePrimitive.js'
import type { Primitive } from '../core/Node.js'
import { positionsOp } from '../primitive/along.js'
import { add, astypeOp, div, eq, ge, gt, le, lt, mul, ne, neg, nonNegative, ratio, reciprocal, sqrt, square, sub, whereOp } from '../primitive/arithmetic.js'
import { gateOp, maximum, minimum, relu, spoilt, winnerOp } from '../primitive/choice.js'
import { partials } from '../primitive/convolution.js'
import { cumLogSumExpOp, cummax, cummin, cumsumOp, recurrenceOp } from '../primitive/cumulative.js'
import * as exponential from '../primitive/exponential.js'
import { identity, stopGradientOp } from '../primitive/identity.js'
import { gatherOp, scatterOp, wrapOp, writersOp } from '../primitive/indexing.js'
import { argmax, argmin, argsortOp } from '../primitive/order.js'
import { argMaxPoolOp, pickOp, unpickOp } from '../primitive/pooling.js'
import { cbrt, direction, hypot, pow, powDerivativeOp, rsqrt, softSign } from '../primitive/power.js'
import { dotOp } from '../primitive/product.js'
import { max, min, normOp } from '../primitive/reduce.js'
import * as rounding from '../primitive/rounding.js'
import { broadcastToOp, concatOp, reshapeOp, sliceOp, sumOp, transposeOp, unsliceOp } from '../primitive/shape.js'
import { logSoftmaxOp, logSumExpOp, softmaxOp } from '../primitive/softmax.js'
import { erf, erfc, erfcxOp, erfinv, lgamma, logNdtr, ndtr, ndtri, polygammaOp } from '../primitive/special.js'
import { acos, acosh, asin, asinh, atan, atan2, atan2DerivativeOp, atanh, cos, coSquare, cosh, sech2Op, sin, sinh, sincOp, tan, tanh } from '../primitive/trigonometric.js'
import { unwindowsOp, windowsOp } from '../primitive/window.js'

/** What {@link Primitive}s are declared by: many are known by the function that applies them. */
interface Declared {
  readonly op: Primitive
}

const recordsOf = (declared: ReadonlyArray<Declared>): ReadonlyArray<Primitive> => declared.map(({ op }) => op)

/** Every primitive except leaves, which a listing writes as data. */
export const records: ReadonlyArray<Primitive> = Object.freeze([
  ...recordsOf([add, sub, mul, div, neg, square, reciprocal, sqrt, ratio, nonNegative, eq, ne, lt, le, gt, ge]),
  ...recordsOf([maximum, minimum, winnerOp, relu, gateOp, spoilt]),
  ...recordsOf(Object.values(exponential)),
  ...recordsOf(Object.values(rounding)),
  ...recordsOf([pow, powDerivativeOp, cbrt, rsqrt, hypot, direction, softSign]),
  ...recordsOf([sin, cos, tan, asin, acos, atan, atan2, atan2DerivativeOp, sinh, cosh, tanh, asinh, acosh, atanh, sech2Op, coSquare, sincOp]),
  ...recordsOf([erf, erfc, erfinv, erfcxOp, ndtr, ndtri, logNdtr, lgamma, polygammaOp]),
  ...recordsOf([reshapeOp, transposeOp, broadcastToOp, sumOp, sliceOp, unsliceOp, windowsOp, unwindowsOp, cumsumOp, identity]),
  ...recordsOf([max, min, argmax, argmin, cummax, cummin]),
  whereOp, astypeOp, concatOp, dotOp, stopGradientOp, positionsOp,
  ...Object.values(partials),
  gatherOp, scatterOp, wrapOp, writersOp, argsortOp, argMaxPoolOp, pickOp, unpickOp,
  softmaxOp, logSoftmaxOp, logSumExpOp, normOp, recurrenceOp, cumLogSumExpOp,
  callOp, condOp, scanOp, whileOp, backOp,
])
