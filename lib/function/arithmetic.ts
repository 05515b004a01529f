/** Arithmetic and comparisons on operands of every kind, broadcast as NumPy does. */
import * as primitive from '../primitive/arithmetic.js'
import { binaryFunction, unaryAny, unaryFunction, type Binary, type Unary } from './call.js'

/**
 * `a + b`, elementwise.
 *
 * @example
 * item(add(2, 3)) // 5
 * pipe(variable('x', [1, 2]), add(1), toArray) // [2, 3]
 */
export const add: Binary = binaryFunction('add', primitive.add, 'any')

/**
 * `a - b`, elementwise; in a pipeline `pipe(a, sub(b))`.
 *
 * @example
 * pipe(5, sub(3), item) // 2
 */
export const sub: Binary = binaryFunction('sub', primitive.sub, 'any')

/**
 * `a · b`, elementwise.
 *
 * @example
 * toArray(mul([1, 2, 3], 2)) // [2, 4, 6]
 */
export const mul: Binary = binaryFunction('mul', primitive.mul, 'any')

/**
 * `a / b`, elementwise; integers are divided as `f64`. Division by zero follows IEEE 754.
 *
 * @example
 * item(div(1, 4)) // 0.25
 */
export const div: Binary = binaryFunction('div', primitive.div)

/**
 * `-x`, elementwise.
 *
 * @example
 * item(neg(2)) // -2
 */
export const neg: Unary = unaryAny('neg', primitive.neg)

/**
 * `x²`, elementwise.
 *
 * @example
 * item(square(3)) // 9
 */
export const square: Unary = unaryAny('square', primitive.square)

/**
 * `√x`, elementwise; NaN for negative numbers, derivative +∞ at 0.
 *
 * @example
 * item(sqrt(9)) // 3
 */
export const sqrt: Unary = unaryFunction('sqrt', primitive.sqrt)
