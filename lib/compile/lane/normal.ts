/** The error function and the normal distribution. */
import type { Lane } from '../ir.js'
import { shortened, withSignOf, type Format, type Pair } from './format.js'
import { decay } from './exponential.js'
import { abs, add, constant, div, half, lt, mul, one, pmin, sub, two, where, zero } from './machine.js'
import { polynomial } from './polynomial.js'

/** Coefficients of `erf(x)/x - 1` in powers of x² on |x| ≤ ½, of least greatest error. */
const series: Pair<ReadonlyArray<number>> = {
  f64: [
    0.12837916709551256, -0.37612638903183465, 0.11283791670924727, -0.02686617063268527, 0.005223977369804973,
    -0.0008548297476434262, 0.00012053321884630479, -1.4845519992512202e-5, 1.4722538493818088e-6,
  ],
  f32: [0.12837916612625122, -0.37612608075141907, 0.11282821744680405, -0.026757096871733665, 0.004717790521681309],
}

/**
 * Numerator and denominator of `exp(x²) erfc(x) (1 + slope x) - level` for x ≥ ½, up to where `erfc` underflows, of least
 * greatest relative error. That is small beside the level, and so are its roundings.
 */
const tailSeries: Pair<readonly [ReadonlyArray<number>, ReadonlyArray<number>]> = {
  f64: [
    [
      0.14062500005336454, 0.6046869525676842, 0.7807274619389578, 0.518989209434342, 0.18561848976226716, 0.017812768046670806,
      -0.016570995117048255, -0.009636546160517024, -0.0026657335958600085, -0.00041925988409474105, -3.227981543553415e-5,
    ],
    [
      1, 3.4351368572312575, 5.4998557025662675, 5.42136330806947, 3.657253959366756, 1.7724594626179442, 0.6286885138107008,
      0.16242068878111424, 0.029577227689710085, 0.0034865720401711163, 0.0002094214997514368,
    ],
  ],
  f32: [
    [0.1406106799840927, 0.4802912473678589, 0.2889479696750641, 0.027306322008371353, -0.02998039498925209, -0.0158942099660635],
    [1, 2.5494539737701416, 2.7741036415100098, 1.6809206008911133, 0.5719112753868103, 0.1031174585223198],
  ],
}
const slope = 1.25
const level = 0.859375

/** `exp(u²) erfc(u)` at `u = x scale`, for u ≥ ½. */
const scaledTail = (f: Format, x: Lane, scale: number): Lane => {
  const bounded = pmin(x, constant((f.type === 'f64' ? 27.3 : 10.2) / scale))
  const [numerator, denominator] = tailSeries[f.type]
  const stretched = (series: ReadonlyArray<number>): Lane => polynomial(bounded, series.map((c, k) => c * scale ** k))
  const correction = div(stretched(numerator), stretched(denominator))
  return div(add(constant(level), correction), add(one, mul(bounded, constant(slope * scale))))
}

/** `exp(-c x²)` for 1 or ½ as `c`: what is lost in rounding the square is put back. */
const bell = (f: Format, x: Lane, c: number): Lane => {
  const a = pmin(abs(x), constant(f.type === 'f64' ? 40 : 16))
  const square = mul(a, a)
  const high = shortened(f, a, f.type === 'f64' ? 27 : 12)
  const lost = add(sub(mul(high, high), square), mul(sub(a, high), add(a, high)))
  return c === 1 ? decay(f, square, lost) : decay(f, mul(square, constant(c)), mul(lost, constant(c)))
}

/** `erf(x)` near 0. */
const nearZero = (f: Format, x: Lane): Lane => add(x, mul(x, polynomial(mul(x, x), series[f.type])))

export const erf = (f: Format, x: Lane): Lane => {
  const a = abs(x)
  const tail = mul(bell(f, x, 1), scaledTail(f, a, 1))
  return where(lt(a, half), nearZero(f, x), withSignOf(f, sub(one, tail), x))
}

/** `1 - erf(x)`. */
export const erfc = (f: Format, x: Lane): Lane => {
  const a = abs(x)
  const tail = mul(bell(f, x, 1), scaledTail(f, a, 1))
  return where(lt(a, half), sub(one, nearZero(f, x)), where(lt(x, zero), sub(two, tail), tail))
}

/** The standard normal distribution function, `erfc(-x/√2)/2`. */
export const ndtr = (f: Format, x: Lane): Lane => {
  const a = abs(x)
  const tail = mul(mul(half, bell(f, x, 0.5)), scaledTail(f, a, Math.SQRT1_2))
  const near = add(half, mul(half, nearZero(f, mul(x, constant(Math.SQRT1_2)))))
  return where(lt(a, constant(Math.SQRT1_2)), near, where(lt(x, zero), tail, sub(one, tail)))
}
