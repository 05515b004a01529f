/** Graph figures as DeZero counts them. */
import type { Node } from '../../lib/index.js'
import { sort } from '../../lib/core/Graph.js'
import { difference } from './compare.js'
import type { GraphCount } from './schema.js'

/** DeZero's names of the library's primitives. */
const dezeroNames: Readonly<Record<string, string>> = {
  add: 'Add',
  sub: 'Sub',
  mul: 'Mul',
  div: 'Div',
  neg: 'Neg',
  square: 'Pow',
  pow: 'Pow',
  integerPow: 'Pow',
  powConstant: 'Pow',
}

/** The exponent of a power is an attribute in DeZero, an operand here when the power has two. */
const operandsOf = (node: Node): ReadonlyArray<Node> => (node.op.name === 'pow' ? node.inputs.slice(0, 1) : node.inputs)

/** Functions and variables of a graph, where each function has one variable for its result. */
export const countGraph = (y: Node): GraphCount => {
  const reached = new Set<Node>([y])
  for (const node of [...sort([y]).nodes].reverse()) if (reached.has(node)) operandsOf(node).forEach((x) => reached.add(x))
  const all = [...reached]
  const functions = all.filter((node) => node.inputs.length > 0)
  const ops: Record<string, number> = {}
  for (const { op } of functions) {
    const name = dezeroNames[op.name] ?? op.name
    ops[name] = (ops[name] ?? 0) + 1
  }
  return {
    functions: functions.length,
    ops: Object.fromEntries(Object.entries(ops).sort(([a], [b]) => (a < b ? -1 : 1))),
    variables: all.length,
    leaves: all.length - functions.length,
    edges: functions.reduce((sum, node) => sum + operandsOf(node).length + 1, 0),
  }
}

/** What differs between the graph of `y` and the figures of the case. */
export const graphDifferences = (y: Node, expected: GraphCount): ReadonlyArray<string> => {
  const got = countGraph(y)
  const { functions, ops, variables, leaves, edges } = expected
  return difference('graph', got, { functions, ops, variables, leaves, edges })
}

/** The generation of a node: 0 for a leaf, one more than the highest of its operands otherwise. */
export const generationOf = (y: Node): number => {
  const generation = new Map<Node, number>()
  for (const node of sort([y]).nodes)
    generation.set(node, Math.max(0, ...node.inputs.map((x) => 1 + generation.get(x)!)))
  return generation.get(y)!
}
