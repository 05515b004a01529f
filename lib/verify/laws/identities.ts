/** Laws of functions that are equal, or inverse to each other. */
import type { Tensor } from '../../core/Tensor.js'
import { split } from '../random.js'
import { agree } from './agreement.js'
import { both, faithful, measured, needs, stated } from './Law.js'
import { every, type Outcome } from './Outcome.js'
import { argumentsWith, drawn, floatsOf, nodesOf, pulled, pushed, valuesAt, type Call, type Trial } from './Trial.js'

/** That another function of the same arguments has the same values and the same derivatives, in both modes. */
export const equalFunctions = (t: Trial, name: string, g: Call, accuracy = 0): Outcome => {
  const { f, x, seed } = t
  const [w, v]: ReadonlyArray<ReadonlyArray<Tensor>> = [drawn(valuesAt(f, x), split(seed, 1)), drawn(x, split(seed, 2))]
  return every(
    () => agree(`the values of f and of ${name}`, f(nodesOf(x)), g(nodesOf(x)), t, { accuracy }),
    () => agree(`the gradients of f and of ${name}`, pulled(t, f, x, w!), pulled(t, g, x, w!), t, { accuracy }),
    () => agree(`the tangents of f and of ${name}`, pushed(t, f, x, v!), pushed(t, g, x, v!), t, { accuracy }),
  )
}

export const L16 = stated({
  id: 'L16',
  name: 'Inverse functions have inverse derivatives',
  family: 'identities',
  formula: "g(f(x)) = x, g'(f(x)) f'(x) v = v, f'(x)ᵀ g'(f(x))ᵀ u = u",
  tolerance: measured,
  applies: both(faithful, needs('inverse', 'an inverse')),
  check: (t) => {
    const { x, seed } = t
    const g = t.declared.inverse!
    const around: Call = (xs) => floatsOf(g(t.at.f(...(argumentsWith(t.args, xs) as ReadonlyArray<never>)) as never))
    const v = drawn(x, split(seed, 1))
    return every(
      () => agree('g(f(x)) and x', around(nodesOf(x)), nodesOf(x), t),
      () => agree("g'(f(x)) f'(x) v and v", pushed(t, around, x, v), nodesOf(v), t),
      () => agree("f'(x)ᵀ g'(f(x))ᵀ u and u", pulled(t, around, x, v), nodesOf(v), t),
    )
  },
})

export const L17 = stated({
  id: 'L17',
  name: 'Equal functions have equal derivatives',
  family: 'identities',
  formula: 'f = g ⟹ Jf = Jg',
  tolerance: measured,
  applies: both(faithful, needs('identities', 'other ways to compute the same')),
  check: (t) => every(...Object.entries(t.declared.identities ?? {}).map(([name, g]) => () => equalFunctions(t, name, t.sibling(g)))),
})

export const L30 = stated({
  id: 'L30',
  name: 'A stated rule is the rule that follows',
  family: 'identities',
  formula: 'rule(f) = derived(f)',
  tolerance: measured,
  applies: needs('derived', 'the same function without the rule'),
  check: (t) => equalFunctions(t, 'the function without its rule', t.sibling(t.declared.derived!)),
})
