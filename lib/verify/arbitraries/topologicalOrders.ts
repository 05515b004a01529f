/** Other orders in which the nodes of a graph may be computed. */
import type * as fc from 'fast-check'
import { sort } from '../../core/Graph.js'
import type { Node } from '../../core/Node.js'
import { drawn, type Drawn } from './arbitrary.js'

type Order = ReadonlyArray<Node>

/** At each step one of the nodes whose operands are all placed: that of number `choose(how many there are)`. */
const placed = (nodes: Order, choose: (count: number) => number): Order => {
  const missing = new Map(nodes.map((node) => [node, new Set(node.inputs).size]))
  const readers = new Map<Node, Array<Node>>(nodes.map((node) => [node, []]))
  for (const node of nodes) for (const x of new Set(node.inputs)) readers.get(x)!.push(node)
  const ready = nodes.filter((node) => missing.get(node) === 0)
  const order: Array<Node> = []
  while (ready.length > 0) {
    const [next] = ready.splice(choose(ready.length), 1)
    order.push(next!)
    for (const reader of readers.get(next!)!) {
      missing.set(reader, missing.get(reader)! - 1)
      if (missing.get(reader) === 0) ready.push(reader)
    }
  }
  return order
}

/**
 * Orders of all nodes that some outputs read, operands before what is computed from them. They shrink to the order in which
 * nodes come up first.
 *
 * @example
 * const y = add(sin(variable('x', 1)), cos(variable('y', 2)))
 * const [order] = fc.sample(topologicalOrders([y]), { numRuns: 1, seed: 1 })
 * order.length      // 5
 * order[4] === y    // true
 */
export const topologicalOrders = (outputs: ReadonlyArray<Node>): fc.Arbitrary<Order> => {
  const { nodes } = sort(outputs)
  const of = (choices: ReadonlyArray<number>): Drawn<Order, ReadonlyArray<number>> => {
    let step = 0
    return { value: placed(nodes, (count) => (choices[step++] ?? 0) % count), context: choices }
  }
  return drawn(
    (draw) => of(nodes.map(() => draw(0, 2 ** 30))),
    function* (choices: ReadonlyArray<number>) {
      if (choices.length > 0) yield of([])
      for (const length of [choices.length >> 1, choices.length - 1]) if (length > 0 && length < choices.length) yield of(choices.slice(0, length))
    },
  )
}
