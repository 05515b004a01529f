/** Checks of derivatives: reverse mode, forward mode, second order, and one mode against the other. */
import * as E from 'fp-ts/Either'
import { showError, type FoldgradError } from '../core/FoldgradError.js'
import { sameShape, showShape, sizeOf, type Shape } from '../core/Shape.js'
import { bufferOf, type Tensor } from '../core/Tensor.js'
import type { ArgumentInputs } from '../transform/vjp.js'
import { claim, compare, type Comparison } from './compare.js'
import { along, attempt, listingOf, numeric, pack, pullback, pushforward, results, unpack, type Numeric } from './numeric.js'
import { epsilon } from './numerical.js'
import { signed, split } from './random.js'

/** How a check draws its directions. */
export interface CheckOptions {
  /** Equal seeds draw equal directions. 0 unless given. */
  readonly seed?: number
  /** How many directions are tried. 3 unless given: an error in one entry among many escapes them with p < 1e-12. */
  readonly directions?: number
}

/** What was compared: reverse mode, forward mode, or one of them applied to one of them. */
export type Mode = 'vjp' | 'jvp' | 'vjp of vjp' | 'jvp of vjp' | 'vjp of jvp' | 'jvp of jvp' | 'transposition'

/** A check that was passed: what was compared, and whether the numbers were good enough to tell. */
export interface Report {
  /** `inconclusive` if any comparison was: take another point, nearer to 1 or away from cancellation. */
  readonly verdict: 'consistent' | 'inconclusive'
  readonly comparisons: ReadonlyArray<Comparison>
}

/** A derivative that differs from numerical differentiation. The same seed finds it again. */
export interface GradientMismatch extends Comparison {
  readonly _tag: 'GradientMismatch'
  readonly mode: Mode
  readonly seed: number
  readonly direction: number
  /** The program whose derivative it is, as `pretty` lists it, on variables `x0`, `x1`, … that hold the arguments. */
  readonly program: string
}

/** A derivative of another shape than what it is the derivative of. */
export interface ShapeMismatch {
  readonly _tag: 'ShapeMismatch'
  readonly mode: Mode
  readonly expected: ReadonlyArray<Shape>
  readonly found: ReadonlyArray<Shape>
}

/** The function, or its derivative, misuses an operation. */
export interface Misuse {
  readonly _tag: 'Misuse'
  readonly errors: ReadonlyArray<FoldgradError>
}

export type CheckFailure = GradientMismatch | ShapeMismatch | Misuse

type Checked = E.Either<CheckFailure, Report>

const showMismatch = ({ mode, claimed, estimate, tolerance, kink, seed, direction, program }: GradientMismatch): string =>
  `${mode}: the derivative is ${claimed}, the estimate ${estimate} ± ${tolerance}` +
  `${kink ? ' (the middle of a kink)' : ''} (seed ${seed}, direction ${direction})` +
  program.split('\n').map((line) => `\n  ${line}`).join('')

const showShapes = (shapes: ReadonlyArray<Shape>): string => shapes.map(showShape).join(', ')

/** The failure as a sentence, with the program it is about. */
export const showFailure = (failure: CheckFailure): string => {
  switch (failure._tag) {
    case 'GradientMismatch':
      return showMismatch(failure)
    case 'ShapeMismatch':
      return `${failure.mode}: the derivative has the shapes ${showShapes(failure.found)}, expected ${showShapes(failure.expected)}`
    case 'Misuse':
      return failure.errors.map(showError).join('\n')
  }
}

/** Weights for the elements of some tensors, of both signs. */
const weights = (like: ReadonlyArray<Tensor>, seed: number): Float64Array => pack(like).map((_, i) => signed(seed, i))

const median = (xs: ReadonlyArray<number>): number => [...xs].sort((a, b) => a - b)[xs.length >> 1] ?? 0

/**
 * The direction entry for an element `x`, rounded to 19 bits below the leading bit of `x`: then `x + h v` is computed
 * without rounding at every step of every ladder, and the quotients are free of that error.
 */
const onGrid = (v: number, x: number): number => {
  const grid = x === 0 ? 0 : 2 ** (Math.floor(Math.log2(Math.abs(x))) - 19)
  return grid === 0 ? v : Math.round(v / grid) * grid
}

/** A direction whose entries are of the size of those of the point, so that steps are relative; none is zero. */
const directionAt = (point: ReadonlyArray<Tensor>, seed: number): Float64Array => {
  const sizes = point.flatMap((t) => {
    const magnitudes = Array.from(bufferOf(t), Math.abs)
    const floor = 1e-3 * (median(magnitudes) || Math.max(0, ...magnitudes)) || 1
    return magnitudes.map((x) => Math.max(x, floor))
  })
  const x = pack(point)
  return Float64Array.from(sizes, (size, j) => onGrid(size * signed(seed, j), x[j]!))
}

const mismatch = (mode: Mode, found: ReadonlyArray<Tensor>, expected: ReadonlyArray<Tensor>): ShapeMismatch | undefined =>
  found.length === expected.length && found.every((t, i) => sameShape(t.shape, expected[i]!.shape))
    ? undefined
    : Object.freeze({ _tag: 'ShapeMismatch', mode, expected: expected.map((t) => t.shape), found: found.map((t) => t.shape) })

/** What is compared in one direction: the claimed terms, and the line and the weights to estimate them by. */
const trial = (g: Numeric, forward: boolean, mode: Mode, ys: ReadonlyArray<Tensor>, seed: number): ShapeMismatch | Comparison => {
  const v = directionAt(g.point, split(seed, 0))
  const w = weights(ys, split(seed, 1))
  const derivative = results(forward ? pushforward(g, unpack(g.point, v)) : pullback(g, unpack(ys, w)))
  const wrong = mismatch(mode, derivative, forward ? ys : g.point)
  return wrong ?? compare(along(g, v), w, claim(pack(derivative), forward ? w : v))
}

const check = (g: Numeric, forward: boolean, mode: Mode, { seed = 0, directions = 3 }: CheckOptions): Checked => {
  const ys = results(g)
  const comparisons: Array<Comparison> = []
  for (let direction = 0; direction < directions; direction++) {
    const found = trial(g, forward, mode, ys, split(seed, direction))
    if ('_tag' in found) return E.left(found)
    if (found.verdict === 'refuted') return E.left(Object.freeze({ _tag: 'GradientMismatch', mode, seed, direction, program: listingOf(g), ...found }))
    comparisons.push(Object.freeze(found))
  }
  return E.right(report(comparisons))
}

const report = (comparisons: ReadonlyArray<Comparison>): Report =>
  Object.freeze({
    verdict: comparisons.every((c) => c.verdict === 'consistent') ? 'consistent' : 'inconclusive',
    comparisons: Object.freeze([...comparisons]),
  })

const both = (a: Checked, b: () => Checked): Checked =>
  E.isLeft(a) ? a : E.map(({ comparisons }: Report) => report([...a.right.comparisons, ...comparisons]))(b())

/** Misuse thrown anywhere in a check is a failure of it. */
const checking = (run: () => Checked): Checked =>
  E.flatten(E.mapLeft((errors: ReadonlyArray<FoldgradError>): CheckFailure => Object.freeze({ _tag: 'Misuse', errors }))(attempt(run)))

type AnyFunction = (...args: ReadonlyArray<never>) => unknown

/**
 * Checks the reverse-mode derivative of a function of trees at some arguments against numerical differentiation, in
 * random directions through all arguments and with random cotangents of the result. Integer leaves are held fixed.
 *
 * A right derivative is never refuted, and a wrong one does not pass: where the numbers cannot tell, the report says
 * `inconclusive`. Steps adapt to the argument, tolerances are derived from rounding errors and not chosen. At a kink any
 * number between the one-sided derivatives is right.
 *
 * `Left` for a derivative that is refuted or has the wrong shape, or for a function that misuses an operation.
 *
 * @example
 * E.isRight(checkGradient((x: Node) => mul(x, sin(x)), [tensor([0.5, 2])]))               // true
 * E.isRight(checkGradient((x: Node) => add(square(x), sin(stopGradient(x))), [3]))        // false
 */
export const checkGradient = <A extends ReadonlyArray<unknown>, R>(
  f: (...args: A) => R,
  args: ArgumentInputs<A>,
  options: CheckOptions = {},
): E.Either<CheckFailure, Report> => checking(() => check(numeric(f as AnyFunction, args), false, 'vjp', options))

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
): E.Either<CheckFailure, Report> => checking(() => check(numeric(f as AnyFunction, args), true, 'jvp', options))

/**
 * Checks second derivatives: both modes, applied to the pullback `(x, w) ↦ Jᵀ(x) w` and to the pushforward
 * `(x, v) ↦ J(x) v`, against numerical differentiation of these.
 *
 * @example
 * E.isRight(checkSecondOrder((x: Node) => mul(x, sin(x)), [tensor([0.5, 2])])) // true
 */
export const checkSecondOrder = <A extends ReadonlyArray<unknown>, R>(
  f: (...args: A) => R,
  args: ArgumentInputs<A>,
  options: CheckOptions = {},
): E.Either<CheckFailure, Report> =>
  checking(() => {
    const g = numeric(f as AnyFunction, args)
    const ys = results(g)
    const seed = options.seed ?? 0
    const backward = pullback(g, unpack(ys, weights(ys, split(seed, -2))))
    const forward = pushforward(g, unpack(g.point, directionAt(g.point, split(seed, -3))))
    return both(check(backward, false, 'vjp of vjp', options), () =>
      both(check(backward, true, 'jvp of vjp', options), () =>
        both(check(forward, false, 'vjp of jvp', options), () => check(forward, true, 'jvp of jvp', options))))
  })

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
): E.Either<CheckFailure, Report> =>
  checking(() => {
    const g = numeric(f as AnyFunction, args)
    const ys = results(g)
    const elements = [...g.point, ...ys].reduce((n, t) => n + sizeOf(t.shape), 0)
    const { seed = 0, directions = 3 } = options
    const comparisons: Array<Comparison> = []
    for (let direction = 0; direction < directions; direction++) {
      const key = split(seed, direction)
      const v = directionAt(g.point, split(key, 0))
      const w = weights(ys, split(key, 1))
      const forward = claim(pack(results(pushforward(g, unpack(g.point, v)))), w)
      const backward = claim(pack(results(pullback(g, unpack(ys, w)))), v)
      const tolerance = 16 * elements * epsilon * (forward.scale + backward.scale)
      const equal = Math.abs(forward.value - backward.value) <= tolerance
      const found = { verdict: equal ? 'consistent' : 'refuted', claimed: backward.value, estimate: forward.value, tolerance, kink: false } as const
      if (!equal) return E.left(Object.freeze({ _tag: 'GradientMismatch', mode: 'transposition', seed, direction, program: listingOf(g), ...found }))
      comparisons.push(Object.freeze(found))
    }
    return E.right(report(comparisons))
  })
