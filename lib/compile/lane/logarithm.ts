/**
 * Logarithms. The argument is split as `x = 2ᵏ m` with √½ ≤ m < √2. With f = m - 1 and s = f/(2 + f), `log m = 2 atanh s`, of
 * which `f` is taken out exactly: `log m = f - s (f - R)`, where `R` is a polynomial in s² (a form of fdlibm's).
 */
import type { Lane } from '../ir.js'
import { firstHalf, fractionMask, fromInteger, notANumber, patternLane, patternOf, withSignOf, type Format, type Pair } from './format.js'
import {
  add, addBits, bitAnd, bitOr, bits, constant, div, eq, half, lt, mul, one, pmax, pmin, shiftRightLogical, sub, subBits, two,
  where, zero,
} from './machine.js'
import { ln2 } from './exponential.js'
import { polynomial } from './polynomial.js'

/** Coefficients of `(2 atanh(s)/s - 2)/s²` in powers of s², on |s| ≤ 3 - √8, of least greatest error. */
const series: Pair<ReadonlyArray<number>> = {
  f64: [
    0.6666666666666734, 0.3999999999941456, 0.285714287424094, 0.22222198571202423, 0.18183564421444, 0.15314048219894108,
    0.14795972583020683,
  ],
  f32: [0.6666677594184875, 0.3997753858566284, 0.29871803522109985],
}

/** `s (f - R)`: what `f` exceeds `log(1 + f)` by. */
const excess = (f: Format, x: Lane): Lane => {
  const s = div(x, add(two, x))
  const z = mul(s, s)
  return mul(s, sub(x, mul(z, polynomial(z, series[f.type]))))
}

/** Added to exponents so that those of subnormal numbers do not become negative. */
const margin = 64

/** `x = 2ᵏ (1 + fraction)`, for a positive normal number; with `places` that much is taken from `k`, as a pattern. */
const split = (f: Format, x: Lane, places?: Lane): { readonly k: Lane; readonly fraction: Lane } => {
  const root = patternOf(f, f.type === 'f64' ? Math.SQRT1_2 : Math.fround(Math.SQRT1_2))
  const shifted = addBits(x, bits(patternOf(f, 1) - root + (BigInt(margin) << BigInt(f.fraction))))
  const m = addBits(bitAnd(shifted, fractionMask(f)), bits(root))
  const exponent = shiftRightLogical(places === undefined ? shifted : subBits(shifted, places), f.fraction)
  return { k: fromInteger(f, exponent, f.bias + margin), fraction: sub(m, one) }
}

/** The same for subnormal numbers too, which are scaled up first. */
export const splitAny = (f: Format, x: Lane): { readonly k: Lane; readonly fraction: Lane } => {
  const places = BigInt(f.fraction + 2) << BigInt(f.fraction)
  const shift = where(lt(x, constant(f.least)), bits(places), zero)
  return split(f, mul(x, addBits(patternLane(f, 1), shift)), shift)
}

/** A logarithm that is finite everywhere, with its values at ∞ and NaN, at `end` and below it. */
const completed = (f: Format, y: Lane, x: Lane, end: number): Lane => {
  const beyond = sub(x, pmin(x, constant(f.most)))
  const pole = where(eq(x, constant(end)), patternLane(f, -Infinity), zero)
  return where(lt(x, constant(end)), notANumber(f), add(y, bitOr(beyond, pole)))
}

/** `k ln 2 + log(1 + x)`, and a small correction. */
const sum = (f: Format, k: Lane, x: Lane, correction?: Lane): Lane => {
  const [high, low] = ln2[f.type]
  const rest = mul(k, constant(low))
  const small = correction === undefined ? rest : add(rest, correction)
  return sub(mul(k, constant(high)), sub(sub(excess(f, x), small), x))
}

export const log = (f: Format, x: Lane): Lane => {
  const { k, fraction } = splitAny(f, x)
  return completed(f, sum(f, k, fraction), x, 0)
}

/** `log(1 + x)`: what is lost of `x` in the sum is put back. */
export const log1p = (f: Format, x: Lane): Lane => {
  const bounded = pmin(pmax(x, constant(f.type === 'f64' ? -1 + 2 ** -53 : -1 + 2 ** -24)), constant(f.most))
  const u = add(one, bounded)
  const lost = div(sub(bounded, sub(u, one)), u)
  const { k, fraction } = split(f, u)
  return withSignOf(f, completed(f, sum(f, k, fraction, lost), x, -1), x)
}

/** `log(1 + q)` for 0 ≤ q ≤ 1. */
export const log1pOfPart = (f: Format, q: Lane): Lane => {
  const large = lt(constant(Math.SQRT2 - 1), q)
  const x = where(large, mul(sub(q, one), half), q)
  return add(where(large, constant(Math.LN2), zero), sub(x, excess(f, x)))
}

/** `1/ln 2` and `1/ln 10` in two parts, and `log₁₀ 2`, of which the first have few bits. */
const log2e: Pair<readonly [number, number]> = {
  f64: [1.4426946640014648, 3.768874985636099e-7],
  f32: [1.44287109375, -0.00017605285393074155],
}
const log10e: Pair<readonly [number, number]> = {
  f64: [0.4342947006225586, -2.1871930676609888e-7],
  f32: [0.434326171875, -3.168997136526741e-5],
}
const log10of2: Pair<readonly [number, number]> = {
  f64: [0.3010299956640665, -8.532344317057107e-14],
  f32: [0.301025390625, 4.605039066518657e-6],
}

/** `(k ln 2 + log m) · c`, with the first few bits of `log m` apart, whose product with those of `c` is exact. */
const scaledLog = (f: Format, x: Lane, [c, rest]: readonly [number, number], factors: readonly [number, number]): Lane => {
  const { k, fraction } = splitAny(f, x)
  const over = excess(f, fraction)
  const high = firstHalf(f, sub(fraction, over))
  const low = sub(sub(fraction, high), over)
  const [whole, remainder] = factors
  const small = add(mul(k, constant(remainder)), add(mul(add(high, low), constant(rest)), mul(low, constant(c))))
  return completed(f, add(mul(k, constant(whole)), add(mul(high, constant(c)), small)), x, 0)
}

export const log2 = (f: Format, x: Lane): Lane => scaledLog(f, x, log2e[f.type], [1, 0])

export const log10 = (f: Format, x: Lane): Lane => scaledLog(f, x, log10e[f.type], log10of2[f.type])
