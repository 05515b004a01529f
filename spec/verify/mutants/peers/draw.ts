/** Numbers as the peers draw them. */
import { split, uniform } from '../../../../lib/verify/random.js'

/** From a standard normal distribution, two uniform numbers for each (Box and Muller 1958). */
export const normals = (n: number, seed: number): Float64Array =>
  Float64Array.from({ length: n }, (_, i) => {
    const [u, angle] = [uniform(split(seed, 0), i), 2 * Math.PI * uniform(split(seed, 1), i)]
    return Math.sqrt(-2 * Math.log(1 - u)) * Math.cos(angle)
  })

/** From 0 to 1, scaled to length 1. */
export const nonNegativeUnit = (n: number, seed: number): Float64Array => {
  const v = Float64Array.from({ length: n }, (_, i) => uniform(seed, i))
  const norm = Math.hypot(...v)
  return v.map((x) => x / norm)
}

/** From -9 to 9 in steps of 0.01. */
export const hundredths = (n: number, seed: number): Float64Array =>
  Float64Array.from({ length: n }, (_, i) => (Math.floor(uniform(seed, i) * 1801) - 900) / 100)
