/** Scans along an axis (absent or `null`: over all elements, row by row), from its beginning or with `reverse` from its end. */
import { isFloat, toFloat } from '../core/DType.js'
import { isInvalid, type Node } from '../core/Node.js'
import { sizeOf } from '../core/Shape.js'
import { astype } from '../primitive/arithmetic.js'
import * as primitive from '../primitive/cumulative.js'
import { reshape } from '../primitive/shape.js'
import { onAxis } from './axis.js'
import { withOptions, type WithOptions } from './call.js'
import { toNode, type Operand } from './operand.js'
import type { ReduceKind } from './reducing.js'

/** The axis of a scan and its direction. */
export interface ScanOptions {
  readonly axis?: number | null
  readonly reverse?: boolean
}

const scan = (op: string, kind: ReduceKind, f: (x: Node, axis: number, reverse: boolean) => Node): WithOptions<ScanOptions> =>
  withOptions((operand: Operand, { axis = null, reverse = false }) =>
    onAxis(op, axis === null ? flat(toNode(operand, op)) : operand, axis ?? 0, (x, a) => {
      const dtype = kind === 'float' ? toFloat(x.dtype) : kind === 'number' && !isFloat(x.dtype) ? 'i32' : x.dtype
      return f(astype(x, dtype), a, reverse)
    }),
  )

const flat = (x: Node): Node => (isInvalid(x) ? x : reshape(x, [sizeOf(x.shape)]))

/**
 * Running sums along an axis.
 *
 * @example
 * toArray(cumsum([1, 2, 3])) // [1, 3, 6]
 * toArray(cumsum([1, 2, 3], { reverse: true })) // [6, 5, 3]
 */
export const cumsum: WithOptions<ScanOptions> = scan('cumsum', 'number', primitive.cumsum)

/**
 * Running products along an axis. Their derivatives divide by nothing, so they are right at zeros too.
 *
 * @example
 * toArray(cumprod([2, 0, 3, 4])) // [2, 0, 0, 0]
 * toArray(grad((x: Node) => sum(cumprod(x)))(constant([2, 0, 3, 4]))) // [1, 32, 0, 0]
 */
export const cumprod: WithOptions<ScanOptions> = scan('cumprod', 'number', primitive.cumprod)

/**
 * Running maxima along an axis; NaN from the first NaN on. Equal greatest elements share the gradient evenly.
 *
 * @example
 * toArray(cummax([1, 3, 2, 4])) // [1, 3, 3, 4]
 */
export const cummax: WithOptions<ScanOptions> = scan('cummax', 'any', primitive.cummax)

/**
 * Running minima along an axis; NaN from the first NaN on. Equal least elements share the gradient evenly.
 *
 * @example
 * toArray(cummin([3, 1, 2, 0])) // [3, 1, 1, 0]
 */
export const cummin: WithOptions<ScanOptions> = scan('cummin', 'any', primitive.cummin)

/**
 * Running `log Σ exp` along an axis, without overflow; the gradient at -∞ is 0.
 *
 * @example
 * toArray(cumLogSumExp([-Infinity, 0])) // [-Infinity, 0]
 */
export const cumLogSumExp: WithOptions<ScanOptions> = scan('cumLogSumExp', 'float', primitive.cumLogSumExp)
