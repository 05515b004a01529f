/** Whether a derivative agrees with numerical differentiation: yes, no, or the numbers do not tell. */
import { absoluteDot, dot } from './sum.js'
import { central, climb, epsilon, firstStep, magnitude, oneSided, type Ladder } from './numerical.js'

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
  readonly tolerance: number
  /** The one-sided derivatives differ: whatever lies between them is right, and `estimate` is their mean. */
  readonly kink: boolean
}

/** A claimed derivative of `⟨w, f⟩` along `v`, given by the terms that it is the sum of. */
export interface Claim {
  readonly value: number
  /** The sum of the absolute terms: what its rounding error is measured by. */
  readonly scale: number
}

/** The claim that the terms `a[i]·b[i]` sum to the derivative. */
export const claim = (a: Float64Array, b: Float64Array): Claim => {
  const scale = absoluteDot(a, b)
  return { value: dot(a, b), scale: Number.isFinite(scale) ? scale : 0 }
}

/** A tolerance must be this small against what it is compared with, or it would let errors through. */
const sharpness = 1e-6

/** How many error bounds of the estimate a right derivative may be away from it. */
const safety = 8

const finite = (x: number): number => (Number.isFinite(x) ? Math.abs(x) : 0)

const smooth = (ladder: Ladder, w: Float64Array, { value: claimed, scale }: Claim): Comparison => {
  const { value: estimate, error } = central(ladder, w, scale)
  const tolerance = safety * error + 4 * epsilon * scale
  const within = Math.abs(claimed - estimate) <= tolerance
  // A derivative that is zero through and through has no size of its own; the values it is zero against have.
  const size = scale === 0 && Math.abs(estimate) <= tolerance ? magnitude(ladder, w) : Math.max(scale, Math.abs(estimate))
  const verdict = within
    ? tolerance <= sharpness * size ? 'consistent' : 'inconclusive'
    : error <= 1e-3 * Math.max(Math.abs(estimate), finite(claimed)) ? 'refuted' : 'inconclusive'
  return { verdict, claimed, estimate, tolerance, kink: false }
}

/** At a kink every number between the one-sided derivatives is a derivative (the Clarke interval). */
const kinked = (ladder: Ladder, w: Float64Array, { value: claimed, scale }: Claim): Comparison | undefined => {
  const [left, right] = oneSided(ladder, w, scale)
  if (!(Math.abs(right.value - left.value) > 10 * (left.error + right.error))) return undefined
  const tolerance = safety * Math.max(left.error, right.error) + 4 * epsilon * scale
  const low = Math.min(left.value, right.value)
  const high = Math.max(left.value, right.value)
  const within = low - tolerance <= claimed && claimed <= high + tolerance
  const sharp = tolerance <= sharpness * Math.max(scale, -low, high)
  return { verdict: !within ? 'refuted' : sharp ? 'consistent' : 'inconclusive', claimed, estimate: (low + high) / 2, tolerance, kink: true }
}

/**
 * Compares a claim with the derivative of `⟨w, f⟩` at 0. Where the numbers do not tell, the ladder is set up again with
 * steps an eighth as long, six times at most: the function may vary over a shorter length than its argument suggests.
 */
export const compare = (f: (t: number) => Float64Array, w: Float64Array, claimed: Claim): Comparison => {
  const at = (step: number, attempts: number): Comparison => {
    const ladder = climb(f, step)
    const plain = smooth(ladder, w, claimed)
    const found = plain.verdict === 'consistent' ? plain : (kinked(ladder, w, claimed) ?? plain)
    if (found.verdict !== 'inconclusive' || attempts === 0) return found
    const next = at(step / 8, attempts - 1)
    return next.verdict === 'inconclusive' && !(next.tolerance < found.tolerance) ? found : next
  }
  return at(firstStep, 6)
}
