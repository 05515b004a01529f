/** Tensors of every dtype. */
import * as fc from 'fast-check'
import { bufferFrom, type DType } from '../../core/DType.js'
import { sizeOf, type Shape } from '../../core/Shape.js'
import { tensorOf, type Tensor } from '../../core/Tensor.js'
import { reals, type Domain } from './domains.js'
import { numbers, type NumberOptions } from './numbers.js'
import { shapes } from './shapes.js'

/** What tensors look like. */
export interface TensorOptions extends NumberOptions {
  /** No two elements are equal: where they are, `max` and `sort` have kinks. For the family `away`. */
  readonly distinct?: boolean
}

/** A shape, or shapes to draw one from. */
export type ShapeSource = Shape | fc.Arbitrary<Shape>

const isShape = (source: ShapeSource): source is Shape => Array.isArray(source)

const filled = (source: ShapeSource, dtype: DType, elements: (size: number) => fc.Arbitrary<ReadonlyArray<number>>): fc.Arbitrary<Tensor> => {
  const onShape = (shape: Shape) => elements(sizeOf(shape)).map((data) => tensorOf(bufferFrom(dtype, data), shape, dtype))
  return isShape(source) ? onShape(Object.isFrozen(source) ? source : Object.freeze([...source])) : source.chain(onShape)
}

const many = (element: fc.Arbitrary<number>) => (size: number): fc.Arbitrary<ReadonlyArray<number>> =>
  fc.array(element, { minLength: size, maxLength: size, size: 'max' })

/** The numbers spread out by their rank: each keeps its place in the order, equal ones go apart. */
const distinctOf = (drawn: ReadonlyArray<number>): ReadonlyArray<number> => {
  const order = drawn.map((_, i) => i).sort((i, j) => drawn[i]! - drawn[j]! || i - j)
  const out = [...drawn]
  order.forEach((i, rank) => {
    const last = rank === 0 ? -Infinity : out[order[rank - 1]!]!
    out[i] = Math.max(out[i]!, last + 2 ** -4)
  })
  return out
}

/**
 * Tensors with elements from a domain; see {@link numbers} for the families.
 *
 * With `distinct`, elements are at least 1/16 apart, for which they may leave a short domain at its upper end.
 *
 * @example
 * fc.sample(tensors([2, 3], positive, { dtype: 'f32' }), 1)[0].dtype                             // 'f32'
 * fc.sample(tensors(shapes({ maxRank: 1 }), interval(1, 2)), 100).every((t) => t.shape.length < 2) // true
 */
export const tensors = (shape: ShapeSource = shapes(), domain: Domain = reals, options: TensorOptions = {}): fc.Arbitrary<Tensor> => {
  const element = many(numbers(domain, options))
  return filled(shape, options.dtype ?? 'f64', options.distinct === true ? (size) => element(size).map(distinctOf) : element)
}

/**
 * Tensors of integers from `-max` to `max` (8 unless given), small ones most often: sums and products of them are exact as long
 * as they stay below 2⁵³, so that results can be compared with zero tolerance.
 *
 * @example
 * fc.sample(integers([3], { max: 0 }), 1) // [[0, 0, 0]]
 */
export const integers = (
  shape: ShapeSource = shapes(),
  { max = 8, dtype = 'f64' }: { readonly max?: number; readonly dtype?: DType } = {},
): fc.Arbitrary<Tensor> =>
  filled(shape, dtype, many(fc.integer({ min: -max, max })))

/**
 * Tensors of truth values.
 *
 * @example
 * fc.sample(booleans([3]), 1)[0].dtype // 'bool'
 */
export const booleans = (shape: ShapeSource = shapes()): fc.Arbitrary<Tensor> => filled(shape, 'bool', many(fc.nat(1)))

/**
 * Tensors of indices (`i32`) into an axis of some length, which must not be 0; with `negative`, some of them count from the end.
 *
 * @example
 * fc.sample(indices([4], 1), 1) // [[0, 0, 0, 0]]
 */
export const indices = (shape: ShapeSource, length: number, { negative = false }: { readonly negative?: boolean } = {}): fc.Arbitrary<Tensor> =>
  filled(shape, 'i32', many(fc.integer({ min: negative ? -length : 0, max: length - 1 })))
