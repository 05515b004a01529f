/**
 * The error function and its relatives, to a few units in the last place over the whole line.
 *
 * `erf` near 0 is an odd Chebyshev series; everything else rests on the scaled complement `erfcx(x) = exp(x²) erfc(x)`, a
 * Chebyshev series in `(x - K)/(x + K)` (Shepherd and Laframboise 1981) whose coefficients were computed with 60 digits.
 */

/** Coefficients of `erf(x)/x` in `2x² - 1`, for |x| ≤ 1. */
const erfSeries = [
  0.9754769393826541, -0.14226120510371365, 0.010035582187599796, -0.0005768764699767485, 2.741993125219606e-05,
  -1.1043175507344507e-06, 3.8488755420345036e-08, -1.1808582533875466e-09, 3.2334215826050907e-11,
  -7.991015947004549e-13, 1.7990725113961456e-14, -3.718635487818693e-16, 7.103599003714253e-18,
  -1.2612455119155226e-19, 2.0916406941769294e-21,
]

/** Coefficients of `(1 + 2x) erfcx(x)` in `(x - K)/(x + K)`, for x ≥ 0. */
const erfcxSeries = [
  1.1775789345674017, -0.004590054580646478, -0.08424913336651792, 0.05920993999819189, -0.026658668435305753,
  0.009074997670705265, -0.002413163540417608, 0.0004907758365258086, -6.916973302501207e-05, 4.13902798607301e-06,
  7.74038306619849e-07, -2.1886401049234397e-07, 1.076499946567091e-08, 4.521959811218287e-09, -7.754400208831351e-10,
  -6.318088340886684e-11, 2.86879501093067e-11, 1.9455868545777347e-13, -9.65469674843344e-13, 3.25254814814874e-14,
  3.3478119482868056e-14, -1.864562880419313e-15, -1.2507950530688646e-15, 7.418235256624047e-17, 5.068148904796114e-17,
  -2.23705665943597e-18, -2.1873429443029897e-18, 2.6766327399283273e-20,
]
const K = 3.75

const twoOverRootPi = 2 / Math.sqrt(Math.PI)

/** The value at `t` of a Chebyshev series (Clenshaw 1955). */
const chebyshev = (c: ReadonlyArray<number>, t: number): number => {
  let a = 0
  let b = 0
  for (let j = c.length - 1; j > 0; j--) {
    const next = 2 * t * a - b + c[j]!
    b = a
    a = next
  }
  return t * a - b + c[0]!
}

/** `exp(c x²)` for ±1 or ±½ as `c`: the square is taken in two parts, so that its rounding does not grow with `x`. */
const expSquare = (x: number, c: number): number => {
  const high = Math.fround(x)
  if (!(Math.abs(high) < 1e4)) return Number.isNaN(x) ? NaN : c > 0 ? Infinity : 0
  const most = Math.exp(c * high * high)
  // The rest may overflow where this is 0 already.
  return most === 0 || most === Infinity ? most : most * Math.exp(c * (x - high) * (x + high))
}

/** `erfcx(x)` for x ≥ 0. */
const scaledTail = (x: number): number => {
  if (x > 1e8) return 1 / (x * Math.sqrt(Math.PI))
  return chebyshev(erfcxSeries, (x - K) / (x + K)) / (1 + 2 * x)
}

/** The scaled complementary error function `exp(x²) erfc(x)`. */
export const erfcx = (x: number): number => {
  if (Math.abs(x) < 0.5) return Math.exp(x * x) * (1 - erf(x))
  return x > 0 ? scaledTail(x) : 2 * expSquare(x, 1) - scaledTail(-x)
}

/** The complementary error function `1 - erf(x)`. */
export const erfc = (x: number): number => {
  if (x < 0.5) return 1 - erf(x)
  return expSquare(x, -1) * scaledTail(x)
}

/** The error function `2/√π ∫₀ˣ exp(-t²) dt`. */
export const erf = (x: number): number => {
  if (Math.abs(x) <= 1) return x * chebyshev(erfSeries, 2 * x * x - 1)
  return x > 0 ? 1 - erfc(x) : erfc(-x) - 1
}

/**
 * The `n`-th derivative of `erfcx`. Near 0 and below it the recurrence `y⁽ⁿ⁺¹⁾ = 2x y⁽ⁿ⁾ + 2n y⁽ⁿ⁻¹⁾` is run forwards; above,
 * where that cancels, the ratios of consecutive repeated integrals come from its continued fraction (Gautschi 1961).
 */
export const erfcxDerivative = (x: number, n: number): number => {
  if (n === 0) return erfcx(x)
  if (Number.isNaN(x)) return NaN
  if (x < 1) {
    let before = erfcx(x)
    let y = 2 * x * before - twoOverRootPi
    for (let k = 1; k < n; k++) [before, y] = [y, 2 * (x * y + k * before)]
    return y
  }
  let ratio = 0
  let y = erfcx(x)
  for (let k = n + Math.ceil(24 + 200 / (x * x)); k > n; k--) ratio = 1 / (2 * x + 2 * (k + 1) * ratio)
  for (let k = n; k > 0; k--) {
    ratio = 1 / (2 * x + 2 * (k + 1) * ratio)
    y *= -2 * k * ratio
  }
  return y
}

/** `x` with `erfc(x) = q` for 0 < q ≤ 0.5: a guess (Winitzki 2008), then Newton's method on the logarithm. */
const inverseTail = (q: number): number => {
  const a = Math.log(q * (2 - q))
  const b = 2 / (0.147 * Math.PI) + a / 2
  let x = Math.sqrt(Math.sqrt(b * b - a / 0.147) - b)
  const target = Math.log(q)
  for (let k = 0; k < 4; k++) {
    const scaled = scaledTail(x)
    x += ((Math.log(scaled) - x * x - target) * scaled) / twoOverRootPi
  }
  return x
}

/** `x` with `erf(x) = y`. */
export const erfinv = (y: number): number => {
  const magnitude = Math.abs(y)
  if (!(magnitude <= 1)) return NaN
  if (magnitude === 1) return y * Infinity
  if (magnitude > 0.5) return Math.sign(y) * inverseTail(1 - magnitude)
  let x = (y * (1 + 0.2618 * y * y)) / twoOverRootPi
  for (let k = 0; k < 3; k++) {
    const step = ((erf(x) - y) * Math.exp(x * x)) / twoOverRootPi
    x -= step / (1 + x * step)
  }
  return x
}

/** `x` with `erfc(x) = q`, accurate for tiny `q` too. */
const erfcinv = (q: number): number => (q < 0.5 ? (q === 0 ? Infinity : q > 0 ? inverseTail(q) : NaN) : erfinv(1 - q))

/** The standard normal distribution function Φ. */
export const ndtr = (x: number): number =>
  x < -1 ? 0.5 * expSquare(x, -0.5) * scaledTail(-x * Math.SQRT1_2) : 0.5 * erfc(-x * Math.SQRT1_2)

/** The inverse of Φ. */
export const ndtri = (p: number): number =>
  p <= 0.5 ? -Math.SQRT2 * erfcinv(2 * p) : Math.SQRT2 * erfcinv(2 * (1 - p))

/** `log Φ(x)`, accurate far into the lower tail. */
export const logNdtr = (x: number): number =>
  x < -1 ? Math.log(0.5 * erfcx(-x * Math.SQRT1_2)) - 0.5 * x * x : Math.log1p(-0.5 * erfc(x * Math.SQRT1_2))
