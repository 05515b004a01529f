/** Laws of second derivatives, and of the signs of first and second ones. */
import { bufferOf, type Tensor } from '../../core/Tensor.js'
import { tensorsOf } from '../numeric.js'
import { split } from '../random.js'
import { agree, doubles, roundingOf } from './agreement.js'
import { differentiable, measured, stated } from './Law.js'
import { claim, every, inconclusive, type Outcome } from './Outcome.js'
import { drawn, inner, mapElements, pulled, pushed, termsOf, valuesAt, weighted, type Call, type Leaves, type Nodes, type Trial } from './Trial.js'

/** The Hessian of `⟨w, f⟩` times a tangent, in the four ways in which two modes can be nested. */
const products = (t: Trial, w: Leaves) => {
  const { f, x } = t
  const phi: Call = (xs) => [weighted(f, w)(xs)]
  const gradient: Call = (xs) => pulled(t, phi, xs, [1])
  const slope = (v: Leaves): Call => (xs) => pushed(t, phi, xs, v)
  return {
    reverseOverReverse: (v: Leaves): Nodes => pulled(t, gradient, x, v),
    forwardOverReverse: (v: Leaves): Nodes => pushed(t, gradient, x, v),
    reverseOverForward: (v: Leaves): Nodes => pulled(t, slope(v), x, [1]),
    forwardOverForward: (v: Leaves, u: Leaves): Nodes => pushed(t, slope(v), x, u),
  }
}

export const L12 = stated({
  id: 'L12',
  name: 'Second derivatives are symmetric, and one in all modes',
  family: 'curvature',
  formula: '⟨u, H v⟩ = ⟨v, H u⟩; H v reverse over reverse, forward over reverse, reverse over forward, and ⟨u, H v⟩ forward over forward, agree',
  tolerance: measured,
  applies: differentiable(2),
  check: (t) => {
    const { seed, x } = t
    const w = drawn(valuesAt(t.f, x), split(seed, 1))
    const [u, v] = [drawn(x, split(seed, 2)), drawn(x, split(seed, 3))]
    const { reverseOverReverse, forwardOverReverse, reverseOverForward, forwardOverForward } = products(t, w)
    const [hv, hu] = [forwardOverReverse(v), forwardOverReverse(u)]
    const scale = termsOf(hv, u)
    return every(
      () => agree('reverse over reverse and forward over reverse', reverseOverReverse(v), hv, t),
      () => agree('reverse over forward and forward over reverse', reverseOverForward(v), hv, t),
      () => agree('forward over forward and ⟨u, H v⟩', doubles(forwardOverForward(v, u)), doubles([inner(hv, u)]), t, { scale }),
      () => agree('⟨u, H v⟩ and ⟨v, H u⟩', [inner(hv, u)], [inner(hu, v)], t, { scale }),
    )
  },
})

/** That no element is below zero by more than rounding makes it. */
const notNegative = (what: string, nodes: Nodes, sign: number, seed: number): Outcome => {
  const values = tensorsOf(nodes)
  const negative = (allowed: (k: number, i: number) => number): readonly [number, number] | undefined => {
    for (const [k, t] of values.entries()) {
      const i = bufferOf(t).findIndex((x: number, at: number) => sign * x < -allowed(k, at))
      if (i >= 0) return [k, i]
    }
    return undefined
  }
  if (negative(() => 0) === undefined) return claim(true, () => '')
  const errors = roundingOf(nodes, values, seed)
  const found = negative((k, i) => 16 * errors[k]![i]!)
  return found === undefined
    ? inconclusive(`${what} are zero but for rounding`)
    : claim(false, () => `${what}: element ${found[1]} of array ${found[0]} is ${bufferOf(values[found[0]]!)[found[1]]!}`)
}

/** Cotangents that are all positive. */
const positive = (like: ReadonlyArray<Tensor>, seed: number): ReadonlyArray<Tensor> => mapElements(drawn(like, seed), Math.abs)

export const L18 = stated({
  id: 'L18',
  name: 'Monotone functions have derivatives of one sign, convex ones of one curvature',
  family: 'curvature',
  formula: 'increasing: Jᵀ w ≥ 0 for w > 0; convex: ⟨v, H v⟩ ≥ 0',
  tolerance: '16 times the measured rounding error below zero',
  applies: ({ monotone, curvature, order = Infinity }) =>
    monotone === undefined && curvature === undefined
      ? 'declare it monotone, convex or concave'
      : monotone === undefined && order < 2 ? 'it can be differentiated once' : true,
  check: (t) => {
    const { seed, x, declared: { monotone, curvature } } = t
    const w = positive(valuesAt(t.f, x), split(seed, 1))
    const v = drawn(x, split(seed, 2))
    return every(
      ...(monotone === undefined ? [] : [() => notNegative('the derivatives of an increasing function', pulled(t, t.f, x, w), monotone === 'increasing' ? 1 : -1, seed)]),
      ...(curvature === undefined
        ? []
        : [() => notNegative('the curvatures of a convex function', [inner(products(t, w).forwardOverReverse(v), v)], curvature === 'convex' ? 1 : -1, seed)]),
    )
  },
})
