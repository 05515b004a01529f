/** Directions through the arguments and weights for the results: what a check draws. */
import { bufferOf, type Tensor } from '../core/Tensor.js'
import { pack } from './numeric.js'
import { signed, split } from './random.js'

/** What a derivative is taken along, and the weights that its results are summed with. */
export interface Line {
  readonly v: Float64Array
  readonly w: Float64Array
}

/** Where lines start, for a function that computes in single precision if `single` is there. */
export interface Start {
  readonly point: ReadonlyArray<Tensor>
  readonly single?: object
}

/**
 * Numbers for a function that may compute in single precision: then it gets numbers that single precision has. Otherwise it
 * must not, or a rule that rounds to single precision would go unnoticed.
 */
const fitted = ({ single }: Start, xs: Float64Array): Float64Array => (single === undefined ? xs : xs.map(Math.fround))

/** Weights for the elements of some results of a function, of both signs. */
export const weights = (g: Start, ys: ReadonlyArray<Tensor>, seed: number): Float64Array => fitted(g, pack(ys).map((_, i) => signed(seed, i)))

const median = (xs: ReadonlyArray<number>): number => [...xs].sort((a, b) => a - b)[xs.length >> 1] ?? 0

/**
 * The direction entry for an element `x`, rounded to 28 bits below the leading bit of `x`: then `x + h v` is computed
 * without rounding down to steps of 2^-24, and the quotients are free of that error.
 */
const onGrid = (v: number, x: number): number => {
  const grid = 2 ** (Math.floor(Math.log2(Math.abs(x === 0 ? v : x))) - 28)
  return grid === 0 || !Number.isFinite(grid) ? v : Math.round(v / grid) * grid
}

/** The size of each entry of a direction: that of the element of the point, so that steps are relative; none is zero. */
export const sizesOf = (point: ReadonlyArray<Tensor>): Float64Array =>
  Float64Array.from(
    point.flatMap((t) => {
      const magnitudes = Array.from(bufferOf(t), Math.abs)
      const floor = 1e-3 * (median(magnitudes) || Math.max(0, ...magnitudes)) || 1
      return magnitudes.map((x) => Math.max(x, floor))
    }),
  )

/** A direction whose entries are of the size of those of the point and of both signs. */
export const directionAt = (g: Start, seed: number): Float64Array => {
  const x = pack(g.point)
  return fitted(g, sizesOf(g.point).map((size, j) => onGrid(size * signed(seed, j), x[j]!)))
}

const largest = (xs: Float64Array): number => xs.reduce((m, x) => Math.max(m, Math.abs(x)), 0)

/** The derivative along a line of a function that changes as its arguments do; without arguments there is nothing to be small against. */
export const reachOf = ({ v, w }: Line): number => (v.length === 0 ? Infinity : largest(v) * largest(w))

/** The `direction`-th line of a seed. */
export const lineOf = (g: Start, ys: ReadonlyArray<Tensor>, seed: number, direction: number): Line => {
  const key = split(seed, direction)
  return { v: directionAt(g, split(key, 0)), w: weights(g, ys, split(key, 1)) }
}
