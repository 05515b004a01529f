/** Laws as properties: for plain fast-check, and for test runners that take arbitraries and a function. */
import * as fc from 'fast-check'
import { leavesOf } from '../../core/Tree.js'
import { Inconclusive, mostlyConclusive } from '../inconclusive.js'
import type { Law } from './Law.js'
import type { Outcome } from './Outcome.js'
import type { Case, Subject } from './Subject.js'

/** What a property of a law is a property of. */
export type Drawn = readonly [at: Case, seed: number]

const showLeaf = (leaf: unknown): string => JSON.stringify(leaf) ?? String(leaf)

/** `x0`, or `x0.w` for a leaf of a tree. */
const nameOf = (path: string): string => `x${path}`

/** The arguments of a case as text: the arrays, each after its name. */
export const showCase = ({ args, label = 'f', code }: Case): string =>
  code ?? `${label} at ${leavesOf(args).map(([path, leaf]) => `${nameOf(path)} = ${showLeaf(leaf)}`).join(', ')}`

/** The law, the case and what is wrong, as the message of a failed test. */
export const showFinding = ({ id, name, formula }: Law, at: Case, seed: number, { evidence }: Outcome): string =>
  `${id}, ${name}: ${formula}\n  does not hold for ${showCase(at)}, seed ${seed}:\n${evidence.split('\n').map((line) => `  ${line}`).join('\n')}`

/**
 * That a law holds at a case, as a function for `test.prop([law.cases(subject), fc.nat()])`. It throws where the law fails or
 * does not apply, and asks for another case where rounding hides the answer.
 *
 * @example
 * const sine = subject((x: Node) => sin(x), [fc.constant(tensor([0.5, 2]))])
 * fc.assert(fc.property(sine.cases, fc.nat(), obeys(law('L2'), sine)))
 */
export const obeys =
  (law: Law, subject: Subject): ((at: Case, seed: number) => void) =>
  (at, seed) => {
    const reason = law.applies(subject)
    if (reason !== true) throw new Error(`${law.id}, ${law.name}, does not apply to ${subject.name}: ${reason}`)
    const outcome = law.check(subject, at, seed)
    if (outcome.verdict === 'failed') throw new Error(showFinding(law, at, seed, outcome))
    if (outcome.verdict === 'inconclusive') throw new Inconclusive(`${law.id} of ${showCase(at)}, seed ${seed}: ${outcome.evidence}`)
    fc.pre(outcome.verdict === 'holds')
  }

/**
 * A law of a subject as a property of fast-check: it fails where the law does, with the smallest case that fast-check finds.
 * Cases at which rounding hides the answer are skipped, as long as they are few.
 *
 * @example
 * const cube = subject((x: Node) => pow(x, 3), [fc.constantFrom(tensor([0.5, 2]), tensor(3))], { homogeneous: { degree: 3 } })
 * fc.check(lawProperty(law('L13'), cube)).failed                  // false
 * const wrong = subject((x: Node) => pow(x, 3), [fc.constant(tensor(3))], { homogeneous: { degree: 2 } })
 * fc.check(lawProperty(law('L13'), wrong)).failed                 // true
 */
export const lawProperty = (law: Law, subject: Subject): fc.IRawProperty<[Case, number], false> =>
  mostlyConclusive(fc.property(law.cases(subject), fc.nat(), obeys(law, subject)))
