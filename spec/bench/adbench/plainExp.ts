/** The exponential without the branches of `Math.exp`, which cost a loop over many numbers more than the arithmetic does. */
const powers = Float64Array.from({ length: 2048 }, (_, i) => 2 ** (i - 1023))

/** `exp(x)` to two units in the last place, for |x| up to 700. */
export const plainExp = (x: number): number => {
  const k = Math.floor(x * Math.LOG2E + 0.5)
  const r = x - k * 0.6931471803691238 - k * 1.9082149292705877e-10
  const s = r * r
  const high = 1 / 40320 + r * (1 / 362880) + s * (1 / 3628800 + r * (1 / 39916800) + s * (1 / 479001600 + r * (1 / 6227020800)))
  const low = 0.5 + r * (1 / 6) + s * (1 / 24 + r * (1 / 120) + s * (1 / 720 + r * (1 / 5040) + s * high))
  return (1 + (r + s * low)) * powers[k + 1023]!
}
