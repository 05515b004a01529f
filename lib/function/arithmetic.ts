/** Arithmetic and comparisons on operands of every kind, broadcast as NumPy does. */
import * as primitive from '../primitive/arithmetic.js'
import * as power from '../primitive/power.js'
import { logicalOr } from '../primitive/rounding.js'
import { refuse } from '../core/FoldgradError.js'
import { invalid, type Node } from '../core/Node.js'
import { binaryFunction, unaryAny, unaryFunction, withArgument, type Binary, type Unary, type WithArgument } from './call.js'
import { toFloatNode } from './operand.js'

const sumOrUnion = (a: Node, b: Node): Node => (a.dtype === 'bool' ? logicalOr(a, b) : primitive.add(a, b))

/**
 * `a + b`, elementwise; of truth values `logicalOr`.
 *
 * @example
 * item(add(2, 3)) // 5
 * pipe(variable('x', [1, 2]), add(1), toArray) // [2, 3]
 */
export const add: Binary = binaryFunction('add', sumOrUnion, 'any')

/**
 * `a - b`, elementwise; in a pipeline `pipe(a, sub(b))`. Not for truth values: those have `logicalXor`.
 *
 * @example
 * pipe(5, sub(3), item) // 2
 */
export const sub: Binary = binaryFunction('sub', primitive.sub, 'any')

/**
 * `a · b`, elementwise; of truth values `logicalAnd`.
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
 * `-x`, elementwise. Not for truth values: those have `logicalNot`.
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

/**
 * `1 / x`, elementwise.
 *
 * @example
 * item(reciprocal(4)) // 0.25
 */
export const reciprocal: Unary = unaryFunction('reciprocal', primitive.reciprocal)

/**
 * `∛x`, the real cube root; derivative +∞ at 0.
 *
 * @example
 * item(cbrt(-8)) // -2
 */
export const cbrt: Unary = unaryFunction('cbrt', power.cbrt)

/**
 * `1 / √x`, elementwise.
 *
 * @example
 * item(rsqrt(4)) // 0.5
 */
export const rsqrt: Unary = unaryFunction('rsqrt', power.rsqrt)

/**
 * `xʸ`, elementwise, differentiable in both. The derivative in `x` is special-cased where the exponent is a small integer, so
 * that every order is finite at x = 0; the one in `y` is NaN for negative `x`, and 0 at x = 0 for y ≥ 0.
 *
 * @example
 * item(pow(2, 3)) // 8
 * pipe(3, pow(2), item) // 9
 */
export const pow: Binary = binaryFunction('pow', power.pow)

/**
 * `xⁿ` for an integer number n.
 *
 * @example
 * item(integerPow(2, -2)) // 0.25
 */
export const integerPow: WithArgument<number> = withArgument((x, n) => {
  const node = toFloatNode(x, 'integerPow')
  return Number.isInteger(n)
    ? power.pow(node, n)
    : invalid('integerPow', [node], refuse('Argument', `the exponent is ${n}, an integer is needed`, 'Use pow for other exponents'))
})

/**
 * `√(x² + y²)`, without overflow in value or derivative; gradient 0 at the origin.
 *
 * @example
 * item(hypot(3, 4)) // 5
 */
export const hypot: Binary = binaryFunction('hypot', power.hypot)
