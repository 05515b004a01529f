/** Whether a derivative agrees with numerical differentiation: yes, no, or the numbers do not tell. */
import { isLeft } from 'fp-ts/Either'
import { noiseOf } from './noise.js'
import { attempt } from './numeric.js'
import { climb, epsilon, firstStep, magnitude, variation } from './numerical.js'
import { absoluteDot } from './sum.js'
import { isResidue, judge, safety, type Claim, type Comparison, type Judged, type Weighed } from './verdict.js'

export { claim, type Claim, type Comparison, type Verdict } from './verdict.js'

/** What `consistent` promises: an error of 1e-8 of the terms of a derivative does not go unseen. */
const fineness = 4e-9

/** Steps as long as the argument itself may leave the neighbourhood that a derivative is about: they refute nothing. */
const longestStep = 1

/** Whether two ladders saw the same kink. */
const sameKink = (a: Judged, b: Judged): boolean => {
  const near = safety * (a.tolerance + b.tolerance)
  return a.kink && b.kink && a.sides!.every((side, i) => Math.abs(side - b.sides![i]!) <= near)
}

/** Changes of fewer ulps than this are rounding, of more than that are not. */
const [ulps, jump] = [2 ** 6, 2 ** 20]

/**
 * Whether a function that does not change nearby is a constant, or made of pieces like steps, and not one whose changes are too
 * small to be seen: those of `1 + 1e-14 x` are rounding nearby, and further away they are neither rounding nor a jump.
 */
const isFlat = (f: (t: number) => Float64Array, w: Float64Array): boolean => {
  const here = f(0)
  return [1, -1, 8, -8, 64, -64].every((t) => {
    const far = attempt(() => f(t))
    if (isLeft(far)) return true
    const change = far.right.map((y, i) => y - here[i]!)
    const inUlps = absoluteDot(w, change) / (epsilon * (absoluteDot(w, far.right) + absoluteDot(w, here)))
    return !(inUlps > ulps && inUlps < jump)
  })
}

/** The comparison of a claim with the derivative, given the rounding error of its terms. */
const compareAs = (f: (t: number) => Float64Array, w: Float64Array, claimed: Weighed): Comparison => {
  const judgeAt = (step: number): Judged => {
    const ladder = climb(f, step)
    const known = claimed.unit === undefined ? 0 : claimed.unit * (magnitude(ladder, w) + claimed.scale)
    const found = judge(ladder, w, claimed, known)
    if (found.verdict !== 'refuted' && !found.kink) return found
    const spacing = ladder.steps.at(-1)!
    const noise = Math.max(noiseOf(f, w, spacing), noiseOf(f, w, step / 16))
    if (noise <= known || noise <= 4 * epsilon * (magnitude(ladder, w) + claimed.scale)) return found
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
    kink || isResidue(claimed) || claimed.rounding !== undefined || tolerance <= fineness * Math.max(claimed.scale, Math.abs(estimate))
  /** Where rounding is what the tolerance is made of, as beside a minimum, longer steps tell more. */
  const closer = (near: Comparison, step: number): Comparison => {
    if (near.verdict === 'refuted' || isFine(near)) return near
    if (step > longestStep) return { ...near, verdict: 'inconclusive' }
    const { settled, ...far } = judgeAt(step)
    const isBetter = far.tolerance < near.tolerance && !far.kink && (far.verdict === 'consistent' || (far.verdict === 'refuted' && settled && step < longestStep))
    return closer(isBetter ? { ...far, step } : near, 8 * step)
  }
  const found = at(firstStep, 6, undefined)
  return found.verdict === 'consistent' ? closer(found, 8 * firstStep) : found
}

/** How much further than it may a claim is away from the estimate, or from the interval at a kink. */
const distance = ({ claimed, estimate, tolerance, sides = [estimate, estimate] }: Comparison): number =>
  Math.max(Math.min(...sides) - claimed, claimed - Math.max(...sides)) - tolerance

/**
 * Compares a claim with the derivative of `⟨w, f⟩` at 0. Where the numbers do not tell, the ladder is set up again with
 * steps an eighth as long, six times at most: the function may vary over a shorter length than its argument suggests.
 *
 * What speaks against a claim has to hold out. A refutation, and a kink, that long steps may have made up (values that
 * oscillate look like any other numbers) has to be found again with shorter ones, and the noise of the values is measured
 * before the verdict. So is the rounding error of the terms of the claim: where a function is constant, the claim may be
 * all that is left after they have cancelled.
 */
export const compare = (f: (t: number) => Float64Array, w: Float64Array, claimed: Claim, reach: number): Comparison => {
  let flat: boolean | undefined
  const weighed = (own: number): Weighed => ({ ...claimed, own, reach, isFlat: () => (flat ??= isFlat(f, w)) })
  const found = compareAs(f, w, weighed(0))
  const isOpen = found.verdict === 'refuted' || (found.verdict === 'inconclusive' && Math.abs(found.estimate) <= found.tolerance)
  const own = isOpen ? (claimed.residue?.() ?? 0) : 0
  return own > 0 && distance(found) <= own ? compareAs(f, w, weighed(own)) : found
}
