/** The forward-mode fold: tangents flow from operands to results through the pushforwards of the primitives. */
import { positionsIn, sort } from '../core/Graph.js'
import type { Node } from '../core/Node.js'

/**
 * The tangent of each of `ys`, when the nodes `at` move with the given tangents: the derivative of each along that
 * direction, as a node. `null` is a tangent that is zero.
 */
export const tangentsOf = (
  ys: ReadonlyArray<Node>,
  at: ReadonlyArray<Node>,
  tangents: ReadonlyArray<Node | null>,
): ReadonlyArray<Node | null> => {
  const sorted = sort(ys)
  const { nodes, first, operands } = sorted
  const tangent = new Array<Node | null>(nodes.length).fill(null)
  const seeds = positionsIn(sorted, at)
  const results = positionsIn(sorted, ys)
  const seeded = new Uint8Array(nodes.length)
  seeds.forEach((i, k) => {
    if (i < 0) return
    seeded[i] = 1
    tangent[i] = tangents[k]!
  })
  for (let i = 0; i < nodes.length; i++) {
    if (seeded[i] === 1) continue
    const incoming = Array.from(operands.subarray(first[i]!, first[i + 1]!), (operand) => tangent[operand]!)
    if (incoming.some((t) => t !== null)) tangent[i] = nodes[i]!.op.jvp(incoming, nodes[i]!)
  }
  return results.map((i) => tangent[i]!)
}
