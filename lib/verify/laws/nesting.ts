/** The law of nested derivatives: each is taken with respect to its own variable. */
import type { Node } from '../../core/Node.js'
import { add, mul } from '../../function/index.js'
import { constant } from '../../primitive/leaf.js'
import { item } from '../../interpret/evaluate.js'
import { split } from '../random.js'
import { agree } from './agreement.js'
import { differentiable, measured, stated } from './Law.js'
import { claim, every, type Outcome } from './Outcome.js'
import { drawn, inner, nodesOf, pulled, pushed, valuesAt, weighted, type Call, type Leaves, type Nodes, type Trial } from './Trial.js'

type Derivative = (f: (x: Node) => Node) => (x: Node | number) => Node

/** Derivatives of functions of one number, in both modes. */
const derivatives = ({ use }: Trial): ReadonlyArray<Derivative> => [
  use.grad as unknown as Derivative,
  (f) => (x) => use.jvp(f)([x], [1])[1],
]

/** `D(x ↦ x D(y ↦ x + y)(1))(1) = 1`, and `D(x ↦ x D(y ↦ x y)(2))(3) = 6`, in all modes. */
const textbook = (t: Trial): Outcome =>
  every(
    ...derivatives(t).flatMap((outer) =>
      derivatives(t).flatMap((within) => [
        () => {
          const found = item(outer((x) => mul(x, within((y) => add(x, y))(1)))(1))
          return claim(found === 1, () => `D(x ↦ x D(y ↦ x + y)(1))(1) is ${found}, not 1`)
        },
        () => {
          const found = item(outer((x) => mul(x, within((y) => mul(x, y))(2)))(3))
          return claim(found === 6, () => `D(x ↦ x D(y ↦ x y)(2))(3) is ${found}, not 6`)
        },
      ]),
    ),
  )

/**
 * The same with the function at hand: `x ↦ ⟨x, ∇φ_y(½x + ½y)⟩`, whose inner derivative is in `y` alone while `x` varies. Both
 * points are the same, so the function is asked for nothing outside its domain.
 */
const confused = (t: Trial, phi: (xs: Nodes) => Node): Outcome => {
  const { x } = t
  const fixed = x.map((a) => constant(a))
  const middle = (xs: Nodes, ys: Nodes): Nodes => xs.map((a, k) => add(mul(0.5, a), mul(0.5, ys[k]!)))
  const within: Call = (xs) => pulled(t, (ys) => [phi(middle(xs, ys))], fixed, [1])
  const whole = pulled(t, (xs) => [inner(xs, within(xs))], x, [1])
  const gradient: Call = (xs) => pulled(t, (ys) => [phi(ys)], xs, [1])
  const curved = pushed(t, gradient, x, x)
  const expected = gradient(nodesOf(x)).map((g, k) => add(mul(0.5, g), mul(0.25, curved[k]!)))
  return agree('the derivative of a function with a derivative in it', whole, expected, t)
}

/** `∂/∂a ∂/∂b φ(x + a u + b v) = ∂/∂b ∂/∂a φ(x + a u + b v)` by nested closures. */
const schwarz = (t: Trial, phi: (xs: Nodes) => Node): Outcome => {
  const { x, seed } = t
  const [u, v] = [drawn(x, split(seed, 2)), drawn(x, split(seed, 3))]
  const at = (a: Node, b: Node): Node => phi(x.map((e, k) => add(add(e, mul(a, u[k]!)), mul(b, v[k]!))))
  const D: (f: (x: Node) => Node) => Call = (f) => (xs) => pulled(t, ([y]) => [f(y!)], xs, [1])
  const zero: Leaves = [0]
  const scalar = (f: Call) => (a: Node): Node => f([a])[0]!
  const first = D((a) => scalar(D((b) => at(a, b)))(nodesOf(zero)[0]!))
  const second = D((b) => scalar(D((a) => at(a, b)))(nodesOf(zero)[0]!))
  return agree('the mixed derivatives by nested closures', first(nodesOf(zero)), second(nodesOf(zero)), t)
}

export const L50 = stated({
  id: 'L50',
  name: 'Nested derivatives are not confused',
  family: 'nesting',
  formula: 'D(x ↦ x D(y ↦ x + y)(1))(1) = 1; ∂ₓ⟨x, ∂_y φ((x + y)/2)⟩ at y = x is ½∇φ + ¼Hx; ∂ₐ∂_b = ∂_b∂ₐ',
  tolerance: `none for the first; else ${measured}`,
  applies: differentiable(2),
  check: (t) => {
    const phi = weighted(t.f, drawn(valuesAt(t.f, t.x), split(t.seed, 1)))
    return every(() => textbook(t), () => confused(t, phi), () => schwarz(t, phi))
  },
})
