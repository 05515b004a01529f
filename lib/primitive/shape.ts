/** Linear maps that arrange elements: reshape, transpose, broadcast and its transpose the sum, slice and its transpose pad, concat. */
import { allocate } from '../core/DType.js'
import { refuse } from '../core/FoldgradError.js'
import { apply, signature, type Attrs, type Node } from '../core/Node.js'
import { broadcastShapes, reducedShape, sameShape, shapeOf, showShape, sizeOf, stridesOf, type Shape } from '../core/Shape.js'
import { groups } from '../kernel/reduce.js'
import { readView, writeView } from '../kernel/strided.js'
import { sumGroups } from '../kernel/sum.js'
import { defineOp, linear } from './declare.js'
import { full } from './leaf.js'

/** The same elements in row-major order under another shape of the same size. */
export const reshape = (x: Node, shape: Shape): Node => (sameShape(x.shape, shape) ? x : reshapeOp(x, { shape: shapeOf(shape) }))
export const reshapeOp = linear('reshape', {
  batch: ([x], _, y, size) => reshape(x!, [size, ...y.shape]),
  infer: ([x], { shape }) =>
    sizeOf(x!.shape) === sizeOf(shape as Shape)
      ? signature(shape as Shape, x!.dtype)
      : refuse('Shape', `${sizeOf(x!.shape)} elements do not fill the shape ${showShape(shape as Shape)}`, `Give a shape of ${sizeOf(x!.shape)} elements`),
  evaluate: ([x]) => x!,
  transpose: (g, { inputs: [x] }) => reshape(g, x!.shape),
  uniform: true,
  view: true,
})

const permIn = (attrs: Attrs): ReadonlyArray<number> => attrs['perm'] as ReadonlyArray<number>

/** The axes in another order: axis `i` of the result is axis `perm[i]` of `x`. */
export const transpose = (x: Node, perm: ReadonlyArray<number>): Node => transposeOp(x, { perm: [...perm] })
export const transposeOp = linear('transpose', {
  batch: ([x], _, y) => transpose(x!, [0, ...permIn(y.attrs).map((p) => p + 1)]),
  infer: ([x], attrs) => signature(permIn(attrs).map((p) => x!.shape[p]!), x!.dtype),
  evaluate: ([x], y) => {
    const strides = stridesOf(y.inputs[0]!.shape)
    return readView(x!, { offset: 0, strides: permIn(y.attrs).map((p) => strides[p]!) }, allocate(y.dtype, sizeOf(y.shape)), y.shape)
  },
  transpose: (g, y) => {
    const perm = permIn(y.attrs)
    return transpose(g, perm.map((_, i) => perm.indexOf(i)))
  },
})

/** NumPy's broadcast to a larger shape: axes are added on the left, and axes of length 1 repeat. */
export const broadcastTo = (x: Node, shape: Shape): Node => (sameShape(x.shape, shape) ? x : broadcastToOp(x, { shape: shapeOf(shape) }))
export const broadcastToOp = linear('broadcastTo', {
  batch: ([x], _, y, size) => {
    const added = Array.from({ length: y.shape.length - x!.shape.length + 1 }, () => 1)
    return broadcastTo(reshape(x!, [size, ...added, ...x!.shape.slice(1)]), [size, ...y.shape])
  },
  infer: ([x], { shape }) =>
    sameShape(broadcastShapes(x!.shape, shape as Shape) ?? [NaN], shape as Shape)
      ? signature(shape as Shape, x!.dtype)
      : refuse('Shape', `the shape ${showShape(x!.shape)} does not broadcast to ${showShape(shape as Shape)}`, 'Only axes of length 1 stretch; reshape first'),
  evaluate: ([x], y) => {
    if (x!.length === 1 || x!.length === sizeOf(y.shape)) return x!
    const { shape } = y.inputs[0]!
    const strides = stridesOf(shape)
    const added = y.shape.length - shape.length
    const view = y.shape.map((_, axis) => (axis < added || shape[axis - added] === 1 ? 0 : strides[axis - added]!))
    return readView(x!, { offset: 0, strides: view }, allocate(y.dtype, sizeOf(y.shape)), y.shape)
  },
  transpose: (g, { inputs: [x] }) => sumTo(g, x!.shape),
  uniform: true,
  view: true,
})

/** The transpose of broadcasting: sums over the axes along which `shape` would be stretched to that of `x`. */
export const sumTo = (x: Node, shape: Shape): Node => {
  if (sameShape(x.shape, shape)) return x
  const added = x.shape.length - shape.length
  const axes = x.shape.flatMap((n, axis) => (axis < added || (shape[axis - added] === 1 && n !== 1) ? [axis] : []))
  return reshape(sum(x, axes), shape)
}

const axesIn = (attrs: Attrs): ReadonlyArray<number> => attrs['axes'] as ReadonlyArray<number>

/** The sum over some axes (sorted, without duplicates), which are dropped. */
export const sum = (x: Node, axes: ReadonlyArray<number>): Node => (axes.length === 0 ? x : sumOp(x, { axes: [...axes] }))
export const sumOp = linear('sum', {
  batch: ([x], _, y) => sum(x!, axesIn(y.attrs).map((axis) => axis + 1)),
  infer: ([x], attrs) => signature(reducedShape(x!.shape, axesIn(attrs), false), x!.dtype === 'bool' ? 'i32' : x!.dtype),
  evaluate: ([x], y) => {
    const [{ shape, dtype }] = y.inputs as readonly [Node]
    return sumGroups(groups(x!, dtype, shape, axesIn(y.attrs)), y.dtype)
  },
  transpose: (g, y) => spread(g, y.inputs[0]!.shape, axesIn(y.attrs)),
})

/** A result of a reduction over `axes`, repeated along them again. */
export const spread = (x: Node, shape: Shape, axes: ReadonlyArray<number>): Node =>
  broadcastTo(reshape(x, reducedShape(shape, axes, true)), shape)

/** Which elements a slice takes: along each axis from `start`, `step` apart (not 0, may be negative), `shape[axis]` of them. */
export interface Slice {
  readonly start: ReadonlyArray<number>
  readonly step: ReadonlyArray<number>
  readonly shape: Shape
}

/** Which elements a slice takes, or where an `unslice` puts them. */
export const sliceOf = (y: Node): Slice => y.attrs as unknown as Slice

const viewOf = (shape: Shape, { start, step }: Slice) => {
  const strides = stridesOf(shape)
  return {
    offset: start.reduce((offset, s, axis) => offset + s * strides[axis]!, 0),
    strides: step.map((s, axis) => s * strides[axis]!),
  }
}

/** The same part of every element of a batch. */
const inBatch = ({ start, step, shape }: Slice, size: number): Slice => ({ start: [0, ...start], step: [1, ...step], shape: [size, ...shape] })

/** A regular part of an array. */
export const slice = (x: Node, part: Slice): Node => sliceOp(x, { ...part })
export const sliceOp = linear('slice', {
  batch: ([x], _, y, size) => slice(x!, inBatch(sliceOf(y), size)),
  infer: ([x], { shape }) => signature(shape as Shape, x!.dtype),
  evaluate: ([x], y) =>
    readView(x!, viewOf(y.inputs[0]!.shape, sliceOf(y)), allocate(y.dtype, sizeOf(y.shape)), y.shape),
  transpose: (g, y) => unslice(g, y.inputs[0]!.shape, sliceOf(y)),
})

/** The transpose of `slice`: the array as that part of an array of zeros of shape `into`. */
export const unslice = (x: Node, into: Shape, part: Slice): Node => unsliceOp(x, { ...part, into: shapeOf(into) })
export const unsliceOp = linear('unslice', {
  batch: ([x], _, y, size) => unslice(x!, [size, ...y.shape], inBatch(sliceOf(y), size)),
  infer: ([x], { into }) => signature(into as Shape, x!.dtype),
  evaluate: ([x], y) =>
    writeView(x!, allocate(y.dtype, sizeOf(y.shape)), viewOf(y.shape, sliceOf(y)), y.inputs[0]!.shape),
  transpose: (g, y) => slice(g, sliceOf(y)),
})

/** The slice of `shape` that takes `length` elements from `start` along one axis, and everything along the others. */
export const rangeAlong = (shape: Shape, axis: number, start: number, length: number): Slice => ({
  start: shape.map((_, i) => (i === axis ? start : 0)),
  step: shape.map(() => 1),
  shape: shape.map((n, i) => (i === axis ? length : n)),
})

/** Arrays one after another along an axis. */
export const concat = (xs: ReadonlyArray<Node>, axis: number): Node => apply(concatOp, [...xs], { axis })
export const concatOp = defineOp({
  name: 'concat',
  batch: (xs, mapped, y, size) =>
    concat(
      xs.map((x, k) => (mapped[k] ? x : broadcastTo(reshape(x, [1, ...x.shape]), [size, ...x.shape]))),
      (y.attrs['axis'] as number) + 1,
    ),
  infer: (xs, attrs) => {
    const axis = attrs['axis'] as number
    const [x] = xs as readonly [Node]
    const fits = xs.every((other) => other.dtype === x.dtype && other.shape.length === x.shape.length && other.shape.every((n, i) => i === axis || n === x.shape[i]))
    return fits
      ? signature(x.shape.map((n, i) => (i === axis ? xs.reduce((sum, other) => sum + other.shape[axis]!, 0) : n)), x.dtype)
      : refuse('Shape', `all axes but axis ${axis} need equal lengths, got ${xs.map((other) => showShape(other.shape)).join(', ')}`, 'Reshape, slice or pad the parts')
  },
  evaluate: (buffers, y) => {
    const out = allocate(y.dtype, sizeOf(y.shape))
    offsets(y).forEach((offset, k) => {
      const { shape } = y.inputs[k]!
      writeView(buffers[k]!, out, viewOf(y.shape, rangeAlong(y.shape, y.attrs['axis'] as number, offset, 0)), shape)
    })
    return out
  },
  vjp: (g, y, k) => {
    const axis = y.attrs['axis'] as number
    return slice(g, rangeAlong(y.shape, axis, offsets(y)[k]!, y.inputs[k]!.shape[axis]!))
  },
  jvp: (tangents, y) => concat(tangents.map((t, k) => t ?? full(0, y.inputs[k]!)), y.attrs['axis'] as number),
})

/** Where each part of a concatenation starts. */
const offsets = (y: Node): ReadonlyArray<number> => {
  let next = 0
  return y.inputs.map(({ shape }) => {
    const at = next
    next += shape[y.attrs['axis'] as number]!
    return at
  })
}
