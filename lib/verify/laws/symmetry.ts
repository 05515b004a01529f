/** Laws of functions with a symmetry: what it says of the value, its derivative says of the derivative. */
import { bufferOf, type Tensor } from '../../core/Tensor.js'
import { add, mul } from '../../function/index.js'
import { full } from '../../primitive/leaf.js'
import { tensorsOf } from '../numeric.js'
import { agree, identical, roundoff } from './agreement.js'
import { both, faithful, measured, needs, stated } from './Law.js'
import { claim, every, holds, type Outcome } from './Outcome.js'
import type { Equivariance, Invariance } from './Subject.js'
import { argumentsWith, drawn, floatsOf, inner, mapElements, nodesOf, pulled, pushed, termsOf, valuesAt, weighted, type Call, type Nodes, type Trial } from './Trial.js'

export const L13 = stated({
  id: 'L13',
  name: "Euler's theorem",
  family: 'symmetry',
  formula: '⟨Jᵀ w, x⟩ = k ⟨w, f(x)⟩ for f homogeneous of degree k; plus n Σ w where f(t x) = tᵏ f(x) + n log t',
  tolerance: measured,
  applies: both(faithful, needs('homogeneous', 'a degree of homogeneity')),
  check: (t) => {
    const { seed, x, declared: { homogeneous } } = t
    const { degree, logarithmic = 0 } = homogeneous!
    const w = drawn(valuesAt(t.f, x), seed)
    const gradient = pulled(t, t.f, x, w)
    const total = inner(w, w.map((y) => full(1, y)))
    const expected = add(mul(degree, weighted(t.f, w)(nodesOf(x))), mul(logarithmic, total))
    return agree('⟨∇⟨w, f⟩, x⟩ and what the degree makes of it', [inner(gradient, x)], [expected], t, { scale: termsOf(gradient, nodesOf(x)) })
  },
})

/** A tree, or nothing, as what should happen to some arrays. */
const changeOf = (change: ((y: never) => unknown) | undefined, result: unknown, like: Nodes): Nodes =>
  change === undefined ? like.map((y) => full(0, y)) : floatsOf(change(result as never))

const invariant = (t: Trial, { name, direction, change }: Invariance): Outcome => {
  const { seed, x } = t
  const nodes = nodesOf(x)
  const args = argumentsWith(t.args, nodes) as ReadonlyArray<never>
  const moved = floatsOf(direction(...args))
  const result = t.at.f(...args)
  const expected = changeOf(change, result, t.f(nodes))
  const w = drawn(valuesAt(t.f, x), seed)
  const gradient = pulled(t, t.f, x, w)
  const scale = termsOf(gradient, moved)
  return every(
    () => agree(`${name}: J ξ and the change of the result`, pushed(t, t.f, x, moved), expected, t, { scale }),
    () => agree(`${name}: ⟨Jᵀ w, ξ⟩ and ⟨w, the change of the result⟩`, [inner(gradient, moved)], [inner(expected, w)], t, { scale }),
  )
}

const equivariant = (t: Trial, { name, ofArguments, ofResult }: Equivariance): Outcome => {
  const { seed, x } = t
  const before: Call = (xs) => {
    const args = argumentsWith(t.args, xs) as ReadonlyArray<never>
    return floatsOf(t.at.f(...(ofArguments(...args) as ReadonlyArray<never>)))
  }
  const after: Call = (xs) => floatsOf(ofResult(t.at.f(...(argumentsWith(t.args, xs) as ReadonlyArray<never>)) as never))
  const w = drawn(valuesAt(after, x), seed)
  return every(
    () => agree(`${name}: f(p(x)) and q(f(x))`, before(nodesOf(x)), after(nodesOf(x)), t),
    () => agree(`${name}: the gradients of f(p(x)) and of q(f(x))`, pulled(t, before, x, w), pulled(t, after, x, w), t),
  )
}

export const L14 = stated({
  id: 'L14',
  name: 'Invariance',
  family: 'symmetry',
  formula: 'J(x) ξ(x) = η(f(x)) where moving x along ξ moves f(x) along η; f ∘ p = q ∘ f, and so are the pullbacks',
  tolerance: measured,
  applies: (declared) =>
    declared.invariances === undefined && declared.equivariances === undefined ? 'declare invariances or equivariances' : faithful(declared),
  check: (t) =>
    every(
      ...(t.declared.invariances ?? []).map((law) => () => invariant(t, law)),
      ...(t.declared.equivariances ?? []).map((law) => () => equivariant(t, law)),
    ),
})

const negated = (xs: ReadonlyArray<Tensor>): ReadonlyArray<Tensor> => mapElements(xs, (x) => -x)

const mirrored = (t: Trial, parity: 'even' | 'odd'): Outcome => {
  const { f, x, seed } = t
  const opposite = negated(x)
  const y = valuesAt(f, x)
  const w = drawn(y, seed)
  const gradient = tensorsOf(pulled(t, f, x, w))
  return every(
    () => identical(`f(-x) of an ${parity} function`, valuesAt(f, opposite), parity === 'even' ? y : negated(y)),
    () => identical(`the gradient of an ${parity} function at -x`, tensorsOf(pulled(t, f, opposite, w)), parity === 'even' ? negated(gradient) : gradient),
  )
}

/** Adding the period to `x` may round it, which moves the result by the slope there. */
const repeated = (t: Trial, period: number): Outcome => {
  const { f, x, seed } = t
  const shifted = mapElements(x, (a) => a + period)
  const w = drawn(valuesAt(f, x), seed)
  const isExact = x.every((a, k) => bufferOf(a).every((e: number, i: number) => bufferOf(shifted[k]!)[i]! - period === e)) && Number.isInteger(period * 2 ** 10)
  const gradient: Call = (xs) => pulled(t, f, xs, w)
  if (isExact)
    return every(
      () => identical('f one period on', valuesAt(f, shifted), valuesAt(f, x)),
      () => identical('the gradient one period on', valuesAt(gradient, shifted), valuesAt(gradient, x)),
    )
  const size = (a: Tensor, i: number): number => 4 * roundoff(a.dtype) * (Math.abs(bufferOf(a)[i]!) + Math.abs(period))
  const near = (what: string, g: Call): Outcome => {
    const [here, there] = [valuesAt(g, x), valuesAt(g, shifted)]
    const slopes = tensorsOf(pushed(t, g, x, mapElements(x, (_, i, k) => size(x[k]!, i))))
    return claim(
      here.every((a, k) => bufferOf(a).every((e: number, i: number) =>
        Math.abs(e - bufferOf(there[k]!)[i]!) <= Math.abs(bufferOf(slopes[k]!)[i]!) + 4 * roundoff(a.dtype) * (1 + Math.abs(e)))),
      () => `${what} one period on: ${there.map(String).join(' and ')} in place of ${here.map(String).join(' and ')}`,
    )
  }
  return every(() => near('f', f), () => near('the gradient', gradient))
}

export const L15 = stated({
  id: 'L15',
  name: 'Parity and period',
  family: 'symmetry',
  formula: "even: f(-x) = f(x), f'(-x) = -f'(x); odd: f(-x) = -f(x), f'(-x) = f'(x); f(x + p) = f(x), f'(x + p) = f'(x)",
  tolerance: "none for parity and for x + p exact; else |f'| 4 ε (|x| + |p|) + 4 ε (1 + |f|)",
  applies: ({ parity, period }) => (parity === undefined && period === undefined ? 'declare it even, odd or periodic' : true),
  check: (t) => {
    const { parity, period } = t.declared
    return every(
      () => (parity === undefined ? holds : mirrored(t, parity)),
      () => (period === undefined ? holds : repeated(t, period)),
    )
  },
})
