/** Printing: a graph as a numbered, typed listing, one line per node. */
import { sort } from '../core/Graph.js'
import { isInvalid, isNode, nameOf, type Node } from '../core/Node.js'
import { showShape } from '../core/Shape.js'
import { isTensor, type NestedArray, type Tensor } from '../core/Tensor.js'
import { fullValue, heldTensor, variableId } from '../primitive/leaf.js'

/** How a listing is written. */
export interface PrettyOptions {
  /** Arrays of more elements than this are written as `...`; 16 unless told otherwise, `Infinity` writes out all. */
  readonly limit?: number
}

/**
 * The listing of what these nodes compute: one line per node in topological order, each with its number, type, operation,
 * operands and options, and the results at the end. Equal programs give equal text.
 *
 * @example
 * const x = variable('x', 2)
 * pretty(mul(x, 3)).split('\n')
 * // ['%0: f64[] = variable("x", 2)', '%1: f64[] = full(3)', '%2: f64[] = mul(%0, %1)', 'return %2']
 */
export const pretty = (results: Node | ReadonlyArray<Node>, { limit = 16 }: PrettyOptions = {}): string => {
  const outputs = isNode(results) ? [results] : results
  const { nodes } = sort(outputs)
  const number = new Map(nodes.map((node, i) => [node, `%${i}`]))
  const list = (parts: ReadonlyArray<Node>): string => parts.map((part) => number.get(part)!).join(', ')
  const lines = nodes.map(
    (node) => `${number.get(node)!}: ${type(node)} = ${nameOf(node)}(${leafData(node, limit) ?? list(node.inputs)})${options(node, limit)}`,
  )
  return [...lines, `return ${list(outputs)}`].join('\n')
}

const type = (node: Node): string => (isInvalid(node) ? 'invalid' : `${node.dtype}${showShape(node.shape)}`)

/** What a leaf holds; `undefined` for an operation. */
const leafData = (node: Node, limit: number): string | undefined => {
  const number = fullValue(node)
  if (number !== undefined) return showNumber(number)
  const held = heldTensor(node)
  if (held === undefined) return undefined
  const id = variableId(node)
  return [...(id === undefined ? [] : [JSON.stringify(id)]), showData(held, limit)].join(', ')
}

/** The options of an operation, if it has any; those of a leaf are its data, which is written already. */
const options = (node: Node, limit: number): string => {
  const entries = isInvalid(node) || leafData(node, 0) !== undefined ? [] : Object.entries(node.attrs).filter(([, x]) => x !== undefined)
  return entries.length === 0 ? '' : ` { ${entries.map(([key, x]) => `${key}: ${show(x, limit)}`).join(', ')} }`
}

const showData = (tensor: Tensor, limit: number): string => (tensor.size > limit ? '...' : showNested(tensor.toArray()))

const showNested = (x: NestedArray): string =>
  Array.isArray(x) ? `[${x.map(showNested).join(', ')}]` : typeof x === 'number' ? showNumber(x) : String(x)

/** The shortest text that reads back as the same number; the sign of zero is kept. */
const showNumber = (x: number): string => (Object.is(x, -0) ? '-0' : String(x))

/** An option: plain data as JavaScript writes it, and a word for what is not data. */
const show = (x: unknown, limit: number): string => {
  if (typeof x === 'number') return showNumber(x)
  if (isTensor(x)) return showData(x, limit)
  if (Array.isArray(x)) return `[${x.map((part) => show(part, limit)).join(', ')}]`
  if (typeof x === 'function') return `<${x.name || 'function'}>`
  if (typeof x === 'object' && x !== null) return `{ ${Object.entries(x).map(([key, part]) => `${key}: ${show(part, limit)}`).join(', ')} }`
  return JSON.stringify(x)
}
