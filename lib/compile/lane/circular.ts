/**
 * Sine, cosine and tangent. The argument is brought to |r| ≤ π/4 by taking off a multiple `n` of π/2, which is subtracted in
 * parts whose products with `n` are exact (Cody & Waite 1980). Large arguments, where these would not be, go to the platform's
 * functions.
 */
import type { Lane } from '../ir.js'
import { nearestInteger, signBit, withSignOf, type Format, type Pair } from './format.js'
import {
  abs, add, addBits, bitAnd, bits, bitXor, constant, div, eq, fallback, gt, half, lt, mul, ne, neg, one, pmin, shiftLeft, sub,
  where, zero,
} from './machine.js'
import { polynomial } from './polynomial.js'

/** `π/2` in parts, whose first ones have few bits; all are positive, for the sake of -0. */
const quarterTurn: Pair<ReadonlyArray<number>> = {
  f64: [1.5707963267923333, 2.5633441515839558e-12, 1.0562999066987428e-23],
  f32: [1.5703125, 0.0004837512969970703, 7.549533620476723e-8, 2.5633440682570896e-12],
}

/** Up to where the products are exact. */
export const reductionLimit: Pair<number> = { f64: 1e5, f32: 6400 }

/** Coefficients in powers of r² of `(sin(r)/r - 1)/r²` and of `(cos(r) - 1 + r²/2)/r⁴`, on |r| ≤ π/4, of least greatest error. */
const sineSeries: Pair<ReadonlyArray<number>> = {
  f64: [
    -0.16666666666666632, 0.008333333333322316, -0.00019841269829725812, 2.7557313662267844e-6, -2.5050753296997e-8,
    1.589650678221354e-10,
  ],
  f32: [-0.16666655242443085, 0.008332173340022564, -0.00019516644533723593],
}
const cosineSeries: Pair<ReadonlyArray<number>> = {
  f64: [
    0.0416666666666666, -0.0013888888888873988, 2.4801587289393327e-5, -2.755731432558957e-7, 2.0875719501534716e-9,
    -1.1359445853392061e-11,
  ],
  f32: [0.04166664555668831, -0.001388736069202423, 2.4437682441202924e-5],
}

/** `x = n π/2 + r`: `sin r`, `cos r`, and `n` in the last bits of a pattern. */
const reduced = (f: Format, x: Lane): { readonly sine: Lane; readonly cosine: Lane; readonly quarters: Lane } => {
  const { n, pattern } = nearestInteger(f, mul(x, constant(2 / Math.PI)))
  const r = quarterTurn[f.type].reduce((rest, part) => sub(rest, mul(n, constant(part))), x)
  const z = mul(r, r)
  // The sign matters for -0, to which +0 is added.
  const sine = withSignOf(f, add(r, mul(mul(r, z), polynomial(z, sineSeries[f.type]))), r)
  const cosine = sub(one, sub(mul(z, half), mul(mul(z, z), polynomial(z, cosineSeries[f.type]))))
  return { sine, cosine, quarters: pattern }
}

/** The last two bits as a number: ±2 for odd ones and ±0 for even ones, negative in the second half of a turn. */
const turn = (f: Format, quarters: Lane): Lane => shiftLeft(quarters, f.width - 2)

const signed = (f: Format, x: Lane, half: Lane): Lane => bitXor(x, bitAnd(half, signBit(f)))

const orElse = (f: Format, y: Lane, scalar: (x: number) => number, x: Lane): Lane =>
  fallback(gt(abs(x), constant(reductionLimit[f.type])), y, (x) => scalar(x!), x)

export const sin = (f: Format, x: Lane): Lane => {
  const { sine, cosine, quarters } = reduced(f, x)
  const t = turn(f, quarters)
  return orElse(f, signed(f, where(ne(t, zero), cosine, sine), t), Math.sin, x)
}

export const cos = (f: Format, x: Lane): Lane => {
  const { sine, cosine, quarters } = reduced(f, x)
  const odd = ne(turn(f, quarters), zero)
  return orElse(f, signed(f, where(odd, sine, cosine), turn(f, addBits(quarters, bits(1n)))), Math.cos, x)
}

export const tan = (f: Format, x: Lane): Lane => {
  const { sine, cosine, quarters } = reduced(f, x)
  const odd = ne(turn(f, quarters), zero)
  return orElse(f, div(where(odd, neg(cosine), sine), where(odd, sine, cosine)), Math.tan, x)
}

/** Coefficients of `(sin(πr)/(πr) - 1)/r²` in powers of r² on |r| ≤ ½, of least greatest error. */
const sincSeries: Pair<ReadonlyArray<number>> = {
  f64: [
    -1.6449340668482264, 0.8117424252833401, -0.19075182412149974, 0.026147847805434537, -0.0023460808935351746,
    0.00014842782924694603, -6.972064196876556e-6, 2.449897682831521e-7,
  ],
  f32: [-1.6449333429336548, 0.8117163777351379, -0.190447136759758, 0.02472447045147419],
}

/** `sin(πx)/(πx)`, whose derivatives (`order` above 0) have no formula here. */
export const sinc = (f: Format, x: Lane, order: number | undefined): Lane | undefined => {
  if (order !== 0) return undefined
  const big = constant(2 ** f.fraction)
  const a = pmin(abs(x), big)
  const pattern = add(a, big)
  const r = sub(a, sub(pattern, big))
  const z = mul(r, r)
  // sin(πx)/(πx) is (-1)ⁿ sin(πr)/(πr) · r/x.
  const near = add(one, mul(z, polynomial(z, sincSeries[f.type])))
  const wave = bitXor(mul(near, div(r, a)), shiftLeft(pattern, f.width - 1))
  return where(eq(a, zero), one, where(lt(abs(x), constant(Infinity)), wave, where(ne(x, x), x, zero)))
}
