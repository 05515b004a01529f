/** Convolution in DeZero's names: one bias operand, `pad` and `kernel`, and the windows of an image as a matrix. */
import * as E from 'fp-ts/Either'
import { pipe } from 'fp-ts/function'
import { refuse, type Refusal } from '../core/FoldgradError.js'
import { invalid, isInvalid, type Node } from '../core/Node.js'
import { sameShape, showShape, sizeOf, type Shape } from '../core/Shape.js'
import type { Windows } from '../kernel/window.js'
import { reshape, transpose } from '../primitive/shape.js'
import { unwindows, windows } from '../primitive/window.js'
import { withArgument, type WithArgument } from './call.js'
import { conv, convTranspose } from './convolution.js'
import { toNode, type Operand } from './operand.js'
import { perAxis, windowsFor, type PerAxis } from './window.js'

export interface Conv2dOptions {
  /** 1 unless given. */
  readonly stride?: PerAxis
  /** Zeros on both sides of each axis; 0 unless given. */
  readonly pad?: PerAxis
}

/**
 * Convolution of images `x`, `[N, C, H, W]`, with filters `w`, `[O, C, KH, KW]`, plus a bias `b`, `[O]`, if there is one:
 * {@link conv} in DeZero's order of arguments.
 *
 * @example
 * toArray(conv2d([[[[1, 2], [3, 4]]]], [[[[1, 1], [1, 1]]]], [5])) // [[[[15]]]]
 */
export const conv2d = (x: Operand, w: Operand, b?: Operand | null, { stride = 1, pad = 0 }: Conv2dOptions = {}): Node =>
  conv(x, w, { stride, padding: pad, bias: b ?? null })

export interface Deconv2dOptions extends Conv2dOptions {
  /** The height and width of the result, where the stride leaves a choice; the least unless given. */
  readonly outSize?: PerAxis
}

/**
 * Transposed convolution of `x`, `[N, C, H, W]`, with filters `w`, `[C, O, KH, KW]`, plus a bias `b`, `[O]`, if there is one:
 * {@link convTranspose} in DeZero's order of arguments.
 *
 * @example
 * toArray(deconv2d([[[[1]]]], [[[[1, 2], [3, 4]]]])) // [[[[1, 2], [3, 4]]]]
 */
export const deconv2d = (x: Operand, w: Operand, b?: Operand | null, given: Deconv2dOptions = {}): Node => {
  const { stride = 1, pad = 0, outSize } = given
  const options = { stride, padding: pad, bias: b ?? null }
  const least = convTranspose(x, w, options)
  if (outSize === undefined || isInvalid(least)) return least
  return pipe(
    perAxis('outSize', outSize, least.shape.length - 2, 1),
    E.map((size) => size.map((n, i) => n - least.shape[i + 2]!)),
    E.filterOrElse(
      (extra) => extra.every((n) => n >= 0),
      () => tooSmall(least.shape.slice(2)),
    ),
    E.match(
      (refusal) => invalid('deconv2d', [least], refusal),
      (outputPadding) => convTranspose(x, w, { ...options, outputPadding }),
    ),
  )
}

const tooSmall = (least: Shape): Refusal =>
  refuse('Argument', `outSize is less than ${showShape(least)}, the least that this stride and padding give`, 'Ask for a larger result, or pad less')

/**
 * The length that a convolution leaves of an axis: `⌊(size + 2 · pad − kernel) / stride⌋ + 1`.
 *
 * @example
 * convOutSize(224, 7, 2, 3) // 112
 */
export const convOutSize = (size: number, kernel: number, stride: number, pad: number): number =>
  Math.floor((size + 2 * pad - kernel) / stride) + 1

/**
 * The length that a transposed convolution makes of an axis: `stride · (size − 1) + kernel − 2 · pad`.
 *
 * @example
 * deconvOutSize(14, 4, 2, 1) // 28
 */
export const deconvOutSize = (size: number, kernel: number, stride: number, pad: number): number =>
  stride * (size - 1) + kernel - 2 * pad

export interface Im2colOptions extends Conv2dOptions {
  /** The height and width of a window. */
  readonly kernel: PerAxis
  /** One row per place of the window (the default), or the windows as axes of their own. */
  readonly toMatrix?: boolean
}

export interface Col2imOptions extends Im2colOptions {
  /** The shape `[N, C, …spatial]` of the result. */
  readonly inputShape: Shape
}

const imageWindows = (shape: Shape, { kernel, stride = 1, pad = 0 }: Im2colOptions): E.Either<Refusal, Windows> =>
  shape.length < 3
    ? E.left(refuse('Shape', `an array [N, C, …spatial] is needed, got ${showShape(shape)}`, 'Insert axes of length 1 with expandDims'))
    : pipe(
        perAxis('kernel', kernel, shape.length - 2, 1),
        E.chain((window) => windowsFor(shape.slice(2), window, { stride, padding: pad })),
      )

const unfit = (matrix: Shape, found: Shape): Refusal =>
  refuse(
    'Shape',
    `a matrix ${showShape(matrix)} is needed, one row per place of the window, got ${showShape(found)}`,
    'Give the windows of an array of shape inputShape, or set toMatrix to false',
  )

/** The axes `[N, C, …window, …out]` as the rows `[N, …out]` and the columns `[C, …window]` of a matrix. */
const matrixOrder = (rank: number): ReadonlyArray<number> => {
  const axes = Array.from({ length: 2 + 2 * rank }, (_, axis) => axis)
  return [0, ...axes.slice(2 + rank), 1, ...axes.slice(2, 2 + rank)]
}

/**
 * The windows of `x`, `[N, C, H, W]`: a matrix with one row per place of the window, `[N · OH · OW, C · KH · KW]`, or with
 * `toMatrix: false` the array `[N, C, KH, KW, OH, OW]`. Zeros in the padding. Any number of spatial axes will do.
 *
 * @example
 * toArray(im2col([[[[1, 2, 3]]]], { kernel: [1, 2] })) // [[1, 2], [2, 3]]
 */
export const im2col: WithArgument<Im2colOptions> = withArgument((data: Operand, options: Im2colOptions): Node => {
  const x = toNode(data, 'im2col')
  if (isInvalid(x)) return invalid('im2col', [x])
  return pipe(
    imageWindows(x.shape, options),
    E.match(
      (refusal) => invalid('im2col', [x], refusal),
      (where) => {
        const parts = windows(x, where)
        if (options.toMatrix === false) return parts
        const [n, c] = x.shape as readonly [number, number]
        return reshape(transpose(parts, matrixOrder(where.size.length)), [n * sizeOf(where.out), c * sizeOf(where.window)])
      },
    ),
  )
})

/**
 * The transpose of {@link im2col}: windows, as a matrix or (with `toMatrix: false`) as an array, added up where they lie in
 * an array of shape `inputShape`.
 *
 * @example
 * toArray(col2im([[1, 2], [2, 3]], { inputShape: [1, 1, 1, 3], kernel: [1, 2] })) // [[[[1, 4, 3]]]]
 */
export const col2im: WithArgument<Col2imOptions> = withArgument((data: Operand, options: Col2imOptions): Node => {
  const col = toNode(data, 'col2im')
  if (isInvalid(col)) return invalid('col2im', [col])
  const [n = 0, c = 0] = options.inputShape
  return pipe(
    imageWindows(options.inputShape, options),
    E.match(
      (refusal) => invalid('col2im', [col], refusal),
      (where) => {
        if (options.toMatrix === false) return unwindows(col, where)
        const matrix = [n * sizeOf(where.out), c * sizeOf(where.window)]
        if (!sameShape(col.shape, matrix))
          return invalid('col2im', [col], unfit(matrix, col.shape))
        const order = matrixOrder(where.size.length)
        const parts = reshape(col, order.map((axis) => [n, c, ...where.window, ...where.out][axis]!))
        return unwindows(transpose(parts, order.map((_, axis) => order.indexOf(axis))), where)
      },
    ),
  )
})
