/** Checks of gradients that any library computes: of functions on typed arrays, whose programs are not at hand. */
import * as E from 'fp-ts/Either'
import { tensorOf } from '../core/Tensor.js'
import type { Answer } from './check.js'
import { claim, compare, type Claim, type Comparison } from './compare.js'
import { lineOf, reachOf, type Line } from './direction.js'
import { reportOf, type CheckOptions } from './examine.js'
import { locate } from './locate.js'
import { noiseOf } from './noise.js'
import type { Checked, Kink } from './report.js'

/** A function of a vector together with its gradient. The array that it is given is its own. */
export type ValueAndGrad = (x: Float64Array) => readonly [value: number, gradient: ArrayLike<number>]

/** How such a function is checked. */
export interface ValueAndGradOptions extends Omit<CheckOptions, 'blame'> {
  /** The precision that it computes in: `f64` unless given. */
  readonly precision?: 'f64' | 'f32'
  /**
   * The same function in double precision. A gradient in single precision is compared with the derivative of that, to seven
   * digits; without it with that of the function itself, whose values are good for four.
   */
  readonly reference?: (x: Float64Array) => number
}

/** Half a unit in the last place. */
const units = { f64: 2 ** -53, f32: 2 ** -24 } as const

/** How many roundings a gradient is granted beyond its noise. */
const roundings = 16

const along = (x: Float64Array, v: Float64Array, t: number): Float64Array => x.map((xj, j) => xj + t * v[j]!)

/**
 * What a gradient claims along a line, with its rounding error: the noise that it shows where the argument moves by units in the
 * last place. On one side of the point, so that a kink there is no noise.
 */
const claimOf = (gradient: (x: Float64Array) => Float64Array, x: Float64Array, v: Float64Array, w: number, precision: 'f64' | 'f32'): Claim => {
  const unit = units[precision]
  const terms = (t: number): Float64Array => gradient(along(x, v, t))
  const at = claim(terms(0), v.map((vj) => w * vj))
  const error = (): number => {
    const noise = noiseOf((t) => Float64Array.of(claim(terms(t), v).value), Float64Array.of(w), 16 * unit)
    return roundings * unit * at.scale + 8 * noise
  }
  return precision === 'f32' ? { ...at, rounding: error() } : { ...at, residue: error }
}

/**
 * Checks a gradient that another library computes, or that was written by hand, against numerical differentiation of the value
 * that comes with it: along random directions, with the steps, the error bounds and the three answers of `checkGradient`. The
 * wrong entry of the gradient is named, and kinks are told. There is no program, so no node is blamed.
 *
 * @example
 * const cube = (x: Float64Array): readonly [number, Float64Array] => [x.reduce((s, a) => s + a ** 3, 0), x.map((a) => 3 * a * a)]
 * E.isRight(checkValueAndGrad(cube, [1, 2])) // true
 * const wrong = (x: Float64Array): readonly [number, Float64Array] => [cube(x)[0], x.map((a) => 3 * a)]
 * pipe(checkValueAndGrad(wrong, [1, 2]), E.mapLeft((e) => e._tag === 'GradientMismatch' && e.coordinate?.input.index)) // left([1])
 */
export const checkValueAndGrad = (f: ValueAndGrad, x: ArrayLike<number>, options: ValueAndGradOptions = {}): Answer => {
  const { seed = 0, directions = 3, kinks: policy = 'accept', precision = 'f64', reference } = options
  const single = precision === 'f32'
  const point = Float64Array.from(x, single ? Math.fround : Number)
  const start = { point: [tensorOf(point.slice(), [point.length], 'f64')], names: ['x'], resultNames: () => ['value'], ...(single ? { single: {} } : {}) }
  const value = (at: Float64Array): number => (reference === undefined ? f(at.slice())[0] : reference(at.slice()))
  const gradient = (at: Float64Array): Float64Array => Float64Array.from(f(at.slice())[1])
  const ys = [tensorOf(Float64Array.of(value(point)), [], 'f64')]
  const found = gradient(point)
  if (!Object.is(value(point), value(point))) return E.left(Object.freeze({ _tag: 'Impure', mode: 'vjp' }))
  if (found.length !== point.length)
    return E.left(Object.freeze({ _tag: 'ShapeMismatch', mode: 'vjp', expected: [[point.length]], found: [[found.length]], program: '' }))

  const compared = ({ v, w }: Line): Comparison => {
    const claimed = claimOf(gradient, point, v, w[0]!, precision)
    const noisy = single && reference === undefined ? { ...claimed, unit: units.f32 } : claimed
    return compare((t) => Float64Array.of(value(along(point, v, t))), w, noisy, reachOf({ v, w }))
  }
  const comparisons: Array<Checked> = []
  const kinks: Array<Kink> = []
  for (let direction = 0; direction < directions; direction++) {
    const line = lineOf(start, ys, seed, direction)
    const comparison = compared(line)
    const checked: Checked = { mode: 'vjp', precision, direction, ...comparison }
    if (comparison.verdict === 'refuted') {
      const coordinate = locate(start, ys, compared, line)
      // Where several kinks meet, right entries may sum to what is no derivative of the whole.
      if (coordinate !== undefined || !comparison.kink)
        return E.left(Object.freeze({ _tag: 'GradientMismatch', seed, program: '', ...checked, ...(coordinate === undefined ? {} : { coordinate }) }))
    }
    if (comparison.kink) {
      const [left, right] = comparison.sides!
      const kink: Kink = Object.freeze({ mode: 'vjp', direction, left, right, claimed: comparison.claimed })
      if (policy === 'refuse') return E.left(Object.freeze({ _tag: 'KinkRefused', seed, program: '', ...kink }))
      kinks.push(kink)
    }
    comparisons.push(Object.freeze({ ...checked, verdict: comparison.verdict === 'refuted' ? 'consistent' : comparison.verdict }))
  }
  return E.right(reportOf(comparisons, kinks))
}
