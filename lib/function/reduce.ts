/**
 * Reductions. All take `{ axis, keepDims }`: one axis, a list of axes or (absent or `null`) all of them are reduced, and
 * dropped or kept with length 1. Negative axes count from the end.
 */
import type { Node } from '../core/Node.js'
import { onlyPlace } from '../primitive/along.js'
import { astype, div, eq, ne, where } from '../primitive/arithmetic.js'
import { cumprod } from '../primitive/cumulative.js'
import { full } from '../primitive/leaf.js'
import * as order from '../primitive/order.js'
import * as primitive from '../primitive/reduce.js'
import { sum as sumOver } from '../primitive/shape.js'
import { withOptions, type WithOptions } from './call.js'
import { countAlong, reduced, reducedAlong, type ReduceKind, type ReduceOptions } from './reducing.js'

type Reduction = WithOptions<ReduceOptions>

const over = (op: string, kind: ReduceKind, f: (x: Node, axes: ReadonlyArray<number>) => Node): Reduction =>
  withOptions((x, options) => reduced(op, x, options, kind, f))

const along = (op: string, kind: ReduceKind, f: (x: Node, axis: number) => Node): Reduction =>
  withOptions((x, options) => reducedAlong(op, x, options, kind, f))

/**
 * The sum over some axes, added up pairwise; 0 for no elements. Truth values are counted as `i32`.
 *
 * @example
 * item(sum([1, 2, 3])) // 6
 * toArray(sum([[1, 2], [3, 4]], { axis: 0 })) // [4, 6]
 * pipe([[1, 2], [3, 4]], sum({ axis: -1, keepDims: true }), toArray) // [[3], [7]]
 */
export const sum: Reduction = over('sum', 'number', sumOver)

const meanOver = (x: Node, axes: ReadonlyArray<number>): Node => {
  const total = sumOver(x, axes)
  return div(total, full(countAlong(x, axes), total))
}

/**
 * The arithmetic mean over some axes; NaN for no elements. Integers are averaged as `f64`.
 *
 * @example
 * item(mean([1, 2, 3, 6])) // 3
 * toArray(mean([[1, 2], [3, 4]], { axis: 1 })) // [1.5, 3.5]
 */
export const mean: Reduction = over('mean', 'float', meanOver)

/**
 * The mean under its other name.
 *
 * @example
 * item(average([1, 2, 3, 6])) // 3
 */
export const average: Reduction = over('average', 'float', meanOver)

/**
 * The product over some axes; 1 for no elements. Its derivatives divide by nothing, so they are right at zeros too.
 *
 * @example
 * item(prod([2, 3, 4])) // 24
 * toArray(grad(prod)(constant([2, 0, 3]))) // [0, 6, 0]
 */
export const prod: Reduction = along('prod', 'number', (x, axis) => {
  const length = x.shape[axis]!
  return length === 0
    ? full(1, { shape: x.shape.filter((_, i) => i !== axis), dtype: x.dtype })
    : onlyPlace(cumprod(x, axis, false), axis, length - 1)
})

/**
 * The greatest element over some axes; NaN if there is one. Equal greatest elements share the gradient evenly.
 * An error for no elements.
 *
 * @example
 * item(max([1, 3, 2])) // 3
 * toArray(grad(max)(constant([1, 3, 3]))) // [0, 0.5, 0.5]
 */
export const max: Reduction = over('max', 'any', primitive.max)

/**
 * The least element over some axes; NaN if there is one. Equal least elements share the gradient evenly.
 * An error for no elements.
 *
 * @example
 * toArray(min([[3, 1], [2, 5]], { axis: 1 })) // [1, 2]
 */
export const min: Reduction = over('min', 'any', primitive.min)

/**
 * The index of the first greatest element, as `i32`; that of the first NaN if there is one. Over several axes (or all)
 * it is the index into them laid out row by row. Not differentiable.
 *
 * @example
 * item(argmax([1, 3, 2])) // 1
 * toArray(argmax([[1, 3], [4, 2]], { axis: 1 })) // [1, 0]
 */
export const argmax: Reduction = along('argmax', 'any', order.argmax)

/**
 * The index of the first least element, as `i32`; that of the first NaN if there is one. Not differentiable.
 *
 * @example
 * item(argmin([2, 3, 1])) // 2
 */
export const argmin: Reduction = along('argmin', 'any', order.argmin)

const countOver = (x: Node, axes: ReadonlyArray<number>): Node => sumOver(astype(ne(x, 0), 'i32'), axes)

/**
 * How many elements are not zero, as `i32`.
 *
 * @example
 * item(countNonzero([0, 2, 0, 3])) // 2
 */
export const countNonzero: Reduction = over('countNonzero', 'any', countOver)

/**
 * Whether no element is zero, as `bool`; true for no elements.
 *
 * @example
 * toArray(all([[1, 0], [2, 3]], { axis: 1 })) // [false, true]
 */
export const all: Reduction = over('all', 'any', (x, axes) => eq(countOver(x, axes), countAlong(x, axes)))

/**
 * Whether some element is not zero, as `bool`; false for no elements.
 *
 * @example
 * toArray(any([[1, 0], [0, 0]], { axis: 1 })) // [true, false]
 */
export const any: Reduction = over('any', 'any', (x, axes) => ne(countOver(x, axes), 0))

const withoutNaN = (x: Node): Node => where(eq(x, x), x, 0)

/**
 * The sum of the elements that are not NaN; the gradient at a NaN is 0.
 *
 * @example
 * item(nanSum([1, NaN, 2])) // 3
 */
export const nanSum: Reduction = over('nanSum', 'number', (x, axes) => sumOver(withoutNaN(x), axes))

/**
 * The mean of the elements that are not NaN; the gradient at a NaN is 0.
 *
 * @example
 * item(nanMean([1, NaN, 2])) // 1.5
 */
export const nanMean: Reduction = over('nanMean', 'float', (x, axes) =>
  div(sumOver(withoutNaN(x), axes), sumOver(astype(eq(x, x), x.dtype), axes)),
)
