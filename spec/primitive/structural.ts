/** Rows of primitives that arrange, reduce, scan, index and contract. */
import fc from 'fast-check'
import { sizeOf, type Shape } from '../../lib/core/Shape.js'
import { tensor, type Tensor } from '../../lib/core/Tensor.js'
import type { Node } from '../../lib/core/Node.js'
import { constant, dot, broadcastTo, concat, reshape, slice, transpose, unslice } from '../../lib/primitive/index.js'
import { rangeAlong, type Slice } from '../../lib/primitive/shape.js'
import { array, distinct, filledShapes, shapesWithAxis, type Range } from '../arbitraries/array.js'
import { application, row, type Kind, type Row } from './application.js'

const plain: Range = [-2, 2]

export const reshapeRow = row(
  'linear',
  fc
    .constantFrom<readonly [Shape, Shape]>([[2, 3], [3, 2]], [[6], [1, 2, 3]], [[], [1]], [[1, 1], []], [[0, 2], [3, 0]])
    .chain(([from, to]) => array(from, plain).map((x) => application(`reshape to [${to}]`, [x], (n) => reshape(n!, to)))),
)

export const transposeRow = row(
  'linear',
  fc
    .constantFrom<readonly [Shape, ReadonlyArray<number>]>([[2, 3], [1, 0]], [[2, 1, 3], [2, 0, 1]], [[2, 3, 1], [1, 2, 0]], [[3], [0]], [[0, 2], [1, 0]])
    .chain(([shape, perm]) => array(shape, plain).map((x) => application(`transpose by [${perm}]`, [x], (n) => transpose(n!, perm)))),
)

export const broadcastToRow = row(
  'linear',
  fc
    .constantFrom<readonly [Shape, Shape]>([[], [2, 3]], [[1], [4]], [[3], [2, 3]], [[2, 1], [2, 3]], [[1, 1], [2, 2, 2]], [[1], [0]], [[], [1]])
    .chain(([from, to]) => array(from, plain).map((x) => application(`broadcast to [${to}]`, [x], (n) => broadcastTo(n!, to)))),
)

/** Axes of a shape to reduce over, sorted. */
const axesOf = (shape: Shape): fc.Arbitrary<ReadonlyArray<number>> => fc.subarray(shape.map((_, i) => i), { minLength: 1 })

/** A reduction over several axes, of elements that differ from one another. */
export const reduction = (kind: Kind, f: (x: Node, axes: ReadonlyArray<number>) => Node, label: string): Row =>
  row(
    kind,
    fc.constantFrom<Shape>([3], [1], [2, 3], [2, 1, 2]).chain((shape) =>
      fc.tuple(distinct(shape), axesOf(shape)).map(([x, axes]) => application(`${label} over [${axes}]`, [x], (n) => f(n!, axes))),
    ),
  )

/** An operation along one axis. */
export const alongAxis = (
  kind: Kind,
  f: (x: Node, axis: number) => Node,
  label: string,
  elements: (shape: Shape) => fc.Arbitrary<Tensor> = (shape) => distinct(shape),
): Row =>
  row(
    kind,
    shapesWithAxis.chain(([shape, axis]) => elements(shape).map((x) => application(`${label} along ${axis}`, [x], (n) => f(n!, axis)))),
  )

/** A scan along one axis, from either end. */
export const scan = (
  kind: Kind,
  f: (x: Node, axis: number, reverse: boolean) => Node,
  label: string,
  elements: (shape: Shape) => fc.Arbitrary<Tensor> = (shape) => distinct(shape),
): Row =>
  row(
    kind,
    fc.boolean().chain((reverse) => alongAxis(kind, (x, axis) => f(x, axis, reverse), reverse ? `${label}, reversed,` : label, elements).application),
  )

export const recurrenceRow = (recurrence: (a: Node, b: Node, axis: number, reverse: boolean) => Node): Row =>
  row(
    'smooth',
    fc.tuple(shapesWithAxis, fc.boolean()).chain(([[shape, axis], reverse]) =>
      fc
        .tuple(array(shape, plain), array(shape, plain))
        .map((args) => application(`recurrence along ${axis}, reverse ${reverse}`, args, (a, b) => recurrence(a!, b!, axis, reverse))),
    ),
  )

/** A slice along each axis: where it starts, how it steps, how long it is. */
const sliceOf = (shape: Shape): fc.Arbitrary<Slice> =>
  fc
    .tuple(...shape.map((n) => fc.tuple(fc.constantFrom(1, 2, -1), fc.nat(n), fc.nat(n)).map(([step, a, b]) => along(n, step, a, b))))
    .map((axes) => ({ start: axes.map((x) => x.start), step: axes.map((x) => x.step), shape: axes.map((x) => x.length) }))

const along = (n: number, step: number, a: number, b: number) => {
  const low = Math.min(a, b)
  const span = Math.max(a, b) - low
  const length = Math.ceil(span / Math.abs(step))
  return { step, length, start: length === 0 ? 0 : step > 0 ? low : Math.min(low + (length - 1) * -step, n - 1) }
}

const sliced = filledShapes.chain((shape) => sliceOf(shape).map((part) => [shape, part] as const))

export const sliceRow = row(
  'linear',
  sliced.chain(([shape, part]) => array(shape, plain).map((x) => application(`slice ${JSON.stringify(part)}`, [x], (n) => slice(n!, part)))),
)

export const unsliceRow = row(
  'linear',
  sliced.chain(([shape, part]) =>
    array(part.shape, plain).map((x) => application(`unslice ${JSON.stringify(part)} into [${shape}]`, [x], (n) => unslice(n!, shape, part))),
  ),
)

export const concatRow = row(
  'linear',
  fc.tuple(shapesWithAxis, fc.array(fc.nat(2), { minLength: 1, maxLength: 3 })).chain(([[shape, axis], lengths]) =>
    fc
      .tuple(...lengths.map((length) => array(rangeAlong(shape, axis, 0, length).shape, plain)))
      .map((parts) => application(`concat along ${axis}`, parts, (...xs) => concat(xs, axis))),
  ),
)

export const dotRow = row(
  'smooth',
  fc
    .tuple(fc.constantFrom<Shape>([], [2], [2, 1]), fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 3 }), fc.integer({ min: 1, max: 3 }), fc.boolean(), fc.boolean())
    .chain(([batch, m, k, n, ta, tb]) =>
      fc
        .tuple(array([...batch, ...(ta ? [k, m] : [m, k])], plain), array([...batch, ...(tb ? [n, k] : [k, n])], plain))
        .map((args) => application(`dot, transposed ${ta} ${tb},`, args, (a, b) => dot(a!, b!, ta, tb))),
    ),
)

/** Indices into an axis of a length, with repetitions. */
const indicesOf = (length: number): fc.Arbitrary<Tensor> =>
  fc
    .constantFrom<Shape>([], [2], [3], [2, 2])
    .chain((shape) =>
      fc.array(fc.nat(length - 1), { minLength: sizeOf(shape), maxLength: sizeOf(shape) }).map((data) => tensor(data, { shape, dtype: 'i32' })),
    )

/** A shape, an axis, and indices into that axis. */
const indexed = shapesWithAxis.chain(([shape, axis]) => indicesOf(shape[axis]!).map((indices) => ({ shape, axis, indices })))

export const gatherRow = (gather: (x: Node, indices: Node, axis: number) => Node): Row =>
  row(
    'linear',
    indexed.chain(({ shape, axis, indices }) =>
      array(shape, plain).map((x) => application(`gather ${indices} along ${axis}`, [x], (n) => gather(n!, constant(indices), axis))),
    ),
  )

export const scatterRow = (scatter: (x: Node, indices: Node, axis: number, length: number) => Node): Row =>
  row(
    'linear',
    indexed.chain(({ shape, axis, indices }) => {
      const parts = [...shape.slice(0, axis), ...indices.shape, ...shape.slice(axis + 1)]
      return array(parts, plain).map((x) =>
        application(`scatter ${indices} along ${axis}`, [x], (n) => scatter(n!, constant(indices), axis, shape[axis]!)),
      )
    }),
  )

/** An operation on indices alone. */
export const onIndices = (f: (indices: Node, length: number) => Node, label: string): Row =>
  row(
    'leaf',
    fc.integer({ min: 1, max: 4 }).chain((length) => indicesOf(length).map((indices) => application(`${label} ${indices}`, [], () => f(constant(indices), length)))),
  )

