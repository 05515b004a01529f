/** The operators of expressions, with Python's precedence. Arithmetic on plain numbers stays a plain number. */
import type { Node } from '../../core/Node.js'
import { power } from '../../kernel/power.js'
import { add, div, mul, neg, pow, sub } from '../arithmetic.js'
import { equal, greater, greaterEqual, less, lessEqual, notEqual } from '../comparison.js'
import { mod } from '../elementwise.js'
import type { Operand } from '../operand.js'
import { matmul } from '../product.js'

/** An operator: what it does with its last `arity` operands, and how tightly it binds them. */
export interface Operator {
  readonly arity: number
  readonly precedence: number
  readonly associates: 'left' | 'right' | 'never'
  readonly apply: (operands: ReadonlyArray<Operand>) => Operand
}

type OnNodes = (a: Operand, b: Operand) => Node
type OnNumbers = (a: number, b: number) => number

const infix = (precedence: number, associates: Operator['associates'], onNodes: OnNodes, onNumbers?: OnNumbers): Operator => ({
  arity: 2,
  precedence,
  associates,
  apply: (operands) => {
    const [a, b] = operands as readonly [Operand, Operand]
    return onNumbers !== undefined && typeof a === 'number' && typeof b === 'number' ? onNumbers(a, b) : onNodes(a, b)
  },
})

const comparisons = [
  ['<', less],
  ['<=', lessEqual],
  ['>', greater],
  ['>=', greaterEqual],
  ['==', equal],
  ['!=', notEqual],
] as const

/** By their sign. Those of one line bind equally tightly. */
export const operators: ReadonlyMap<string, Operator> = new Map([
  ...comparisons.map(([sign, f]) => [sign, infix(1, 'never', f)] as const),
  ['+', infix(2, 'left', add, (a, b) => a + b)],
  ['-', infix(2, 'left', sub, (a, b) => a - b)],
  ['*', infix(3, 'left', mul, (a, b) => a * b)],
  ['/', infix(3, 'left', div, (a, b) => a / b)],
  ['%', infix(3, 'left', mod)],
  ['@', infix(3, 'left', matmul)],
  ['**', infix(5, 'right', pow, power)],
])

/** The minus before an operand: tighter than products, looser than powers. */
export const negation: Operator = {
  arity: 1,
  precedence: 4,
  associates: 'right',
  apply: ([x]) => (typeof x === 'number' ? -x : neg(x!)),
}
