/** The log posterior of a mixture and its gradient as a person writes them: four points at a time, sums in place. */
import type { Gmm } from './data.js'
import { wishart } from './gmm.js'

/** The memory that the function works in, made once. */
interface Workspace {
  /** The points, a block of four after the other, coordinate by coordinate. */
  readonly x: Float64Array
  /** The triangles row by row, and the sums of their gradients. */
  readonly q: Float64Array
  readonly dq: Float64Array
  readonly sumOfLogs: Float64Array
  readonly offset: Float64Array
  readonly moved: Float64Array
  readonly scores: Float64Array
  readonly inverse: Float64Array
  readonly prior: Float64Array
  readonly share: Float64Array
  readonly pull: Float64Array
}

const workspace = ({ d, k, n, x }: Gmm): Workspace => {
  const blocks = Math.ceil(n / 4)
  const size = (d * (d + 1)) >> 1
  const packed = Float64Array.from({ length: blocks * d * 4 }, (_, e) => {
    const point = Math.floor(e / (4 * d)) * 4 + (e % 4)
    return x[Math.min(point, n - 1) * d + (Math.floor(e / 4) % d)]!
  })
  return {
    x: packed,
    q: new Float64Array(k * size),
    dq: new Float64Array(k * size),
    sumOfLogs: new Float64Array(k),
    offset: new Float64Array(k * d * 4),
    moved: new Float64Array(k * d * 4),
    scores: new Float64Array(k * 4 + 4),
    inverse: new Float64Array(4),
    prior: new Float64Array(k + 1),
    share: new Float64Array(k),
    pull: new Float64Array(k * d),
  }
}

/** The triangles of `icf` row by row, with the exponentials on the diagonal. */
const unpack = ({ d, k, icf }: Gmm, { q, sumOfLogs }: Workspace): void => {
  const size = (d * (d + 1)) >> 1
  for (let g = 0; g < k; g++) {
    const at = g * size
    let sum = 0
    let below = at + d
    for (let i = 0; i < d; i++) {
      sum += icf[at + i]!
      q[at + (i * (i + 1)) / 2 + i] = Math.exp(icf[at + i]!)
      for (let j = i + 1; j < d; j++) q[at + (j * (j + 1)) / 2 + i] = icf[below++]!
    }
    sumOfLogs[g] = sum
  }
}

/** `x - mean` for a Gaussian and four points. */
const place = (x: Float64Array, from: number, d: number, means: Float64Array, at: number, offset: Float64Array, to: number): void => {
  for (let i = 0; i < d; i++) {
    const mean = means[at + i]!
    offset[to + 4 * i] = x[from + 4 * i]! - mean
    offset[to + 4 * i + 1] = x[from + 4 * i + 1]! - mean
    offset[to + 4 * i + 2] = x[from + 4 * i + 2]! - mean
    offset[to + 4 * i + 3] = x[from + 4 * i + 3]! - mean
  }
}

/** `q (x - mean)` for a Gaussian and four points, two rows at a time, and the four scores. */
const move = (at: number, d: number, q: Float64Array, offset: Float64Array, moved: Float64Array, to: number, scores: Float64Array, s: number, base: number): void => {
  let n0 = 0
  let n1 = 0
  let n2 = 0
  let n3 = 0
  for (let j = 0; j < d; j += 2) {
    // The last row of an odd number comes alone, as its own twin.
    const next = j + 1 < d ? at + j + 1 : at
    let y0 = 0
    let y1 = 0
    let y2 = 0
    let y3 = 0
    let z0 = 0
    let z1 = 0
    let z2 = 0
    let z3 = 0
    let o = to
    for (let i = 0; i <= j; i++) {
      const v = q[at + i]!
      const w = q[next + i]!
      const o0 = offset[o]!
      const o1 = offset[o + 1]!
      const o2 = offset[o + 2]!
      const o3 = offset[o + 3]!
      y0 += v * o0
      y1 += v * o1
      y2 += v * o2
      y3 += v * o3
      z0 += w * o0
      z1 += w * o1
      z2 += w * o2
      z3 += w * o3
      o += 4
    }
    const from = to + 4 * j
    moved[from] = y0
    moved[from + 1] = y1
    moved[from + 2] = y2
    moved[from + 3] = y3
    n0 += y0 * y0
    n1 += y1 * y1
    n2 += y2 * y2
    n3 += y3 * y3
    if (next === at) break
    const w = q[next + j + 1]!
    z0 += w * offset[o]!
    z1 += w * offset[o + 1]!
    z2 += w * offset[o + 2]!
    z3 += w * offset[o + 3]!
    moved[from + 4] = z0
    moved[from + 5] = z1
    moved[from + 6] = z2
    moved[from + 7] = z3
    n0 += z0 * z0
    n1 += z1 * z1
    n2 += z2 * z2
    n3 += z3 * z3
    at = next + j + 2
  }
  scores[s] = base - 0.5 * n0
  scores[s + 1] = base - 0.5 * n1
  scores[s + 2] = base - 0.5 * n2
  scores[s + 3] = base - 0.5 * n3
}

/** Adds what four points with shares `r` say about a triangle, two rows at a time, and its mean. */
const gather = (at: number, d: number, dq: Float64Array, offset: Float64Array, moved: Float64Array, from: number, r: Float64Array, s: number, pull: Float64Array, p: number): void => {
  const r0 = r[s]!
  const r1 = r[s + 1]!
  const r2 = r[s + 2]!
  const r3 = r[s + 3]!
  for (let j = 0; j < d; j += 2) {
    const next = at + j + 1
    const row = from + 4 * j
    const v0 = r0 * moved[row]!
    const v1 = r1 * moved[row + 1]!
    const v2 = r2 * moved[row + 2]!
    const v3 = r3 * moved[row + 3]!
    pull[p + j]! += v0 + v1 + (v2 + v3)
    let o = from
    if (j + 1 === d) {
      for (let i = 0; i <= j; i++) {
        dq[at + i]! -= v0 * offset[o]! + v1 * offset[o + 1]! + (v2 * offset[o + 2]! + v3 * offset[o + 3]!)
        o += 4
      }
      return
    }
    const w0 = r0 * moved[row + 4]!
    const w1 = r1 * moved[row + 5]!
    const w2 = r2 * moved[row + 6]!
    const w3 = r3 * moved[row + 7]!
    pull[p + j + 1]! += w0 + w1 + (w2 + w3)
    for (let i = 0; i <= j; i++) {
      const o0 = offset[o]!
      const o1 = offset[o + 1]!
      const o2 = offset[o + 2]!
      const o3 = offset[o + 3]!
      dq[at + i]! -= v0 * o0 + v1 * o1 + (v2 * o2 + v3 * o3)
      dq[next + i]! -= w0 * o0 + w1 * o1 + (w2 * o2 + w3 * o3)
      o += 4
    }
    dq[next + j + 1]! -= w0 * offset[o]! + w1 * offset[o + 1]! + (w2 * offset[o + 2]! + w3 * offset[o + 3]!)
    at = next + j + 2
  }
}

/** The logarithm of a sum of exponentials; leaves `exp(x - max)` in place of each `x`, and their sum behind the others. */
const logSumExp = (x: Float64Array, from: number, step: number, count: number): number => {
  const end = from + count * step
  let max = -Infinity
  for (let i = from; i < end; i += step) if (x[i]! > max) max = x[i]!
  let sum = 0
  for (let i = from; i < end; i += step) {
    const e = Math.exp(x[i]! - max)
    x[i] = e
    sum += e
  }
  x[end] = sum
  return max + Math.log(sum)
}

/** How the value and its gradient, in the order of the parameters, are computed: everything is written into one array. */
export const plainLogPosterior = (data: Gmm): ((withGradient: boolean) => Float64Array) => {
  const { d, k, n, alpha, means, icf, gamma, m } = data
  const size = (d * (d + 1)) >> 1
  const work = workspace(data)
  const { x, q, dq, sumOfLogs, offset, moved, scores, inverse, prior, share, pull } = work
  const constant = -0.5 * n * d * Math.log(2 * Math.PI) - k * wishart(d, gamma, m)
  const pass = (withGradient: boolean): number => {
    let likelihood = 0
    const blocks = Math.ceil(n / 4)
    for (let block = 0; block < blocks; block++) {
      for (let g = 0; g < k; g++) {
        place(x, 4 * block * d, d, means, g * d, offset, 4 * g * d)
        move(g * size, d, q, offset, moved, 4 * g * d, scores, 4 * g, alpha[g]! + sumOfLogs[g]!)
      }
      const real = Math.min(4, n - 4 * block)
      for (let p = 0; p < 4; p++) {
        const total = logSumExp(scores, p, 4, k)
        if (p < real) likelihood += total
        inverse[p] = p < real ? 1 / scores[4 * k + p]! : 0
      }
      if (!withGradient) continue
      for (let g = 0; g < k; g++) {
        const s = 4 * g
        for (let p = 0; p < 4; p++) scores[s + p]! *= inverse[p]!
        const sum = scores[s]! + scores[s + 1]! + (scores[s + 2]! + scores[s + 3]!)
        if (sum === 0) continue
        share[g]! += sum
        gather(g * size, d, dq, offset, moved, 4 * g * d, scores, s, pull, g * d)
      }
    }
    return likelihood
  }

  /** From the sums over the points to the parameters. */
  const finish = (out: Float64Array): void => {
    for (let g = 0; g < k; g++) {
      out[1 + g] = share[g]! - (n * prior[g]!) / prior[k]!
      const at = g * size
      const mean = 1 + k + g * d
      const to = 1 + k + k * d + at
      let below = to + d
      for (let i = 0; i < d; i++) {
        const diagonal = at + (i * (i + 1)) / 2 + i
        let slope = q[diagonal]! * pull[g * d + i]!
        out[to + i] = share[g]! + q[diagonal]! * (dq[diagonal]! + gamma * gamma * q[diagonal]!) - m
        for (let j = i + 1; j < d; j++) {
          const e = at + (j * (j + 1)) / 2 + i
          slope += q[e]! * pull[g * d + j]!
          out[below++] = dq[e]! + gamma * gamma * q[e]!
        }
        out[mean + i] = slope
      }
    }
  }

  return (withGradient) => {
    unpack(data, work)
    dq.fill(0)
    share.fill(0)
    pull.fill(0)
    const likelihood = pass(withGradient)
    prior.set(alpha)
    const total = logSumExp(prior, 0, 1, k)
    let penalty = 0
    for (let g = 0; g < k; g++) {
      let squares = 0
      for (let e = g * size; e < (g + 1) * size; e++) squares += q[e]! * q[e]!
      penalty += 0.5 * gamma * gamma * squares - m * sumOfLogs[g]!
    }
    const out = new Float64Array(withGradient ? 1 + k * (1 + d) + icf.length : 1)
    out[0] = constant + likelihood - n * total + penalty
    if (withGradient) finish(out)
    return out
  }
}
