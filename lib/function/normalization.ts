/** Normalization over axes, with a gain and an offset. */
import type { Node } from '../core/Node.js'
import type { Axes } from '../core/Shape.js'
import { add, div, mul, sqrt, square, sub } from './arithmetic.js'
import { toFloatNode, type Operand } from './operand.js'
import { mean } from './reduce.js'
import { variance } from './statistics.js'

/** Over which axes (the last unless told otherwise), and what is added to the mean square so that a constant has a result. */
export interface NormalizeOptions {
  readonly axis?: Axes
  readonly eps?: number
}

/**
 * `(x - mean) / √(variance + eps) · gain + offset`, the mean and the variance being taken over some axes, the last one unless
 * told otherwise (Ba, Kiros and Hinton 2016). With other axes it normalizes batches or instances. Gain and offset broadcast.
 *
 * @example
 * toArray(layerNorm([1, 3], 1, 0, { eps: 0 })) // [-1, 1]
 */
export const layerNorm = (x: Operand, gain: Operand, offset: Operand, { axis = -1, eps = 1e-5 }: NormalizeOptions = {}): Node => {
  const data = toFloatNode(x, 'layerNorm')
  const over = { axis, keepDims: true }
  const scale = sqrt(add(variance(data, over), eps))
  return add(mul(div(sub(data, mean(data, over)), scale), gain), offset)
}

/**
 * `x / √(mean(x²) + eps) · gain`, the mean being taken over some axes, the last one unless told otherwise (Zhang and
 * Sennrich 2019).
 *
 * @example
 * toArray(rmsNorm([3, -3], 2, { eps: 0 })) // [2, -2]
 */
export const rmsNorm = (x: Operand, gain: Operand, { axis = -1, eps = 1e-5 }: NormalizeOptions = {}): Node => {
  const data = toFloatNode(x, 'rmsNorm')
  return mul(div(data, sqrt(add(mean(square(data), { axis, keepDims: true }), eps))), gain)
}
