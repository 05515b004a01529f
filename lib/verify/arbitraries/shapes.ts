/** Shapes, alone and in company that broadcasts. */
import * as fc from 'fast-check'
import { broadcastShapes as common, shapeOf, type Shape } from '../../core/Shape.js'

/** Which shapes are drawn. */
export interface ShapeOptions {
  /** 0 unless given: scalars. */
  readonly minRank?: number
  /** 3 unless given. */
  readonly maxRank?: number
  /** The least length of an axis; 0 unless given. */
  readonly minLength?: number
  /** 4 unless given. */
  readonly maxLength?: number
  /** The most elements; 64 unless given. */
  readonly maxSize?: number
}

/** The lengths, those cut that would make the whole too large. */
const within = (lengths: ReadonlyArray<number>, minLength: number, maxSize: number): Shape => {
  let size = 1
  return shapeOf(
    lengths.map((length) => {
      const cut = Math.max(minLength, Math.min(length, Math.floor(maxSize / Math.max(1, size))))
      size *= cut
      return cut
    }),
  )
}

/** Empty axes are rare, or most shapes of some rank would hold nothing. */
const lengths = (minLength: number, maxLength: number): fc.Arbitrary<number> => {
  const filled = fc.integer({ min: Math.max(1, minLength), max: Math.max(1, minLength, maxLength) })
  return minLength > 0 ? filled : fc.oneof({ weight: 12, arbitrary: filled }, { weight: 1, arbitrary: fc.constant(0) })
}

/**
 * Shapes: scalars, axes of length 1 and empty axes among them.
 *
 * @example
 * fc.sample(shapes({ maxRank: 2 }), 100).every((shape) => shape.length <= 2) // true
 */
export const shapes = ({ minRank = 0, maxRank = 3, minLength = 0, maxLength = 4, maxSize = 64 }: ShapeOptions = {}): fc.Arbitrary<Shape> =>
  fc
    .array(lengths(minLength, maxLength), { minLength: minRank, maxLength: Math.max(minRank, maxRank), size: 'max' })
    .map((drawn) => within(drawn, minLength, maxSize))

/** Shapes that broadcast with each other, and the shape that they broadcast to. */
export interface BroadcastShapes {
  readonly shapes: ReadonlyArray<Shape>
  readonly common: Shape
}

/**
 * So many shapes that broadcast with each other: leading axes are missing from some of them, others have length 1.
 *
 * @example
 * const [{ shapes, common }] = fc.sample(broadcastShapes(2), 1)
 * String(add(ones(shapes[0]), ones(shapes[1])).shape) === String(common) // true
 */
export const broadcastShapes = (n: number, options: ShapeOptions = {}): fc.Arbitrary<BroadcastShapes> =>
  shapes(options).chain((whole) => {
    const kept = fc.array(fc.boolean(), { minLength: whole.length, maxLength: whole.length })
    const part = fc.tuple(fc.nat(whole.length), kept).map(([missing, keep]) => shapeOf(whole.map((length, i) => (keep[i] ? length : 1)).slice(missing)))
    const one = fc.oneof({ weight: 2, arbitrary: fc.constant(whole) }, { weight: 3, arbitrary: part })
    return fc.array(one, { minLength: n, maxLength: n, size: 'max' }).map((drawn) => ({ shapes: drawn, common: common(...drawn)! }))
  })
