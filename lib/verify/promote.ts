/** A program that computes in single precision, as the same program in double precision. */
import { closedOf, isClosed } from '../core/Closed.js'
import { bufferFrom, type DType } from '../core/DType.js'
import { positionsIn, sort } from '../core/Graph.js'
import { apply, isInvalid, isNode, type Attrs, type Closed, type Node } from '../core/Node.js'
import { bufferOf, isTensor, tensorOf, type Tensor } from '../core/Tensor.js'
import { astype, astypeOp } from '../primitive/arithmetic.js'
import { identity } from '../primitive/identity.js'
import { constant, full, fullValue, heldTensor, isParameter, parameter, variable, variableId } from '../primitive/leaf.js'

/** A tensor in double precision; every single-precision number is one in double precision. */
export const widened = (t: Tensor): Tensor => (t.dtype === 'f32' ? tensorOf(bufferFrom('f64', bufferOf(t)), t.shape, 'f64') : t)

/** Whether a node, or a function that it runs, computes in single precision. */
const isSingle = (node: Node): boolean => node.dtype === 'f32' || closedIn(node.attrs).some(hasSingle)

const closedIn = (attrs: Attrs): ReadonlyArray<Closed> => Object.values(attrs).flatMap((x): ReadonlyArray<Closed> => (isClosed(x) ? [x] : Array.isArray(x) ? x.filter(isClosed) : []))

const hasSingle = ({ parameters, outputs }: Closed): boolean => parameters.some(isSingle) || sort(outputs).nodes.some(isSingle)

/** Whether anything in a program computes in single precision. */
export const computesInSingle = (outputs: ReadonlyArray<Node>): boolean => sort(outputs).nodes.some(isSingle)

const leafOf = (node: Node): Node | undefined => {
  const type = { shape: node.shape, dtype: 'f64' as DType }
  const number = fullValue(node)
  if (number !== undefined) return full(number, type)
  if (isParameter(node)) return parameter(type)
  const held = heldTensor(node)
  if (held === undefined) return undefined
  const id = variableId(node)
  return id === undefined ? constant(widened(held)) : variable(id, widened(held))
}

const promoteClosed = ({ parameters, outputs }: Closed): Closed => {
  const images = new Map(parameters.map((p) => [p, p.dtype === 'f32' ? leafOf(p)! : p]))
  return closedOf([...images.values()], promoteFrom(outputs, images))
}

const promoteAttr = (key: string, x: unknown): unknown => {
  if (key === 'dtype' && x === 'f32') return 'f64'
  if (isTensor(x)) return widened(x)
  if (isClosed(x)) return hasSingle(x) ? promoteClosed(x) : x
  if (isNode(x)) return promote([x])[0]
  return Array.isArray(x) && x.some((part) => isClosed(part) || isTensor(part) || isNode(part)) ? Object.freeze(x.map((part: unknown) => promoteAttr('', part))) : x
}

const promoteAttrs = (attrs: Attrs): Attrs => {
  const parts = Object.entries(attrs).map(([key, x]) => [key, promoteAttr(key, x)] as const)
  return parts.every(([key, x]) => x === attrs[key]) ? attrs : Object.freeze(Object.fromEntries(parts))
}

/** A node in double precision, given its operands in it. `rounding` is what becomes of rounding to single precision. */
const promoteOne = (node: Node, inputs: ReadonlyArray<Node>, rounding: (x: Node) => Node): Node => {
  if (node.dtype === 'f32' && node.inputs.length === 0) return leafOf(node) ?? apply(node.op, inputs, promoteAttrs(node.attrs))
  if (node.op === astypeOp && node.dtype === 'f32') return inputs[0]!.dtype === 'f64' ? rounding(inputs[0]!) : astype(inputs[0]!, 'f64')
  const attrs = isInvalid(node) || node.inputs.length === 0 ? node.attrs : promoteAttrs(node.attrs)
  return attrs === node.attrs && inputs.every((x, k) => x === node.inputs[k]) ? node : isInvalid(node) ? node : apply(node.op, inputs, attrs)
}

const leftOut = (x: Node): Node => x

const promoteFrom = (outputs: ReadonlyArray<Node>, images: Map<Node, Node>, rounding = leftOut): ReadonlyArray<Node> => {
  for (const node of sort(outputs).nodes) if (!images.has(node)) images.set(node, promoteOne(node, node.inputs.map((x) => images.get(x)!), rounding))
  return outputs.map((y) => images.get(y)!)
}

/**
 * The same program in double precision: `f32` leaves hold the same numbers as `f64`, conversions to `f32` are left out, in
 * the functions that control primitives run as well. A program without single precision is returned as it is.
 */
export const promote = (outputs: ReadonlyArray<Node>): ReadonlyArray<Node> =>
  computesInSingle(outputs) ? promoteFrom(outputs, new Map()) : outputs

/** Every node of a program, operands first, beside what it is in double precision: a node of its own for each. */
export const promotedPairs = (outputs: ReadonlyArray<Node>): ReadonlyArray<readonly [node: Node, image: Node]> => {
  const images = new Map<Node, Node>()
  promoteFrom(outputs, images, identity)
  return [...images]
}

/** The outputs of a program, with some of its nodes replaced. */
export const substitute = (outputs: ReadonlyArray<Node>, from: ReadonlyArray<Node>, to: ReadonlyArray<Node>): ReadonlyArray<Node> => {
  const images = new Map(from.map((node, k) => [node, to[k]!]))
  const sorted = sort(outputs)
  const cut = new Set(positionsIn(sorted, from))
  sorted.nodes.forEach((node, i) => {
    if (cut.has(i)) return
    const inputs = node.inputs.map((x) => images.get(x) ?? x)
    if (inputs.some((x, k) => x !== node.inputs[k])) images.set(node, apply(node.op, inputs, node.attrs))
  })
  return outputs.map((y) => images.get(y) ?? y)
}
