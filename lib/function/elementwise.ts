/** Roundings, signs, choices and conversions, elementwise. */
import { isFloat, type DType } from '../core/DType.js'
import { refuse } from '../core/FoldgradError.js'
import { invalid, isInvalid, isNode, type Node } from '../core/Node.js'
import { broadcastShapes, showShape } from '../core/Shape.js'
import * as arithmetic from '../primitive/arithmetic.js'
import * as choice from '../primitive/choice.js'
import * as primitive from '../primitive/rounding.js'
import { full } from '../primitive/leaf.js'
import { broadcastTo } from '../primitive/shape.js'
import {
  binaryFunction,
  unaryAny,
  withArgument,
  withArguments,
  withOptions,
  type Binary,
  type Unary,
  type WithArgument,
  type WithArguments,
  type WithOptions,
} from './call.js'
import { broadcastOperands, toNode, type Operand } from './operand.js'

/**
 * `|x|`; derivative 0 at 0.
 *
 * @example
 * toArray(abs([-1, 2])) // [1, 2]
 */
export const abs: Unary = unaryAny('abs', primitive.abs)

/**
 * -1, 0 or 1; derivative 0.
 *
 * @example
 * toArray(sign([-3, 0, 2])) // [-1, 0, 1]
 */
export const sign: Unary = unaryAny('sign', primitive.sign)

/**
 * The greatest integer that is not greater; derivative 0.
 *
 * @example
 * item(floor(-1.5)) // -2
 */
export const floor: Unary = unaryAny('floor', primitive.floor)

/**
 * The least integer that is not less; derivative 0.
 *
 * @example
 * item(ceil(1.5)) // 2
 */
export const ceil: Unary = unaryAny('ceil', primitive.ceil)

/**
 * The integer next to it towards 0; derivative 0.
 *
 * @example
 * item(trunc(-1.5)) // -1
 */
export const trunc: Unary = unaryAny('trunc', primitive.trunc)

/**
 * The nearest integer, halves to the even one; derivative 0.
 *
 * @example
 * toArray(round([0.5, 1.5, 2.5])) // [0, 2, 2]
 */
export const round: Unary = unaryAny('round', primitive.round)

/**
 * The greater of two; NaN if one is NaN. Equal operands get half of the derivative each.
 *
 * @example
 * toArray(maximum([1, 5], 3)) // [3, 5]
 */
export const maximum: Binary = binaryFunction('maximum', choice.maximum, 'any')

/**
 * The lesser of two; NaN if one is NaN. Equal operands get half of the derivative each.
 *
 * @example
 * toArray(minimum([1, 5], 3)) // [1, 3]
 */
export const minimum: Binary = binaryFunction('minimum', choice.minimum, 'any')

/**
 * `minimum(maximum(x, lo), hi)`: numbers limited to an interval; derivative ½ at its ends. Bounds are operands of any kind,
 * and differentiable.
 *
 * @example
 * toArray(clip([-1, 0.5, 2], 0, 1)) // [0, 0.5, 1]
 * pipe([-1, 0.5, 2], clip(0, 1), toArray) // [0, 0.5, 1]
 */
export const clip: WithArguments<[lo: Operand, hi: Operand]> = withArguments(2, (x, [lo, hi]) => {
  const nodes = broadcastOperands('clip', [x, lo, hi], 'any')
  return isNode(nodes) ? nodes : choice.minimum(choice.maximum(nodes[0]!, nodes[1]!), nodes[2]!)
})

/**
 * The remainder with the sign of the divisor, `x - y ⌊x/y⌋`, as Python has it.
 *
 * @example
 * item(mod(-3.5, 2)) // 0.5
 */
export const mod: Binary = binaryFunction('mod', primitive.mod, 'any')

/**
 * The remainder with the sign of the dividend, `x - y trunc(x/y)`, as C and JavaScript have it.
 *
 * @example
 * item(fmod(-3.5, 2)) // -1.5
 */
export const fmod: Binary = binaryFunction('fmod', primitive.fmod, 'any')

/**
 * `⌊x/y⌋`; derivative 0.
 *
 * @example
 * item(floorDivide(-7, 2)) // -4
 */
export const floorDivide: Binary = binaryFunction('floorDivide', primitive.floorDivide, 'any')

/**
 * `|x|` with the sign of `y`; derivative 0 at x = 0.
 *
 * @example
 * item(copysign(2, -1)) // -2
 */
export const copysign: Binary = binaryFunction('copysign', primitive.copysign)

/**
 * `(a - b)²`.
 *
 * @example
 * item(squaredDifference(5, 3)) // 4
 */
export const squaredDifference: Binary = binaryFunction('squaredDifference', (a, b) => arithmetic.square(arithmetic.sub(a, b)), 'any')

/**
 * `a + (b - a) t`: linear interpolation.
 *
 * @example
 * item(lerp(1, 3, 0.5)) // 2
 */
export const lerp: WithArguments<[b: Operand, t: Operand]> = withArguments(2, (a, [b, t]) => {
  const nodes = broadcastOperands('lerp', [a, b, t], 'float')
  return isNode(nodes) ? nodes : arithmetic.add(nodes[0]!, arithmetic.mul(arithmetic.sub(nodes[1]!, nodes[0]!), nodes[2]!))
})

/**
 * `a` where the condition holds, `b` elsewhere, all three broadcast to one shape. A number as a condition holds unless it
 * is 0. Derivatives flow into the chosen branch only: `where(greater(x, 0), sqrt(x), 0)` has derivative 0 at 0.
 *
 * @example
 * toArray(where([true, false], [1, 2], 0)) // [1, 0]
 */
export const where = (condition: Operand, a: Operand, b: Operand): Node => {
  const c = toNode(condition, 'where')
  const branches = broadcastOperands('where', [a, b], 'any')
  if (isNode(branches)) return branches
  if (isInvalid(c)) return invalid('where', [c])
  const [x, y] = branches as readonly [Node, Node]
  const shape = broadcastShapes(c.shape, x.shape)
  if (shape === undefined) {
    const rule = `the condition ${showShape(c.shape)} does not broadcast with the branches ${showShape(x.shape)}`
    return invalid('where', [c, x, y], refuse('Shape', rule, 'Reshape it, or insert an axis with expandDims'))
  }
  return arithmetic.where(broadcastTo(arithmetic.astype(c, 'bool'), shape), broadcastTo(x, shape), broadcastTo(y, shape))
}

/** What to put in the place of numbers that are not finite. */
export interface NanToNumOptions {
  /** For NaN; 0 unless given. */
  readonly nan?: number
  /** For +∞; the greatest number of the dtype unless given. */
  readonly posInf?: number
  /** For -∞; the least number of the dtype unless given. */
  readonly negInf?: number
}

const greatest = { f64: Number.MAX_VALUE, f32: 3.4028234663852886e38 } as const

/**
 * Finite numbers as they are, others replaced; derivative 0 where replaced.
 *
 * @example
 * toArray(nanToNum([NaN, 1, Infinity], { posInf: 9 })) // [0, 1, 9]
 */
export const nanToNum: WithOptions<NanToNumOptions> = withOptions((operand, { nan = 0, posInf, negInf }) => {
  const x = toNode(operand, 'nanToNum')
  if (isInvalid(x) || !isFloat(x.dtype)) return x
  const limit = greatest[x.dtype === 'f32' ? 'f32' : 'f64']
  const below = arithmetic.where(arithmetic.lt(x, 0), full(negInf ?? -limit, x), full(nan, x))
  const replaced = arithmetic.where(arithmetic.gt(x, 0), full(posInf ?? limit, x), below)
  return arithmetic.where(primitive.isFinite(x), x, replaced)
})

/**
 * The operand converted to another dtype: to `i32` by truncation, to `bool` by `x ≠ 0`.
 *
 * @example
 * toArray(astype([0.5, 0], 'bool')) // [true, false]
 */
export const astype: WithArgument<DType> = withArgument((x, dtype) => arithmetic.astype(toNode(x, 'astype'), dtype))
