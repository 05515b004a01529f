/**
 * Powers, as `2^(y log₂ x)`. The logarithm is needed to more digits than a number has, because its error is multiplied by `y`: it
 * is a sum of two numbers, found by products of halves of numbers, which are exact (the scheme of fdlibm's `pow`).
 */
import type { Lane } from '../ir.js'
import { power, powerDerivative } from '../../kernel/power.js'
import { firstHalf, lostFrom, nearestInteger, patternLane, type Format, type Pair } from './format.js'
import { nearZero, scaled, within } from './exponential.js'
import { log, splitAny } from './logarithm.js'
import {
  abs, add, bitOr, constant, div, eq, fallback, gt, logicalAnd, logicalNot, logicalOr, lt, mul, one, shiftLeft, sub, subBits,
  two, where, zero,
} from './machine.js'
import { polynomial } from './polynomial.js'

/** Coefficients of `(3 atanh(s)/s - 3 - s²)/s⁴` in powers of s², on |s| ≤ 3 - √8, of least greatest error. */
const series: Pair<ReadonlyArray<number>> = {
  f64: [
    0.6000000000000338, 0.42857142855149916, 0.3333333377977548, 0.27272676561196246, 0.23080135468060106, 0.19885239911562044,
    0.19794361259808224,
  ],
  f32: [0.6000022888183594, 0.4282069802284241, 0.35127896070480347],
}

/** `2/(3 ln 2)`, and the same in two parts. */
const factor: Pair<readonly [whole: number, high: number, low: number]> = {
  f64: [0.9617966939259756, 0.9617962837219238, 4.102040517767816e-7],
  f32: [0.9617967009544373, 0.961669921875, 0.00012677205086220056],
}

/** A sum of two numbers, the first of which has half as many digits. */
interface Sum {
  readonly high: Lane
  readonly low: Lane
}

/** `a + b` for a sum whose first summand is the greater. */
const summed = (f: Format, a: Lane, b: Lane): Sum => {
  const high = firstHalf(f, add(a, b))
  return { high, low: sub(b, sub(high, a)) }
}

/** `log₂ x` of a positive number. */
const preciseLog2 = (f: Format, x: Lane): Sum => {
  const { k, fraction } = splitAny(f, x)
  // s = fraction/(2 + fraction) = sh + sl
  const divisor = add(fraction, two)
  const inverse = div(one, divisor)
  const s = mul(fraction, inverse)
  const sh = firstHalf(f, s)
  const dh = firstHalf(f, divisor)
  const dl = sub(fraction, sub(dh, two))
  const sl = mul(sub(sub(fraction, mul(sh, dh)), mul(sh, dl)), inverse)
  // 3 atanh(s)/s = 3 + sh² + rest
  const z = mul(s, s)
  const square = mul(sh, sh)
  const rest = add(mul(mul(z, z), polynomial(z, series[f.type])), mul(sl, add(sh, s)))
  const third = constant(3)
  const th = firstHalf(f, add(add(third, square), rest))
  const tl = sub(rest, sub(sub(th, third), square))
  const p = summed(f, mul(sh, th), add(mul(sl, th), mul(tl, s)))
  const [whole, high, low] = factor[f.type]
  const large = mul(constant(high), p.high)
  const small = add(mul(constant(low), p.high), mul(p.low, constant(whole)))
  const total = firstHalf(f, add(add(large, small), k))
  return { high: total, low: sub(small, sub(sub(total, k), large)) }
}

/** `2^(a + b)`, where `b` is small beside `a`. */
const exp2OfSum = (f: Format, a: Lane, b: Lane): Lane => {
  const { n, pattern } = nearestInteger(f, within(add(a, b), f.type === 'f64' ? [-1076, 1025] : [-151, 129]), f.bias - 1)
  const r = within(add(sub(a, n), b), [-1, 1])
  return scaled(f, add(one, nearZero(f, mul(r, constant(Math.LN2)))), shiftLeft(pattern, f.fraction), n)
}

/** Exponents above it give 0, 1 or ∞ for every other `x` than what is nearest to 1. */
const exponentLimit: Pair<number> = { f64: 2 ** 64, f32: 2 ** 32 }

/** `xʸ` for `y` plus a small part: right for not too large powers of positive numbers, and for positive ones of +0. */
const usualPower = (f: Format, x: Lane, y: Lane, part?: Lane): { readonly value: Lane; readonly usual: Lane } => {
  const { high, low } = preciseLog2(f, x)
  const yh = firstHalf(f, y)
  const small = add(mul(sub(y, yh), high), mul(y, low))
  const value = exp2OfSum(f, mul(yh, high), part === undefined ? small : add(small, mul(part, high)))
  // A zero whose sign bit is not set.
  const positiveZero = logicalAnd(eq(x, zero), gt(bitOr(x, patternLane(f, 1)), zero))
  const nothing = logicalAnd(positiveZero, gt(y, zero))
  const finite = logicalAnd(gt(x, zero), lt(x, constant(Infinity)))
  return { value: where(nothing, zero, value), usual: logicalAnd(logicalOr(finite, nothing), lt(abs(y), constant(exponentLimit[f.type]))) }
}

/** `xʸ`; unusual cases are left to the scalar function. */
export const pow = (f: Format, x: Lane, y: Lane): Lane => {
  const { value, usual } = usualPower(f, x, y)
  return fallback(logicalNot(usual), value, (x, y) => power(x!, y!), x, y)
}

/** `∂ʲ⁺ᵏ xʸ / ∂xᵏ ∂yʲ` for given orders, one of which is 0. */
export const powDerivative = (f: Format, x: Lane, y: Lane, k: number | undefined, j: number | undefined): Lane | undefined => {
  if (k === undefined || j === undefined || (k > 0 && j > 0) || k > 8 || j > 4) return undefined
  const less = sub(y, constant(k))
  // In the type with few digits, the rounding of `y - k` would show.
  const part = k > 0 && f.type === 'f32' ? lostFrom(less, y, constant(k)) : undefined
  const { value, usual } = usualPower(f, x, k === 0 ? y : less, part)
  const inExponent = where(eq(x, zero), zero, timesPower(value, log(f, x), j))
  const derivative = k > 0 ? scaledBy(fallingFactorial(y, k), value) : j > 0 ? inExponent : value
  // A power that overflows, or loses digits as it underflows, need not do so times its factor.
  const safe = logicalAnd(usual, isZeroOrNormal(f, value))
  return fallback(logicalNot(safe), derivative, (x, y) => powerDerivative(x!, y!, k, j), x, y)
}

/** Whether `x ≥ 0` is 0 or normal: less the least normal number, as patterns, 0 is -∞, and a subnormal number NaN. */
const isZeroOrNormal = (f: Format, x: Lane): Lane => lt(subBits(x, patternLane(f, f.least)), constant(2 ** f.bias))

/** `y (y - 1) … (y - k + 1)`. */
const fallingFactorial = (y: Lane, k: number): Lane => {
  let product = y
  for (let m = 1; m < k; m++) product = mul(product, sub(y, constant(m)))
  return product
}

/** `c value`, and 0 for a coefficient of 0. */
const scaledBy = (c: Lane, value: Lane): Lane => where(eq(c, zero), zero, mul(c, value))

/** `value xʲ`. */
const timesPower = (value: Lane, x: Lane, j: number): Lane => (j === 0 ? value : timesPower(mul(value, x), x, j - 1))
