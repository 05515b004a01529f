/**
 * How much rounding error a derivative carries in double precision: what each node of its program may add, handed on to the
 * result. Numbers that cancel on the way leave a residue of this size in place of zero.
 *
 * With the adjoints `ḡ` of all nodes the error is `Σ ⟨|ḡ|, rounding⟩` at most, to first order. An elementwise operation rounds
 * its result; an operation that adds up many terms rounds each partial sum, which is bounded by the terms before they cancel:
 * by what it hands on to each element of its operands, times that element.
 */
import { isFloat } from '../core/DType.js'
import { sort } from '../core/Graph.js'
import type { Node } from '../core/Node.js'
import { sizeOf } from '../core/Shape.js'
import { bufferOf, type Tensor } from '../core/Tensor.js'
import { flowBack } from './flow.js'
import { tensorsOf } from './numeric.js'
import { absoluteDot } from './sum.js'

/** Half a unit in the last place. */
const unit = 2 ** -53

/** How many roundings a term may go through in a node that is not elementwise. */
const roundings = (node: Node): number => node.inputs.reduce((n, x) => Math.max(n, sizeOf(x.shape)), sizeOf(node.shape))

const terms = (g: Tensor, y: Tensor): number => {
  const sum = absoluteDot(bufferOf(g), bufferOf(y))
  return Number.isFinite(sum) ? sum : 0
}

const bound = (derivative: ReadonlyArray<Node>, weights: Float64Array): number => {
  const { nodes } = sort(derivative)
  const values = new Map(tensorsOf(nodes).map((t, i) => [nodes[i]!, t]))
  const leaves = nodes.filter((node) => node.inputs.length === 0 && isFloat(node.dtype))
  const { adjoints, contributions } = flowBack({ nodes, outputs: derivative, variables: leaves }, derivative.map((y) => values.get(y)!), weights, false)
  /** The sensitivities to numbers that are rounded, each with the node that has the numbers, and how often they are rounded. */
  const sources = nodes.flatMap((node, i): ReadonlyArray<readonly [g: Node, of: Node, times: number]> => {
    const g = adjoints[i]
    if (g === undefined || node.inputs.length === 0) return []
    const parts = node.op.scalar !== undefined ? [] : (contributions[i] ?? []).map((c, k) => [c, node.inputs[k]!, roundings(node)] as const)
    return [[g, node, 4], ...parts.flatMap(([c, x, times]) => (c === null ? [] : [[c, x, times] as const]))]
  })
  const sensitivities = tensorsOf(sources.map(([g]) => g))
  return sources.reduce((sum, [, of, times], i) => sum + times * unit * terms(sensitivities[i]!, values.get(of)!), 0)
}

/**
 * The bound for `⟨derivative, weights⟩`. A rule that is under suspicion may give a program that cannot be differentiated, or that
 * throws where it is: then nothing is granted.
 */
export const roundingOf = (derivative: ReadonlyArray<Node>, weights: Float64Array): number => {
  try {
    return bound(derivative, weights)
  } catch {
    return 0
  }
}
