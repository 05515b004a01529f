/**
 * Exponentials. The argument is split as `x = n ln 2 + r` with |r| ≤ ½ ln 2 (Cody & Waite 1980), `exp r` is a polynomial, and 2ⁿ
 * is made from the bits of `n`. The scale is split in two, so that results overflow and underflow gradually.
 */
import type { Lane } from '../ir.js'
import { f64, nearestInteger, negated, patternLane, signBit, withSignOf, type Format, type Pair } from './format.js'
import {
  add, addBits, bitAnd, constant, div, half, mul, one, pmax, pmin, shiftLeft, shiftRightLogical, sub, subBits, two,
} from './machine.js'
import { polynomial } from './polynomial.js'

/** Coefficients of `(exp(r) - 1 - r)/r²` on |r| ≤ ½ ln 2, of least greatest error (Remez). */
const series: Pair<ReadonlyArray<number>> = {
  f64: [
    0.5000000000000006, 0.1666666666666659, 0.0416666666665768, 0.008333333333389458, 0.0013888888931547219,
    0.00019841269719189875, 2.4801505297686212e-5, 2.7557407407972292e-6, 2.7626027517165107e-7, 2.5053806560493472e-8,
  ],
  f32: [0.4999999701976776, 0.1666654348373413, 0.04166720062494278, 0.008366514928638935, 0.0013882415369153023],
}

/** `ln 2` in two parts; integers of the size of exponents times the first one are exact. */
export const ln2: Pair<readonly [high: number, low: number]> = {
  f64: [0.6931471805601177, -1.7239444525614835e-13],
  f32: [0.693145751953125, 1.428606765330187e-6],
}

/** `exp(r) - 1 - r` for |r| ≤ ½ ln 2. */
const curve = (f: Format, r: Lane): Lane => mul(mul(r, r), polynomial(r, series[f.type]))

/** `exp(r) - 1` for |r| ≤ ½ ln 2. */
export const nearZero = (f: Format, r: Lane): Lane => add(r, curve(f, r))

interface Split {
  /** `x = n ln 2 + r`, and `r = high - low`, where `high` is exact and `low` is small. */
  readonly r: Lane
  readonly high: Lane
  readonly low: Lane
  /** `2ⁿ`, with an exponent that lacks the bias but has the offset. */
  readonly scale: Lane
}

const split = (f: Format, x: Lane, offset: number): Split => {
  const { n, pattern } = nearestInteger(f, mul(x, constant(Math.LOG2E)), offset)
  const [most, least] = ln2[f.type]
  const high = sub(x, mul(n, constant(most)))
  const low = mul(n, constant(least))
  return { r: sub(high, low), high, low, scale: shiftLeft(pattern, f.fraction) }
}

/** `scale exp(x) - unit`, rounded little more than once: what is exact is added first. */
const lessUnit = (f: Format, { r, high, low, scale }: Split, unit: Lane): Lane =>
  add(add(sub(scale, unit), mul(scale, high)), mul(scale, sub(curve(f, r), low)))

/** Beyond these, `exp` is 0 or ∞. */
const limits: Pair<readonly [low: number, high: number]> = { f64: [-746, 710], f32: [-104.5, 89] }

/** `x`, but not beyond the limits. */
export const within = (x: Lane, [low, high]: readonly [number, number]): Lane => pmin(pmax(x, constant(low)), constant(high))

/**
 * `p 2ⁿ` over the whole range, for `n` of the sign of `x` (a zero may have either): 2ⁿ⁻¹ and 2, or 2ⁿ⁺⁶³ and 2⁻⁶³.
 * The scale is 2ⁿ⁻¹.
 */
export const scaled = (f: Format, p: Lane, scale: Lane, x: Lane): Lane => {
  const shift = shiftRightLogical(bitAnd(x, signBit(f)), f.width - 7 - f.fraction)
  return mul(mul(p, addBits(scale, shift)), subBits(patternLane(f, 2), shift))
}

/** `exp(x)`, overflowing and underflowing gradually. */
export const exp = (f: Format, x: Lane): Lane => {
  const { r, scale } = split(f, within(x, limits[f.type]), f.bias - 1)
  return scaled(f, add(one, nearZero(f, r)), scale, x)
}

/** `2ˣ`: the integer is split off exactly. */
export const exp2 = (f: Format, x: Lane): Lane => {
  const bounded = within(x, f === f64 ? [-1076, 1025] : [-151, 129])
  const { n, pattern } = nearestInteger(f, bounded, f.bias - 1)
  const p = add(one, nearZero(f, mul(sub(bounded, n), constant(Math.LN2))))
  return scaled(f, p, shiftLeft(pattern, f.fraction), x)
}

/** `exp(x) - 1`, of which half is found first: it overflows later. */
export const expm1 = (f: Format, x: Lane): Lane => {
  const part = lessUnit(f, split(f, within(x, f === f64 ? [-38, 710] : [-18, 89]), f.bias - 1), half)
  return withSignOf(f, mul(part, two), x)
}

/** `exp(-|x|)`, which cannot overflow, or `exp(-|x| - correction)`. */
export const decay = (f: Format, x: Lane, correction?: Lane): Lane => {
  const { r, scale } = split(f, pmax(negated(f, x), constant(limits[f.type][0])), f.bias + 64)
  const q = nearZero(f, correction === undefined ? r : sub(r, correction))
  return mul(mul(add(one, q), scale), constant(2 ** -64))
}

/** Just before these, `exp(y)` overflows. */
export const expLimit: Pair<number> = { f64: 709.78, f32: 88.722 }

/** `(exp(y) - 1)/2` for `y ≥ 0`, cut off before `exp(y)` overflows. */
export const growth = (f: Format, y: Lane): Lane => lessUnit(f, split(f, pmin(y, constant(expLimit[f.type])), f.bias - 1), half)

/** Just after these, `exp(y)/2` does. */
const halfLimit: Pair<number> = { f64: 710.8, f32: 89.7 }

/** `exp(y)/2` for `y ≥ 0`. */
export const halfExp = (f: Format, y: Lane): Lane => {
  const { r, scale } = split(f, pmin(y, constant(halfLimit[f.type])), f.bias - 2)
  return mul(two, mul(scale, add(one, nearZero(f, r))))
}

/** `(exp(y) - 1)/2` for `y ≥ 0`. */
export const halfExpm1 = (f: Format, y: Lane): Lane =>
  mul(two, lessUnit(f, split(f, pmin(y, constant(halfLimit[f.type])), f.bias - 2), constant(0.25)))

/** `1/(exp(x) - 1)`. */
export const bose = (f: Format, x: Lane): Lane => div(one, expm1(f, x))
