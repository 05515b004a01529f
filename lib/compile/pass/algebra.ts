/** Algebra: operations that do nothing, or undo one another. Zero may change its sign, nothing else changes. */
import type { Node, Primitive } from '../../core/Node.js'
import { sameShape, sizeOf } from '../../core/Shape.js'
import { add, astypeOp, div, eq, mul, neg, reciprocal, square, sub, where, whereOp } from '../../primitive/arithmetic.js'
import { spoilt } from '../../primitive/choice.js'
import { full, fullValue } from '../../primitive/leaf.js'
import { pow, powDerivativeOp } from '../../primitive/power.js'
import { sumOp } from '../../primitive/shape.js'
import { isFloat, type DType } from '../../core/DType.js'
import type { Rule } from './rewrite.js'

/** Which dtypes each can hold without loss. */
const holds: Readonly<Record<DType, ReadonlyArray<DType>>> = { bool: ['bool'], i32: ['bool', 'i32'], f32: ['bool', 'f32'], f64: ['bool', 'i32', 'f32', 'f64'] }

/** Division by a power of two is exact as a product. */
const exactReciprocal = (x: number, dtype: DType): boolean => {
  const reciprocal = dtype === 'f32' ? Math.fround(1 / x) : 1 / x
  return reciprocal !== 0 && Number.isFinite(reciprocal) && 2 ** Math.round(Math.log2(Math.abs(x))) === Math.abs(x)
}

const sum: Rule = (node) => {
  const [a, b] = node.inputs as readonly [Node, Node]
  if (fullValue(a) === 0) return b
  if (fullValue(b) === 0) return a
  if (!isFloat(node.dtype)) return node
  if (b.op === neg.op) return sub(a, b.inputs[0]!)
  return a.op === neg.op ? sub(b, a.inputs[0]!) : node
}

const difference: Rule = (node) => {
  const [a, b] = node.inputs as readonly [Node, Node]
  if (fullValue(b) === 0) return a
  return b.op === neg.op && isFloat(node.dtype) ? add(a, b.inputs[0]!) : node
}

const product: Rule = (node) => {
  const [a, b] = node.inputs as readonly [Node, Node]
  if (fullValue(a) === 1) return b
  if (fullValue(b) === 1) return a
  if (!isFloat(node.dtype)) return node
  if (fullValue(a) === -1) return neg(b)
  if (fullValue(b) === -1) return neg(a)
  return a === b ? square(a) : node
}

const quotient: Rule = (node) => {
  const [a, b] = node.inputs as readonly [Node, Node]
  const value = fullValue(b)
  if (value === 1) return a
  return value !== undefined && exactReciprocal(value, b.dtype) ? mul(a, full(1 / value, b)) : node
}

const opposite: Rule = (node) => (node.inputs[0]!.op === neg.op ? node.inputs[0]!.inputs[0]! : node)

/** Integer powers as products: exact for the first, within an ulp for the others. */
const power: Rule = (node) => {
  const [x, n] = node.inputs as readonly [Node, Node]
  const made = powers.get(fullValue(n) ?? NaN)
  return made === undefined ? node : made(x)
}

const powers: ReadonlyMap<number, (x: Node) => Node> = new Map<number, (x: Node) => Node>([
  [1, (x) => x],
  [2, square],
  [3, (x) => mul(square(x), x)],
  [4, (x) => square(square(x))],
  [-1, reciprocal],
  [-2, (x) => reciprocal(square(x))],
])

/** The derivatives of integer powers, `n (n - 1) … xⁿ⁻ᵏ`. */
const powerDerivative: Rule = (node) => {
  const [x, ...rest] = node.inputs as readonly [Node, ...ReadonlyArray<Node>]
  const [n, k, j] = rest.map(fullValue)
  if (n === undefined || k === undefined || j !== 0 || !Number.isInteger(n) || n < k) return node
  let factor = 1
  for (let i = 0; i < k; i++) factor *= n - i
  const powers = [full(1, node), x, square(x), mul(square(x), x)]
  const found = powers[n - k]
  return found === undefined ? node : mul(full(factor, node), found)
}

const choice: Rule = (node) => {
  const [c, a, b] = node.inputs as readonly [Node, Node, Node]
  const value = fullValue(c)
  if (value !== undefined) return value !== 0 ? a : b
  // What is spoilt is a product with a factor that is zero: without looking at the product, where that factor is.
  if (c.op === spoilt.op && c.inputs[1] === b && fullValue(a) === 0) return where(eq(c.inputs[0]!, 0), a, b)
  return a === b ? a : node
}

/** A conversion there and back, through a wider type. */
const conversion: Rule = (node) => {
  const [x] = node.inputs as readonly [Node]
  const [inner] = x.inputs
  return x.op === astypeOp && inner!.dtype === node.dtype && holds[x.dtype].includes(node.dtype) ? inner! : node
}

const total: Rule = (node) => {
  const [x] = node.inputs as readonly [Node]
  const value = fullValue(x)
  if (value === undefined || !isFloat(node.dtype)) return node
  const count = sizeOf(x.shape) / Math.max(1, sizeOf(node.shape))
  return full(count === 0 ? 0 : value * count, node)
}

const rules: ReadonlyMap<Primitive, Rule> = new Map([
  [add.op, sum],
  [sub.op, difference],
  [mul.op, product],
  [div.op, quotient],
  [neg.op, opposite],
  [pow.op, power],
  [powDerivativeOp.op, powerDerivative],
  [whereOp, choice],
  [astypeOp, conversion],
  [sumOp.op, total],
])

/** The operand, for an operation that hands it on as it is. */
const passesOn = ({ op, inputs, shape, dtype }: Node): boolean => op.view === true && inputs.length > 0 && inputs[0]!.dtype === dtype && sameShape(inputs[0]!.shape, shape)

export const algebra: Rule = (node) => {
  if (passesOn(node)) return node.inputs[0]!
  const rule = rules.get(node.op)
  return rule === undefined ? node : rule(node)
}

