/** Right derivatives as a property of fast-check. */
import * as fc from 'fast-check'
import * as E from 'fp-ts/Either'
import type { Node } from '../core/Node.js'
import type { Tensor } from '../core/Tensor.js'
import type { ArgumentInputs } from '../transform/vjp.js'
import type { Program } from './arbitraries/index.js'
import { checkGradient, type Answer } from './check.js'
import type { CheckOptions } from './examine.js'
import { Inconclusive, mostlyConclusive } from './inconclusive.js'
import { showFailure, showReport } from './show.js'

/** An arbitrary for each argument of a function. */
export type Arbitraries<A extends ReadonlyArray<unknown>> = { readonly [K in keyof A]: fc.Arbitrary<ArgumentInputs<A>[K]> }

/** A check, such as `checkGradient` or `checkDerivatives`. */
export type Check = (f: (...args: ReadonlyArray<Node>) => unknown, args: ReadonlyArray<Tensor>, options?: CheckOptions) => Answer

/** How a property checks derivatives. */
export interface GradientPropertyOptions extends Omit<CheckOptions, 'seed'> {
  /** `checkGradient` unless given; `checkDerivatives` checks both modes and second order as well. */
  readonly check?: Check
}

/** The answer as what a property expects of its predicate: nothing, a failure, or a case to be discarded. */
export const demand = (answer: Answer): void => {
  if (E.isLeft(answer)) throw new Error(showFailure(answer.left))
  if (answer.right.verdict === 'inconclusive') throw new Inconclusive(showReport(answer.right))
}

interface GradientProperty {
  <A extends ReadonlyArray<unknown>>(
    f: (...args: A) => unknown,
    args: Arbitraries<A>,
    options?: GradientPropertyOptions,
  ): fc.IRawProperty<[args: ReadonlyArray<unknown>, seed: number], false>
  (programs: fc.Arbitrary<Program>, options?: GradientPropertyOptions): fc.IRawProperty<[program: Program, seed: number], false>
}

type AnyFunction = (...args: ReadonlyArray<Node>) => unknown

const ofPrograms = (programs: fc.Arbitrary<Program>, { check = checkGradient, ...options }: GradientPropertyOptions = {}) =>
  mostlyConclusive(fc.property(programs, fc.nat(), ({ f, inputs }, seed) => demand(check(f, inputs, { ...options, seed }))))

const ofFunction = (f: AnyFunction, args: ReadonlyArray<fc.Arbitrary<Tensor>>, { check = checkGradient, ...options }: GradientPropertyOptions = {}) =>
  mostlyConclusive(fc.property(fc.tuple(...args), fc.nat(), (drawn, seed) => demand(check(f, drawn, { ...options, seed }))))

/**
 * The property that a function has right derivatives wherever its arguments are drawn from, or that random programs have. It
 * fails with the smallest arguments, or the smallest program, and the report of the check. Cases at which the numbers cannot
 * tell are discarded; when they are more than 2 % the property fails and says so.
 *
 * @example
 * fc.assert(gradientProperty((x: Node) => log(x), [tensors([2], positive)]), { numRuns: 10 })
 * fc.assert(gradientProperty(programs({ smoothness: 'kinked' })), { numRuns: 10 })
 * const wrong = gradientProperty((x: Node) => add(x, sin(stopGradient(x))), [tensors([2])])
 * fc.check(wrong, { seed: 1 }).counterexample[0] // [[0, 0]]
 */
export const gradientProperty: GradientProperty = ((...given: Parameters<typeof ofPrograms> | Parameters<typeof ofFunction>) =>
  typeof given[0] === 'function'
    ? ofFunction(...(given as Parameters<typeof ofFunction>))
    : ofPrograms(...(given as Parameters<typeof ofPrograms>))) as GradientProperty
