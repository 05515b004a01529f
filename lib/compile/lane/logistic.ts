/** The sigmoid and its relatives, made of `q = exp(-|x|)`, which cannot overflow. */
import type { Lane } from '../ir.js'
import { lostFrom, signBit, type Format } from './format.js'
import { decay, expm1 } from './exponential.js'
import { log, log1p, log1pOfPart } from './logarithm.js'
import {
  abs, add, bitAnd, bitXor, constant, div, eq, fallback, ge, gt, half, logicalAnd, logicalNot, lt, mul, neg, one, pmax, sub,
  two, where, zero,
} from './machine.js'
import { relEntr } from '../../primitive/exponential.js'

/** `1/(1 + exp(-x))`, or that of a number whose magnitude is greater by a small correction. */
export const sigmoid = (f: Format, x: Lane, correction?: Lane): Lane => {
  const q = decay(f, x, correction)
  return div(where(lt(x, zero), q, one), add(one, q))
}

/** `sigmoid(x) sigmoid(-x)`. */
export const bump = (f: Format, x: Lane): Lane => {
  const q = decay(f, x)
  const whole = add(one, q)
  return div(q, mul(whole, whole))
}

/** `log(1 + exp(x))`. */
export const softplus = (f: Format, x: Lane): Lane => add(pmax(x, zero), log1pOfPart(f, decay(f, x)))

/** `a - b`, and 0 for equal infinities. */
const difference = (a: Lane, b: Lane): Lane => where(eq(a, b), zero, sub(a, b))

/** `log(exp(a) + exp(b))`. */
export const logaddexp = (f: Format, a: Lane, b: Lane): Lane => add(pmax(a, b), log1pOfPart(f, decay(f, difference(a, b))))

/** What rounding took from `|d|`, for `d = a - b`: 0 for infinities, and where `exp(-|d|)` is 0 anyway. */
const lostFromMagnitude = (f: Format, d: Lane, a: Lane, b: Lane): Lane => {
  const lost = lostFrom(d, a, b)
  return bitXor(where(lt(abs(lost), constant(2 ** -10)), lost, zero), bitAnd(d, signBit(f)))
}

/** `exp(a)/(exp(a) + exp(b))`; in the type with few digits, the rounding of `a - b` would show. */
export const share = (f: Format, a: Lane, b: Lane): Lane => {
  const d = difference(a, b)
  const y = sigmoid(f, d, f.type === 'f32' ? lostFromMagnitude(f, d, a, b) : undefined)
  return where(logicalAnd(eq(a, constant(-Infinity)), eq(b, b)), zero, y)
}

/** `log(1 - exp(-x))` for x > 0 (Mächler 2012). `1 - exp(-x)` is `x` for subnormal numbers, of which `expm1` may lose a bit. */
export const log1mexp = (f: Format, x: Lane): Lane => {
  const rest = where(lt(x, constant(f.least)), x, neg(expm1(f, neg(x))))
  return where(lt(x, constant(Math.LN2)), log(f, rest), log1p(f, neg(decay(f, x))))
}

/** `log(x/(1 - x))`: near ½ the logarithm of a quotient, whose distance from 1 is exact. */
export const logit = (f: Format, x: Lane): Lane => {
  const middle = logicalAnd(lt(constant(0.25), x), lt(x, constant(0.75)))
  const y = log1p(f, where(middle, div(sub(add(x, x), one), sub(one, x)), neg(x)))
  return where(middle, y, sub(log(f, x), y))
}

/** `x log y`, and 0 where `x` is 0. */
export const xlogy = (f: Format, x: Lane, y: Lane): Lane => where(logicalAnd(eq(x, zero), ge(y, zero)), zero, mul(x, log(f, y)))

/** `x log(1 + y)`, and 0 where `x` is 0. */
export const xlog1py = (f: Format, x: Lane, y: Lane): Lane =>
  where(logicalAnd(eq(x, zero), ge(y, constant(-1))), zero, mul(x, log1p(f, y)))

/** `-x log x`, 0 at 0 and -∞ below. */
export const entr = (f: Format, x: Lane): Lane =>
  where(eq(x, zero), zero, where(lt(x, zero), constant(-Infinity), mul(neg(x), log(f, x))))

/** `x log(x/y)`; quotients that are no normal numbers go to the scalar function. */
export const relativeEntropy = (f: Format, x: Lane, y: Lane): Lane => {
  const quotient = div(x, y)
  const near = logicalAnd(lt(half, quotient), lt(quotient, two))
  // Near 1, the distance from it is known better than the quotient, which matters to the type with few digits.
  const logarithm = f.type === 'f64' ? log(f, quotient) : where(near, log1p(f, div(sub(x, y), y)), log(f, quotient))
  const normal = logicalAnd(gt(quotient, constant(f.least)), lt(quotient, constant(f.most)))
  const usual = logicalAnd(logicalAnd(gt(x, zero), gt(y, zero)), normal)
  return fallback(logicalNot(usual), mul(x, logarithm), relEntr.op.scalar!, x, y)
}
