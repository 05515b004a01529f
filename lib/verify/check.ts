/** Checks of derivatives: reverse mode, forward mode, second order, one mode against the other, and all of these. */
import type * as E from 'fp-ts/Either'
import type { ArgumentInputs } from '../transform/vjp.js'
import { directionAt, weights } from './direction.js'
import { checking, examine, inTurn, type CheckOptions } from './examine.js'
import { numeric, pullback, pushforward, results, type Numeric } from './numeric.js'
import { split } from './random.js'
import type { CheckFailure, Report } from './report.js'

/** What a check answers. */
export type Answer = E.Either<CheckFailure, Report>

type AnyFunction = (...args: ReadonlyArray<never>) => unknown

/** Second order: both modes of both modes. */
const secondOrder = (g: Numeric, options: CheckOptions): Answer => {
  const seed = options.seed ?? 0
  const backward = pullback(g, weights(g, results(g), split(seed, -2)))
  const forward = pushforward(g, directionAt(g, split(seed, -3)))
  return inTurn([
    () => examine(backward, 'reverse', 'vjp of vjp', options),
    () => examine(backward, 'forward', 'jvp of vjp', options),
    () => examine(forward, 'reverse', 'vjp of jvp', options),
    () => examine(forward, 'forward', 'jvp of jvp', options),
  ])
}

/**
 * Checks the reverse-mode derivative of a function of trees at some arguments against numerical differentiation, in
 * random directions through all arguments and with random cotangents of the result. Integer leaves are held fixed.
 *
 * A right derivative is never refuted, and a wrong one does not pass: where the numbers cannot tell, the report says
 * `inconclusive`. Steps adapt to the argument, tolerances are derived from rounding errors and not chosen. At a kink any
 * number between the one-sided derivatives is right, and the report names the kink. A function that computes in `f32` is
 * checked as the same program in `f64`, and its derivative is compared with that within the rounding that `f32` does.
 *
 * `Left` for a derivative that is refuted or has the wrong shape, or for a function that misuses an operation. A mismatch
 * carries the entry of the Jacobian that is wrong, the node of the program that is to blame, and a script that shows it
 * again; `showFailure` writes it out.
 *
 * @example
 * E.isRight(checkGradient((x: Node) => mul(x, sin(x)), [tensor([0.5, 2])]))               // true
 * const wrong = checkGradient((x: Node) => add(square(x), sin(stopGradient(x))), [3])
 * pipe(wrong, E.mapLeft((e) => e._tag === 'GradientMismatch' && e.blame?._tag === 'Node' && e.blame.line)) // left('%2: f64[] = stopGradient(%0)')
 */
export const checkGradient = <A extends ReadonlyArray<unknown>, R>(
  f: (...args: A) => R,
  args: ArgumentInputs<A>,
  options: CheckOptions = {},
): Answer => checking(() => examine(numeric(f as AnyFunction, args), 'reverse', 'vjp', options))

/**
 * Checks the forward-mode derivative of a function of trees the way {@link checkGradient} checks the reverse-mode one.
 *
 * @example
 * E.isRight(checkJvp((x: Node) => mul(x, sin(x)), [tensor([0.5, 2])])) // true
 */
export const checkJvp = <A extends ReadonlyArray<unknown>, R>(
  f: (...args: A) => R,
  args: ArgumentInputs<A>,
  options: CheckOptions = {},
): Answer => checking(() => examine(numeric(f as AnyFunction, args), 'forward', 'jvp', options))

/**
 * Checks second derivatives: both modes, applied to the pullback `(x, w) ↦ Jᵀ(x) w` and to the pushforward
 * `(x, v) ↦ J(x) v`, against numerical differentiation of these. Blame falls on nodes of the program of the derivative.
 *
 * @example
 * E.isRight(checkSecondOrder((x: Node) => mul(x, sin(x)), [tensor([0.5, 2])])) // true
 */
export const checkSecondOrder = <A extends ReadonlyArray<unknown>, R>(
  f: (...args: A) => R,
  args: ArgumentInputs<A>,
  options: CheckOptions = {},
): Answer => checking(() => secondOrder(numeric(f as AnyFunction, args), options))

/**
 * Checks the two modes against each other by the identity `⟨w, J v⟩ = ⟨Jᵀ w, v⟩`, without any differencing and to
 * rounding error: 16 ulp for each element of arguments and result. It suits single operations and short programs, and
 * cannot see a mistake that both modes share.
 *
 * @example
 * E.isRight(checkTransposition((x: Node) => mul(x, sin(x)), [tensor([0.5, 2])])) // true
 */
export const checkTransposition = <A extends ReadonlyArray<unknown>, R>(
  f: (...args: A) => R,
  args: ArgumentInputs<A>,
  options: CheckOptions = {},
): Answer => checking(() => examine(numeric(f as AnyFunction, args), 'transposition', 'transposition', options))

/**
 * All checks in one call: reverse mode, forward mode, and second order in the four ways that the two modes combine. The
 * first failure is the answer. What suits rules of one's own.
 *
 * @example
 * const report = checkDerivatives((x: Node) => mul(x, sin(x)), [tensor([0.5, 2])])
 * pipe(report, E.map((r) => r.comparisons.length)) // right(18)
 */
export const checkDerivatives = <A extends ReadonlyArray<unknown>, R>(
  f: (...args: A) => R,
  args: ArgumentInputs<A>,
  options: CheckOptions = {},
): Answer =>
  checking(() => {
    const g = numeric(f as AnyFunction, args)
    return inTurn([
      () => examine(g, 'reverse', 'vjp', options),
      () => examine(g, 'forward', 'jvp', options),
      () => secondOrder(g, options),
    ])
  })
