/** Rewriting: a fold over a graph that replaces each node by what a rule makes of it, on operands that are replaced already. */
import { closedOf, isClosed } from '../../core/Closed.js'
import { sort } from '../../core/Graph.js'
import { apply, arityOf, isInvalid, operandOf, type Attrs, type Closed, type Node } from '../../core/Node.js'

/** What stands in for a node; the node itself to leave it as it is. The meaning must be the same. */
export type Rule = (node: Node) => Node

/** A pass over a program: the same results, computed in another way. */
export type Pass = (outputs: ReadonlyArray<Node>) => ReadonlyArray<Node>

/** The pass that applies a rule to every node, those inside closed functions included. Nodes that nothing changes keep their identity. */
export const rewriting =
  (rule: Rule): Pass =>
  (outputs) => {
    const image = new Map<Node, Node>()
    const pass = rewriting(rule)
    for (const node of sort(outputs).nodes) {
      const inputs: Array<Node> = []
      let changed = false
      for (let k = 0; k < arityOf(node); k++) {
        const x = operandOf(node, k)
        const y = image.get(x)!
        changed ||= x !== y
        inputs.push(y)
      }
      const attrs = isInvalid(node) ? node.attrs : inside(node.attrs, pass)
      image.set(node, rule(changed || attrs !== node.attrs ? apply(node.op, inputs, attrs) : node))
    }
    return outputs.map((y) => image.get(y)!)
  }

/** The attributes of an operation, with a pass applied to the closed functions among them. */
const inside = (attrs: Attrs, pass: Pass): Attrs => {
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
