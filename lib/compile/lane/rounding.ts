/** Signs and remainders. */
import type { Lane } from '../ir.js'
import * as primitive from '../../primitive/rounding.js'
import { patternLane, shortened, withSignOf, type Format, type Pair } from './format.js'
import {
  abs, add, constant, div, eq, fallback, gt, logicalAnd, logicalNot, logicalXor, lt, mul, ne, round, sub, trunc, where,
  zero,
} from './machine.js'

/** ±1, ±0 or NaN. */
export const sign = (f: Format, x: Lane): Lane => where(gt(abs(x), zero), withSignOf(f, patternLane(f, 1), x), x)

/** `|x|` with the sign of `y`; that of a NaN does not count. */
export const copysign = (f: Format, x: Lane, y: Lane): Lane => withSignOf(f, abs(x), where(eq(y, y), y, zero))

/** Quotients below it times half of the digits of a number are exact. */
const quotientLimit: Pair<number> = { f64: 2 ** 26, f32: 2 ** 12 }

interface Remainder {
  /** Whether it is right: the quotient is small and there is one. */
  readonly usual: Lane
  readonly value: Lane
}

/** The remainder with the sign of the dividend: exact, since the divisor is multiplied in two parts. */
const truncated = (f: Format, x: Lane, y: Lane): Remainder => {
  const [dividend, divisor] = [abs(x), abs(y)]
  const quotient = trunc(div(dividend, divisor))
  const high = shortened(f, divisor, f.type === 'f64' ? 26 : 12)
  const rest = sub(sub(dividend, mul(quotient, high)), mul(quotient, sub(divisor, high)))
  const remainder = where(lt(rest, zero), add(rest, divisor), rest)
  const usual = logicalAnd(lt(quotient, constant(quotientLimit[f.type])), lt(divisor, constant(Infinity)))
  return { usual, value: withSignOf(f, remainder, x) }
}

/** The remainder with the sign of the divisor. */
const floored = (f: Format, x: Lane, y: Lane): Remainder => {
  const { usual, value } = truncated(f, x, y)
  const opposite = logicalAnd(ne(value, zero), logicalXor(lt(value, zero), lt(y, zero)))
  return { usual, value: where(opposite, add(value, y), value) }
}

export const fmod = (f: Format, x: Lane, y: Lane): Lane => {
  const { usual, value } = truncated(f, x, y)
  return fallback(logicalNot(usual), value, primitive.fmod.op.scalar!, x, y)
}

export const mod = (f: Format, x: Lane, y: Lane): Lane => {
  const { usual, value } = floored(f, x, y)
  return fallback(logicalNot(usual), value, primitive.mod.op.scalar!, x, y)
}

/** `⌊x/y⌋`. */
export const floorDivide = (f: Format, x: Lane, y: Lane): Lane => {
  const { usual, value } = floored(f, x, y)
  return fallback(logicalNot(usual), round(div(sub(x, value), y)), primitive.floorDivide.op.scalar!, x, y)
}

/** `trunc(x/y)`. */
export const truncDivide = (f: Format, x: Lane, y: Lane): Lane => {
  const { usual, value } = truncated(f, x, y)
  return fallback(logicalNot(usual), round(div(sub(x, value), y)), primitive.truncDivide.op.scalar!, x, y)
}
