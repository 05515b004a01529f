/** Laws that compare derivatives with numbers found without them. */
import * as E from 'fp-ts/Either'
import type { Signature } from '../../core/Node.js'
import { tensor } from '../../core/Tensor.js'
import { item } from '../../interpret/evaluate.js'
import { full } from '../../primitive/leaf.js'
import { checkGradient, checkJvp, checkSecondOrder, type Answer } from '../check.js'
import { tensorsOf } from '../numeric.js'
import { showFailure } from '../show.js'
import { exactSum } from '../sum.js'
import { agree, roundingOf } from './agreement.js'
import { both, differentiable, faithful, needs, stated } from './Law.js'
import { transposed } from './linearity.js'
import { claim, every, fails, holds, inconclusive, type Outcome } from './Outcome.js'
import { drawn, inner, pulled, pushed, reverse, tangentsAt, valuesAt, type Call, type Nodes, type Trial } from './Trial.js'

/** The rounding errors of a derivative, all together. */
const roundingIn = (derivative: Nodes, seed: number): number =>
  exactSum(roundingOf(derivative, tensorsOf(derivative), seed).flatMap((errors) => [...errors]))

/**
 * The answer of a check by differencing. What is zero but for rounding is not refuted: differences of a constant are exact, so
 * they know it better than any rule that subtracts equal numbers.
 */
export const answer = (t: Trial, checked: Answer, derivative: () => Nodes): Outcome => {
  if (E.isRight(checked)) return checked.right.verdict === 'consistent' ? holds : inconclusive('differences are too coarse here to tell')
  const wrong = checked.left
  return wrong._tag === 'GradientMismatch' && Math.abs(wrong.claimed - wrong.estimate) <= 16 * roundingIn(derivative(), t.seed)
    ? inconclusive(`${wrong.claimed} and ${wrong.estimate} are zero but for rounding`)
    : fails(showFailure(wrong))
}

type AnyFunction = (...args: ReadonlyArray<unknown>) => unknown

/** Both modes at the arguments of the trial, by differencing. */
const differenced = (t: Trial): Outcome => {
  const { f, x, seed, at } = t
  const options = { seed, directions: 2 }
  return every(
    () => answer(t, checkGradient(at.f as AnyFunction, at.args as never, options), () => pulled(t, f, x, drawn(valuesAt(f, x), seed))),
    () => answer(t, checkJvp(at.f as AnyFunction, at.args as never, options), () => pushed(t, f, x, tangentsAt(x, seed))),
  )
}

export const L6 = stated({
  id: 'L6',
  name: 'Derivatives are what differences tend to',
  family: 'accuracy',
  formula: '⟨Jᵀ w, v⟩ = ⟨w, J v⟩ = lim (⟨w, f(x + h v)⟩ - ⟨w, f(x - h v)⟩) / 2h',
  tolerance: '8 times the error bound of the extrapolated difference quotient, and 4 ε Σ|vⱼ (Jᵀ w)ⱼ|',
  applies: faithful,
  check: differenced,
})

export const L10 = stated({
  id: 'L10',
  name: 'At a kink, a derivative between the one-sided ones',
  family: 'accuracy',
  formula: 'D₋f(x; v) ≤ ⟨Jᵀ w, v⟩ ≤ D₊f(x; v) in either order; for a selection Σ Jᵀ w = Σ w',
  tolerance: 'as for L6, from the one-sided limits; for the sum 16 times the measured rounding error',
  applies: both(faithful, needs('kinks', 'points on kinks')),
  cases: ({ kinks, cases }) => kinks ?? cases,
  check: (t) =>
    every(
      () => differenced(t),
      () => {
        if (t.declared.selects !== true) return holds
        const w = drawn(valuesAt(t.f, t.x), t.seed)
        const ones = (like: ReadonlyArray<Signature>): Nodes => like.map((x) => full(1, x))
        return agree('the sum of the gradients and that of the cotangents', [inner(pulled(t, t.f, t.x, w), ones(t.x))], [inner(w, ones(w))], t, { scale: exactSum(w.map((x) => x.size)) })
      },
    ),
})

export const L11 = stated({
  id: 'L11',
  name: 'The pullback is a function with derivatives like any other',
  family: 'accuracy',
  formula: 'L2 and L6 of (x, w) ↦ Jᵀ(x) w and of (x, v) ↦ J(x) v',
  tolerance: 'as for L2 and L6',
  applies: both(faithful, differentiable(2)),
  check: (t) => {
    const w = drawn(valuesAt(t.f, t.x), t.seed)
    const n = t.x.length
    const all = [...t.x, ...w]
    const pullback: Call = (xs) => pulled(t, t.f, xs.slice(0, n), xs.slice(n))
    const derivatives = (): Nodes => [
      ...pushed(t, pullback, all, [...tangentsAt(t.x, t.seed), ...drawn(w, t.seed)]),
      ...pulled(t, pullback, all, tangentsAt(t.x, t.seed)),
    ]
    return every(
      () => transposed(t, pullback, all, t.seed),
      () => answer(t, checkSecondOrder(t.at.f as AnyFunction, t.at.args as never, { seed: t.seed, directions: 1 }), derivatives),
    )
  },
})

/** How far a derivative may be off in the tails, relative. */
const tail = 1e-13

export const L19 = stated({
  id: 'L19',
  name: 'Derivatives stay accurate far out',
  family: 'accuracy',
  formula: "f'(x) = reference(x) at extreme x",
  tolerance: '1e-13 relative',
  applies: needs('tails', 'points far out and the derivatives there'),
  check: (t) =>
    every(
      ...(t.declared.tails ?? []).map(([x, expected]) => () => {
        const at = [tensor(x)]
        const f: Call = ([node]) => [t.at.f(...([node] as unknown as ReadonlyArray<never>))] as never
        const one = [tensor(1)]
        const found = [reverse(t, f, at)[1](one)[0]!, pushed(t, f, at, one)[0]!].map(item)
        return claim(
          found.every((d) => Object.is(d, expected) || Math.abs(d - expected) <= tail * Math.abs(expected)),
          () => `at ${x} the derivative is ${expected}, found ${found.join(' in reverse and ')} forward`,
        )
      }),
    ),
})
