/** Copies between a dense array and a strided view of another: every rearrangement of elements is one of the two. */
import type { Buffer } from '../core/DType.js'
import type { Shape } from '../core/Shape.js'

/** A view of a buffer: the element at index `i` lies at `offset + Σ i[axis] · strides[axis]`. Strides may be 0 or negative. */
export interface View {
  readonly offset: number
  readonly strides: ReadonlyArray<number>
}

/** Calls `row` with the offset of each innermost run of a view, in row-major order of `shape`. */
const eachRow = (shape: Shape, { offset, strides }: View, row: (at: number) => void): void => {
  const outer = shape.length - 1
  if (shape.includes(0)) return
  const index = new Int32Array(Math.max(outer, 0))
  let at = offset
  for (;;) {
    row(at)
    let axis = outer - 1
    for (; axis >= 0; axis--) {
      at += strides[axis]!
      if (++index[axis]! < shape[axis]!) break
      at -= strides[axis]! * shape[axis]!
      index[axis] = 0
    }
    if (axis < 0) return
  }
}

/** The view of `from`, read out into the dense `to` of the given shape. */
export const readView = (from: Buffer, view: View, to: Buffer, shape: Shape): Buffer => {
  const length = shape[shape.length - 1] ?? 1
  const stride = view.strides[shape.length - 1] ?? 1
  let next = 0
  eachRow(shape, view, (at) => {
    for (let i = 0, j = at; i < length; i++, j += stride) to[next++] = from[j]!
  })
  return to
}

/** The dense `from` of the given shape, written into the view of `to`. */
export const writeView = (from: Buffer, to: Buffer, view: View, shape: Shape): Buffer => {
  const length = shape[shape.length - 1] ?? 1
  const stride = view.strides[shape.length - 1] ?? 1
  let next = 0
  eachRow(shape, view, (at) => {
    for (let i = 0, j = at; i < length; i++, j += stride) to[j] = from[next++]!
  })
  return to
}
