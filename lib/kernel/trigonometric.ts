/** Functions of angles that the platform lacks. */

/** `1/cosh²(x)`. */
export const sech2 = (x: number): number => {
  const q = Math.exp(-Math.abs(x))
  const sech = (2 * q) / (1 + q * q)
  return sech * sech
}

/** `sin(π(x + n/2))`, the `n`-th derivative of the sine at `πx`, for x ≥ 0; the period is taken off exactly. */
const sinPi = (x: number, n: number): number => {
  const half = Math.round(x)
  const wave = n % 2 === 0 ? Math.sin(Math.PI * (x - half)) : Math.cos(Math.PI * (x - half))
  return (half % 2 === 0) === (n % 4 < 2) ? wave : -wave
}

/**
 * The `n`-th derivative of `sinc(x) = sin(πx)/(πx)`. With u = πx and s = sin(u)/u it is πⁿ s⁽ⁿ⁾(u): near 0 by the power series,
 * elsewhere by the recurrence `u s⁽ⁿ⁾ + n s⁽ⁿ⁻¹⁾ = sin⁽ⁿ⁾(u)`. It is even or odd, as `n` is.
 */
export const sincDerivative = (x: number, n: number): number => {
  if (x < 0) return n % 2 === 0 ? sincDerivative(-x, n) : -sincDerivative(-x, n)
  const u = Math.PI * x
  if (u === Infinity) return 0
  if (u < n + 0.5) return Math.PI ** n * seriesAtZero(u, n)
  let s = sinPi(x, 0) / u
  for (let k = 1; k <= n; k++) s = (sinPi(x, k) - k * s) / u
  return Math.PI ** n * s
}

/** `Σ (-1)ᵏ uᵐ / (m! (2k+1))` over `m = 2k - n ≥ 0`. */
const seriesAtZero = (u: number, n: number): number => {
  const first = Math.ceil(n / 2)
  let power = 2 * first === n ? 1 : u
  let sum = 0
  for (let k = first, m = 2 * first - n; ; k++, m += 2) {
    const term = power / (2 * k + 1)
    const next = k % 2 === 0 ? sum + term : sum - term
    if (next === sum && m > u) return sum
    sum = next
    power *= (u * u) / ((m + 1) * (m + 2))
  }
}

/**
 * `∂ᵖ⁺ᵠ atan2(y, x) / ∂yᵖ ∂xᵠ` for n = p + q ≥ 1. The angle is the imaginary part of `log(x + iy)`, so it is that of
 * `(-1)ⁿ⁻¹ (n-1)! iᵖ / (x + iy)ⁿ`, where `1/(x + iy) = (x - iy)/(x² + y²)`; the numerator first, for a point that is scaled, so
 * that nothing overflows but the result.
 */
export const angleDerivative = (y: number, x: number, p: number, q: number): number => {
  const longest = Math.max(Math.abs(x), Math.abs(y))
  const [a, b] = [x / longest, y / longest]
  const squared = a * a + b * b
  let [re, im] = p % 4 === 0 ? [1, 0] : p % 4 === 1 ? [0, 1] : p % 4 === 2 ? [-1, 0] : [0, -1]
  for (let k = 0; k < p + q; k++) [re, im] = [re * a + im * b, im * a - re * b]
  for (let k = 1; k < p + q; k++) im *= -k
  for (let k = 0; k < p + q; k++) im = im / squared / longest
  return im
}
