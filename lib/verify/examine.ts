/** One mode of a function along several lines: what is the same in every check. */
import * as E from 'fp-ts/Either'
import { FoldgradException, type FoldgradError } from '../core/FoldgradError.js'
import type { Tensor } from '../core/Tensor.js'
import type { Comparison } from './compare.js'
import { lineOf, type Line } from './direction.js'
import { blameFor, blameInSingle, type Blame } from './explain.js'
import { locate, type Compare, type Coordinate } from './locate.js'
import { attempt, pack, results, type Numeric } from './numeric.js'
import { pretty } from '../interpret/pretty.js'
import type { Checked, CheckFailure, Kink, Mode, Report } from './report.js'
import { reproduction } from './reproduce.js'
import { firstStep } from './numerical.js'
import { sameNumbers } from './sum.js'
import { courseOf, firstKink, programOf } from './traced.js'
import { singleTrial, trialOf, type Way, type WrongShapes } from './trial.js'

/** How a check draws its directions, and what it does about what it finds. */
export interface CheckOptions {
  /** Equal seeds draw equal directions. 0 unless given. */
  readonly seed?: number
  /** How many directions are tried. 3 unless given: an error in one entry among many escapes them with p < 1e-12. */
  readonly directions?: number
  /** `accept` (the default) takes any number between the one-sided derivatives at a kink, `refuse` fails where there is one. */
  readonly kinks?: 'accept' | 'refuse'
  /** Whether to look for the entry and the node to blame once something is wrong, which takes longer. True unless told otherwise. */
  readonly blame?: boolean
}

/** What is checked: a function at a point, in one way. */
interface Subject {
  readonly g: Numeric
  readonly ys: ReadonlyArray<Tensor>
  readonly way: Way
  readonly mode: Mode
  readonly seed: number
  readonly blame: boolean
}

const checkNames = { reverse: 'checkGradient', forward: 'checkJvp', transposition: 'checkTransposition' } as const

/** The script that repeats a check of this function. */
const codeFor = ({ g, way, seed }: Subject, direction: number): string =>
  reproduction(programOf(g.single ?? g).outputs, checkNames[way], `{ seed: ${seed}, directions: ${Math.max(3, direction + 1)} }`)

const listingOf = (g: Numeric): string => pretty(programOf(g.single ?? g).outputs)

/** Blame is additional: a search that goes wrong itself must not hide what was found. */
const sought = <T>(search: () => T): T | undefined => {
  const found = attempt(search)
  return E.isRight(found) ? found.right : undefined
}

interface Found {
  readonly comparison: Pick<Comparison, 'step' | 'tolerance'>
  readonly precision: 'f64' | 'f32'
  readonly compare: Compare
}

const explained = (s: Subject, line: Line, { comparison, precision }: Found, coordinate: Coordinate | undefined, direction: number) => {
  if (!s.blame) return {}
  const blame = sought((): Blame => (precision === 'f32' ? blameInSingle(s.g.single!, s.way) : blameFor(s.g, s.ys, s.way, line, comparison)))
  const code = sought(() => codeFor(s, direction))
  return { ...(coordinate === undefined ? {} : { coordinate }), ...(blame === undefined ? {} : { blame }), ...(code === undefined ? {} : { code }) }
}

/** The node with a kink at the point, by its line in the listing. */
const kinkOn = ({ g }: Subject, { v }: Line, step: number): string | undefined => {
  const program = programOf(g)
  const at = firstKink(courseOf(g, program, v, step), program)
  return at === undefined ? undefined : pretty(program.outputs).split('\n').find((text) => text.startsWith(`%${at}:`))
}

/** What is known of a kink on a line; its node is looked for only where that was asked for. */
const kinkOf = (s: Subject, line: Line, { claimed, sides, step }: Comparison, direction: number): Kink => {
  const node = s.blame ? sought(() => kinkOn(s, line, step)) : undefined
  const [left, right] = sides!
  return Object.freeze({ mode: s.mode, direction, left, right, claimed, ...(node === undefined ? {} : { line: node }) })
}

/**
 * A refuted comparison. Where several kinks meet, a sum of right entries may lie outside the interval that the sum of the
 * functions has: relu(x) - relu(-x) is smooth, and no choice of subgradients need give its slope. So if some node has a kink
 * on the line, a single entry has to be refuted.
 */
const refutation = (s: Subject, line: Line, found: Found & { readonly comparison: Comparison }, direction: number): CheckFailure | undefined => {
  const kink = s.way === 'transposition' ? undefined : sought(() => kinkOn(s, line, found.comparison.step))
  const coordinate = kink !== undefined || s.blame ? sought(() => locate(s.g, s.ys, found.compare, line)) : undefined
  if (kink !== undefined && coordinate === undefined) return undefined
  const { mode, seed } = s
  const { comparison, precision } = found
  const program = listingOf(s.g)
  return Object.freeze({ _tag: 'GradientMismatch', mode, precision, seed, direction, ...comparison, program, ...explained(s, line, found, coordinate, direction) })
}

/** All comparisons along one line: in double precision and, for a function that computes in single precision, as it does. */
const comparisonsOn = ({ g, ys, way }: Subject): ReadonlyArray<readonly [precision: 'f64' | 'f32', compare: Compare]> => {
  const { single } = g
  const exact = ['f64', (line: Line) => trialOf(way, g, ys, line)] as const
  return single === undefined || way === 'transposition' ? [exact] : [exact, ['f32', (line: Line) => singleTrial(g, single, way === 'forward', line)]]
}

/**
 * The comparison along a line. A rule that returns an array of the wrong shape may make other operations complain; then the
 * shape is what is wrong.
 */
const compared = (s: Subject, line: Line, compare: Compare): Comparison | WrongShapes => {
  const found = attempt(() => compare(line))
  if (E.isRight(found)) return found.right
  const blame = s.blame ? sought(() => blameFor(s.g, s.ys, s.way, line, { step: firstStep, tolerance: 0 })) : undefined
  if (blame?._tag !== 'Node' || blame.misshapen === undefined) throw new FoldgradException(found.left)
  return { expected: [blame.node.inputs[blame.operand!]!.shape], found: [blame.misshapen] }
}

/** Compares one mode of a function along the lines of a seed. */
export const examine = (g: Numeric, way: Way, mode: Mode, options: CheckOptions): E.Either<CheckFailure, Report> => {
  const { seed = 0, directions = 3, kinks: policy = 'accept', blame = true } = options
  const ys = results(g)
  if (!sameNumbers(pack(ys), pack(results(g)))) return E.left(Object.freeze({ _tag: 'Impure', mode }))
  const s: Subject = { g, ys, way, mode, seed, blame }
  const comparisons: Array<Checked> = []
  const kinks: Array<Kink> = []
  for (let direction = 0; direction < directions; direction++) {
    const line = lineOf(g, ys, seed, direction)
    for (const [precision, compare] of comparisonsOn(s)) {
      const comparison = compared(s, line, compare)
      if ('expected' in comparison)
        return E.left(Object.freeze({ _tag: 'ShapeMismatch', mode, ...comparison, program: listingOf(g), ...explained(s, line, { comparison: { step: firstStep, tolerance: 0 }, precision, compare }, undefined, direction) }))
      const failure = comparison.verdict === 'refuted' ? refutation(s, line, { comparison, precision, compare }, direction) : undefined
      if (failure !== undefined) return E.left(failure)
      const accepted: Comparison = comparison.verdict === 'refuted' ? { ...comparison, verdict: 'consistent' } : comparison
      if (comparison.kink && precision === 'f64') {
        const kink = kinkOf(s, line, comparison, direction)
        if (policy === 'refuse') return E.left(Object.freeze({ _tag: 'KinkRefused', seed, program: listingOf(g), ...kink }))
        kinks.push(kink)
      }
      comparisons.push(Object.freeze({ mode, precision, direction, ...accepted }))
    }
  }
  return E.right(reportOf(comparisons, kinks))
}

/** The report of some comparisons. */
export const reportOf = (comparisons: ReadonlyArray<Checked>, kinks: ReadonlyArray<Kink>): Report =>
  Object.freeze({
    verdict: comparisons.every((c) => c.verdict === 'consistent') ? 'consistent' : 'inconclusive',
    comparisons: Object.freeze([...comparisons]),
    kinks: Object.freeze([...kinks]),
  })

/** One check after another, up to the first that fails. */
export const inTurn = (checks: ReadonlyArray<() => E.Either<CheckFailure, Report>>): E.Either<CheckFailure, Report> => {
  const reports: Array<Report> = []
  for (const check of checks) {
    const found = check()
    if (E.isLeft(found)) return found
    reports.push(found.right)
  }
  return E.right(reportOf(reports.flatMap((r) => r.comparisons), reports.flatMap((r) => r.kinks)))
}

/** Misuse thrown anywhere in a check is a failure of it. */
export const checking = (run: () => E.Either<CheckFailure, Report>): E.Either<CheckFailure, Report> =>
  E.flatten(E.mapLeft((errors: ReadonlyArray<FoldgradError>): CheckFailure => Object.freeze({ _tag: 'Misuse', errors }))(attempt(run)))
