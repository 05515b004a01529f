/** Common subexpressions: equal operations on equal operands are one. */
import type { Node, Primitive } from '../../core/Node.js'
import { arityOf, noAttrs, operandOf } from '../../core/Node.js'
import { identicalTensor } from '../../core/Tensor.js'
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
  const attribute = (x: unknown): string => {
    if (typeof x === 'number') return Object.is(x, -0) ? '-0' : `${x}`
    if (Array.isArray(x)) return `[${x.map(attribute).join()}]`
    return typeof x === 'string' || typeof x === 'boolean' ? `${x}` : `#${idOf(x)}`
  }
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
    const same = known.get(key)?.find((other) => held === undefined || identicalTensor(held, heldTensor(other)!))
    if (same !== undefined) return same
    known.set(key, [...(known.get(key) ?? []), node])
    return node
  })(outputs)
}
