/** The mutation gate: a check is worth as much as the mistakes that it finds, so mistakes are made for it to find. */
import * as fc from 'fast-check'
import * as E from 'fp-ts/Either'
import { showError } from '../../core/FoldgradError.js'
import type { Node, Primitive } from '../../core/Node.js'
import type { Leaf } from '../../core/Tree.js'
import type { ArgumentInputs } from '../../transform/vjp.js'
import type { CheckOptions } from '../examine.js'
import { attempt } from '../numeric.js'
import { errorOf, judge, judgeBy, observable, type Judgement } from './judge.js'
import { derivativeOf } from './linear.js'
import { mutantsOf, type Mutant, type TreeFunction } from './mutants.js'

/** How the gate is run. */
export interface GateOptions<F = TreeFunction> extends CheckOptions {
  /** Whose rules get mistakes: reverse mode unless given. */
  readonly mode?: 'vjp' | 'jvp'
  /** How many points are drawn from an arbitrary. 5 unless given. */
  readonly points?: number
  /**
   * The check that is put to the test: it is given a function and its arguments, and finds a mistake by throwing, by returning
   * `false` or by returning a `Left`. The checks of this library unless given.
   */
  readonly check?: (f: F, args: ReadonlyArray<unknown>) => unknown
}

/** A mutant that a check did not find. */
export interface Survivor {
  /** The operation whose rule the mistake is in, and the mistake. */
  readonly operation: string
  readonly mistake: string
  /** How far the wrong gradient is from the right one, relative to its largest entry. */
  readonly error: number
}

/** What a check made of the mutants of a function. */
export interface GateReport {
  /** How many mutants have another derivative than the function, at one of the points at least. */
  readonly mutants: number
  readonly killed: number
  /** How many have the right derivative at all points, or one that is no array of the right shape. */
  readonly equivalent: number
  /** Mutants that passed, and mutants that the check could not tell about. */
  readonly survivors: ReadonlyArray<Survivor>
  readonly inconclusive: ReadonlyArray<Survivor>
}

/** Either the function as it is does not pass, or a mutant of it does. */
export type GateFailure =
  | { readonly _tag: 'RuleRejected'; readonly reason: string }
  | { readonly _tag: 'MutantsSurvived'; readonly report: GateReport }

/** The failure as text. */
export const showGateFailure = (failure: GateFailure): string => {
  if (failure._tag === 'RuleRejected') return `the derivative is wrong: ${failure.reason}`
  const { survivors, mutants } = failure.report
  const lines = survivors.map(({ operation, mistake, error }) => `  ${operation}, ${mistake} (the gradient is off by ${error.toExponential(0)})`)
  return [`${survivors.length} of ${mutants} mutants survive the check:`, ...lines].join('\n')
}

interface Point {
  readonly args: ReadonlyArray<unknown>
  readonly seed: number
}

/** What became of a mutant: the worst at the points where it can be seen. */
type Fate = (Survivor & { readonly verdict: Judgement['verdict'] }) | undefined

const worse = (a: Fate, b: Fate): Fate => {
  if (a === undefined || b === undefined) return a ?? b
  const rank = { refuted: 2, consistent: 1, inconclusive: 0 } as const
  return rank[b.verdict] > rank[a.verdict] ? b : a
}

const drawn = (points: unknown, count: number, seed: number): ReadonlyArray<Point> => {
  const given = points instanceof fc.Arbitrary ? fc.sample(points as fc.Arbitrary<ReadonlyArray<unknown>>, { numRuns: count, seed }) : [points as ReadonlyArray<unknown>]
  return given.map((args, i) => ({ args, seed: seed + i }))
}

const reportOf = (fates: ReadonlyArray<Fate>): GateReport => {
  const seen = fates.filter((fate) => fate !== undefined)
  const those = (verdict: Judgement['verdict']): ReadonlyArray<Survivor> =>
    Object.freeze(seen.filter((fate) => fate.verdict === verdict).map(({ operation, mistake, error }) => Object.freeze({ operation, mistake, error })))
  return Object.freeze({
    mutants: seen.length,
    killed: those('refuted').length,
    equivalent: fates.length - seen.length,
    survivors: those('consistent'),
    inconclusive: those('inconclusive'),
  })
}

const rejected = (reason: string): E.Either<GateFailure, never> => E.left(Object.freeze({ _tag: 'RuleRejected', reason }))

const fateOf = ({ operation, mistake }: Mutant, error: number | undefined, judged: () => Judgement): Fate =>
  error !== undefined && error > observable ? { operation, mistake, error, verdict: judged().verdict } : undefined

/** The operation that a function stands for, if it was made by `customRule` or `customPrimitive`. */
const opOf = (f: object): Primitive | undefined => ('op' in f ? (f.op as Primitive) : undefined)

/**
 * Puts a check of derivatives to the test: it must accept a function and refuse every mutant of it, at the given arguments
 * or at arguments drawn from an arbitrary. A mutant is the function with one mistake in the rule of one of its operations:
 * the sign, a factor of 1 + 1e-6, a term or a factor that is missing, an axis that is off by one …, about fifty for each
 * operation, made by editing the derivative, which is a graph. Of a function made by `customRule` it is that rule that gets
 * the mistakes.
 *
 * So it answers two questions: whether a rule is right, and whether a check at these arguments would notice if it were not.
 * Mutants whose derivative is the right one at these arguments are not counted. Without the option `check` it is the check
 * of this library that is tested.
 *
 * `Left` if the function is refused, or if a mutant is accepted wherever it can be seen.
 *
 * @example
 * const logistic = customRule((x: Node) => div(1, add(1, exp(neg(x)))), {
 *   name: 'logistic',
 *   vjp: [(g, y) => mul(g, mul(y, sub(1, y)))],
 * })
 * const result = mutationGate(logistic, [tensor([0.5, -2])])
 * E.isRight(result) && result.right.survivors // []
 *
 * @example
 * const blunt = (f: (x: Node) => Node): boolean => Math.abs(item(grad(f)(2)) - 12) < 1e-4
 * const found = mutationGate((x: Node) => pow(x, 3), [2], { check: blunt })
 * E.isLeft(found) && found.left._tag // 'MutantsSurvived'
 */
export const mutationGate = <A extends ReadonlyArray<unknown>, R>(
  f: (...args: A) => R,
  args: ArgumentInputs<A> | fc.Arbitrary<ArgumentInputs<A>>,
  options: GateOptions<(...args: A) => R> = {},
): E.Either<GateFailure, GateReport> => {
  const { mode = 'vjp', points = 5, seed = 0, check } = options
  const own = f as unknown as TreeFunction
  const op = opOf(f)
  const judged = (g: TreeFunction, at: Point, blame: boolean): Judgement =>
    check === undefined ? judge(g, at.args, mode, { ...options, seed: at.seed, blame }) : judgeBy(() => check(g as unknown as (...args: A) => R, at.args))
  const fates = new Map<string, Fate>()
  for (const at of drawn(args, points, seed)) {
    const plain = judged(own, at, true)
    if (plain.verdict === 'refuted') return rejected(plain.reason)
    const right = attempt(() => derivativeOf(own, at.args, mode))
    if (E.isLeft(right)) return rejected(right.left.map(showError).join('\n'))
    for (const mutant of mutantsOf(own, at.args, op === undefined ? { mode } : { mode, op })) {
      const name = `${mutant.operation}: ${mutant.mistake}`
      const error = errorOf(right.right, mutant.f, at.args, mode, at.seed)
      fates.set(name, worse(fates.get(name), fateOf(mutant, error, () => judged(mutant.f, at, false))))
    }
  }
  const report = reportOf([...fates.values()])
  return report.survivors.length > 0 ? E.left(Object.freeze({ _tag: 'MutantsSurvived', report })) : E.right(report)
}

/**
 * A check for the option `verify` of `customRule` and `customPrimitive`: the gate, at these arguments, when the rule is
 * defined. A rule that is wrong there, or whose mistakes would not be noticed there, then gives invalid nodes that say so.
 *
 * @example
 * const cube = customRule((x: Node) => pow(x, 3), {
 *   name: 'cube',
 *   vjp: [(g, _y, x) => mul(g, mul(2, square(x)))],
 *   verify: gate([tensor([0.5, 2])]),
 * })
 * E.isLeft(evaluate(cube(2))) // true
 */
export const gate =
  (args: ReadonlyArray<Leaf> | fc.Arbitrary<ReadonlyArray<Leaf>>, options: GateOptions = {}) =>
  (f: (...operands: ReadonlyArray<Leaf>) => Node): ReadonlyArray<string> => {
    const result = mutationGate(f as TreeFunction, args, options)
    return E.isRight(result) ? [] : [showGateFailure(result.left)]
  }
