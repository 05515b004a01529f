/** Domains of arguments, as data: where a function is defined, and where its derivative breaks. */

/** A set of numbers that a function takes. */
export interface Domain {
  /** The ends; they belong to the domain if they are finite and no holes. */
  readonly low: number
  readonly high: number
  /** Points of the domain at which the derivative breaks, such as 0 for `abs`. */
  readonly kinks: ReadonlyArray<number>
  /** Points that do not belong to it, such as 0 for `reciprocal`. */
  readonly holes: ReadonlyArray<number>
}

const domain = (low: number, high: number, kinks: ReadonlyArray<number>, holes: ReadonlyArray<number>): Domain =>
  Object.freeze({ low, high, kinks: Object.freeze([...kinks]), holes: Object.freeze([...holes]) })

/**
 * The numbers from `low` to `high`, which may be infinite.
 *
 * @example
 * interval(0, 1).high // 1
 */
export const interval = (low: number, high: number): Domain => domain(low, high, [], [])

/**
 * The domain with kinks at these points.
 *
 * @example
 * withKinks(reals, 0).kinks // [0]
 */
export const withKinks = (d: Domain, ...kinks: ReadonlyArray<number>): Domain => domain(d.low, d.high, [...d.kinks, ...kinks], d.holes)

/**
 * The domain without these points.
 *
 * @example
 * withHoles(reals, 0).holes // [0]
 */
export const withHoles = (d: Domain, ...holes: ReadonlyArray<number>): Domain => domain(d.low, d.high, d.kinks, [...d.holes, ...holes])

/**
 * Every number.
 *
 * @example
 * contains(reals, -1e300) // true
 */
export const reals: Domain = interval(-Infinity, Infinity)

/**
 * The numbers above 0.
 *
 * @example
 * contains(positive, 0) // false
 */
export const positive: Domain = withHoles(interval(0, Infinity), 0)

/**
 * Every number but 0.
 *
 * @example
 * contains(nonzero, 0) // false
 */
export const nonzero: Domain = withHoles(reals, 0)

/**
 * Whether a number belongs to the domain.
 *
 * @example
 * contains(interval(0, 1), 1) // true
 */
export const contains = (d: Domain, x: number): boolean => d.low <= x && x <= d.high && !d.holes.includes(x)

/** The points of the domain that mean trouble nearby: ends, kinks and holes, in order. */
export const barriers = ({ low, high, kinks, holes }: Domain): ReadonlyArray<number> =>
  [...new Set([low, high, ...kinks, ...holes])].filter(Number.isFinite).sort((a, b) => a - b)
