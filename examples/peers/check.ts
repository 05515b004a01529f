/** The check of a library on all cases. */
import * as E from 'fp-ts/Either'
import { checkValueAndGrad, type CheckFailure } from '../../lib/verify/index.js'
import { cases, type CaseName, type Peer } from './Case.js'

/** What was found of one gradient. */
export interface Finding {
  readonly name: CaseName
  readonly verdict: 'consistent' | 'inconclusive' | 'wrong'
  /** What is wrong, or that there is a kink, where any number between the two slopes is right. */
  readonly detail: string
}

const number = (x: number): string => String(Number(x.toPrecision(9)))

/** The entry of the gradient that is wrong, beside what it should be. */
const detailOf = (failure: CheckFailure): string => {
  if (failure._tag !== 'GradientMismatch') return failure._tag
  const { coordinate } = failure
  if (coordinate === undefined) return `${number(failure.claimed)} along a line, not ${number(failure.estimate)}`
  const { input, claimed, estimate, sides } = coordinate
  const right = sides === undefined ? `not ${number(estimate)}` : `not between ${number(sides[0])} and ${number(sides[1])}`
  return `∂/∂x[${input.index.join(', ')}] is ${number(claimed)}, ${right}`
}

/** Checks each gradient that a library has against numerical differentiation of the same function in double precision. */
export const findingsOf = ({ gradients, precision }: Peer): ReadonlyArray<Finding> =>
  (Object.keys(cases) as ReadonlyArray<CaseName>).flatMap((name): ReadonlyArray<Finding> => {
    const gradient = gradients[name]
    if (gradient === undefined) return []
    const { at, value } = cases[name]
    const answer = checkValueAndGrad(gradient, at, { precision, reference: value })
    return E.isLeft(answer)
      ? [{ name, verdict: 'wrong', detail: detailOf(answer.left) }]
      : [{ name, verdict: answer.right.verdict, detail: answer.right.kinks.length > 0 ? 'at a kink' : '' }]
  })

/** The findings as a table. */
export const show = (peer: Peer, findings: ReadonlyArray<Finding>): string => {
  const wrong = findings.filter(({ verdict }) => verdict === 'wrong').length
  const rows = findings.map(({ name, verdict, detail }) => `  ${cases[name].name.padEnd(28)}  ${verdict.padEnd(12)}  ${detail}`.trimEnd())
  return [`${peer.name}: ${wrong} of ${findings.length} gradients are wrong`, ...rows].join('\n')
}
