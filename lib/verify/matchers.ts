/** Matchers for `expect` of vitest or jest, neither of which is imported here. */
import * as fc from 'fast-check'
import * as E from 'fp-ts/Either'
import { isNode, type Node } from '../core/Node.js'
import { isTensor, type Tensor } from '../core/Tensor.js'
import { toNode, type Operand } from '../function/operand.js'
import type { Program } from './arbitraries/index.js'
import { checkDerivatives, checkGradient, type Answer } from './check.js'
import type { CheckOptions } from './examine.js'
import { Inconclusive } from './inconclusive.js'
import { law, subject, type Declarations, type LawId, type Subject } from './laws/index.js'
import { showFinding } from './laws/property.js'
import { tensorsOf } from './numeric.js'
import { showCheck, showReport } from './show.js'
import { tensorDifference, type Closeness } from './tensorDifference.js'

/** What a matcher answers. */
export interface MatcherResult {
  readonly pass: boolean
  readonly message: () => string
}

type AnyFunction = (...args: ReadonlyArray<Node>) => unknown

/** What is known of a function that a law is checked of, and the seed of the check. */
export interface LawOptions extends Declarations<ReadonlyArray<Node>> {
  readonly seed?: number
}

/**
 * The matchers as methods of what `expect` returns. For their types write once, in any file of the tests:
 *
 * ```ts
 * declare module 'vitest' {
 *   interface Matchers<T = any> extends GradientMatchers<T> {}
 * }
 * ```
 */
export interface GradientMatchers<T = unknown> {
  /**
   * The function has a right gradient at these arguments, or the program at its inputs. Where the numbers cannot tell, a property
   * discards the case, and any other test fails.
   */
  readonly toHaveCorrectGradient: (args?: ReadonlyArray<unknown>, options?: CheckOptions) => T
  /** The same for both modes at first and second order. */
  readonly toHaveCorrectDerivatives: (args?: ReadonlyArray<unknown>, options?: CheckOptions) => T
  /** The law holds for the function at these arguments; see `laws`. */
  readonly toSatisfyLaw: (id: LawId, args?: ReadonlyArray<unknown>, options?: LawOptions) => T
  /** The tensor (or the value of the node) has this shape, dtype and these elements, up to some units in the last place if those are given. */
  readonly toEqualTensor: (expected: Operand, closeness?: Pick<Closeness, 'ulps'>) => T
  /** The same up to a relative error, 1e-12 unless given, or an absolute one. */
  readonly toBeCloseToTensor: (expected: Operand, closeness?: Closeness) => T
}

const isRecord = (x: unknown): x is Readonly<Record<string, unknown>> => typeof x === 'object' && x !== null

const isProgram = (received: unknown): received is Program =>
  isRecord(received) && typeof received['f'] === 'function' && Array.isArray(received['inputs'])

const isSubject = (received: unknown): received is Subject => isRecord(received) && 'cases' in received && 'declared' in received

/** A function with the arguments to check it at, and the code of it if it is a program. */
interface Application {
  readonly f: AnyFunction
  readonly args: ReadonlyArray<Tensor>
  readonly text: string
}

const applicationOf = (received: unknown, args: ReadonlyArray<unknown> | undefined): Application => {
  if (isProgram(received)) return { f: received.f, args: (args ?? received.inputs) as ReadonlyArray<Tensor>, text: String(received) }
  if (typeof received !== 'function') throw new TypeError(`expect: a function or a program is needed, got ${typeof received}`)
  if (args === undefined) throw new TypeError('expect: say at which arguments, as in toHaveCorrectGradient([x])')
  return { f: received as AnyFunction, args: args as ReadonlyArray<Tensor>, text: '' }
}

type Check = (f: AnyFunction, args: ReadonlyArray<Tensor>, options?: CheckOptions) => Answer

const checked =
  (check: Check) =>
  (received: unknown, given?: ReadonlyArray<unknown>, options?: CheckOptions): MatcherResult => {
    const { f, args, text } = applicationOf(received, given)
    const answer = check(f, args, options)
    if (E.isRight(answer) && answer.right.verdict === 'inconclusive') throw new Inconclusive(showReport(answer.right))
    return { pass: E.isRight(answer), message: () => `${showCheck(answer)}${text}` }
  }

/** What the law is checked of: a subject as it is, or a function at fixed arguments. */
const subjectFrom = (received: unknown, given: ReadonlyArray<unknown> | undefined, declared: Declarations<ReadonlyArray<Node>>): Subject => {
  if (isSubject(received)) return received
  const { f, args } = applicationOf(received, given)
  return subject(f, args.map((x) => fc.constant(x)), declared)
}

const satisfies = (received: unknown, id: LawId, given?: ReadonlyArray<unknown>, { seed = 0, ...declared }: LawOptions = {}): MatcherResult => {
  const about = subjectFrom(received, given, declared)
  const one = law(id)
  const reason = one.applies(about)
  if (reason !== true) throw new TypeError(`expect: ${one.id}, ${one.name}, does not apply: ${reason}`)
  const [drawn] = fc.sample(one.cases(about), { numRuns: 1, seed })
  const at = given === undefined ? drawn! : { ...drawn!, args: given }
  const outcome = one.check(about, at, seed)
  const { verdict, evidence } = outcome
  if (verdict === 'inconclusive' || verdict === 'not applicable') throw new Inconclusive(`${one.id}, ${one.name}, is ${verdict}: ${evidence}`)
  const pass = verdict === 'holds'
  return { pass, message: () => (pass ? `${one.id}, ${one.name}, holds` : showFinding(one, at, seed, outcome)) }
}

const tensorFrom = (x: unknown): Tensor => (isTensor(x) ? x : tensorsOf([isNode(x) ? x : toNode(x as Operand)])[0]!)

const equal = (received: unknown, expected: Operand, closeness: Closeness): MatcherResult => {
  const difference = tensorDifference(tensorFrom(received), tensorFrom(expected), closeness)
  return { pass: difference === undefined, message: () => difference ?? `the tensors are equal: ${String(tensorFrom(expected))}` }
}

/**
 * Matchers for `expect`: `expect.extend(gradientMatchers)`, once. See {@link GradientMatchers} for their types.
 *
 * - `expect(f).toHaveCorrectGradient([x, y])`, `expect(program).toHaveCorrectGradient()`
 * - `expect(f).toHaveCorrectDerivatives([x, y])`
 * - `expect(f).toSatisfyLaw('L13', [x], { homogeneous: { degree: 2 } })`
 * - `expect(node).toEqualTensor([1, 2])`, `expect(node).toEqualTensor([1, 2], { ulps: 2 })`
 * - `expect(node).toBeCloseToTensor([1, 2], { relative: 1e-10 })`
 *
 * @example
 * gradientMatchers.toHaveCorrectGradient((x: Node) => sin(x), [tensor([1, 2])]).pass     // true
 * gradientMatchers.toSatisfyLaw((x: Node) => sin(x), 'L15', [tensor(1)], { parity: 'even' }).pass // false
 * gradientMatchers.toEqualTensor(add([1, 2], 1), [2, 4]).message()                         // '3 was received at [1], 4 is expected, 1 apart'
 */
export const gradientMatchers = Object.freeze({
  toHaveCorrectGradient: checked(checkGradient),
  toHaveCorrectDerivatives: checked(checkDerivatives),
  toSatisfyLaw: satisfies,
  toEqualTensor: (received: unknown, expected: Operand, closeness: Pick<Closeness, 'ulps'> = {}): MatcherResult =>
    equal(received, expected, closeness),
  toBeCloseToTensor: (received: unknown, expected: Operand, { relative = 1e-12, ...rest }: Closeness = {}): MatcherResult =>
    equal(received, expected, { relative, ...rest }),
})
