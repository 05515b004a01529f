/** Reading and writing at computed indices. Gathering and scattering are linear in the data and each other's transpose. */
import { refuse } from '../core/FoldgradError.js'
import { apply, signature, type Node } from '../core/Node.js'
import { sameShape, showShape, sizeOf, type Shape } from '../core/Shape.js'
import { gatherRows, lastWriters, scatterRows, wrapAll, type IndexedAxis } from '../kernel/gather.js'
import { axisOf, positions } from './along.js'
import { mul } from './arithmetic.js'
import { aligned } from './batching.js'
import { add, defineOp, notDifferentiable } from './declare.js'
import { broadcastTo, reshape, transpose } from './shape.js'

const indexedAxis = (shape: Shape, axis: number): IndexedAxis => ({
  outer: sizeOf(shape.slice(0, axis)),
  length: shape[axis]!,
  inner: sizeOf(shape.slice(axis + 1)),
})

const notIndices = (indices: Node) =>
  indices.dtype === 'i32' ? undefined : refuse('DType', `the indices are ${indices.dtype}, i32 is needed`, "Convert them with astype('i32')")

/** The shape of `x` with the axis replaced by the axes of the indices. */
const gathered = (x: Shape, indices: Shape, axis: number): Shape => [...x.slice(0, axis), ...indices, ...x.slice(axis + 1)]

/** The parts of `x` at these indices of an axis, which is replaced by the axes of `indices`. */
export const gather = (x: Node, indices: Node, axis: number): Node => apply(gatherOp, [x, indices], { axis })
export const gatherOp = defineOp({
  name: 'gather',
  batch: (inputs, mapped, y, size) => gatherBatch(inputs, mapped, axisOf(y), size),
  infer: ([x, indices], attrs) =>
    notIndices(indices!) ?? signature(gathered(x!.shape, indices!.shape, attrs['axis'] as number), x!.dtype),
  evaluate: ([x, indices], y) => gatherRows(x!, indices!, indexedAxis(y.inputs[0]!.shape, axisOf(y)), y.dtype),
  vjp: (g, y, k) => (k === 0 ? scatter(g, y.inputs[1]!, axisOf(y), y.inputs[0]!.shape[axisOf(y)]!) : notDifferentiable),
  jvp: ([dx], y) => (dx ? gather(dx, y.inputs[1]!, axisOf(y)) : null),
})

/** The transpose of `gather`: the parts added up at these indices of an axis of zeros of this length. */
export const scatter = (x: Node, indices: Node, axis: number, length: number): Node => apply(scatterOp, [x, indices], { axis, length })
export const scatterOp = defineOp({
  name: 'scatter',
  batch: (inputs, mapped, y, size) => scatterBatch(inputs, mapped, axisOf(y), y.attrs['length'] as number, size),
  infer: ([x, indices], attrs) => {
    const axis = attrs['axis'] as number
    const rank = indices!.shape.length
    const shape = [...x!.shape.slice(0, axis), attrs['length'] as number, ...x!.shape.slice(axis + rank)]
    return (
      notIndices(indices!) ??
      (sameShape(x!.shape, gathered(shape, indices!.shape, axis))
        ? signature(shape, x!.dtype)
        : refuse('Shape', `the parts of shape ${showShape(x!.shape)} do not lie at indices of shape ${showShape(indices!.shape)} from axis ${axis} on`, 'Give one part for each index'))
    )
  },
  evaluate: ([x, indices], y) => scatterRows(x!, indices!, indexedAxis(y.shape, axisOf(y)), y.dtype),
  vjp: (g, y, k) => (k === 0 ? gather(g, y.inputs[1]!, axisOf(y)) : notDifferentiable),
  jvp: ([dx], y) => (dx ? scatter(dx, y.inputs[1]!, axisOf(y), y.attrs['length'] as number) : null),
})

/** The array with one axis moved. */
const moved = (x: Node, from: number, to: number): Node => movedBlock(x, from, 1, to)

/** Indices of each element of a batch as indices into all of its rows, one element after another. */
const intoBatch = (indices: Node, length: number, size: number): Node => {
  const rank = indices.shape.length
  const starts = mul(positions(size), length)
  return add(indices, broadcastTo(reshape(starts, [size, ...Array.from({ length: rank - 1 }, () => 1)]), indices.shape))
}

/** If the indices are the same for the whole batch, gathering is one axis further; else the batch joins the indexed axis. */
const gatherBatch = (inputs: ReadonlyArray<Node>, mapped: ReadonlyArray<boolean>, axis: number, size: number): Node => {
  if (!mapped[1]) return gather(inputs[0]!, inputs[1]!, axis + 1)
  if (!mapped[0]) return moved(gather(inputs[0]!, inputs[1]!, axis), axis, 0)
  const [x, indices] = inputs as readonly [Node, Node]
  const length = x.shape[axis + 1]!
  const rows = moved(x, axis + 1, 1)
  const parts = gather(reshape(rows, [size * length, ...rows.shape.slice(2)]), intoBatch(indices, length, size), 0)
  return movedBlock(parts, 1, indices.shape.length - 1, axis + 1)
}

const scatterBatch = (inputs: ReadonlyArray<Node>, mapped: ReadonlyArray<boolean>, axis: number, length: number, size: number): Node => {
  if (!mapped[1]) return scatter(inputs[0]!, inputs[1]!, axis + 1, length)
  const [x, indices] = aligned(inputs, mapped, size) as readonly [Node, Node]
  const parts = movedBlock(x, axis + 1, indices.shape.length - 1, 1)
  const rows = scatter(parts, intoBatch(indices, length, size), 0, size * length)
  return moved(reshape(rows, [size, length, ...rows.shape.slice(1)]), 1, axis + 1)
}

/** The array with `count` neighbouring axes moved. */
const movedBlock = (x: Node, from: number, count: number, to: number): Node => {
  const axes = x.shape.map((_, i) => i)
  const block = axes.slice(from, from + count)
  const others = axes.filter((i) => i < from || i >= from + count)
  return transpose(x, [...others.slice(0, to), ...block, ...others.slice(to)])
}

/** Indices of an axis of this length with the negative ones counted from its end; one out of range is an error. */
export const wrapIndices = (indices: Node, length: number): Node => apply(wrapOp, [indices], { length })
export const wrapOp = defineOp({
  name: 'wrapIndices',
  batch: 'leading',
  infer: ([indices]) => notIndices(indices!) ?? indices!,
  evaluate: ([indices], y) => wrapAll(indices!, y.attrs['length'] as number),
  vjp: () => notDifferentiable,
  jvp: () => null,
})

/** For each place of an axis of this length the number of the last of the (flat) indices that names it, or -1. */
export const writers = (indices: Node, length: number, distinct: boolean): Node => apply(writersOp, [indices], { length, distinct })
export const writersOp = defineOp({
  name: 'writers',
  batch: 'loop',
  infer: ([indices], attrs) => notIndices(indices!) ?? signature([attrs['length'] as number], 'i32'),
  evaluate: ([indices], y) => lastWriters(indices!, y.attrs['length'] as number, y.attrs['distinct'] === true),
  vjp: () => notDifferentiable,
  jvp: () => null,
})
