/** The law of cost: a gradient costs no more than a few times the function. */
import { isClosed } from '../../core/Closed.js'
import { sort } from '../../core/Graph.js'
import { apply, type Node, type Primitive } from '../../core/Node.js'
import { sizeOf } from '../../core/Shape.js'
import { variableId } from '../../primitive/leaf.js'
import { named } from './graphs.js'
import { stated } from './Law.js'
import { claim, every, silent, type Outcome } from './Outcome.js'
import type { Trial } from './Trial.js'

/** Operations that move, select, compare or round numbers. */
const free: ReadonlySet<string> = new Set([
  'constant', 'variable', 'full', 'parameter', 'positions', 'identity', 'stopGradient', 'astype',
  'reshape', 'transpose', 'broadcastTo', 'concat', 'slice', 'unslice', 'gather', 'windows', 'pick',
  'eq', 'ne', 'lt', 'le', 'gt', 'ge', 'where', 'spoilt', 'isNaN', 'isFinite', 'logicalNot', 'logicalAnd', 'logicalOr', 'logicalXor',
  'argmax', 'argmin', 'argsort', 'argMaxPool', 'wrapIndices', 'writers', 'neg', 'sign', 'floor', 'ceil', 'trunc', 'round',
])

/** What counts for each element of the result or of the operands, whichever are more: 1, or 2 for a division or a root. */
const weights: Readonly<Record<string, number>> = Object.freeze({
  add: 1, sub: 1, mul: 1, square: 1, winner: 1, gate: 1, sum: 1, scatter: 1, unwindows: 1, unpick: 1, cumsum: 1,
  maximum: 1, minimum: 1, max: 1, min: 1, cummax: 1, cummin: 1, relu: 1, abs: 1, copysign: 1, nonNegative: 1,
  recurrence: 2, div: 2, ratio: 2, reciprocal: 2, sqrt: 2, rsqrt: 2,
})

/** What an elementary function counts. */
const elementary = 8

/** The number of products in a contraction: its result times what it sums over, from the sizes of its three arrays. */
const products = (y: Node): number => {
  const [a, b] = y.inputs.map((x) => sizeOf(x.shape))
  return Math.sqrt(a! * b! * sizeOf(y.shape))
}

/**
 * The number of operations of a node: for each element 1 for an addition, a product or an extreme, 2 for a division or a
 * root, 8 for an elementary function, none for moving, selecting, comparing and rounding. A contraction counts 2 for each
 * product.
 */
export const operations = (y: Node): number => {
  const { name } = y.op
  if (free.has(name)) return 0
  if (name === 'dot' || name.startsWith('conv')) return 2 * products(y)
  return (weights[name] ?? elementary) * Math.max(sizeOf(y.shape), ...y.inputs.map((x) => sizeOf(x.shape)))
}

/** How many times the cost of the function its gradient may cost. */
const factor = 5

const total = (nodes: Iterable<Node>): number => [...nodes].reduce((sum, node) => sum + operations(node), 0)

const hasFunctions = (node: Node): boolean => Object.values(node.attrs).flat().some(isClosed)

/** The cost of the gradient beside that of the function. */
const bounded = (t: Trial): Outcome => {
  const { y } = named(t)
  const forth = new Set(sort([y]).nodes)
  const all = sort([y, ...t.use.backward(y).values()]).nodes
  if (all.some(hasFunctions)) return silent('the work of loops and branches is not told by the graph')
  const [function_, gradient] = [total(forth), total(all.filter((node) => !forth.has(node)))]
  return claim(gradient <= factor * function_, () => `the gradient takes ${gradient} operations more, the function ${function_}`)
}

/** The graph with every pullback counted. */
const counting = (y: Node): readonly [Node, ReadonlyMap<string, number>] => {
  const visits = new Map<string, number>()
  const copies = new Map<Node, Node>()
  sort([y]).nodes.forEach((node, i) => {
    const { contributions: _, ...rest } = node.op
    const { vjp, pullback } = rest
    const count = (k: number | 'all'): void => {
      const key = `${node.op.name} at ${i}, operand ${k}`
      visits.set(key, (visits.get(key) ?? 0) + 1)
    }
    const op: Primitive = {
      ...rest,
      vjp: (g, at, k) => {
        count(k)
        return vjp(g, at, k)
      },
      ...(pullback && {
        pullback: (g: Node, at: Node, wanted: ReadonlyArray<boolean>, masked: boolean) => {
          count('all')
          return pullback(g, at, wanted, masked)
        },
      }),
    }
    copies.set(node, node.inputs.length === 0 ? node : apply(op, node.inputs.map((x) => copies.get(x)!), node.attrs))
  })
  return [copies.get(y)!, visits]
}

const visitedOnce = (t: Trial): Outcome => {
  const [y, visits] = counting(named(t).y)
  const gradients = t.use.backward(y)
  // A gradient may be worked out only when somebody looks at it.
  sort([...gradients.values()])
  const often = [...visits].find(([, times]) => times > 1)
  return every(
    () => claim(often === undefined, () => `${often![0]} is visited ${often![1]} times`),
    () => claim(gradients.size === 0 || visits.size > 0 || variableId(y) !== undefined, () => 'there are gradients although no node was visited'),
  )
}

export const L49 = stated({
  id: 'L49',
  name: 'Gradients are cheap',
  family: 'cost',
  formula: 'each node is visited once; cost(backward) ≤ 5 cost(forward)',
  tolerance: 'none: counted in operations, not timed (for each element 1 for a sum, a product or an extreme, 2 for a division or a root, 8 for an elementary function)',
  check: (t) => every(() => visitedOnce(t), () => bounded(t)),
})
