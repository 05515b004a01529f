/** Whether a derivative agrees with numerical differentiation: yes, no, or the numbers do not tell. */
import type { Limit } from './extrapolate.js'
import { noiseOf } from './noise.js'
import { central, climb, epsilon, firstStep, magnitude, oneSided, steepness, variation, type Ladder } from './numerical.js'
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
}

/** The claim that the terms `a[i]·b[i]` sum to the derivative. */
export const claim = (a: Float64Array, b: Float64Array): Claim => {
  const scale = absoluteDot(a, b)
  return { value: dot(a, b), scale: Number.isFinite(scale) ? scale : 0 }
}

/** A tolerance must be this small against what it is compared with, or it would let errors through. */
const sharpness = 1e-6

/** What `consistent` promises: an error of 1e-8 of the terms of a derivative does not go unseen. */
const fineness = 4e-9

/** The same for a derivative that is zero, against the values: it is not to hide a slope behind them, as in `1e8 + sin(x)`. */
const zeroSharpness = 2 ** -36

/** The same for a claim that carries the rounding of single precision. */
const sharpnessOf = ({ rounding = 0 }: Claim): number => (rounding === 0 ? sharpness : 2 ** -10)

/** How many error bounds of the estimate a right derivative may be away from it. */
const safety = 8

const finite = (x: number): number => (Number.isFinite(x) ? Math.abs(x) : 0)

/** A verdict on one ladder. It is `settled` if steps are short enough for the function, or rounding is all that is left. */
interface Judged extends Omit<Comparison, 'step'> {
  readonly settled: boolean
}

type Sides = readonly [left: Limit, right: Limit]

/** The derivative where the one-sided ones agree, from whichever of the three is known best: `x·|x|` is smooth to one side only. */
const best = (middle: Limit, [left, right]: Sides): Limit => {
  const error = Math.max(left.error, right.error) + Math.abs(right.value - left.value)
  return error < middle.error ? { value: (left.value + right.value) / 2, error, rounding: Math.max(left.rounding, right.rounding) } : middle
}

const smooth = (ladder: Ladder, w: Float64Array, c: Claim, found: Limit): Judged => {
  const { value: claimed, scale, rounding = 0 } = c
  const { value: estimate, error } = found
  const tolerance = safety * error + 4 * epsilon * scale + rounding
  const within = Math.abs(claimed - estimate) <= tolerance
  // A derivative that is zero through and through has no size of its own; the values it is zero against have, and their slope
  // over the longest step, as at a minimum.
  const isZero = scale === 0 && Math.abs(estimate) <= tolerance
  const zeroScale = Math.max(zeroSharpness * magnitude(ladder, w), (sharpness * variation(ladder, w)) / ladder.steps[0]!)
  const sharp = isZero ? tolerance <= zeroScale : tolerance <= sharpnessOf(c) * Math.max(scale, Math.abs(estimate))
  const verdict = within
    ? sharp ? 'consistent' : 'inconclusive'
    : error + rounding <= 1e-3 * Math.max(Math.abs(estimate), finite(claimed)) ? 'refuted' : 'inconclusive'
  return { verdict, claimed, estimate, tolerance, kink: false, settled: isSettled(found, steepness(ladder, w)) }
}

/** Whether steps were short enough for an estimate: it has stopped moving, or moves no more than rounding makes it. */
const isSettled = ({ value, error, rounding }: Limit, steep: number): boolean =>
  error <= sharpness * Math.max(Math.abs(value), steep) || error <= 4 * rounding

/** At a kink every number between the one-sided derivatives is a derivative (the Clarke interval). */
const kinked = (c: Claim, [left, right]: Sides, steep: number): Judged | undefined => {
  const { value: claimed, scale, rounding = 0 } = c
  if (!(Math.abs(right.value - left.value) > 10 * (left.error + right.error))) return undefined
  const tolerance = safety * Math.max(left.error, right.error) + 4 * epsilon * scale + rounding
  const low = Math.min(left.value, right.value)
  const high = Math.max(left.value, right.value)
  const within = low - tolerance <= claimed && claimed <= high + tolerance
  const sharp = tolerance <= sharpnessOf(c) * Math.max(scale, -low, high)
  const certain = rounding <= 1e-3 * Math.max(-low, high, finite(claimed))
  const verdict = within ? (sharp ? 'consistent' : 'inconclusive') : certain ? 'refuted' : 'inconclusive'
  const sides: readonly [number, number] = Object.freeze([left.value, right.value])
  return { verdict, claimed, estimate: (low + high) / 2, tolerance, kink: true, sides, settled: isSettled(left, steep) && isSettled(right, steep) }
}

/** The verdict on one ladder. A kink is told even where the claim happens to be the middle of it. */
const judge = (ladder: Ladder, w: Float64Array, c: Claim, noise: number): Judged => {
  const rounding = { scale: c.scale, noise }
  const middle = central(ladder, w, rounding)
  const sides = oneSided(ladder, w, rounding)
  const kink = kinked(c, sides, steepness(ladder, w))
  const plain = smooth(ladder, w, c, kink === undefined ? best(middle, sides) : middle)
  return kink === undefined || (plain.verdict === 'consistent' && kink.verdict !== 'consistent') ? plain : kink
}

/** Whether two ladders saw the same kink. */
const sameKink = (a: Judged, b: Judged): boolean => {
  const near = safety * (a.tolerance + b.tolerance)
  return a.kink && b.kink && a.sides!.every((side, i) => Math.abs(side - b.sides![i]!) <= near)
}

/**
 * Compares a claim with the derivative of `⟨w, f⟩` at 0. Where the numbers do not tell, the ladder is set up again with
 * steps an eighth as long, six times at most: the function may vary over a shorter length than its argument suggests.
 *
 * What speaks against a claim has to hold out. A refutation, and a kink, that long steps may have made up (values that
 * oscillate look like any other numbers) has to be found again with shorter ones, and the noise of the values is measured
 * before the verdict.
 */
export const compare = (f: (t: number) => Float64Array, w: Float64Array, claimed: Claim): Comparison => {
  const judgeAt = (step: number): Judged => {
    const ladder = climb(f, step)
    const found = judge(ladder, w, claimed, 0)
    if (found.verdict !== 'refuted' && !found.kink) return found
    const spacing = ladder.steps.at(-1)!
    const noise = Math.max(noiseOf(f, w, spacing), noiseOf(f, w, step / 16))
    if (noise <= 4 * epsilon * (magnitude(ladder, w) + claimed.scale)) return found
    // Noise is there at any spacing, and it is not all there is; what is gone at a shorter one is the function itself.
    const isNoise = noise <= 1e-3 * variation(ladder, w) && noiseOf(f, w, spacing * 2 ** -20) >= noise / 10
    const judged = judge(ladder, w, claimed, noise)
    return { ...judged, settled: judged.settled && isNoise }
  }
  const at = (step: number, attempts: number, before: Judged | undefined): Comparison => {
    const judged = judgeAt(step)
    const { settled, ...found } = judged
    const { verdict, kink } = found
    const held = kink ? settled && before !== undefined && sameKink(before, judged) : verdict === 'consistent' || (verdict === 'refuted' && settled)
    if (held) return { ...found, step }
    const open: Comparison = { verdict: 'inconclusive', claimed: found.claimed, estimate: found.estimate, tolerance: found.tolerance, kink: false, step }
    if (attempts === 0) return open
    const next = at(step / 8, attempts - 1, judged)
    return next.verdict === 'inconclusive' && verdict === 'inconclusive' && !(next.tolerance < found.tolerance) ? open : next
  }
  const isFine = ({ tolerance, estimate, kink }: Comparison): boolean =>
    kink || claimed.scale === 0 || claimed.rounding !== undefined || tolerance <= fineness * Math.max(claimed.scale, Math.abs(estimate))
  /** Where rounding is what the tolerance is made of, as beside a minimum, longer steps tell more. */
  const closer = (near: Comparison): Comparison => {
    const { settled, ...far } = judgeAt(8 * firstStep)
    const isBetter = far.tolerance < near.tolerance && !far.kink && (far.verdict === 'consistent' || (far.verdict === 'refuted' && settled))
    const nearest = isBetter ? { ...far, step: 8 * firstStep } : near
    return nearest.verdict === 'refuted' || isFine(nearest) ? nearest : { ...nearest, verdict: 'inconclusive' }
  }
  const found = at(firstStep, 6, undefined)
  return found.verdict === 'consistent' && !isFine(found) ? closer(found) : found
}
