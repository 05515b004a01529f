/**
 * Elementwise primitives in the operations of a tape: each is the formula that its kernel computes, step by step, so the results are
 * the same to the last bit. Whatever is not listed is called as a function. Only powers with constant exponents other
 * than 2 are within an ulp, as everywhere in compiled programs.
 */
import type { Node, Primitive } from '../../core/Node.js'
import { add, div, eq, ge, gt, le, lt, mul, ne, neg, nonNegative, ratio, reciprocal, sqrt, square, sub, whereOp } from '../../primitive/arithmetic.js'
import { gateOp, maximum, minimum, relu, spoilt, winnerOp } from '../../primitive/choice.js'
import { bose, bump, sigmoid, softplus } from '../../primitive/exponential.js'
import { identity, stopGradientOp } from '../../primitive/identity.js'
import { pow, powDerivativeOp, rsqrt } from '../../primitive/power.js'
import { abs, ceil, floor, isFinite, isNaN, logicalAnd, logicalNot, logicalOr, logicalXor, round, sign, trunc } from '../../primitive/rounding.js'
import { coSquare, sech2Op } from '../../primitive/trigonometric.js'
import { code } from './code.js'
import type { Tape } from './Tape.js'

/** The entry for an operation on entries. */
export type Rule = (t: Tape, a: number, b: number, c: number, d: number) => number

const plain =
  (what: number): Rule =>
  (t, a, b) =>
    t.push(what, a, b)

const unary =
  (what: number): Rule =>
  (t, a) =>
    t.push(what, a)

const not = (t: Tape, a: number): number => t.push(code.not, t.truth(a))
const isZero = (t: Tape, x: number): number => t.push(code.eq, x, t.constant(0))
const isPositive = (t: Tape, x: number): number => t.push(code.lt, t.constant(0), x)
const choice = (t: Tape, c: number, a: number, b: number): number => t.push(code.where, c, t.numeric(a), t.numeric(b))
const isFinite_ = (t: Tape, x: number): number => t.push(code.eq, t.push(code.sub, x, x), t.constant(0))

/** `above` where `x > 0`, `otherwise` where `x ≤ 0`, NaN where it is NaN. */
const bySign = (t: Tape, x: number, above: number, otherwise: number): number =>
  choice(t, isPositive(t, x), above, choice(t, t.push(code.le, x, t.constant(0)), otherwise, t.constant(NaN)))

/** `exp(-|x|)`. */
const decay = (t: Tape, x: number): number => t.call(Math.exp, t.push(code.neg, t.push(code.abs, x)))
const squared = (t: Tape, x: number): number => t.push(code.mul, x, x)
const successor = (t: Tape, x: number): number => t.push(code.add, t.constant(1), x)

/** `xⁿ` as products, for the exponents that algebra writes so. */
const powers: ReadonlyMap<number, (t: Tape, x: number) => number> = new Map([
  [0, (t) => t.constant(1)],
  [1, (_, x) => x],
  [2, (t, x) => t.push(code.mul, x, x)],
  [3, (t, x) => t.push(code.mul, t.push(code.mul, x, x), x)],
  [4, (t, x) => squared(t, t.push(code.mul, x, x))],
  [-1, (t, x) => t.push(code.div, t.constant(1), x)],
  [-2, (t, x) => t.push(code.div, t.constant(1), squared(t, x))],
])

const powerDerivative: Rule = (t, x, n, k, j) => {
  const found = [n, k, j].every((order) => t.isConstant(order)) && t.valueOf(j) === 0 ? powers.get(t.valueOf(n) - t.valueOf(k)) : undefined
  if (found === undefined) return t.call(powDerivativeOp.op.scalar!, x, n, k, j)
  let factor = 1
  for (let m = 0; m < t.valueOf(k); m++) factor *= t.valueOf(n) - m
  return factor === 0 ? t.constant(0) : t.push(code.mul, t.constant(factor), found(t, x))
}

const rules: ReadonlyMap<Primitive, Rule> = new Map<Primitive, Rule>([
  [add.op, plain(code.add)],
  [sub.op, plain(code.sub)],
  [mul.op, plain(code.mul)],
  [div.op, plain(code.div)],
  [neg.op, unary(code.neg)],
  [sqrt.op, unary(code.sqrt)],
  [abs.op, unary(code.abs)],
  [floor.op, unary(code.floor)],
  [ceil.op, unary(code.ceil)],
  [trunc.op, unary(code.trunc)],
  [round.op, unary(code.round)],
  [maximum.op, plain(code.max)],
  [minimum.op, plain(code.min)],
  [lt.op, plain(code.lt)],
  [le.op, plain(code.le)],
  [gt.op, (t, a, b) => t.push(code.lt, b, a)],
  [ge.op, (t, a, b) => t.push(code.le, b, a)],
  [eq.op, plain(code.eq)],
  [ne.op, plain(code.ne)],
  [whereOp, (t, c, a, b) => choice(t, t.truth(c), a, b)],
  [square.op, squared],
  [reciprocal.op, (t, x) => t.push(code.div, t.constant(1), x)],
  [rsqrt.op, (t, x) => t.push(code.div, t.constant(1), t.push(code.sqrt, x))],
  [coSquare.op, (t, x) => t.push(code.mul, t.push(code.sub, t.constant(1), x), successor(t, x))],
  [ratio.op, (t, a, b) => choice(t, t.push(code.and, isZero(t, a), t.push(code.eq, b, b)), t.constant(0), t.push(code.div, a, b))],
  [nonNegative.op, (t, x) => choice(t, isPositive(t, x), x, choice(t, isZero(t, x), t.constant(0), t.constant(NaN)))],
  [identity.op, (_, x) => x],
  [stopGradientOp, (_, x) => x],
  [relu.op, (t, x) => bySign(t, x, x, t.constant(0))],
  [gateOp.op, (t, d, x) => bySign(t, x, d, t.constant(0))],
  [winnerOp.op, (t, d, a, b) => {
    const loser = choice(t, t.push(code.lt, a, b), t.constant(0), t.constant(NaN))
    return choice(t, t.push(code.lt, b, a), d, choice(t, t.push(code.eq, a, b), t.push(code.div, d, t.constant(2)), loser))
  }],
  [spoilt.op, (t, g, c) => t.push(code.and, isZero(t, g), not(t, isFinite_(t, c)))],
  [sign.op, (t, x) => choice(t, isPositive(t, x), t.constant(1), choice(t, t.push(code.lt, x, t.constant(0)), t.constant(-1), x))],
  [isNaN.op, (t, x) => t.push(code.ne, x, x)],
  [isFinite.op, (t, x) => isFinite_(t, x)],
  [logicalAnd.op, (t, a, b) => t.push(code.and, t.truth(a), t.truth(b))],
  [logicalOr.op, (t, a, b) => t.push(code.or, t.truth(a), t.truth(b))],
  [logicalXor.op, (t, a, b) => t.push(code.ne, t.numeric(t.truth(a)), t.numeric(t.truth(b)))],
  [logicalNot.op, (t, x) => not(t, x)],
  [bose.op, (t, x) => t.push(code.div, t.constant(1), t.call(Math.expm1, x))],
  [sigmoid.op, (t, x) => {
    const q = decay(t, x)
    return choice(t, t.push(code.lt, x, t.constant(0)), t.push(code.div, q, successor(t, q)), t.push(code.div, t.constant(1), successor(t, q)))
  }],
  [bump.op, (t, x) => {
    const q = decay(t, x)
    return t.push(code.div, q, squared(t, successor(t, q)))
  }],
  [softplus.op, (t, x) => t.push(code.add, t.push(code.max, x, t.constant(0)), t.call(Math.log1p, decay(t, x)))],
  [sech2Op.op, (t, x) => {
    const q = decay(t, x)
    return squared(t, t.push(code.div, t.push(code.mul, t.constant(2), q), successor(t, squared(t, q))))
  }],
  [pow.op, (t, x, n) => (t.isConstant(n) ? powers.get(t.valueOf(n)) : undefined)?.(t, x) ?? t.call(pow.op.scalar!, x, n)],
  [powDerivativeOp.op, powerDerivative],
])

/** A call of the function that a primitive is on numbers. */
const called =
  ({ op: { scalar }, inputs: { length } }: Node): Rule =>
  (t, a, b, c, d) =>
    length === 1 ? t.call(scalar!, a) : length === 2 ? t.call(scalar!, a, b) : length === 3 ? t.call(scalar!, a, b, c) : t.call(scalar!, a, b, c, d)

/** The rule for the primitive of a node; `undefined` if it is not elementwise, or has too many operands. */
export const ruleOf = (node: Node): Rule | undefined =>
  rules.get(node.op) ?? (node.op.scalar !== undefined && node.inputs.length > 0 && node.inputs.length <= 4 ? called(node) : undefined)
