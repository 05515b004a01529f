/** `log Σ exp` and the softmax: normalisation of numbers given by their logarithms. */
import { toFloat } from '../core/DType.js'
import { invalid, isInvalid, isNode, type Node } from '../core/Node.js'
import type { Axes } from '../core/Shape.js'
import { astype, ne, where } from '../primitive/arithmetic.js'
import { reshape, transpose } from '../primitive/shape.js'
import * as primitive from '../primitive/softmax.js'
import { onAxes } from './axis.js'
import { withOptions, type WithOptions } from './call.js'
import { broadcastOperands, toNode, type Operand } from './operand.js'
import { merged, reducedAlong, type ReduceOptions } from './reducing.js'

/** Which elements take part: a mask that broadcasts against the array. */
interface Masked {
  readonly where?: Operand
}

/** The logarithms with those that take no part at -∞. */
const masked = (op: string, x: Operand, mask: Operand | undefined): Operand => {
  if (mask === undefined) return x
  const nodes = broadcastOperands(op, [x, astypeBool(toNode(mask, op))], 'any')
  return isNode(nodes) ? nodes : where(astypeBool(nodes[1]!), astype(nodes[0]!, toFloat(nodes[0]!.dtype)), -Infinity)
}

const astypeBool = (mask: Node): Node => (isInvalid(mask) || mask.dtype === 'bool' ? mask : ne(mask, 0))

/**
 * `log Σ exp(x)` over some axes, without overflow and with `log1p` accuracy; -∞ for no elements. `where` is a mask of the
 * elements that take part. Its gradient is the softmax, and 0 where all elements are -∞.
 *
 * @example
 * item(logSumExp([1000, 1000])) // 1000.6931471805599
 * item(logSumExp([0, 1000], { where: [true, false] })) // 0
 */
export const logSumExp: WithOptions<ReduceOptions & Masked> = withOptions((x, options) =>
  reducedAlong('logSumExp', masked('logSumExp', x, options.where), options, 'float', primitive.logSumExp),
)

/** The axes to normalise over (default: the last), and which elements take part. */
export interface SoftmaxOptions extends Masked {
  readonly axis?: Axes
}

/** Normalises over the given axes, several of them merged into one. */
const normalized = (op: string, x: Operand, { axis = -1, where: mask }: SoftmaxOptions, f: (x: Node, axis: number) => Node): Node =>
  onAxes(op, masked(op, x, mask), axis, (node, axes) => {
    const float = astype(node, toFloat(node.dtype))
    const one = merged(float, axes)
    const y = f(one.node, one.axis)
    if (isInvalid(y)) return invalid(op, [y])
    if (y.shape.length === 0 || axes.every((a, i) => a === axes[0]! + i)) return reshape(y, float.shape)
    const order = [...float.shape.flatMap((_, a) => (axes.includes(a) ? [] : [a])), ...axes]
    const apart = reshape(y, order.map((a) => float.shape[a]!))
    return transpose(apart, order.map((_, a) => order.indexOf(a)))
  })

/**
 * `exp(x) / Σ exp(x)` over an axis (default: the last; a list or `null` for several), without overflow. -∞ has the
 * probability 0. `where` is a mask of the elements that take part. If none does the result is NaN without a mask, and 0
 * with one. A probability near 1 has accurate derivatives too.
 *
 * @example
 * toArray(softmax([0, 0])) // [0.5, 0.5]
 * toArray(softmax([3, 1, 3], { where: [true, false, true] })) // [0.5, 0, 0.5]
 */
export const softmax: WithOptions<SoftmaxOptions> = withOptions((x, options) =>
  normalized('softmax', x, options, (node, axis) => primitive.softmax(node, axis, options.where === undefined ? NaN : 0)),
)

/**
 * `x - logSumExp(x)` over an axis (default: the last), accurate also for probabilities near 1.
 *
 * @example
 * toArray(logSoftmax([1000, 0])) // [0, -1000]
 */
export const logSoftmax: WithOptions<SoftmaxOptions> = withOptions((x, options) => normalized('logSoftmax', x, options, primitive.logSoftmax))
