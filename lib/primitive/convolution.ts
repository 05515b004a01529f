/**
 * Convolution. Behind it is one trilinear form of a signal `x`, filters `w` and a cotangent `y`,
 *
 *     T(x, w, y) = Σ y[n, o, p] · w[o, c, k] · x[n, c, (p · stride + k · dilation − low) / inputDilation],
 *
 * summed over samples, filters, channels, window elements and places. Its three partial gradients are the convolution
 * (in `y`), the transposed convolution (in `x`) and the gradient of the filters (in `w`). Each is bilinear, and the
 * derivatives of each are the other two, so the family is closed and every order of derivative is a convolution again.
 */
import { isFloat, type Buffer, type DType } from '../core/DType.js'
import { refuse, type Refusal } from '../core/FoldgradError.js'
import { apply, signature, type Attrs, type Node, type Primitive } from '../core/Node.js'
import { sameShape, showShape, type Shape } from '../core/Shape.js'
import { convolve, convolveFilters, convolveTransposed, type Convolution } from '../kernel/convolution.js'
import type { Windows } from '../kernel/window.js'
import { aligned } from './batching.js'
import { add, defineOp } from './declare.js'
import { reshape, transpose } from './shape.js'

/** The form without its arguments: how windows lie over the signal, and into how many groups the channels are split. */
export interface Form extends Windows {
  readonly groups: number
}

/** The cross-correlation of `x`, `[N, C, …size]`, with the filters `w`, `[O, C / groups, …window]`: `[N, O, …out]`. */
export const conv = (x: Node, w: Node, form: Form): Node => apply(partials.y, [x, w], { ...form })

/** Its transpose in the signal: from `w` and a cotangent `y`, `[N, O, …out]`, to `[N, C, …size]`. */
export const convTranspose = (w: Node, y: Node, form: Form): Node => apply(partials.x, [w, y], { ...form })

/** Its transpose in the filters: from `x` and a cotangent `y` to `[O, C / groups, …window]`. */
export const convFilters = (x: Node, y: Node, form: Form): Node => apply(partials.w, [x, y], { ...form })

/** The arguments of the form, and for the gradient in each the two that it is computed from. */
const operandsOf = { x: ['w', 'y'], w: ['x', 'y'], y: ['x', 'w'] } as const
type Argument = keyof typeof operandsOf

/** The shape of an argument. */
const shapes: Readonly<Record<Argument, (c: Convolution) => Shape>> = {
  x: (c) => [c.batch, c.channels, ...c.size],
  w: (c) => [c.filters, c.channels / c.groups, ...c.window],
  y: (c) => [c.batch, c.filters, ...c.out],
}

/** What the shape of an argument tells about the convolution. */
const counts: Readonly<Record<Argument, (shape: Shape, groups: number) => Partial<Convolution>>> = {
  x: ([batch = 0, channels = 0]) => ({ batch, channels }),
  w: ([filters = 0, perGroup = 0], groups) => ({ filters, channels: perGroup * groups }),
  y: ([batch = 0, filters = 0]) => ({ batch, filters }),
}

/** What a convolution, or a gradient of one, is. */
export const formIn = (attrs: Attrs): Form => attrs as unknown as Form

type Kernel = (a: Buffer, b: Buffer, dtype: DType, c: Convolution) => Buffer

/** The gradient of the form in one argument: a bilinear map of the other two. */
const partial = (name: string, result: Argument, kernel: Kernel): Primitive => {
  const operands = operandsOf[result]
  const convolution = (inputs: ReadonlyArray<Node>, attrs: Attrs): Convolution => {
    const form = formIn(attrs)
    const [a, b] = operands.map((operand, k) => counts[operand](inputs[k]!.shape, form.groups))
    return { batch: 0, channels: 0, filters: 0, ...form, ...a, ...b }
  }
  const op: Primitive = defineOp({
    name,
    batch: (inputs, mapped, y, size) => {
      const w = operands.findIndex((operand) => operand === 'w')
      return w >= 0 && !mapped[w] ? asSamples(inputs, w, y, size) : asGroups(result, aligned(inputs, mapped, size), y, size)
    },
    infer: (inputs, attrs) => {
      const c = convolution(inputs, attrs)
      return misfit(inputs, operands.map((operand) => shapes[operand](c)), c) ?? signature(shapes[result](c), inputs[0]!.dtype)
    },
    evaluate: ([a, b], y) => kernel(a!, b!, y.dtype, convolution(y.inputs, y.attrs)),
    vjp: (g, y, k) => {
      const wanted = operands[k]!
      const given = { [result]: g, [operands[1 - k]!]: y.inputs[1 - k]! }
      return apply(partials[wanted], operandsOf[wanted].map((operand) => given[operand]!), y.attrs)
    },
    jvp: ([da, db], y) => {
      const [a, b] = y.inputs as readonly [Node, Node]
      const left = da ? apply(op, [da, b], y.attrs) : null
      const right = db ? apply(op, [a, db], y.attrs) : null
      return left && right ? add(left, right) : (left ?? right)
    },
  })
  return op
}

/** A batch of signals under the same filters `w` is one signal with more samples. */
const asSamples = (inputs: ReadonlyArray<Node>, w: number, y: Node, size: number): Node => {
  const joined = inputs.map((x, k) => (k === w ? x : reshape(x, [size * x.shape[1]!, ...x.shape.slice(2)])))
  return reshape(apply(y.op, joined, y.attrs), [size, ...y.shape])
}

/** A batch of convolutions is one convolution with a group, or as many groups as each has, for every element. */
const asGroups = (result: Argument, inputs: ReadonlyArray<Node>, y: Node, size: number): Node => {
  const groups = formIn(y.attrs).groups * size
  const joined = inputs.map((x, k) => {
    const [first, second] = [x.shape[1]!, x.shape[2]!]
    if (operandsOf[result][k] === 'w') return reshape(x, [size * first, ...x.shape.slice(2)])
    return reshape(exchanged(x), [first, size * second, ...x.shape.slice(3)])
  })
  const all = apply(y.op, joined, { ...y.attrs, groups })
  if (result === 'w') return reshape(all, [size, ...y.shape])
  return exchanged(reshape(all, [y.shape[0]!, size, ...y.shape.slice(1)]))
}

/** The first two axes in the other order: the samples of a batch, or the batch of a sample. */
const exchanged = (x: Node): Node => transpose(x, x.shape.map((_, axis) => (axis < 2 ? 1 - axis : axis)))

/** What keeps two operands from being arguments of one convolution. */
const misfit = ([a, b]: ReadonlyArray<Node>, [left, right]: ReadonlyArray<Shape>, { filters, groups }: Convolution): Refusal | undefined => {
  if (a!.dtype !== b!.dtype || !isFloat(a!.dtype))
    return refuse('DType', `the operands need one float dtype, got ${a!.dtype} and ${b!.dtype}`, "Convert them with astype('f64')")
  if (filters % groups !== 0)
    return refuse('Shape', `${filters} filters do not split into ${groups} groups`, 'Use a number of filters that the groups divide')
  return sameShape(a!.shape, left!) && sameShape(b!.shape, right!)
    ? undefined
    : refuse('Shape', `the operands need shapes such as ${showShape(left!)} and ${showShape(right!)}`, 'Let their samples, channels, filters and spatial axes agree')
}

export const partials: Readonly<Record<Argument, Primitive>> = {
  y: partial('conv', 'y', convolve),
  x: partial('convTranspose', 'x', convolveTransposed),
  w: partial('convFilters', 'w', convolveFilters),
}
