/** Convolution over one or more spatial axes, and its transpose. */
import * as E from 'fp-ts/Either'
import { pipe } from 'fp-ts/function'
import { join, type DType } from '../core/DType.js'
import { refuse, type Refusal } from '../core/FoldgradError.js'
import { invalid, isInvalid, type Node } from '../core/Node.js'
import { showShape, type Shape } from '../core/Shape.js'
import { add, astype } from '../primitive/arithmetic.js'
import * as primitive from '../primitive/convolution.js'
import { broadcastTo, reshape } from '../primitive/shape.js'
import { withArgumentAndOptions, type WithArgumentAndOptions } from './call.js'
import { toFloatNode, type Operand } from './operand.js'
import { windowsFor, windowsOnto, type TransposedOptions, type WindowOptions } from './window.js'

/** Options that both convolutions have. */
interface Grouped {
  /** The channels fall into this many groups, each with filters of its own; 1 unless given. */
  readonly groups?: number
  /** One number for each channel of the result, which is added to it. */
  readonly bias?: Operand | null
}

export interface ConvOptions extends WindowOptions, Grouped {}

export interface ConvTransposeOptions extends TransposedOptions, Grouped {}

/** Operands as floats of one dtype. */
const floats = (name: string, operands: ReadonlyArray<Operand>): ReadonlyArray<Node> => {
  const nodes = operands.map((x) => toFloatNode(x, name))
  const dtype = nodes.map((node) => node.dtype).reduce<DType>(join, 'bool')
  return nodes.map((node) => (isInvalid(node) ? node : astype(node, dtype)))
}

/** Whether a signal and filters fit each other, before any window is laid. */
const fitting = (x: Node, w: Node, groups: number, channels: number, filters: number): E.Either<Refusal, void> => {
  const shapes = `${showShape(x.shape)} and ${showShape(w.shape)}`
  if (x.shape.length < 3 || w.shape.length !== x.shape.length)
    return unfit(`x[N, C, …spatial] and w[O, C / groups, …window] need one rank of 3 or more, got ${shapes}`, 'Insert axes with expandDims')
  if (!(Number.isInteger(groups) && groups >= 1))
    return unfit(`groups is ${groups}, a positive integer is needed`, 'Give the number of groups')
  if (x.shape[1] !== channels)
    return unfit(`x has ${x.shape[1]} channels, the filters take ${channels}`, 'Give filters for the channels of x, or for those of a group')
  return filters % groups === 0
    ? E.right(undefined)
    : unfit(`${filters} filters do not split into ${groups} groups`, 'Use a number of filters that the groups divide')
}

const unfit = (rule: string, mend: string): E.Either<Refusal, never> => E.left(refuse('Shape', rule, mend))

/** The result with one bias per channel. */
const biased = (name: string, y: Node, [b]: ReadonlyArray<Node>): Node => {
  if (b === undefined) return y
  const channels = y.shape[1]!
  return b.shape.length === 1 && b.shape[0] === channels
    ? add(y, broadcastTo(reshape(b, [1, channels, ...y.shape.slice(2).map(() => 1)]), y.shape))
    : invalid(
        name,
        [y, b],
        refuse('Shape', `the bias needs the shape [${channels}], a number per channel of the result, got ${showShape(b.shape)}`, 'Reshape it'),
      )
}

/** A convolution of float nodes by a form that may have been refused. */
const built = (name: string, nodes: ReadonlyArray<Node>, form: E.Either<Refusal, Node>): Node =>
  pipe(form, E.match((refusal) => invalid(name, nodes, refusal), (y) => biased(name, y, nodes.slice(2))))

const operandsOf = (x: Operand, w: Operand, bias: Operand | null | undefined): ReadonlyArray<Operand> =>
  bias === undefined || bias === null ? [x, w] : [x, w, bias]

const spatial = (x: Node): Shape => x.shape.slice(2)

/**
 * Convolution (cross-correlation, as in JAX and PyTorch) of `x`, `[N, C, …spatial]`, with filters `w`,
 * `[O, C / groups, …window]`, over any number of spatial axes. The result is `[N, O, …out]`, where
 * `out = ⌊(size + before + after − dilation · (window − 1) − 1) / stride⌋ + 1`.
 *
 * Differentiable to every order in both operands. Shapes that do not fit, and a result without elements, are refused.
 *
 * @example
 * toArray(conv([[[1, 2, 3, 4]]], [[[1, 0, -1]]]))                 // [[[-2, -2]]]
 * toArray(conv([[[1, 2, 3, 4]]], [[[1, 1]]], { stride: 2 }))      // [[[3, 7]]]
 * toArray(conv([[[1, 2, 3]]], [[[1, 1, 1]]], { padding: 'same' })) // [[[3, 6, 5]]]
 */
export const conv: WithArgumentAndOptions<Operand, ConvOptions> = withArgumentAndOptions<Operand, ConvOptions>(
  (data, filters, { groups = 1, bias, ...options }) => {
    const nodes = floats('conv', operandsOf(data, filters, bias))
    if (nodes.some(isInvalid)) return invalid('conv', nodes)
    const [x, w] = nodes as readonly [Node, Node]
    const form = pipe(
      fitting(x, w, groups, (w.shape[1] ?? 0) * groups, w.shape[0] ?? 0),
      E.chain(() => windowsFor(spatial(x), spatial(w), options)),
      E.map((windows) => primitive.conv(x, w, { ...windows, groups })),
    )
    return built('conv', nodes, form)
  },
)

/**
 * Transposed convolution of `x`, `[N, C, …spatial]`, with filters `w`, `[C, O / groups, …window]`: the exact adjoint of the
 * convolution with the same filters and options, from its result back to its argument. The result is `[N, O, …out]`, where
 * `out = (size − 1) · stride + dilation · (window − 1) + 1 − before − after + outputPadding`.
 *
 * @example
 * toArray(convTranspose([[[1, 2]]], [[[1, 1, 1]]], { stride: 2 })) // [[[1, 1, 3, 2, 2]]]
 */
export const convTranspose: WithArgumentAndOptions<Operand, ConvTransposeOptions> = withArgumentAndOptions<Operand, ConvTransposeOptions>(
  (data, filters, { groups = 1, bias, ...options }) => {
    const nodes = floats('convTranspose', operandsOf(data, filters, bias))
    if (nodes.some(isInvalid)) return invalid('convTranspose', nodes)
    const [x, w] = nodes as readonly [Node, Node]
    const form = pipe(
      fitting(x, w, groups, w.shape[0] ?? 0, w.shape[0] ?? 0),
      E.chain(() => windowsOnto(spatial(x), spatial(w), options)),
      E.map((windows) => primitive.convTranspose(w, x, { ...windows, groups })),
    )
    return built('convTranspose', nodes, form)
  },
)
