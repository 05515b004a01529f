/** Where a refuted derivative is wrong: one element of the arguments, one element of the result. */
import type { Tensor } from '../core/Tensor.js'
import { stridesOf, type Shape } from '../core/Shape.js'
import type { Comparison } from './compare.js'
import type { Line } from './direction.js'
import { located, pack, type Numeric } from './numeric.js'
import type { WrongShapes } from './trial.js'

/** One element of an array, by the name of the array. */
export interface Place {
  readonly name: string
  /** Empty for a scalar. */
  readonly index: ReadonlyArray<number>
}

/** An entry of the Jacobian that is wrong. */
export interface Coordinate {
  readonly input: Place
  /** The number at that place of the arguments. */
  readonly at: number
  readonly output: Place
  /** `∂output/∂input`, as the derivative has it and as it is estimated, and how far the two may be apart. */
  readonly claimed: number
  readonly estimate: number
  readonly tolerance: number
  readonly kink: boolean
  readonly sides?: readonly [left: number, right: number]
}

/** The comparison along a line. */
export type Compare = (line: Line) => Comparison | WrongShapes

const only = (x: Float64Array, from: number, to: number): Float64Array => x.map((xj, j) => (j >= from && j < to ? xj : 0))

const isRefuted = (found: Comparison | WrongShapes): found is Comparison => 'verdict' in found && found.verdict === 'refuted'

/** The first element for which a vector that is zero elsewhere is refuted, found by halving. A wrong sum has a wrong half. */
const search = (refuted: (x: Float64Array) => boolean, x: Float64Array, from = 0, to = x.length): number | undefined => {
  if (to - from <= 0 || !refuted(only(x, from, to))) return undefined
  if (to - from === 1) return from
  const middle = (from + to) >> 1
  return search(refuted, x, from, middle) ?? search(refuted, x, middle, to)
}

/** Row-major position to indices. */
const indexOf = (shape: Shape, at: number): ReadonlyArray<number> => Object.freeze(stridesOf(shape).map((stride, axis) => Math.floor(at / stride) % shape[axis]!))

const placeIn = (names: ReadonlyArray<string>, arrays: ReadonlyArray<Tensor>, at: number): Place => {
  const [k, i] = located(arrays, at)
  return Object.freeze({ name: names[k]!, index: indexOf(arrays[k]!.shape, i) })
}

/** A line along one element of the arguments to one of the result, that is refuted; `undefined` if only sums are. */
const search2 = (compare: Compare, { v, w }: Line): readonly [j: number, i: number] | undefined => {
  for (let from = 0; from < v.length; ) {
    const j = search((part) => isRefuted(compare({ v: part, w })), v, from)
    if (j === undefined) return undefined
    const unit = only(v, j, j + 1)
    const i = search((part) => isRefuted(compare({ v: unit, w: part })), w)
    if (i !== undefined) return [j, i]
    from = j + 1
  }
  return undefined
}

/** The entry of the Jacobian that makes a line refuted. None if every entry is right, as at a point where several kinks meet. */
export const locate = (g: Pick<Numeric, 'point' | 'names' | 'resultNames'>, ys: ReadonlyArray<Tensor>, compare: Compare, line: Line): Coordinate | undefined => {
  const found = search2(compare, line)
  if (found === undefined) return undefined
  const [j, i] = found
  const { v, w } = { v: only(line.v, j, j + 1), w: only(line.w, i, i + 1) }
  const comparison = compare({ v, w })
  if (!isRefuted(comparison)) return undefined
  const unit = v[j]! * w[i]!
  const { claimed, estimate, tolerance, kink, sides } = comparison
  const inOrder = (a: number, b: number): readonly [number, number] => (v[j]! < 0 ? [b / unit, a / unit] : [a / unit, b / unit])
  return Object.freeze({
    input: placeIn(g.names, g.point, j),
    at: pack(g.point)[j]!,
    output: placeIn(g.resultNames(), ys, i),
    // Plus zero, so that zero has no sign.
    claimed: claimed / unit + 0,
    estimate: estimate / unit + 0,
    tolerance: Math.abs(tolerance / unit),
    kink,
    ...(sides === undefined ? {} : { sides: inOrder(...sides) }),
  })
}
