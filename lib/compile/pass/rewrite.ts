/** Rewriting: a fold over a graph that replaces each node by what a rule makes of it, on operands that are replaced already. */
import { closedOf, isClosed } from '../../core/Closed.js'
import { positionsIn, sort } from '../../core/Graph.js'
import { apply, isInvalid, noAttrs, type Attrs, type Closed, type Node } from '../../core/Node.js'

/** What stands in for a node; the node itself to leave it as it is. The meaning must be the same. */
export type Rule = (node: Node) => Node

/** A pass over a program: the same results, computed in another way. */
export type Pass = (outputs: ReadonlyArray<Node>) => ReadonlyArray<Node>

/** The pass that applies a rule to every node, those inside closed functions included. Nodes that nothing changes keep their identity. */
export const rewriting =
  (rule: Rule): Pass =>
  (outputs) => {
    const sorted = sort(outputs)
    const { nodes, first, operands } = sorted
    const results = positionsIn(sorted, outputs)
    const image = new Array<Node>(nodes.length)
    const pass = rewriting(rule)
    for (let i = 0; i < nodes.length; i++) {
      const node = nodes[i]!
      const at = operands.subarray(first[i]!, first[i + 1]!)
      let changed = false
      for (const k of at) changed ||= image[k] !== nodes[k]
      const attrs = isInvalid(node) ? node.attrs : inside(node.attrs, pass)
      image[i] = rule(changed || attrs !== node.attrs ? apply(node.op, Array.from(at, (k) => image[k]!), attrs) : node)
    }
    return results.map((i) => image[i]!)
  }

/** The attributes of an operation, with a pass applied to the closed functions among them. */
const inside = (attrs: Attrs, pass: Pass): Attrs => {
  if (attrs === noAttrs) return attrs
  let changed: Record<string, unknown> | undefined
  for (const [name, value] of Object.entries(attrs)) {
    const made = isClosed(value) ? closedBy(value, pass) : isListOfClosed(value) ? listBy(value, pass) : value
    if (!Object.is(made, value)) (changed ??= { ...attrs })[name] = made
  }
  return changed ?? attrs
}

const isListOfClosed = (x: unknown): x is ReadonlyArray<Closed> => Array.isArray(x) && x.length > 0 && x.every(isClosed)

const closedBy = (closed: Closed, pass: Pass): Closed => {
  const outputs = pass(closed.outputs)
  return outputs.every((y, k) => y === closed.outputs[k]) ? closed : closedOf(closed.parameters, outputs)
}

const listBy = (list: ReadonlyArray<Closed>, pass: Pass): ReadonlyArray<Closed> => {
  const made = list.map((closed) => closedBy(closed, pass))
  return made.every((closed, k) => closed === list[k]) ? list : Object.freeze(made)
}
