/** Laws: statements about derivatives that can be checked of any function they apply to. */
import type * as fc from 'fast-check'
import { FoldgradException, showError } from '../../core/FoldgradError.js'
import { fails, silent, type Outcome } from './Outcome.js'
import type { Case, Declarations, Subject } from './Subject.js'
import { trialOf, type Trial } from './Trial.js'

/** The families that laws are grouped in, one file each. */
export type Family =
  | 'values' | 'linearity' | 'accuracy' | 'integers' | 'curvature' | 'symmetry' | 'identities' | 'composition' | 'modes'
  | 'batches' | 'programs' | 'series' | 'solutions' | 'sparsity' | 'graphs' | 'purity' | 'cost' | 'text' | 'nesting' | 'failure'

/** A law, with everything needed to check it and to explain it. */
export interface Law {
  /** `L2`. */
  readonly id: string
  readonly name: string
  readonly family: Family
  readonly formula: string
  /** How far the two sides may be apart. */
  readonly tolerance: string
  /** `true`, or why the law says nothing about the subject. */
  readonly applies: (subject: Subject) => true | string
  /** Where it is checked. */
  readonly cases: (subject: Subject) => fc.Arbitrary<Case>
  /** What checking it at one case says. Equal seeds give equal answers; nothing is thrown. */
  readonly check: (subject: Subject, at: Case, seed: number) => Outcome
}

/** How laws are written down. */
interface Statement extends Pick<Law, 'id' | 'name' | 'family' | 'formula' | 'tolerance'> {
  readonly applies?: (declared: Declarations) => true | string
  readonly cases?: Law['cases']
  /** The law is about derivatives: it says nothing where no argument is a float. */
  readonly check: (trial: Trial) => Outcome
}

const showThrown = (thrown: unknown): string =>
  thrown instanceof FoldgradException
    ? thrown.errors.map(showError).join('\n')
    : `threw ${thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown)}`

/** The law of a statement: misuse and exceptions are failures of it. */
export const stated = ({ applies = () => true, cases, check, ...rest }: Statement): Law =>
  Object.freeze({
    ...rest,
    applies: ({ declared }: Subject) => applies(declared),
    cases: cases ?? ((subject: Subject) => subject.cases),
    check: (subject: Subject, at: Case, seed: number): Outcome => {
      try {
        const trial = trialOf(subject, at, seed)
        return trial.x.length === 0 ? silent('no argument is a float') : check(trial)
      } catch (thrown) {
        return fails(showThrown(thrown))
      }
    },
  })

/** What laws say of two sides that are computed in different ways. */
export const measured = 'the last digits (32 ε), or 16 times the rounding error of both sides, measured'

/** The reason for which a law does not apply, unless something is declared. */
export const needs =
  (key: keyof Declarations, what: string) =>
  (declared: Declarations): true | string =>
    declared[key] === undefined || declared[key] === false ? `declare ${what}` : true

/** The law speaks of the derivative of the value. */
export const faithful = ({ surrogate }: Declarations): true | string => surrogate ?? true

/** The law needs so many derivatives. */
export const differentiable =
  (times: number) =>
  ({ order = Infinity }: Declarations): true | string =>
    order >= times || `it can be differentiated ${order === 1 ? 'once' : `${order} times`}`

/** All of several conditions; the first that is not met is the reason. */
export const both =
  (...conditions: ReadonlyArray<(declared: Declarations) => true | string>) =>
  (declared: Declarations): true | string => {
    for (const condition of conditions) {
      const answer = condition(declared)
      if (answer !== true) return answer
    }
    return true
  }
