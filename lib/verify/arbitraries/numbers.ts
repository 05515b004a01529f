/** Numbers of a domain: away from its kinks, near them, exactly on them, or at the limits of the format. */
import type * as fc from 'fast-check'
import { drawn } from './arbitrary.js'
import { barriers, contains, type Domain } from './domains.js'
import { simplerNumbers } from './simpler.js'

/**
 * Where in their domain numbers lie:
 *
 * - `away`: on a dyadic grid, at least 2⁻⁶ relative from ends, kinks and holes;
 * - `near`: within 2⁻⁷ relative of an end, a kink or a hole, on either side, down to a few units in the last place;
 * - `at`: exactly on ends and kinks, and 0, -0, 1 and -1 as far as they belong to the domain;
 * - `extreme`: subnormal, tiny and huge numbers of either sign.
 */
export type NumberFamily = 'away' | 'near' | 'at' | 'extreme'

/** The families, in order. */
export const families: ReadonlyArray<NumberFamily> = Object.freeze(['away', 'near', 'at', 'extreme'] as const)

/** What numbers look like. */
export interface NumberOptions {
  /** `away` unless given. */
  readonly family?: NumberFamily
  /** Numbers are representable in this format. `f64` unless given. */
  readonly dtype?: 'f64' | 'f32'
  /** Infinities, among numbers of the family `extreme`. */
  readonly infinities?: boolean
}

/** Integers `from … to`, which count steps of the grid. */
type Piece = readonly [from: number, to: number]

/** How far an unbounded domain is drawn from. */
const reach = 4

/** The least distance from a barrier. */
const margin = (barrier: number): number => Math.max(Math.abs(barrier), 0.5) / 32

/** The part of the domain that numbers are drawn from. */
const window = ({ low, high }: Domain): readonly [number, number] => [
  Number.isFinite(low) ? low : Number.isFinite(high) ? Math.min(-reach, high - reach) : -reach,
  Number.isFinite(high) ? high : Number.isFinite(low) ? Math.max(reach, low + reach) : reach,
]

/** The stretches between barriers, less a margin on either side. A stretch too short for that keeps its middle half. */
const pieces = (d: Domain, bits: number): ReadonlyArray<Piece> => {
  const [low, high] = window(d)
  const walls = barriers(d)
  const cuts = [...new Set([low, ...walls, high])].sort((a, b) => a - b)
  return cuts.slice(1).flatMap((right, i): ReadonlyArray<Piece> => {
    const left = cuts[i]!
    const width = right - left
    const from = left + (walls.includes(left) ? Math.min(margin(left), width / 4) : 0)
    const to = right - (walls.includes(right) ? Math.min(margin(right), width / 4) : 0)
    const piece = [Math.ceil(from * 2 ** bits), Math.floor(to * 2 ** bits)] as const
    return piece[0] <= piece[1] ? [piece] : []
  })
}

/** The coarsest grid, from 1/64 on, that has 16 points in the domain. */
const gridOf = (d: Domain): { readonly bits: number; readonly parts: ReadonlyArray<Piece> } => {
  for (let bits = 6; ; bits += 2) {
    const parts = pieces(d, bits)
    if (parts.reduce((n, [from, to]) => n + to - from + 1, 0) >= 16 || bits >= 60) return { bits, parts }
  }
}

/** Numbers that an index counts, and that shrink to simpler ones of the same kind. */
const counted = (count: number, nth: (index: number) => number, belongs: (x: number) => boolean): fc.Arbitrary<number> => {
  const of = (x: number) => ({ value: x, context: x })
  return drawn(
    (draw) => of(nth(draw(0, count - 1))),
    (x: number) => simplerNumbers(x).filter(belongs).map(of),
  )
}

const away = (d: Domain): fc.Arbitrary<number> => {
  const { bits, parts } = gridOf(d)
  const scale = 2 ** -bits
  return counted(
    parts.reduce((n, [from, to]) => n + to - from + 1, 0),
    (index) => {
      let rest = index
      const piece = parts.find(([from, to]) => {
        const here = rest <= to - from
        if (!here) rest -= to - from + 1
        return here
      })!
      return (piece[0] + rest) * scale
    },
    (x) => parts.some(([from, to]) => from * scale <= x && x <= to * scale),
  )
}

const near = (d: Domain, finest: number): fc.Arbitrary<number> => {
  const walls = barriers(d).length === 0 ? [0] : barriers(d)
  const points = walls.flatMap((wall) =>
    Array.from({ length: finest - 6 }, (_, k) => (Math.abs(wall) || 1) * 2 ** -(k + 7)).flatMap((gap) => [wall - gap, wall + gap]),
  )
  return listed(points.filter((x) => contains(d, x) && !walls.includes(x)))
}

const listed = (points: ReadonlyArray<number>): fc.Arbitrary<number> =>
  counted(points.length, (i) => points[i]!, (x) => points.some((p) => Object.is(p, x)))

const edges = (d: Domain): fc.Arbitrary<number> => {
  const points = [...barriers(d), 0, -0, 1, -1].filter((x) => contains(d, x))
  return listed(points.filter((x, i) => points.findIndex((y) => Object.is(x, y)) === i))
}

/** The least and the greatest numbers of a format, and those whose squares are such. */
const limits = {
  f64: [2 ** -1074, 2 ** -1022, 2 ** -511, 1e-200, 1e154, 1e200, 2 ** 1023, Number.MAX_VALUE],
  f32: [2 ** -149, 2 ** -126, 2 ** -63, 2 ** -100, 2 ** 64, 2 ** 100, 2 ** 127, 2 ** 128 - 2 ** 104],
} as const

const extreme = (d: Domain, { dtype = 'f64', infinities = false }: NumberOptions): fc.Arbitrary<number> => {
  const all = [...limits[dtype], ...(infinities ? [Infinity] : [])].flatMap((x) => [x, -x]).filter((x) => contains(d, x))
  return all.length === 0 ? edges(d) : listed(all)
}

/**
 * Numbers of a domain. Those of the family `away` are dyadic (`k·2⁻⁶`, on finer grids in short domains), so that sums and
 * products of a few of them are exact; all shrink to small integers as far as the domain has them.
 *
 * @example
 * fc.sample(numbers(positive), 100).every((x) => x >= 2 ** -6 && Number.isInteger(64 * x))             // true
 * fc.sample(numbers(interval(0, 1), { family: 'near' }), 100).every((x) => x < 0.01 || x > 0.99)       // true
 * fc.sample(numbers(withKinks(reals, 6), { family: 'at' }), 100).every((x) => [6, 0, 1, -1].includes(x)) // true
 */
export const numbers = (d: Domain, options: NumberOptions = {}): fc.Arbitrary<number> => {
  const { family = 'away', dtype = 'f64' } = options
  switch (family) {
    case 'away':
      return away(d)
    case 'near':
      return near(d, dtype === 'f64' ? 48 : 20)
    case 'at':
      return edges(d)
    case 'extreme':
      return extreme(d, options)
  }
}
