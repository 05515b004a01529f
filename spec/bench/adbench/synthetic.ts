/** Seeded inputs of the sizes of ADBench, for those whose files are too large to ship. */
import { randomNumbers } from '../random.js'
import type { Ba, Gmm } from './data.js'

/** Numbers as the files have them: normal ones, and uniform ones for the means. */
export const syntheticGmm = (d: number, k: number, n: number): Gmm => {
  const random = randomNumbers(100 * d + k)
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  const drawn = (count: number, draw: () => number): Float64Array => Float64Array.from({ length: count }, draw)
  return { d, k, n, alpha: drawn(k, normal), means: drawn(k * d, random), icf: drawn((k * d * (d + 1)) / 2, normal), x: drawn(n * d, normal), gamma: 1, m: 0 }
}

/** Cameras, points and observations that all differ, near the given ones. */
export const jittered = (data: Ba): Ba => {
  const random = randomNumbers(data.p)
  const near = (x: Float64Array): Float64Array => x.map((v) => v * (1 + 0.1 * (random() - 0.5)))
  return { ...data, cameras: near(data.cameras), points: near(data.points), weights: near(data.weights), features: near(data.features) }
}
