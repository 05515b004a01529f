/** Arrays of dyadic numbers: exact in binary, short to print, and as far apart as the grid is coarse. */
import fc from 'fast-check'
import { sizeOf, type Shape } from '../../lib/core/Shape.js'
import { tensor, type Tensor } from '../../lib/core/Tensor.js'

/** An interval to draw numbers from, on a grid of 1/64. */
export type Range = readonly [low: number, high: number]

const grid = 64

/** A number of the grid. With `shift`, one between two points of the grid, so that it never equals one drawn without. */
export const number = ([low, high]: Range, shift = 0): fc.Arbitrary<number> =>
  fc.integer({ min: Math.ceil(low * grid), max: Math.floor(high * grid) - (shift === 0 ? 0 : 1) }).map((n) => (n + shift) / grid)

/** An array of numbers of the grid. */
export const array = (shape: Shape, range: Range, shift = 0): fc.Arbitrary<Tensor> =>
  fc
    .array(number(range, shift), { minLength: sizeOf(shape), maxLength: sizeOf(shape) })
    .map((data) => tensor(data, { shape }))

/** An array without two equal elements, none closer than 1/4. */
export const distinct = (shape: Shape, start = -2): fc.Arbitrary<Tensor> => {
  const size = sizeOf(shape)
  const values = Array.from({ length: size + 4 }, (_, i) => start + i / 4 + 1 / 64)
  return fc
    .tuple(fc.shuffledSubarray(values, { minLength: size, maxLength: size }))
    .map(([data]) => tensor(data, { shape }))
}

/** Shapes of every kind: scalars, empty arrays, axes of length 1. */
export const shapes: fc.Arbitrary<Shape> = fc.constantFrom<Shape>([], [3], [1], [2, 3], [2, 1, 2], [0], [2, 0])

/** Shapes with something in them. */
export const filledShapes: fc.Arbitrary<Shape> = fc.constantFrom<Shape>([], [3], [1], [2, 3], [2, 1, 2])

/** Shapes with at least one axis, and that axis. */
export const shapesWithAxis: fc.Arbitrary<readonly [Shape, number]> = fc
  .constantFrom<Shape>([3], [1], [2, 3], [4, 2], [2, 1, 3])
  .chain((shape) => fc.nat(shape.length - 1).map((axis) => [shape, axis] as const))
