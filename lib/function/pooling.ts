/** Pooling: the largest element or the mean of each window, over one or more spatial axes. */
import * as E from 'fp-ts/Either'
import { pipe } from 'fp-ts/function'
import { refuse, type Refusal } from '../core/FoldgradError.js'
import { invalid, isInvalid, type Node } from '../core/Node.js'
import { showShape, sizeOf, type Shape } from '../core/Shape.js'
import type { Windows } from '../kernel/window.js'
import { div } from '../primitive/arithmetic.js'
import { conv } from '../primitive/convolution.js'
import { full } from '../primitive/leaf.js'
import * as primitive from '../primitive/pooling.js'
import { broadcastTo, reshape, sum } from '../primitive/shape.js'
import { withArgument, withOptions, type WithArgument, type WithOptions } from './call.js'
import { toFloatNode, type Operand } from './operand.js'
import { perAxis, windowsFor, type PerAxis, type WindowOptions } from './window.js'

export interface PoolOptions extends Omit<WindowOptions, 'inputDilation'> {
  /** The lengths of a window; the stride is the window unless given. */
  readonly window: PerAxis
}

export interface AvgPoolOptions extends PoolOptions {
  /** Whether zeros in the padding count in the mean, true unless given. */
  readonly countIncludePad?: boolean
}

const needsSpatial = (shape: Shape): Refusal =>
  refuse('Shape', `an array [N, C, …spatial] is needed, got ${showShape(shape)}`, 'Insert axes of length 1 with expandDims')

/** An operation on the windows of a float array `[N, C, …spatial]`. */
const pooled = <O extends PoolOptions>(name: string, op: (x: Node, where: Windows, options: O) => Node): WithArgument<O> =>
  withArgument((data: Operand, options: O): Node => {
    const x = toFloatNode(data, name)
    if (isInvalid(x)) return invalid(name, [x])
    const spatial = x.shape.slice(2)
    if (spatial.length === 0) return invalid(name, [x], needsSpatial(x.shape))
    return pipe(
      perAxis('window', options.window, spatial.length, 1),
      E.chain((window) => windowsFor(spatial, window, { ...options, stride: options.stride ?? window })),
      E.match((refusal) => invalid(name, [x], refusal), (where) => op(x, where, options)),
    )
  })

/**
 * The largest element of each window of `x`, `[N, C, …spatial]`; the result is `[N, C, …out]`, and `out` is as in `conv`.
 * The padding is −∞. The gradient goes to the first maximum in the window.
 *
 * @example
 * toArray(maxPool([[[1, 3, 2, 4]]], { window: 2 }))            // [[[3, 4]]]
 * toArray(maxPool([[[1, 3, 2, 4]]], { window: 2, stride: 1 })) // [[[3, 3, 4]]]
 */
export const maxPool: WithArgument<PoolOptions> = pooled('maxPool', primitive.maxPool)

/** The sum of each window: a convolution of each channel on its own with a filter of ones. */
const sumPool = (x: Node, where: Windows): Node => {
  const channels = reshape(x, [sizeOf(x.shape.slice(0, 2)), 1, ...where.size])
  const ones = full(1, { shape: [1, 1, ...where.window], dtype: x.dtype })
  return reshape(conv(channels, ones, { ...where, groups: 1 }), [...x.shape.slice(0, 2), ...where.out])
}

/** The number of elements in each window that do not lie in the padding. */
const counts = (where: Windows, { shape, dtype }: Node): Node =>
  broadcastTo(sumPool(full(1, { shape: [1, 1, ...where.size], dtype }), where), shape)

/**
 * The mean of each window of `x`, `[N, C, …spatial]`; the result is `[N, C, …out]`, and `out` is as in `conv`. The padding is
 * zeros, which count unless `countIncludePad` is false.
 *
 * @example
 * toArray(avgPool([[[1, 3, 2, 4]]], { window: 2 }))                                          // [[[2, 3]]]
 * toArray(avgPool([[[2, 4]]], { window: 2, stride: 1, padding: 1 }))                         // [[[1, 3, 2]]]
 * toArray(avgPool([[[2, 4]]], { window: 2, stride: 1, padding: 1, countIncludePad: false })) // [[[2, 3, 4]]]
 */
export const avgPool: WithArgument<AvgPoolOptions> = pooled('avgPool', (x, where, { countIncludePad = true }: AvgPoolOptions) => {
  const sums = sumPool(x, where)
  return div(sums, countIncludePad ? sizeOf(where.window) : counts(where, sums))
})

export interface GlobalPoolOptions {
  /** Keeps the spatial axes with length 1; they are dropped unless this is true. */
  readonly keepDims?: boolean
}

/** An operation that reduces every channel of a float array `[N, C, …spatial]` to one number. */
const global = (name: string, op: (x: Node) => Node): WithOptions<GlobalPoolOptions> =>
  withOptions((data, { keepDims = false }) => {
    const x = toFloatNode(data, name)
    if (isInvalid(x)) return invalid(name, [x])
    const spatial = x.shape.slice(2)
    if (spatial.length === 0) return invalid(name, [x], needsSpatial(x.shape))
    if (sizeOf(spatial) === 0)
      return invalid(name, [x], refuse('Shape', `channels without elements in ${showShape(x.shape)}`, 'Pool channels of one element or more'))
    return reshape(op(x), [...x.shape.slice(0, 2), ...(keepDims ? spatial.map(() => 1) : [])])
  })

/** The one window that covers a channel. */
const covering = (size: Shape): Windows => {
  const [ones, zeros] = [size.map(() => 1), size.map(() => 0)]
  return { size, window: size, out: ones, stride: ones, dilation: ones, inputDilation: ones, low: zeros }
}

/**
 * The mean of every channel of `x`, `[N, C, …spatial]`: `[N, C]`.
 *
 * @example
 * toArray(globalAveragePool([[[1, 2, 3], [4, 5, 6]]])) // [[2, 5]]
 */
export const globalAveragePool: WithOptions<GlobalPoolOptions> = global('globalAveragePool', (x) => {
  const axes = x.shape.flatMap((_, axis) => (axis < 2 ? [] : [axis]))
  return div(sum(x, axes), sizeOf(x.shape.slice(2)))
})

/**
 * The largest element of every channel of `x`, `[N, C, …spatial]`: `[N, C]`. The gradient goes to the first one.
 *
 * @example
 * toArray(globalMaxPool([[[1, 3, 2], [4, 6, 5]]])) // [[3, 6]]
 */
export const globalMaxPool: WithOptions<GlobalPoolOptions> = global('globalMaxPool', (x) =>
  primitive.maxPool(x, covering(x.shape.slice(2))),
)

/** Pooling in DeZero's names; the stride is 1 and the padding 0 unless given. */
export interface PoolingOptions {
  readonly kernel: PerAxis
  readonly stride?: PerAxis
  readonly pad?: PerAxis
}

/**
 * {@link maxPool} in DeZero's names, with stride 1 unless given. The padding is −∞ (DeZero's is 0).
 *
 * @example
 * toArray(pooling([[[[1, 3], [2, 4]]]], { kernel: 2, stride: 2 })) // [[[[4]]]]
 */
export const pooling: WithArgument<PoolingOptions> = withArgument(
  (x: Operand, { kernel, stride = 1, pad = 0 }: PoolingOptions) => maxPool(x, { window: kernel, stride, padding: pad }),
)

/**
 * {@link avgPool} in DeZero's names, with stride 1 unless given.
 *
 * @example
 * toArray(averagePooling([[[[1, 3], [2, 4]]]], { kernel: 2 })) // [[[[2.5]]]]
 */
export const averagePooling: WithArgument<PoolingOptions> = withArgument(
  (x: Operand, { kernel, stride = 1, pad = 0 }: PoolingOptions) => avgPool(x, { window: kernel, stride, padding: pad }),
)
