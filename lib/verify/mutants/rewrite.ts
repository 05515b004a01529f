/** The same program with some of its nodes exchanged. */
import { sort } from '../../core/Graph.js'
import { apply, isInvalid, type Node } from '../../core/Node.js'

/** What to put in place of a node whose operands have become `operands`, `undefined` for the node itself; `at` is its place. */
export type Exchange = (node: Node, operands: ReadonlyArray<Node>, at: number) => Node | undefined

/** The outputs after an exchange of nodes. Whatever `fixed` consists of stays as it is. */
export const rewrite = (outputs: ReadonlyArray<Node>, fixed: ReadonlyArray<Node>, exchange: Exchange): ReadonlyArray<Node> => {
  const image = new Map<Node, Node>()
  const still = new Set(sort(fixed).nodes)
  const now = (x: Node): Node => image.get(x) ?? x
  sort(outputs).nodes.forEach((node, at) => {
    if (still.has(node)) return
    const operands = node.inputs.map(now)
    const other = exchange(node, operands, at)
    if (other !== undefined) image.set(node, other)
    else if (!isInvalid(node) && node.inputs.some((x) => image.has(x))) image.set(node, apply(node.op, operands, node.attrs))
  })
  return outputs.map(now)
}
