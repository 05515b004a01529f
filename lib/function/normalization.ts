/** Normalization over axes, with a gain and an offset, and dropout. */
import type { Node } from '../core/Node.js'
import type { Axes } from '../core/Shape.js'
import { add, div, mul, sqrt, square, sub } from './arithmetic.js'
import { where } from './elementwise.js'
import { toFloatNode, type Operand } from './operand.js'
import { mean } from './reduce.js'
import { reshape } from './shape.js'
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

/** The running statistics of a batch normalization, one number for each channel. */
export interface RunningStatistics<T = Operand> {
  readonly mean: T
  readonly variance: T
}

/** How a batch is normalized. */
export interface BatchNormOptions {
  /** By the statistics of the batch, which then also enter the running ones; otherwise by the running ones. */
  readonly train?: boolean
  /** How much of the running statistics is kept in a step. */
  readonly decay?: number
  readonly eps?: number
}

/**
 * Normalization of each channel (axis 1) over the samples and all spatial axes (Ioffe and Szegedy 2015), with a gain and an
 * offset for each channel. A pure function of the running statistics: it returns the next ones beside the result, the
 * variance by `n - 1`, and changes nothing.
 *
 * @example
 * const { y, mean } = batchNorm([[1], [3]], [1], [0], { mean: [0], variance: [1] }, { train: true, decay: 0.5, eps: 0 })
 * toArray(y) // [[-1], [1]]
 * toArray(mean) // [1]
 */
export const batchNorm = (
  x: Operand,
  gain: Operand,
  offset: Operand,
  running: RunningStatistics,
  { train = false, decay = 0.9, eps = 1e-5 }: BatchNormOptions = {},
): RunningStatistics<Node> & { readonly y: Node } => {
  const data = toFloatNode(x, 'batchNorm')
  const axis = data.shape.map((_, i) => i).filter((i) => i !== 1)
  const count = axis.reduce((n, i) => n * data.shape[i]!, 1)
  const perChannel = (v: Operand): Node => reshape(v, [-1, ...data.shape.slice(2).map(() => 1)])
  const blend = (old: Operand, batch: Node): Node => add(mul(old, decay), mul(batch, 1 - decay))
  const own = train
    ? { mean: mean(data, { axis }), variance: variance(data, { axis }) }
    : { mean: toFloatNode(running.mean, 'batchNorm'), variance: toFloatNode(running.variance, 'batchNorm') }
  const normal = div(sub(data, perChannel(own.mean)), sqrt(add(perChannel(own.variance), eps)))
  const next = train
    ? { mean: blend(running.mean, own.mean), variance: blend(running.variance, mul(own.variance, count / Math.max(count - 1, 1))) }
    : own
  return Object.freeze({ y: add(mul(normal, perChannel(gain)), perChannel(offset)), ...next })
}

/**
 * The elements that a mask keeps, scaled by `1 / (1 - ratio)` so that the expectation stays the same, and 0 elsewhere
 * (Srivastava et al. 2014). The mask is an argument, drawn by the caller: the function is pure, and a test run just leaves it out.
 *
 * @example
 * toArray(dropout([1, 2, 3], [true, false, true])) // [2, 0, 6]
 */
export const dropout = (x: Operand, keep: Operand, { ratio = 0.5 }: { readonly ratio?: number } = {}): Node =>
  where(keep, div(x, 1 - ratio), 0)
