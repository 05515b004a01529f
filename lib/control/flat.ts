/**
 * Several arrays as one: the result of a control primitive is a single vector of doubles, from which its parts are sliced.
 * Every dtype fits into a double exactly, and slicing is linear, so a function of many results needs no tuples anywhere.
 */
import { allocate, filledWith, type Buffer } from '../core/DType.js'
import type { Node, Signature } from '../core/Node.js'
import { sizeOf } from '../core/Shape.js'
import { astype } from '../primitive/arithmetic.js'
import { full } from '../primitive/leaf.js'
import { concat, rangeAlong, reshape, slice } from '../primitive/shape.js'

/** The shape and dtype of each part. */
export type Layout = ReadonlyArray<Signature>

export const layoutOf = (parts: ReadonlyArray<Signature>): Layout =>
  Object.freeze(parts.map(({ shape, dtype }) => Object.freeze({ shape, dtype })))

/** The length of the vector. */
export const flatLength = (layout: Layout): number => layout.reduce((sum, { shape }) => sum + sizeOf(shape), 0)

/** The signature of the vector. */
export const flatSignature = (layout: Layout): Signature => ({ shape: Object.freeze([flatLength(layout)]), dtype: 'f64' })

/** The parts of a vector. */
export const unpack = (flat: Node, layout: Layout): ReadonlyArray<Node> => {
  let at = 0
  return layout.map(({ shape, dtype }) => {
    const size = sizeOf(shape)
    const part = size === flatLength(layout) ? flat : slice(flat, rangeAlong(flat.shape, 0, at, size))
    at += size
    return astype(reshape(part, shape), dtype)
  })
}

/** The vector of some parts; one that is missing is zeros. */
export const pack = (parts: ReadonlyArray<Node | null>, layout: Layout): Node => {
  const vectors = parts.map((part, i) => {
    const like = { shape: [sizeOf(layout[i]!.shape)], dtype: 'f64' as const }
    return part === null ? full(0, like) : astype(reshape(part, like.shape), 'f64')
  })
  return vectors.length === 1 ? vectors[0]! : concat(vectors, 0)
}

/** The vector of buffers that lie side by side. */
export const packBuffers = (buffers: ReadonlyArray<Buffer>, layout: Layout): Buffer => filledWith(allocate('f64', flatLength(layout)), buffers)

/** The vectors of a batch: one row for each element, from parts that have the batch as their leading axis. */
export const packBatch = (parts: ReadonlyArray<Node>, layout: Layout, size: number): Node =>
  concat(parts.map((part, i) => astype(reshape(part, [size, sizeOf(layout[i]!.shape)]), 'f64')), 1)
