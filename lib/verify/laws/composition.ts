/** Laws of functions put together: the chain rule, the sum rule, and what does not matter. */
import { add, neg, sin, tanh } from '../../function/index.js'
import { identity, stopGradient } from '../../primitive/identity.js'
import { full } from '../../primitive/leaf.js'
import { bufferOf } from '../../core/Tensor.js'
import { showShape } from '../../core/Shape.js'
import { tensorsOf } from '../numeric.js'
import { split } from '../random.js'
import { agree, identical } from './agreement.js'
import { measured, stated } from './Law.js'
import { claim, every, type Outcome } from './Outcome.js'
import { drawn, forward, nodesOf, pulled, pushed, reverse, valuesAt, type Call, type Nodes } from './Trial.js'

/** A smooth function of any array, to put after another. */
const after: Call = (ys) => ys.map((y) => add(y, sin(y)))

/** Another one, to put beside it. */
const beside: Call = (ys) => ys.map((y) => tanh(neg(y)))

export const L20 = stated({
  id: 'L20',
  name: 'The chain rule',
  family: 'composition',
  formula: 'vjp(g ∘ f) = vjp(f) ∘ vjp(g), jvp(g ∘ f) = jvp(g) ∘ jvp(f), vjp(id) = jvp(id) = id',
  tolerance: `${measured}; none for the identity`,
  check: (t) => {
    const { f, x, seed } = t
    const whole: Call = (xs) => after(f(xs))
    const same: Call = (xs) => xs.map((a) => identity(a))
    const [w, v] = [drawn(valuesAt(f, x), split(seed, 1)), drawn(x, split(seed, 2))]
    return every(
      () => {
        const [y, pull] = reverse(t, f, x)
        return agree('the pullback of g ∘ f', pulled(t, whole, x, w), pull(reverse(t, after, y)[1](w)), t)
      },
      () => {
        const [y, dy] = forward(t, f, x, v)
        return agree('the pushforward of g ∘ f', pushed(t, whole, x, v), pushed(t, after, y, dy), t)
      },
      () => identical('the pullback of the identity', tensorsOf(pulled(t, same, x, v)), v),
      () => identical('the pushforward of the identity', tensorsOf(pushed(t, same, x, v)), v),
    )
  },
})

export const L21 = stated({
  id: 'L21',
  name: 'Parts of a result add up',
  family: 'composition',
  formula: 'vjp(⟨f, g⟩)(w₁, w₂) = vjp(f)(w₁) + vjp(g)(w₂)',
  tolerance: measured,
  check: (t) => {
    const { f, x, seed } = t
    const g: Call = (xs) => beside(f(xs))
    const pair: Call = (xs) => [...f(xs), ...g(xs)]
    const y = valuesAt(f, x)
    const [w1, w2] = [drawn(y, split(seed, 1)), drawn(y, split(seed, 2))]
    const apart = [pulled(t, f, x, w1), pulled(t, g, x, w2)] as const
    return agree('the pullback of a pair', pulled(t, pair, x, [...w1, ...w2]), apart[0].map((a, k) => add(a, apart[1][k]!)), t)
  },
})

/** That some arrays are zero everywhere, of the type they should have. */
const zeros = (what: string, found: Nodes, like: Nodes): Outcome => {
  const values = tensorsOf(found)
  const wrong = values.find((g, k) => !bufferOf(g).every((e: number) => e === 0) || showShape(g.shape) !== showShape(like[k]!.shape))
  return claim(values.length === like.length && wrong === undefined, () => `the derivative ${what} is ${String(wrong)}`)
}

export const L22 = stated({
  id: 'L22',
  name: 'What does not matter has derivative zero',
  family: 'composition',
  formula: '∂f/∂(unused) = 0, ∂(constant)/∂x = 0, ∂ stopGradient(f)/∂x = 0',
  tolerance: 'none: exact zeros of the right shape',
  check: (t) => {
    const { f, x, seed } = t
    const nodes = nodesOf(x)
    const n = x.length
    const y = f(nodes)
    const w = drawn(valuesAt(f, x), seed)
    const first: Call = (xs) => f(xs.slice(0, n))
    const constant: Call = () => y.map((a) => full(2, a))
    const stopped: Call = (xs) => f(xs).map((a) => stopGradient(a))
    return every(
      () => zeros('in an argument that is not used', pulled(t, first, [...x, ...x], w).slice(n), nodes),
      () => zeros('along an argument that is not used', pushed(t, first, [...x, ...x], [...x.map((a) => full(0, a)), ...drawn(x, seed)]), y),
      () => zeros('of a constant', pulled(t, constant, x, w), nodes),
      () => zeros('of a constant along a tangent', pushed(t, constant, x, drawn(x, seed)), y),
      () => zeros('through stopGradient', pulled(t, stopped, x, w), nodes),
      () => zeros('through stopGradient along a tangent', pushed(t, stopped, x, drawn(x, seed)), y),
    )
  },
})
