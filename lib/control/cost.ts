/**
 * What control primitives take, in steps and in memory: each line says which buffers are alive at a time while its kernel
 * runs. Buffers of operands are not counted, they belong to whoever runs the node.
 */
import { bytesOf, bytesOfAll } from '../core/Cost.js'
import type { Closed, Cost, Node } from '../core/Node.js'
import type { Scan } from './runScan.js'

type CostOf = (body: Closed) => Cost

const sum = (parts: ReadonlyArray<number>): number => parts.reduce((a, b) => a + b, 0)

/** What one run of the body takes, and the vector that its results are packed into. */
export const callCost = (body: Closed, y: Node, costOf: CostOf): Cost => {
  const once = costOf(body)
  const results = bytesOf(y)
  return { ...once, peak: Math.max(once.peak, once.results + results), results }
}

/** The worst branch; which one is taken depends on the numbers, so the cost is exact only if all are alike. */
export const condCost = (branches: ReadonlyArray<Closed>, y: Node, costOf: CostOf): Cost => {
  const costs = branches.map((branch) => callCost(branch, y, costOf))
  const [peak, evaluations] = [Math.max(...costs.map((c) => c.peak)), Math.max(...costs.map((c) => c.evaluations))]
  return {
    nodes: sum(costs.map((c) => c.nodes)),
    evaluations,
    peak,
    results: bytesOf(y),
    exact: costs.every((c) => c.exact && c.peak === peak && c.evaluations === evaluations),
  }
}

/** The stacked outputs and one carry, while a step makes the next; at the end the vector of all results. */
export const scanCost = ({ step, carry, length }: Scan, y: Node, costOf: CostOf): Cost => {
  const once = costOf(step)
  const stacks = length * bytesOfAll(step.outputs.slice(carry))
  const state = bytesOfAll(step.outputs.slice(0, carry))
  const results = bytesOf(y)
  const [running, packing] = [length === 0 ? 0 : (length === 1 ? 0 : state) + once.peak, (length === 0 ? 0 : state) + results]
  return { ...once, evaluations: length * once.evaluations, peak: stacks + Math.max(running, packing), results }
}

/** One trip, since their number depends on the numbers; the test runs once more than the body. */
export const whileCost = (test: Closed, body: Closed, y: Node, costOf: CostOf): Cost => {
  const [tested, once] = [costOf(test), costOf(body)]
  const state = bytesOfAll(body.outputs)
  const results = bytesOf(y)
  return {
    nodes: tested.nodes + once.nodes,
    evaluations: 2 * tested.evaluations + once.evaluations,
    peak: Math.max(once.peak, state + tested.peak, state + results),
    results,
    exact: false,
  }
}

/** The recorded carries of one trip, and the adjoints while the trip is walked back. */
export const backCost = (test: Closed, body: Closed, back: Closed, y: Node, costOf: CostOf): Cost => {
  const forth = whileCost(test, body, y, costOf)
  const once = costOf(back)
  const state = bytesOfAll(body.outputs)
  const results = bytesOf(y)
  return {
    nodes: forth.nodes + once.nodes,
    evaluations: forth.evaluations + once.evaluations,
    peak: Math.max(forth.peak, state + results + once.peak, state + 2 * results),
    results,
    exact: false,
  }
}
