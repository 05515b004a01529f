/** Small arrays as the tape entries of their elements, row by row, and what moving elements about makes of them. */
import { filledWith } from '../../core/DType.js'
import { sizeOf, type Shape } from '../../core/Shape.js'
import { dense, part, permuted, stretched, type View } from '../lower/view.js'
import type { Node } from '../../core/Node.js'
import { axisOf } from '../../primitive/along.js'
import { broadcastToOp, rangeAlong, sliceOf, sliceOp, transposeOp } from '../../primitive/shape.js'

/** The entry of each element. */
export type Cells = Int32Array

/** The places of the elements of a view, row by row. */
export const placesOf = ({ offset, shape, strides }: View): Int32Array => {
  const places = new Int32Array(sizeOf(shape))
  if (places.length === 0) return places
  places[0] = offset
  let known = 1
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const step = strides[axis]!
    for (let i = 1; i < shape[axis]!; i++) for (let k = 0; k < known; k++) places[i * known + k] = places[k]! + i * step
    known *= shape[axis]!
  }
  return places
}

const placeAt = (indices: ReadonlyArray<number>, shape: Shape): number => {
  let place = 0
  for (let axis = 0; axis < shape.length; axis++) place = place * shape[axis]! + indices[axis]!
  return place
}

/** The place of the first element that a slice takes. */
export const startOf = (node: Node): number => placeAt(sliceOf(node).start, node.inputs[0]!.shape)

export const picked = (cells: Cells, view: View): Cells => placesOf(view).map((place) => cells[place]!)

/** How a node that moves elements reads its operand. */
export const viewOf = (node: Node): View => {
  const whole = rowMajor(node.inputs[0]!.shape)
  if (node.op === transposeOp.op) return permuted(whole, node.attrs['perm'] as ReadonlyArray<number>)
  if (node.op === sliceOp.op) return part(whole, sliceOf(node))
  return node.op === broadcastToOp.op ? stretched(whole, node.shape) : rowMajor(node.shape)
}

/** An array in row-major order. */
const rowMajor = (shape: Shape): View => dense(0, 'f64', shape)

/** The places of the operand of an `unslice` in its result. */
export const paddedPlaces = (node: Node): Int32Array => (sizeOf(node.inputs[0]!.shape) === 1 ? Int32Array.of(placeAt(sliceOf(node).start, node.shape)) : allPaddedPlaces(node))

const allPaddedPlaces = (node: Node): Int32Array => placesOf(part(rowMajor(node.shape), { ...sliceOf(node), shape: node.inputs[0]!.shape }))

/** The elements along an axis (or several) as rows: those that are kept come first. */
export const grouped = (cells: Cells, shape: Shape, axes: ReadonlyArray<number>): Cells => {
  const kept = shape.flatMap((_, axis) => (axes.includes(axis) ? [] : [axis]))
  return picked(cells, permuted(rowMajor(shape), [...kept, ...axes]))
}

/** The matrices of a product, row by row as they are read. */
export const matrices = (cells: Cells, shape: Shape, isTransposed: boolean): Cells => {
  const last = shape.length - 1
  return isTransposed ? picked(cells, permuted(rowMajor(shape), shape.map((_, i) => (i === last ? last - 1 : i === last - 1 ? last : i)))) : cells
}

export const joined = (node: Node, parts: ReadonlyArray<Cells>): Cells => {
  const out = new Int32Array(sizeOf(node.shape))
  const axis = axisOf(node)
  if (axis === 0) return filledWith(out, parts)
  let at = 0
  node.inputs.forEach((x, k) => {
    const places = placesOf(part(rowMajor(node.shape), rangeAlong(node.shape, axis, at, x.shape[axis]!)))
    places.forEach((place, i) => {
      out[place] = parts[k]![i]!
    })
    at += x.shape[axis]!
  })
  return out
}

/** The elements at indices that are known; `undefined` if one is out of range. */
export const gathered = (node: Node, cells: Cells, indices: ArrayLike<number>): Cells | undefined => {
  const { shape } = node.inputs[0]!
  const axis = axisOf(node)
  const [outer, length, inner] = [sizeOf(shape.slice(0, axis)), shape[axis]!, sizeOf(shape.slice(axis + 1))]
  const out = new Int32Array(outer * indices.length * inner)
  let to = 0
  for (let o = 0; o < outer; o++)
    for (let k = 0; k < indices.length; k++) {
      const i = indices[k]! < 0 ? indices[k]! + length : indices[k]!
      if (i < 0 || i >= length) return undefined
      for (let r = 0; r < inner; r++) out[to++] = cells[(o * length + i) * inner + r]!
    }
  return out
}
