/** The sort, on graphs large enough that its arrays grow many times. */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { positionsIn, sort } from '../../lib/core/Graph.js'
import type { Node } from '../../lib/core/Node.js'
import { add, concat, full, mul, neg, reshape, sum } from '../../lib/primitive/index.js'

/** A random graph: each node has one to four operands among those before it. */
const graphOf = (size: number, choose: () => number): ReadonlyArray<Node> => {
  const scalar = { shape: [], dtype: 'f64' as const }
  const nodes: Array<Node> = [full(1, scalar), full(2, scalar)]
  const pick = (): Node => nodes[Math.floor(choose() * nodes.length)]!
  while (nodes.length < size) {
    const last = nodes[nodes.length - 1]!
    const kinds = [
      () => neg(last),
      () => add(last, pick()),
      () => mul(pick(), last),
      () => sum(concat([last, pick(), pick(), pick()].map((x) => reshape(x, [1])), 0), [0]),
    ]
    nodes.push(kinds[Math.floor(choose() * kinds.length)]!())
  }
  return nodes
}

/** Every node that the outputs depend on, by a walk that is nothing but clear. */
const reachable = (outputs: ReadonlyArray<Node>): ReadonlySet<Node> => {
  const seen = new Set(outputs)
  for (const node of seen) node.inputs.forEach((x) => seen.add(x))
  return seen
}

const check = (outputs: ReadonlyArray<Node>): void => {
  const sorted = sort(outputs)
  const { nodes, first, operands, ops, floats, scalars } = sorted
  const position = new Map(nodes.map((node, i) => [node, i]))
  expect(position.size).toBe(nodes.length)
  expect(new Set(nodes)).toEqual(reachable(outputs))
  nodes.forEach((node, i) => {
    const inputs = Array.from(operands.subarray(first[i]!, first[i + 1]!))
    if (!inputs.every((at, k) => nodes[at] === node.inputs[k] && at < i) || inputs.length !== node.inputs.length) expect.fail(`operands of node ${i}`)
    if (ops[i] !== node.op || floats[i] !== 1 || scalars[i] !== Number(node.shape.length === 0)) expect.fail(`what is said of node ${i}`)
  })
  expect(positionsIn(sorted, outputs)).toEqual(outputs.map((y) => position.get(y)))
  expect(positionsIn(sorted, [full(3, { shape: [], dtype: 'f64' })])).toEqual([-1])
}

describe('sort', () => {
  it('lists everything an output depends on once, operands first, whatever the size', () => {
    fc.assert(
      fc.property(fc.constantFrom(2, 3, 100, 1024, 1025, 5000, 20_000), fc.integer({ min: 1, max: 2 ** 31 - 1 }), (size, seed) => {
        let state = seed
        const choose = (): number => (state = (state * 48271) % 2147483647) / 2147483647
        const nodes = graphOf(size, choose)
        check([nodes[nodes.length - 1]!])
        check([nodes[nodes.length - 1]!, nodes[nodes.length >> 1]!, nodes[0]!])
      }),
      { numRuns: 20 },
    )
  })

  it('is the same for the same graph, and is not disturbed by another sort', () => {
    const nodes = graphOf(3000, Math.sqrt.bind(null, 0.3))
    const y = nodes[nodes.length - 1]!
    const before = sort([y]).nodes
    sort([nodes[nodes.length >> 1]!])
    expect(sort([y]).nodes).toEqual(before)
  })
})
