/** What checking a law at one point says. */

/**
 * - `holds`: both sides are equal, within a tolerance that would have shown a mistake;
 * - `failed`: they are not;
 * - `inconclusive`: rounding hides whether they are, so another point is needed;
 * - `not applicable`: the law says nothing at this point.
 */
export interface Outcome {
  readonly verdict: 'holds' | 'failed' | 'inconclusive' | 'not applicable'
  /** What differs, or why nothing can be said; empty where the law holds. */
  readonly evidence: string
}

const outcome = (verdict: Outcome['verdict'], evidence: string): Outcome => Object.freeze({ verdict, evidence })

export const holds: Outcome = outcome('holds', '')
export const fails = (evidence: string): Outcome => outcome('failed', evidence)
export const inconclusive = (evidence: string): Outcome => outcome('inconclusive', evidence)
export const silent = (evidence: string): Outcome => outcome('not applicable', evidence)

/** The outcome of a statement that is true or false. */
export const claim = (is: boolean, otherwise: () => string): Outcome => (is ? holds : fails(otherwise()))

/** The parts of a law together, one after another up to the first that fails. Parts that say nothing leave it to the others. */
export const every = (...parts: ReadonlyArray<() => Outcome>): Outcome => {
  const found: Array<Outcome> = []
  for (const part of parts) {
    const next = part()
    if (next.verdict === 'failed') return next
    found.push(next)
  }
  const first = (verdict: Outcome['verdict']): Outcome | undefined => found.find((o) => o.verdict === verdict)
  return first('inconclusive') ?? first('holds') ?? first('not applicable') ?? holds
}
