/** Inverse circular functions. */
import type { Lane } from '../ir.js'
import { withSignOf, type Format, type Pair } from './format.js'
import {
  abs, add, constant, div, fallback, gt, half, logicalAnd, logicalNot, lt, mul, one, pmax, pmin, sqrt, sub, where, zero,
} from './machine.js'
import { polynomial } from './polynomial.js'
import { scaledPoint } from './root.js'

/** `π/2`, and what it lacks. */
const quarterTurn: Pair<readonly [high: number, low: number]> = {
  f64: [Math.PI / 2, 6.123233995736766e-17],
  f32: [Math.fround(Math.PI / 2), -4.371138828673793e-8],
}

/** Coefficients of `(asin(x)/x - 1)/x²` in powers of x² on |x| ≤ ½, and of `(atan(x)/x - 1)/x²` on |x| ≤ tan(π/8) (Remez). */
const asinSeries: Pair<ReadonlyArray<number>> = {
  f64: [
    0.16666666666666763, 0.07499999999970086, 0.04464285717529701, 0.030381942674816392, 0.022372215917502065,
    0.01735159531335542, 0.013981020557610016, 0.01139727799610223, 0.010789398459133608, 0.0036719156544922087,
    0.021791255946290205, -0.021117524282756813, 0.03270263506699754,
  ],
  f32: [0.16666753590106964, 0.07495231926441193, 0.04547842964529991, 0.02414059452712536, 0.042231202125549316],
}
const atanSeries: Pair<ReadonlyArray<number>> = {
  f64: [
    -0.333333333333332, 0.19999999999954035, -0.14285714280243592, 0.11111110785884214, -0.09090897828948151,
    0.07692061500249685, -0.0666311879159822, 0.05847997081101444, -0.0503979112658695, 0.03807691378327927,
    -0.017920711835787924,
  ],
  f32: [-0.33333316445350647, 0.19998489320278168, -0.1424383670091629, 0.10595905035734177, -0.060831937938928604],
}

/** `x + x³ P(x²)`. */
const odd = (x: Lane, z: Lane, series: ReadonlyArray<number>): Lane => add(x, mul(mul(x, z), polynomial(z, series)))

/** `k π/2 - x`. */
const fromTurn = (f: Format, k: number, x: Lane): Lane => {
  const [high, low] = quarterTurn[f.type]
  return sub(constant(k * high), sub(x, constant(k * low)))
}

/** Beyond ½, `asin x = π/2 - 2 asin √((1 - x)/2)`. */
const arc = (f: Format, x: Lane): { readonly outside: Lane; readonly inner: Lane } => {
  const a = abs(x)
  const outside = gt(a, half)
  const z = where(outside, mul(sub(one, a), half), mul(x, x))
  return { outside, inner: odd(where(outside, sqrt(z), a), z, asinSeries[f.type]) }
}

export const asin = (f: Format, x: Lane): Lane => {
  const { outside, inner } = arc(f, x)
  return withSignOf(f, where(outside, fromTurn(f, 1, add(inner, inner)), inner), x)
}

export const acos = (f: Format, x: Lane): Lane => {
  const { outside, inner } = arc(f, x)
  const twice = add(inner, inner)
  const outer = where(lt(x, zero), fromTurn(f, 2, twice), twice)
  return where(outside, outer, fromTurn(f, 1, withSignOf(f, inner, x)))
}

/** `atan(y/x)` for 0 ≤ y ≤ x, by that of `(y - x)/(y + x)` beyond π/8. `sum` is `x + y`. */
const lowerAngle = (f: Format, y: Lane, x: Lane, sum: Lane): Lane => {
  const beyond = lt(mul(x, constant(Math.SQRT2 - 1)), y)
  const t = div(where(beyond, sub(y, x), y), where(beyond, sum, x))
  const [high, low] = quarterTurn[f.type]
  const near = add(odd(t, mul(t, t), atanSeries[f.type]), where(beyond, constant(low / 2), zero))
  return add(where(beyond, constant(high / 2), zero), near)
}

export const atan = (f: Format, x: Lane): Lane => {
  const a = abs(x)
  const angle = lowerAngle(f, pmin(a, one), pmax(a, one), add(a, one))
  return withSignOf(f, where(gt(a, one), fromTurn(f, 1, angle), angle), x)
}

/** The angle of a point; the origin and points at infinity go to the platform's function. */
export const atan2 = (f: Format, y: Lane, x: Lane): Lane => {
  const [height, width] = [abs(y), abs(x)]
  const sum = add(width, height)
  const lower = lowerAngle(f, pmin(width, height), pmax(width, height), sum)
  const right = where(gt(height, width), fromTurn(f, 1, lower), lower)
  const angle = withSignOf(f, where(lt(x, zero), fromTurn(f, 2, right), right), y)
  const usual = logicalAnd(gt(sum, zero), lt(sum, constant(Infinity)))
  return fallback(logicalNot(usual), angle, (y, x) => Math.atan2(y!, x!), y, x)
}

/**
 * `∂ᵖ⁺ᵠ atan2(y, x) / ∂yᵖ ∂xᵠ` for given orders: the imaginary part of `(-1)ⁿ⁻¹ (n-1)! iᵖ / (x + iy)ⁿ` for n = p + q, where
 * `1/(x + iy) = (x - iy)/(x² + y²)`; the numerator first, for a point that is scaled.
 */
export const atan2Derivative = (f: Format, y: Lane, x: Lane, p: number | undefined, q: number | undefined): Lane | undefined => {
  if (p === undefined || q === undefined || p + q > 4) return undefined
  const { a, b, squared, inverse } = scaledPoint(f, x, y)
  const quarters = p % 4
  let re = constant(quarters === 0 ? 1 : quarters === 2 ? -1 : 0)
  let im = constant(quarters === 1 ? 1 : quarters === 3 ? -1 : 0)
  for (let k = 0; k < p + q; k++) [re, im] = [add(mul(re, a), mul(im, b)), sub(mul(im, a), mul(re, b))]
  for (let k = 1; k < p + q; k++) im = mul(im, constant(-k))
  for (let k = 0; k < p + q; k++) im = mul(div(im, squared), inverse)
  return im
}
