/** The backward pass as it is defined: a fold from the right over the nodes in some topological order. */
import { isFloat } from '../../core/DType.js'
import { sort } from '../../core/Graph.js'
import { apply, masks, type Node } from '../../core/Node.js'
import { add } from '../../primitive/declare.js'
import { contribution } from '../../transform/backward.js'
import { split } from '../random.js'
import type { Nodes } from './Trial.js'

/** An adjoint, and whether it came through a mask on its way. */
interface Adjoint {
  readonly node: Node
  readonly masked: boolean
}

/** What `y` contributes to the adjoints of its operands. */
const contributions = ({ node: g, masked }: Adjoint, y: Node): ReadonlyArray<Node | null> =>
  y.op.pullback?.(g, y, y.inputs.map(({ dtype }) => isFloat(dtype)), masked) ?? y.inputs.map((_, k) => contribution(g, masked, y, k))

/** The adjoints of all nodes that the last one depends on, given its cotangent. `nodes` are operands first. */
export const literalBackward = (nodes: Nodes, cotangent: Node): ReadonlyMap<Node, Node> => {
  const last = nodes.at(-1)!
  const adjoints = nodes.reduceRight((map, y) => {
    const g = map.get(y)
    if (g === undefined) return map
    contributions(g, y).forEach((c, k) => {
      if (c === null) return
      const x = y.inputs[k]!
      const before = map.get(x)
      const masked = g.masked || masks(y)
      map.set(x, before === undefined ? { node: c, masked } : { node: add(before.node, c), masked: before.masked || masked })
    })
    return map
  }, new Map<Node, Adjoint>([[last, { node: cotangent, masked: false }]]))
  return new Map([...adjoints].map(([node, adjoint]) => [node, adjoint.node]))
}

/** A random topological order: at each step one of the nodes that no unplaced node reads. */
export const shuffled = (y: Node, seed: number): Nodes => {
  const readers = new Map<Node, number>()
  for (const node of sort([y]).nodes) for (const x of node.inputs) readers.set(x, (readers.get(x) ?? 0) + 1)
  const order: Array<Node> = []
  const free = [y]
  for (let state = seed; free.length > 0; state = split(state, order.length)) {
    const [next] = free.splice(state % free.length, 1)
    order.push(next!)
    for (const x of next!.inputs) {
      const left = readers.get(x)! - 1
      readers.set(x, left)
      if (left === 0) free.push(x)
    }
  }
  return order.reverse()
}

/** The number of nodes of the tree that a graph unfolds to. */
export const treeSize = (y: Node): number => {
  const size = new Map<Node, number>()
  for (const node of sort([y]).nodes) size.set(node, 1 + node.inputs.reduce((sum, x) => sum + size.get(x)!, 0))
  return size.get(y)!
}

/** The graph as a tree: every use of a node is a node of its own. */
export const unshared = (y: Node): Node => apply(y.op, y.inputs.map(unshared), y.attrs)
