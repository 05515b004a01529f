/** Powers and the derivatives of every order of them, with the conventions that keep these finite where they can be. */

/** `xʸ` as IEEE 754 has it: `1ʸ = 1` and `(-1)^±∞ = 1` too, which JavaScript calls NaN. */
export const power = (x: number, y: number): number =>
  y === 2 ? x * x : x === 1 || (x === -1 && Math.abs(y) === Infinity) ? 1 : Math.pow(x, y)

/** `0 · v` is 0 here, whatever `v` is: a vanished coefficient takes its term along. */
const scaled = (c: number, v: number): number => (c === 0 ? 0 : c * v)

/**
 * `∂ʲ⁺ᵏ xʸ / ∂xᵏ ∂yʲ`.
 *
 * That is `Σᵢ (j over i) c⁽ⁱ⁾(y) xʸ⁻ᵏ logʲ⁻ⁱ x`, where `c(y) = y (y-1) … (y-k+1)`. A term with coefficient zero is absent, so
 * `x²` has third derivative 0 at 0, and `x⁰ log x` counts as 0 at 0. For negative `x` there is no derivative in `y`.
 */
export const powerDerivative = (x: number, y: number, k: number, j: number): number => {
  if (j === 0) {
    let c = 1
    for (let m = 0; m < k; m++) c *= y - m
    return scaled(c, power(x, y - k))
  }
  if (x < 0) return NaN
  if (k === 0) return powerTimesLog(x, y, j)
  const c = fallingFactorial(y, k, j)
  let sum = 0
  let arrangements = 1
  for (let i = 0; i <= j; i++) {
    sum += scaled(arrangements * c[i]!, powerTimesLog(x, y - k, j - i))
    arrangements *= j - i
  }
  return sum
}

/** The Taylor coefficients at `y`, up to order `j`, of `y (y-1) … (y-k+1)`. */
const fallingFactorial = (y: number, k: number, j: number): ReadonlyArray<number> => {
  const c = new Array<number>(j + 1).fill(0)
  c[0] = 1
  for (let m = 0; m < k; m++) for (let i = j; i >= 0; i--) c[i] = c[i]! * (y - m) + (i > 0 ? c[i - 1]! : 0)
  return c
}

/** `xᶻ logᵐ x`, at 0 as the limit for z > 0, and 0 for z = 0 < m. */
const powerTimesLog = (x: number, z: number, m: number): number => {
  if (m === 0) return power(x, z)
  return x === 0 && z >= 0 ? 0 : power(x, z) * Math.log(x) ** m
}
