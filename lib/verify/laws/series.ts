/** The law of Taylor coefficients: those of products and of compositions follow from those of the parts. */
import type { Node } from '../../core/Node.js'
import { bufferOf, type Tensor } from '../../core/Tensor.js'
import { add, div, exp, mul } from '../../function/index.js'
import { checkJvp } from '../check.js'
import { tensorsOf } from '../numeric.js'
import { split } from '../random.js'
import { answer } from './accuracy.js'
import { agree, identicalNodes } from './agreement.js'
import { both, differentiable, faithful, measured, stated } from './Law.js'
import { every, type Outcome } from './Outcome.js'
import { argumentsWith, floatsOf, nodesOf, pushed, tangentsAt, valuesAt, type Call, type Nodes, type Trial } from './Trial.js'

const order = 3

const factorial = (k: number): number => (k === 0 ? 1 : k * factorial(k - 1))

/** `f`, its derivative along `v`, the derivative of that, and so on. */
const derivatives = (t: Trial, f: Call, v: Nodes): ReadonlyArray<Call> => {
  const list: Array<Call> = [f]
  for (let k = 1; k <= order; k++) {
    const before = list[k - 1]!
    list.push((xs) => pushed(t, before, xs, v))
  }
  return list
}

/** The coefficients of `s ↦ f(x + s v)`, each a list of arrays. */
const coefficients = (t: Trial, f: Call, v: Nodes): ReadonlyArray<Nodes> =>
  derivatives(t, f, v).map((d, k) => d(nodesOf(t.x)).map((y) => div(y, factorial(k))))

const sumOf = (terms: ReadonlyArray<Node>): Node => terms.reduce((a, b) => add(a, b))

const upTo = (k: number): ReadonlyArray<number> => Array.from({ length: k + 1 }, (_, j) => j)

/** The product of two series: `Σⱼ aⱼ bₖ₋ⱼ`. */
const product = (a: ReadonlyArray<Nodes>, b: ReadonlyArray<Nodes>): ReadonlyArray<Nodes> =>
  a.map((_, k) => a[0]!.map((_, i) => sumOf(upTo(k).map((j) => mul(a[j]![i]!, b[k - j]![i]!)))))

/** The size of the terms of coefficient `k` of a product. */
const scaleOf = (c: ReadonlyArray<Nodes>, k: number): number => {
  const sizes = c.map((nodes) => Math.max(0, ...tensorsOf(nodes).flatMap((t) => Array.from(bufferOf(t), Math.abs))))
  return Math.max(...upTo(k).map((j) => sizes[j]! * sizes[k - j]!))
}

/** The exponential of a series: `k eₖ = Σⱼ j cⱼ eₖ₋ⱼ`. */
const exponential = (c: ReadonlyArray<Nodes>): ReadonlyArray<Nodes> => {
  const e: Array<Nodes> = [c[0]!.map((x) => exp(x))]
  for (let k = 1; k < c.length; k++)
    e.push(c[0]!.map((_, i) => div(sumOf(upTo(k).slice(1).map((j) => mul(j, mul(c[j]![i]!, e[k - j]![i]!)))), k)))
  return e
}

/** Factors that bring the results to a size that can be put into `exp`. */
const moderation = (y: ReadonlyArray<Tensor>): ReadonlyArray<number> =>
  y.map((a) => 2 ** -Math.ceil(Math.log2(Math.max(1, ...Array.from(bufferOf(a), Math.abs).filter(Number.isFinite)))))

/** The derivative of the `order - 1`-th derivative, by differencing. */
const differenced = (t: Trial, v: Nodes): Outcome => {
  const last: Call = derivatives(t, t.f, v)[order - 1]!
  const f = (...args: ReadonlyArray<unknown>): Nodes => last(floatsOf(args))
  const checked = checkJvp(f, argumentsWith(t.args, nodesOf(t.x)) as never, { seed: t.seed, directions: 1 })
  return answer(t, checked, () => pushed(t, last, t.x, tangentsAt(t.x, t.seed)))
}

export const L31 = stated({
  id: 'L31',
  name: 'Taylor coefficients',
  family: 'series',
  formula: 'cₖ = (d/ds)ᵏ f(x + s v) / k!; f·f has Σⱼ cⱼ cₖ₋ⱼ; exp f has k eₖ = Σⱼ j cⱼ eₖ₋ⱼ; c₁ = J v; order by order as for L6',
  tolerance: `${measured}; as for L6 for the third derivative`,
  applies: both(faithful, differentiable(order)),
  check: (t) => {
    const { f, x, seed } = t
    const v = nodesOf(tangentsAt(x, split(seed, 1)))
    const scale = moderation(valuesAt(f, x))
    const moderate: Call = (xs) => f(xs).map((y, k) => mul(y, scale[k]!))
    const c = coefficients(t, moderate, v)
    const squares = coefficients(t, (xs) => moderate(xs).map((y) => mul(y, y)), v)
    const powers = coefficients(t, (xs) => moderate(xs).map((y) => exp(y)), v)
    return every(
      () => identicalNodes('the first coefficient and the pushforward', c[1]!, pushed(t, moderate, x, v)),
      ...upTo(order).map((k) => () => agree(`coefficient ${k} of f·f`, squares[k]!, product(c, c)[k]!, t, { scale: scaleOf(c, k) })),
      ...upTo(order).map((k) => () => agree(`coefficient ${k} of exp f`, powers[k]!, exponential(c)[k]!, t)),
      () => differenced({ ...t, f: moderate }, v),
    )
  },
})
