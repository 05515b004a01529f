/** Common subexpressions: equal operations on equal operands are one. */
import type { Node, Primitive } from '../../core/Node.js'
import { arityOf, noAttrs, operandOf } from '../../core/Node.js'
import { isClosed } from '../../core/Closed.js'
import { sameTensor, isTensor } from '../../core/Tensor.js'
import { fullValue, heldTensor, isParameter, variableId } from '../../primitive/leaf.js'
import { rewriting, type Pass } from './rewrite.js'

/** Makes equal nodes the same one. Closed functions are compared as objects: each is traced once. */
export const share: Pass = (outputs) => {
  const ids = new Map<unknown, number>()
  const known = new Map<string, Array<Node>>()
  const idOf = (x: unknown): number => {
    const found = ids.get(x)
    if (found !== undefined) return found
    ids.set(x, ids.size)
    return ids.size - 1
  }
  const attribute = (x: unknown): string =>
    typeof x === 'number' ? (Object.is(x, -0) ? '-0' : String(x)) : Array.isArray(x) ? `[${x.map(attribute).join(',')}]` : typeof x === 'object' && x !== null && (isTensor(x) || isClosed(x)) ? `#${idOf(x)}` : typeof x === 'object' ? `#${idOf(x)}` : String(x)
  const keyOf = (node: Node): string => {
    let key = `${idOf(node.op satisfies Primitive)}`
    for (let k = 0; k < arityOf(node); k++) key += ` ${idOf(operandOf(node, k))}`
    if (node.attrs === noAttrs) return key
    const held = heldTensor(node)
    if (held !== undefined) return `${key} ${variableId(node) ?? ''} ${held.dtype}[${held.shape.join()}]`
    for (const [name, value] of Object.entries(node.attrs)) key += ` ${name}=${attribute(value)}`
    return fullValue(node) === undefined ? key : `${key} ${node.dtype}[${node.shape.join()}]`
  }
  return rewriting((node) => {
    if (isParameter(node)) return node
    const key = keyOf(node)
    const held = heldTensor(node)
    const same = known.get(key)?.find((other) => held === undefined || sameTensor(held, heldTensor(other)!))
    if (same !== undefined) return same
    known.set(key, [...(known.get(key) ?? []), node])
    return node
  })(outputs)
}
