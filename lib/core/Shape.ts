/** Shapes and the arithmetic on them: sizes, strides, NumPy broadcasting, axes. Pure data, no tensors. */

/** The length of each axis, outermost first. `[]` is a scalar. */
export type Shape = ReadonlyArray<number>

/** The shape of every scalar; one frozen record, so that comparing scalars is comparing references. */
export const scalarShape: Shape = Object.freeze([])

/** A frozen copy. */
export const shapeOf = (lengths: Iterable<number>): Shape => {
  if (lengths === scalarShape) return scalarShape
  const copy = [...lengths]
  return copy.length === 0 ? scalarShape : Object.freeze(copy)
}

/** The number of elements: the product of the axis lengths, 1 for a scalar. */
export const sizeOf = (shape: Shape): number => {
  let size = 1
  for (let i = 0; i < shape.length; i++) size *= shape[i]!
  return size
}

/** Row-major strides, in elements. */
export const stridesOf = (shape: Shape): ReadonlyArray<number> => {
  const strides = new Array<number>(shape.length)
  for (let i = shape.length - 1, s = 1; i >= 0; s *= shape[i]!, i--) strides[i] = s
  return strides
}

export const sameShape = (a: Shape, b: Shape): boolean => {
  if (a === b) return true
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/** `[2, 3]`, the way errors and listings print a shape. */
export const showShape = (shape: Shape): string => `[${shape.join(', ')}]`

/**
 * NumPy's broadcast of several shapes: aligned at the right, an axis of length 1 stretches.
 * `undefined` when two lengths other than 1 differ.
 */
export const broadcastShapes = (...shapes: ReadonlyArray<Shape>): Shape | undefined => {
  const rank = Math.max(0, ...shapes.map((s) => s.length))
  const out = new Array<number>(rank).fill(1)
  for (const shape of shapes) {
    for (let i = 1; i <= shape.length; i++) {
      const length = shape[shape.length - i]!
      if (length === 1 || length === out[rank - i]) continue
      if (out[rank - i] !== 1) return undefined
      out[rank - i] = length
    }
  }
  return shapeOf(out)
}

/** One axis, several, or (absent) all of them. Negative axes count from the end. */
export type Axes = number | ReadonlyArray<number> | null | undefined

/** An axis in `0 … rank - 1`, or `undefined` when it is out of range. */
export const normalizeAxis = (axis: number, rank: number): number | undefined => {
  const a = axis < 0 ? axis + rank : axis
  return Number.isInteger(a) && a >= 0 && a < rank ? a : undefined
}

/** Sorted axes in `0 … rank - 1`; `undefined` when one is out of range or occurs twice. */
export const normalizeAxes = (axes: Axes, rank: number): ReadonlyArray<number> | undefined => {
  if (axes === null || axes === undefined) return Array.from({ length: rank }, (_, i) => i)
  const list = (typeof axes === 'number' ? [axes] : axes).map((a) => normalizeAxis(a, rank))
  if (list.some((a) => a === undefined) || new Set(list).size !== list.length) return undefined
  return (list as Array<number>).sort((a, b) => a - b)
}

/** The shape after reducing over `axes` (sorted): each axis dropped, or kept with length 1. */
export const reducedShape = (shape: Shape, axes: ReadonlyArray<number>, keepDims: boolean): Shape =>
  shapeOf(keepDims ? shape.map((n, i) => (axes.includes(i) ? 1 : n)) : shape.filter((_, i) => !axes.includes(i)))
