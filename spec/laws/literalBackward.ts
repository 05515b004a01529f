/** The backward pass as it is defined: a fold from the right over the sorted nodes, that returns a new map at each step. */
import type { Node } from '../../lib/core/Node.js'
import { add } from '../../lib/primitive/index.js'
import { contribution } from '../../lib/transform/backward.js'

/** An adjoint, and whether it came through a mask on its way. */
export interface Adjoint {
  readonly node: Node
  readonly masked: boolean
}

type Adjoints = ReadonlyMap<Node, Adjoint>

/** The sum of two contributions to one adjoint. */
const sum = (a: Adjoint | undefined, b: Adjoint): Adjoint =>
  a === undefined ? b : { node: add(a.node, b.node), masked: a.masked || b.masked }

/** The map with what `y` contributes to the adjoint of its operand `k`. */
const contribute = (adjoints: Adjoints, g: Adjoint, y: Node, k: number): Adjoints => {
  const x = y.inputs[k]!
  const node = contribution(g.node, g.masked, y, k)
  return node === null ? adjoints : new Map([...adjoints, [x, sum(adjoints.get(x), { node, masked: g.masked || y.op.masks === true })]])
}

/** One step: the node hands its adjoint on to its operands. */
const step = (adjoints: Adjoints, y: Node): Adjoints => {
  const g = adjoints.get(y)
  return g === undefined ? adjoints : y.inputs.reduce((map, _, k) => contribute(map, g, y, k), adjoints)
}

/**
 * The adjoints of all nodes that the last one depends on, given its cotangent. `nodes` are in any topological order,
 * operands first; `masked` says that zeros of the cotangent come from a mask. Quadratic, since every step copies a map: the specification of the fold that the library ships.
 */
export const literalBackward = (nodes: ReadonlyArray<Node>, cotangent: Node, masked = false): Adjoints =>
  nodes.reduceRight(step, new Map([[nodes.at(-1)!, { node: cotangent, masked }]]))
