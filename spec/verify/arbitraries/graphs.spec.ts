/** Orders of a graph, and sequences of uses that must not change it. */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sort } from '../../../lib/core/Graph.js'
import type { Node } from '../../../lib/core/Node.js'
import { tensor } from '../../../lib/core/Tensor.js'
import { constant, variable } from '../../../lib/primitive/index.js'
import { graphInUse, graphUses, programs, topologicalOrders } from '../../../lib/verify/arbitraries/index.js'
import { add, sin } from '../../../lib/function/index.js'

describe('topological orders', () => {
  it('hold every node once, after its operands', () => {
    const cases = programs({ smoothness: 'jumping' }).chain(({ f, inputs }) => topologicalOrders([f(...inputs.map((t) => constant(t)))]))
    fc.assert(
      fc.property(cases, (order) => {
        const place = new Map(order.map((node, i) => [node, i]))
        expect(place.size).toBe(order.length)
        expect(new Set(sort([order.at(-1)!]).nodes)).toEqual(new Set(order))
        expect(order.every((node, i) => node.inputs.every((x) => place.get(x)! < i))).toBe(true)
      }),
    )
  })

  it('differ from each other, and shrink to the first one', () => {
    const leaves = Array.from({ length: 6 }, (_, i) => sin(variable(`x${i}`, tensor(i))))
    const y = leaves.reduce<Node>((a, b) => add(a, b), leaves[0]!)
    const orders = fc.sample(topologicalOrders([y]), { numRuns: 50, seed: 1 })
    expect(new Set(orders.map((order) => order.map((node) => leaves.indexOf(node)).join())).size).toBeGreaterThan(40)
    const { counterexample } = fc.check(fc.property(topologicalOrders([y]), (order) => order.length === 0), { seed: 1 })
    expect(counterexample![0].map((node) => leaves.indexOf(node)).filter((i) => i >= 0)).toEqual([0, 1, 2, 3, 4, 5])
  })
})

describe('uses of a graph', () => {
  it('change nothing', () => {
    fc.assert(
      fc.property(programs({ smoothness: 'jumping' }), graphUses(), (program, commands) => {
        fc.modelRun(() => ({ model: {}, real: graphInUse(program) }), commands)
      }),
      { numRuns: 60 },
    )
  })

  it('are found to have changed something when they have', () => {
    const found = fc.check(
      fc.property(programs({ size: 3 }), graphUses({ size: '+1' }), (program, commands) => {
        const graph = graphInUse(program)
        fc.modelRun(() => ({ model: {}, real: { ...graph, listing: `${graph.listing} ` } }), commands)
      }),
      { seed: 1 },
    )
    expect(found.failed).toBe(true)
    expect(fc.stringify(found.counterexample![1])).toMatch(/^print /)
    expect((found.errorInstance as Error).message).toBe('the graph prints otherwise')
  })
})
