/** Powers and the derivatives of every order of them, with the conventions that keep these finite where they can be. */

/** `xʸ` as IEEE 754 has it: `1ʸ = 1` and `(-1)^±∞ = 1` too, which JavaScript calls NaN. */
export const power = (x: number, y: number): number =>
  y === 2 ? x * x : x === 1 || (x === -1 && Math.abs(y) === Infinity) ? 1 : Math.pow(x, y)

/**
 * `c xᶻ`, also where the power alone would overflow or underflow. A vanished coefficient takes its term along: `0 xᶻ` is 0,
 * whatever `xᶻ` is.
 */
const timesPower = (c: number, x: number, z: number): number => {
  if (c === 0) return 0
  const whole = power(x, z)
  if (!(Math.abs(whole) < 2 ** -1022 || Math.abs(whole) === Infinity)) return c * whole
  const root = power(Math.abs(x), z / 2)
  return (whole < 0 || Object.is(whole, -0) ? -c : c) * root * root
}

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
    return timesPower(c, x, y - k)
  }
  if (x < 0) return NaN
  if (k === 0) return timesPowerAndLog(1, x, y, j)
  const c = fallingFactorial(y, k, j)
  let sum = 0
  let arrangements = 1
  for (let i = 0; i <= j; i++) {
    sum += timesPowerAndLog(arrangements * c[i]!, x, y - k, j - i)
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

/** `c xᶻ logᵐ x`, at 0 as the limit for z > 0, and 0 for z = 0 < m. */
const timesPowerAndLog = (c: number, x: number, z: number, m: number): number =>
  c === 0 || (m > 0 && x === 0 && z >= 0) ? 0 : timesPower(c * Math.log(x) ** m, x, z)
