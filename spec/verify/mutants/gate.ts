/** The gate: every checker on the same functions, at the same points, with the same mutants. */
import type { Verdict } from '../../../lib/verify/compare.js'
import { genericMistakes } from '../../../lib/verify/mutants/generic.js'
import { judge } from '../../../lib/verify/mutants/judge.js'
import { peers } from './peers/index.js'
import { families, type Family } from './subjects.js'
import { mutantTrials, pointsOf, rightTrial, type Mode, type Trial } from './trials.js'

/** A checker of derivatives, and the mode that it checks. */
export interface Checker {
  readonly name: string
  readonly mode: Mode
  readonly judge: (trial: Trial) => Verdict
}

const ours = (mode: Mode, name: string): Checker => ({
  name,
  mode,
  judge: ({ f, args, seed }) => judge(f, args, mode, { seed, blame: false }).verdict,
})

/** The checkers that are put to the test; this library comes first, in both modes. */
export const checkers: ReadonlyArray<Checker> = [
  ours('vjp', 'foldgrad'),
  ours('jvp', 'foldgrad, forward mode'),
  ...peers.map(
    ({ name, passes }): Checker => ({ name, mode: 'vjp', judge: ({ subject, seed }) => (passes(subject(), seed) ? 'consistent' : 'refuted') }),
  ),
]

/** What a checker did. */
export interface Tally {
  readonly name: string
  /** Right derivatives: how many were judged, how many of them were refused, and of how many it could not tell. */
  right: number
  alarms: number
  unsure: number
  /** Wrong derivatives: how many were judged, how many of them passed, and of how many it could not tell. */
  wrong: number
  passed: number
  undecided: number
  /** The same of those whose error exceeds a hundredth. */
  grossly: number
  passedGrossly: number
  milliseconds: number
}

/** Something that went wrong, for whoever wants to know more. */
export interface Incident {
  readonly checker: string
  readonly what: 'false alarm' | 'wrongly passed' | 'not sure' | 'undecided'
  readonly family: string
  readonly detail: string
}

/** How many points are taken of each family. */
export interface Extent {
  /** Points at which right derivatives are judged, and those at which mutants are. */
  readonly right: number
  readonly mutants: number
  readonly seed: number
}

/** What the gate found. */
export interface Outcome {
  readonly tallies: ReadonlyArray<Tally>
  readonly incidents: ReadonlyArray<Incident>
  /** How many different mutants of reverse mode could be seen, and how often each mistake that suits every rule was. */
  readonly mutants: number
  readonly generic: ReadonlyMap<string, number>
  readonly families: number
}

const fresh = ({ name }: Checker): Tally => ({ name, right: 0, alarms: 0, unsure: 0, wrong: 0, passed: 0, undecided: 0, grossly: 0, passedGrossly: 0, milliseconds: 0 })

const timed = (tally: Tally, run: () => Verdict): Verdict => {
  const start = performance.now()
  const verdict = run()
  tally.milliseconds += performance.now() - start
  return verdict
}

/** An error that nobody could call a rounding error. */
const gross = 1e-2

/** Runs the gate over some families, telling how far it is. */
export const runGate = (extent: Extent, progress: (done: number, of: number, family: Family) => void = () => {}, some: ReadonlyArray<Family> = families): Outcome => {
  const tallies = checkers.map(fresh)
  const incidents: Array<Incident> = []
  const seen = new Set<string>()
  const generic = new Map<string, number>()
  some.forEach((family, done) => {
    progress(done, some.length, family)
    const points = pointsOf(family, Math.max(extent.right, extent.mutants), extent.seed)
    points.forEach(({ f, args, label }, i) => {
      const note = (checker: Checker, what: Incident['what'], detail: string): void => {
        incidents.push({ checker: checker.name, what, family: family.name, detail: `${detail} (${label})` })
      }
      const right = rightTrial(f as never, args, i)
      checkers.forEach((checker, c) => {
        if (i >= extent.right) return
        const tally = tallies[c]!
        const verdict = timed(tally, () => checker.judge(right))
        tally.right++
        if (verdict === 'refuted') tally.alarms++
        if (verdict === 'inconclusive') tally.unsure++
        if (verdict !== 'consistent') note(checker, verdict === 'refuted' ? 'false alarm' : 'not sure', '')
      })
      if (i >= extent.mutants) return
      for (const mode of ['vjp', 'jvp'] as const)
        for (const trial of mutantTrials(f as never, args, i, mode)) {
          if (mode === 'vjp') {
            seen.add(`${family.name}: ${trial.name}`)
            if (trial.generic) generic.set(nameOf(trial.name), (generic.get(nameOf(trial.name)) ?? 0) + 1)
          }
          checkers.forEach((checker, c) => {
            if (checker.mode !== mode) return
            const tally = tallies[c]!
            const verdict = timed(tally, () => checker.judge(trial))
            tally.wrong++
            if (trial.error > gross) tally.grossly++
            if (verdict === 'inconclusive') tally.undecided++
            if (verdict === 'consistent') {
              tally.passed++
              if (trial.error > gross) tally.passedGrossly++
            }
            if (verdict !== 'refuted') note(checker, verdict === 'consistent' ? 'wrongly passed' : 'undecided', `${trial.name}, off by ${trial.error.toExponential(1)}`)
          })
        }
    })
  })
  return { tallies, incidents, mutants: seen.size, generic, families: some.length }
}

/** The mistake without the operation. */
const nameOf = (name: string): string => name.slice(name.indexOf(': ') + 2).replace(/ \(\d+\)$/, '')

/** What this library has to reach. */
const bar = { alarms: 0, passed: 0, inconclusive: 0.02 }

/** How often a checker could not tell, of all that it was asked. */
export const inconclusive = ({ unsure, undecided, right, wrong }: Tally): number => (right + wrong === 0 ? 0 : (unsure + undecided) / (right + wrong))

/** Mistakes that suit every rule and could be seen nowhere: nothing was learnt about them. One of them is too small to count. */
export const unseen = ({ generic }: Outcome): ReadonlyArray<string> =>
  genericMistakes.map(({ name }) => name).filter((name) => !generic.has(name) && name !== 'a factor of 1 + 1e-9')

/** Where this library misses the bar. */
export const misses = ({ tallies }: Outcome): ReadonlyArray<string> =>
  tallies
    .filter(({ name }) => name.startsWith('foldgrad'))
    .flatMap((tally) => [
      ...(tally.alarms > bar.alarms ? [`${tally.name}: ${tally.alarms} false alarms`] : []),
      ...(tally.passed > bar.passed ? [`${tally.name}: ${tally.passed} wrong derivatives passed`] : []),
      ...(inconclusive(tally) > bar.inconclusive ? [`${tally.name}: ${(100 * inconclusive(tally)).toFixed(1)} % inconclusive`] : []),
    ])
