/** Comparisons and logic: results of dtype bool, constant almost everywhere, so nothing flows back through them. */
import * as arithmetic from '../primitive/arithmetic.js'
import * as rounding from '../primitive/rounding.js'
import { binaryFunction, unaryAny, type Binary, type Unary } from './call.js'

/**
 * Whether `a = b`, elementwise; NaN equals nothing.
 *
 * @example
 * toArray(equal([1, 2], 2)) // [false, true]
 */
export const equal: Binary = binaryFunction('equal', arithmetic.eq, 'any')

/**
 * Whether `a ≠ b`, elementwise.
 *
 * @example
 * toArray(notEqual([1, 2], 2)) // [true, false]
 */
export const notEqual: Binary = binaryFunction('notEqual', arithmetic.ne, 'any')

/**
 * Whether `a < b`, elementwise.
 *
 * @example
 * toArray(less([1, 2, 3], 2)) // [true, false, false]
 */
export const less: Binary = binaryFunction('less', arithmetic.lt, 'any')

/**
 * Whether `a ≤ b`, elementwise.
 *
 * @example
 * toArray(lessEqual([1, 2, 3], 2)) // [true, true, false]
 */
export const lessEqual: Binary = binaryFunction('lessEqual', arithmetic.le, 'any')

/**
 * Whether `a > b`, elementwise.
 *
 * @example
 * toArray(greater([1, 2, 3], 2)) // [false, false, true]
 */
export const greater: Binary = binaryFunction('greater', arithmetic.gt, 'any')

/**
 * Whether `a ≥ b`, elementwise.
 *
 * @example
 * toArray(greaterEqual([1, 2, 3], 2)) // [false, true, true]
 */
export const greaterEqual: Binary = binaryFunction('greaterEqual', arithmetic.ge, 'any')

/**
 * Whether both are true; a number is true unless it is 0.
 *
 * @example
 * toArray(logicalAnd([true, true], [true, false])) // [true, false]
 */
export const logicalAnd: Binary = binaryFunction('logicalAnd', rounding.logicalAnd, 'any')

/**
 * Whether one or both are true; a number is true unless it is 0.
 *
 * @example
 * toArray(logicalOr([true, false], [false, false])) // [true, false]
 */
export const logicalOr: Binary = binaryFunction('logicalOr', rounding.logicalOr, 'any')

/**
 * Whether exactly one is true; a number is true unless it is 0.
 *
 * @example
 * toArray(logicalXor([true, true], [true, false])) // [false, true]
 */
export const logicalXor: Binary = binaryFunction('logicalXor', rounding.logicalXor, 'any')

/**
 * Whether it is false; a number is true unless it is 0.
 *
 * @example
 * toArray(logicalNot([true, false])) // [false, true]
 */
export const logicalNot: Unary = unaryAny('logicalNot', rounding.logicalNot)

/**
 * Whether it is NaN.
 *
 * @example
 * toArray(isNaN([NaN, 1])) // [true, false]
 */
export const isNaN: Unary = unaryAny('isNaN', rounding.isNaN)

/**
 * Whether it is neither NaN nor infinite.
 *
 * @example
 * toArray(isFinite([Infinity, 1])) // [false, true]
 */
export const isFinite: Unary = unaryAny('isFinite', rounding.isFinite)
