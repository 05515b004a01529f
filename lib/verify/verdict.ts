/** The verdict on a claimed derivative, from the values on one ladder of steps. */
import type { Limit } from './extrapolate.js'
import { central, epsilon, oneSided, steepness, variation, type Ladder } from './numerical.js'
import { absoluteDot, dot } from './sum.js'

/**
 * - `consistent`: equal within a tolerance that is small against the derivative;
 * - `refuted`: different, though the estimate is good;
 * - `inconclusive`: the estimate is too poor to tell, as for `1e8 + sin(x)`.
 */
export type Verdict = 'consistent' | 'refuted' | 'inconclusive'

/** A claimed derivative beside the estimate of it. */
export interface Comparison {
  readonly verdict: Verdict
  readonly claimed: number
  readonly estimate: number
  /** How far the two may be apart: a multiple of the error bound of the estimate, and the rounding of the claim. */
  readonly tolerance: number
  /** The one-sided derivatives differ: whatever lies between them is right, and `estimate` is their mean. */
  readonly kink: boolean
  /** The derivatives from the left and from the right, at a kink. */
  readonly sides?: readonly [left: number, right: number]
  /** The largest step of the differences, as a part of the direction. */
  readonly step: number
}

/** A claimed derivative of `⟨w, f⟩` along `v`, given by the terms that it is the sum of. */
export interface Claim {
  readonly value: number
  /** The sum of the absolute terms: what its rounding error is measured by. */
  readonly scale: number
  /** The rounding error of a claim that was computed in lower precision than the estimate. */
  readonly rounding?: number
  /** The relative rounding error of the values that the estimate is made of, if it is more than that of double precision. */
  readonly unit?: number
  /** The rounding error of the terms themselves, which may have cancelled on their way. Asked for where a verdict hangs on it. */
  readonly residue?: () => number
}

/** A claim, and what is known of it besides. */
export interface Weighed extends Claim {
  /** The rounding error of the terms, as far as it was asked for. */
  readonly own: number
  /** The derivative that a function would have that changes as its arguments do: what a derivative of zero is small against. */
  readonly reach: number
  /** Whether the function does not change further away either. */
  readonly isFlat: () => boolean
}

/** The claim that the terms `a[i]·b[i]` sum to the derivative. What is asked for with weight zero is zero, were it NaN. */
export const claim = (a: Float64Array, b: Float64Array): Claim => {
  const asked = b.includes(0) ? a.map((x, i) => (b[i] === 0 ? 0 : x)) : a
  const scale = absoluteDot(asked, b)
  return { value: dot(asked, b), scale: Number.isFinite(scale) ? scale : 0 }
}

/** A tolerance must be this small against what it is compared with, or it would let errors through. */
const sharpness = 1e-6

/** The same for a claim that carries the rounding of single precision. */
const sharpnessOf = ({ rounding = 0 }: Claim): number => (rounding === 0 ? sharpness : 2 ** -10)

/** Whether the terms of a claim are nothing but rounding: it says that the derivative is zero through and through. */
export const isResidue = ({ scale, own }: Weighed): boolean => scale <= 16 * own

/** How many error bounds of the estimate a right derivative may be away from it. */
export const safety = 8

/** A verdict on one ladder. It is `settled` if steps are short enough for the function, or rounding is all that is left. */
export interface Judged extends Omit<Comparison, 'step'> {
  readonly settled: boolean
}

type Sides = readonly [left: Limit, right: Limit]

/** The derivative where the one-sided ones agree, from whichever of the three is known best: `x·|x|` is smooth to one side only. */
const best = (middle: Limit, [left, right]: Sides): Limit => {
  const error = Math.max(left.error, right.error) + Math.abs(right.value - left.value)
  return error < middle.error ? { value: (left.value + right.value) / 2, error, rounding: Math.max(left.rounding, right.rounding) } : middle
}

/** Whether the function has a derivative beyond doubt: the one-sided estimates are good as well, which symmetry does not flatter. */
const isSmooth = (ladder: Ladder, w: Float64Array, sides: Sides): boolean =>
  sides.every(({ error, rounding }) => error <= Math.max((1e-3 * variation(ladder, w)) / ladder.steps[0]!, 4 * rounding))

const smooth = (ladder: Ladder, w: Float64Array, c: Weighed, found: Limit, sides: Sides): Judged => {
  const { value: claimed, scale, rounding = 0, own, reach, isFlat } = c
  const { value: estimate, error } = found
  const tolerance = safety * error + 4 * epsilon * scale + rounding + own
  const within = Math.abs(claimed - estimate) <= tolerance
  // A derivative that is zero through and through has no size of its own. It is zero against the slope over the longest step, as
  // at a minimum, or the function does not change at all.
  const isZero = isResidue(c) && Math.abs(estimate) <= tolerance
  const sharp = isZero
    ? tolerance <= (sharpness * variation(ladder, w)) / ladder.steps[0]! || (tolerance <= sharpnessOf(c) * reach && isFlat())
    : tolerance <= sharpnessOf(c) * Math.max(scale, Math.abs(estimate))
  const verdict = within
    ? sharp ? 'consistent' : 'inconclusive'
    : isCertain(c, error, Math.abs(estimate), () => isSmooth(ladder, w, sides)) ? 'refuted' : 'inconclusive'
  return { verdict, claimed, estimate, tolerance, kink: false, settled: isSettled(found, steepness(ladder, w)) }
}

/** Whether the errors are small enough to speak against a claim. One that is no number is wrong wherever there is a derivative. */
const isCertain = ({ value, rounding = 0, own }: Weighed, error: number, size: number, exists: () => boolean): boolean =>
  Number.isFinite(value) ? error + rounding + own <= 1e-3 * Math.max(size, Math.abs(value)) : exists()

/** Whether steps were short enough for an estimate: it has stopped moving, or moves no more than rounding makes it. */
const isSettled = ({ value, error, rounding }: Limit, steep: number): boolean =>
  error <= sharpness * Math.max(Math.abs(value), steep) || error <= 4 * rounding

/** At a kink every number between the one-sided derivatives is a derivative (the Clarke interval). */
const kinked = (c: Weighed, [left, right]: Sides, steep: number): Judged | undefined => {
  const { value: claimed, scale, rounding = 0, own } = c
  if (!(Math.abs(right.value - left.value) > 10 * (left.error + right.error))) return undefined
  const tolerance = safety * Math.max(left.error, right.error) + 4 * epsilon * scale + rounding + own
  const low = Math.min(left.value, right.value)
  const high = Math.max(left.value, right.value)
  const within = low - tolerance <= claimed && claimed <= high + tolerance
  const sharp = tolerance <= sharpnessOf(c) * Math.max(scale, -low, high)
  const certain = isCertain(c, 0, Math.max(-low, high), () => true)
  const verdict = within ? (sharp ? 'consistent' : 'inconclusive') : certain ? 'refuted' : 'inconclusive'
  const sides: readonly [number, number] = Object.freeze([left.value, right.value])
  return { verdict, claimed, estimate: (low + high) / 2, tolerance, kink: true, sides, settled: isSettled(left, steep) && isSettled(right, steep) }
}

/** The verdict on one ladder. A kink is told even where the claim happens to be the middle of it. */
export const judge = (ladder: Ladder, w: Float64Array, c: Weighed, noise: number): Judged => {
  const rounding = { scale: c.scale, noise }
  const middle = central(ladder, w, rounding)
  const sides = oneSided(ladder, w, rounding)
  const kink = kinked(c, sides, steepness(ladder, w))
  const plain = smooth(ladder, w, c, kink === undefined ? best(middle, sides) : middle, sides)
  return kink === undefined || (plain.verdict === 'consistent' && kink.verdict !== 'consistent') ? plain : kink
}
