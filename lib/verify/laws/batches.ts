/** The law of batches: what happens to a stack is what happens to each of its elements. */
import * as E from 'fp-ts/Either'
import { bufferFrom } from '../../core/DType.js'
import { bufferOf, tensor, tensorOf, type Tensor } from '../../core/Tensor.js'
import type { Node } from '../../core/Node.js'
import { stack } from '../../function/index.js'
import { full } from '../../primitive/leaf.js'
import { attempt, tensorsOf } from '../numeric.js'
import { split } from '../random.js'
import { agree, identicalNodes } from './agreement.js'
import { measured, stated } from './Law.js'
import { claim, every, holds, type Outcome } from './Outcome.js'
import { drawn, mapElements, nodesOf, pulled, valuesAt, variant, weighted, type Call, type Leaves, type Nodes, type Trial } from './Trial.js'

type Points = ReadonlyArray<ReadonlyArray<Tensor>>

/** Each argument as the stack of what it is at several points. */
export const stacked = (points: ReadonlyArray<Leaves>): Nodes => points[0]!.map((_, k) => stack(points.map((x) => x[k]!)))

/** A few points of the same shapes as that of the trial, which is the first. */
export const several = ({ x, seed }: Trial): Points => [x, variant(x, split(seed, 11)), variant(x, split(seed, 12))]

/** Elementwise operations do not know that there is a batch; sums may be taken in another order. */
const compared = (t: Trial, what: string, batch: Nodes, each: ReadonlyArray<Nodes>): Outcome =>
  t.declared.elementwise === true ? identicalNodes(what, batch, stacked(each)) : agree(what, batch, stacked(each), t)

/** The function on two batch axes, mapped from the outside in or from the inside out. */
const nested = (t: Trial, points: Points): Outcome => {
  const grid = [stacked(points), stacked([...points].reverse())]
  const whole = stacked(grid)
  const f = (xs: Nodes): Nodes => t.f(xs)
  const { vmap } = t.use
  return agree('two batch axes in either order', vmap(vmap(f))(whole), vmap(vmap(f), { in: 1, out: 1 })(whole), t)
}

/**
 * A branch that is not taken does no harm: the batch has an element that only the other branch accepts, full of NaN, and the
 * derivative there is zero.
 */
const guarded = (t: Trial, f: Call, [x]: Points): Outcome => {
  const poison = mapElements(x!, () => NaN)
  if (E.isLeft(attempt(() => tensorsOf(f(nodesOf(poison)))))) return holds
  const y = valuesAt(f, x!)
  const phi = weighted(f, drawn(y, split(t.seed, 1)))
  const zero = full(0, phi(nodesOf(x!)))
  const choose = (flag: Node, xs: Nodes): Node => t.use.cond(flag, (inner: Nodes) => phi(inner), () => zero, xs)
  const gradients = t.use.vmap((flag: Node, xs: Nodes): Nodes => t.use.grad((inner: Nodes) => choose(flag, inner))(xs))
  const found = tensorsOf(gradients(tensor([true, false, true]), stacked([x!, poison, x!])))
  const middle = found.flatMap((g) => [...bufferOf(g).subarray(g.size / 3, (2 * g.size) / 3)])
  return every(
    () => claim(middle.every((e) => e === 0), () => `the derivative in the branch not taken is ${middle.join(', ')}`),
    () => {
      const gradient = pulled(t, (xs) => [phi(xs)], x!, [1])
      const first = found.map((g) => tensorOf(bufferFrom(g.dtype, bufferOf(g).subarray(0, g.size / 3)), g.shape.slice(1), g.dtype))
      return agree('the derivative in the branch that is taken', gradient, nodesOf(first), t)
    },
  )
}

export const L26 = stated({
  id: 'L26',
  name: 'A batch is the stack of its elements',
  family: 'batches',
  formula: 'vmap(f)(stack xs) = stack(map(f, xs)), vmap(Jᵀ) = map Jᵀ, batch axes commute, an untaken branch has derivative zero',
  tolerance: `none for elementwise functions; else ${measured}`,
  check: (t) => {
    const { f, seed } = t
    const points = several(t)
    const w = drawn(valuesAt(f, t.x), split(seed, 1))
    const gradient: Call = (xs) => pulled(t, f, xs, w)
    return every(
      () => compared(t, 'vmap(f)', t.use.vmap((xs: Nodes) => f(xs))(stacked(points)), points.map((x) => f(nodesOf(x)))),
      () => compared(t, 'vmap of the pullback', t.use.vmap((xs: Nodes) => gradient(xs))(stacked(points)), points.map((x) => gradient(nodesOf(x)))),
      () => nested(t, points),
      () => guarded(t, f, points),
    )
  },
})
