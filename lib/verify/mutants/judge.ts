/** What is thought of a derivative, and how far it is from the right one. */
import * as E from 'fp-ts/Either'
import type { Leaf } from '../../core/Tree.js'
import { checkGradient, checkJvp } from '../check.js'
import type { Verdict } from '../compare.js'
import type { CheckOptions } from '../examine.js'
import { attempt } from '../numeric.js'
import { showFailure } from '../show.js'
import { derivativeOf, differenceOf, isHomogeneous, seedOf, type LinearMap } from './linear.js'
import type { TreeFunction } from './mutants.js'

/** A verdict, and why. */
export interface Judgement {
  readonly verdict: Verdict
  readonly reason: string
}

const said = (verdict: Verdict, reason = ''): Judgement => ({ verdict, reason })

/** Numerical differentiation in random directions, and the scaling of the derivative with what it is applied to. */
export const judge = (f: TreeFunction, args: ReadonlyArray<unknown>, mode: 'vjp' | 'jvp', options: CheckOptions): Judgement => {
  const scaling = attempt(() => isHomogeneous(derivativeOf(f, args, mode), options.seed ?? 0))
  if (E.isRight(scaling) && !scaling.right) return said('refuted', `the ${mode} is no linear map`)
  const checked = (mode === 'vjp' ? checkGradient : checkJvp)(f, args as ReadonlyArray<Leaf>, options)
  return E.isLeft(checked) ? said('refuted', showFailure(checked.left)) : said(checked.right.verdict)
}

/** A check of the user's own: it fails by throwing, by `false`, or by a `Left`. */
export const judgeBy = (check: () => unknown): Judgement => {
  try {
    const answer = check()
    if (answer === false) return said('refuted', 'the check returned false')
    if (typeof answer !== 'object' || answer === null || !('_tag' in answer)) return said('consistent')
    if (answer._tag === 'Left') return said('refuted', 'the check returned a Left')
    const right: unknown = 'right' in answer ? answer.right : undefined
    return said(typeof right === 'object' && right !== null && 'verdict' in right && right.verdict === 'inconclusive' ? 'inconclusive' : 'consistent')
  } catch (failure) {
    return said('refuted', failure instanceof Error ? failure.message : String(failure))
  }
}

/** An error smaller than this, relative to the largest entry of a gradient, is not worth the name. */
export const observable = 1e-8

/**
 * How far the derivative of a mutant is from the right one, relative to the largest entry of each array, along a seed and
 * against it. `undefined` if it is no derivative at all: it throws or has another shape, which needs no checker to notice.
 */
export const errorOf = (right: LinearMap, mutant: TreeFunction, args: ReadonlyArray<unknown>, mode: 'vjp' | 'jvp', seed: number): number | undefined => {
  const w = seedOf(right, seed)
  try {
    const wrong = derivativeOf(mutant, args, mode)
    if (right.at(w).length !== wrong.at(w).length) return undefined
    return Math.max(differenceOf(right, wrong, w), differenceOf(right, wrong, w.map((x) => -x)))
  } catch {
    return undefined
  }
}
