/** Laws of programs that are run another way: compiled, checkpointed, in loops and branches. */
import { isFloat } from '../../core/DType.js'
import type { Node } from '../../core/Node.js'
import { isTensor, tensor, tensorOf, type Tensor } from '../../core/Tensor.js'
import { leavesOf } from '../../core/Tree.js'
import { add, mul, stack } from '../../function/index.js'
import { constant, full, leafNodes } from '../../primitive/leaf.js'
import { gather } from '../../primitive/indexing.js'
import { tensorsOf } from '../numeric.js'
import { split } from '../random.js'
import { agree, identical, identicalNodes } from './agreement.js'
import { several, stacked } from './batches.js'
import { measured, needs, stated } from './Law.js'
import { every, holds, type Outcome } from './Outcome.js'
import { drawn, inner, mapElements, nodesOf, pulled, valuesAt, type Call, type Nodes, type Trial } from './Trial.js'

/** What compiled code returns, as tensors like those that it should return; typed arrays are taken as their elements. */
const tensorsFrom = (tree: unknown, like: ReadonlyArray<Tensor>): ReadonlyArray<Tensor> => {
  const leaves = leavesOf(tree).map(([, leaf]) => leaf)
  const given = leaves.map((leaf, k) => {
    const { shape, dtype } = like[k] ?? { shape: [], dtype: 'f64' as const }
    if (leaf instanceof Float64Array || leaf instanceof Float32Array) return tensorOf(leaf.slice(), shape, dtype)
    return isTensor(leaf) ? leaf : tensorsOf(leafNodes(leaf))[0]!
  })
  return given.filter(({ dtype }) => isFloat(dtype))
}

export const L27 = stated({
  id: 'L27',
  name: 'Compiled code computes what the graph does',
  family: 'programs',
  formula: 'compiled(f)(x) = f(x), compiled gradient = gradient',
  tolerance: `none: bit by bit; for a compiler that reorders sums ${measured}`,
  applies: needs('compiled', 'the compiled function'),
  check: (t) => {
    const { f, x, args } = t
    const { value, gradient, reorders = false } = t.declared.compiled!
    const y = valuesAt(f, x)
    const compare = (what: string, nodes: Nodes, run: (...args: ReadonlyArray<never>) => unknown, like: ReadonlyArray<Tensor>): Outcome => {
      const found = tensorsFrom(run(...(args as ReadonlyArray<never>)), like)
      return reorders ? agree(what, nodes, nodesOf(found), t) : identical(what, tensorsOf(nodes), found)
    }
    return every(
      () => compare('the graph and the compiled function', f(nodesOf(x)), value, y),
      () => (gradient === undefined ? holds : compare('the gradient and the compiled gradient', pulled(t, f, x, mapElements(y, () => 1)), gradient, x)),
    )
  },
})

export const L28 = stated({
  id: 'L28',
  name: 'Computing again gives the same',
  family: 'programs',
  formula: 'checkpoint(f) = f, and so are their pullbacks',
  tolerance: 'none: bit by bit',
  check: (t) => {
    const { f, x, seed } = t
    const again: Call = (xs) => t.use.checkpoint((inside: Nodes) => f(inside))(xs)
    const w = drawn(valuesAt(f, x), seed)
    return every(
      () => identicalNodes('checkpoint(f) and f', again(nodesOf(x)), f(nodesOf(x))),
      () => identicalNodes('the pullbacks of checkpoint(f) and of f', pulled(t, again, x, w), pulled(t, f, x, w)),
    )
  },
})

/** Element `i` of stacked arrays. */
const elementOf = (xs: Nodes, i: number): Nodes => xs.map((x) => gather(x, full(i, { shape: [], dtype: 'i32' }), 0))

/** A loop over a few points: a running sum, and what `f` is at each. Both by the transform, and step by step. */
const loops = (t: Trial): Outcome => {
  const { f, seed } = t
  const points = several(t)
  const w = drawn(valuesAt(f, t.x), split(seed, 1))
  const next = (c: Node, y: Nodes): Node => add(mul(0.5, c), inner(y, w))
  const zero = full(0, inner(f(nodesOf(t.x)), w))
  const looped = (xs: Nodes): readonly [Node, Nodes] =>
    t.use.scan((c: Node, row: Nodes) => {
      const y = f(row)
      return [next(c, y), y] as const
    }, zero, xs) as readonly [Node, Nodes]
  const unrolled = (xs: Nodes): readonly [Node, Nodes] => {
    const ys = points.map((_, i) => f(elementOf(xs, i)))
    return [ys.reduce(next, zero), ys[0]!.map((_, k) => stack(ys.map((y) => y[k]!)))]
  }
  const all = stacked(points)
  const flat = ([c, ys]: readonly [Node, Nodes]): Nodes => [c, ...ys]
  const last = (g: typeof looped): Call => (xs) => [g(xs)[0]]
  return every(
    () => identicalNodes('the loop and its steps one by one', flat(looped(all)), flat(unrolled(all))),
    () => agree('the gradients of the loop and of its steps', pulled(t, last(looped), all, [1]), pulled(t, last(unrolled), all, [1]), t),
  )
}

/** A branch, taken and not taken. */
const branches = (t: Trial): Outcome => {
  const { f, x, seed } = t
  const y = f(nodesOf(x))
  const w = drawn(valuesAt(f, x), split(seed, 1))
  const other: Call = () => y.map((a) => full(0.25, a))
  const chosen = (is: boolean, first: boolean): Call => (xs) =>
    t.use.cond(constant(tensor(is)), (inside: Nodes) => (first ? f : other)(inside), (inside: Nodes) => (first ? other : f)(inside), xs)
  return every(
    ...[true, false].flatMap((taken) => [
      () => identicalNodes('the branch that is taken', chosen(taken, taken)(nodesOf(x)), y),
      () => identicalNodes('the pullback of the branch that is taken', pulled(t, chosen(taken, taken), x, w), pulled(t, f, x, w)),
      () => identicalNodes('the pullback of a constant branch', pulled(t, chosen(taken, !taken), x, w), x.map((a) => full(0, a))),
    ]),
  )
}

export const L29 = stated({
  id: 'L29',
  name: 'Loops and branches are what they do',
  family: 'programs',
  formula: 'scan(f) = its steps one by one, cond(true, f, g) = f, cond(false, f, g) = g, and so are their pullbacks',
  tolerance: `none for values and branches; else ${measured}`,
  check: (t) => every(() => loops(t), () => branches(t)),
})
