/** Operands of every kind on every side: nodes, tensors, numbers, truth values, nested arrays of any of these. */
import { isFloat, join, toFloat, type Buffer, type DType } from '../core/DType.js'
import { refuse } from '../core/FoldgradError.js'
import { invalid, isInvalid, isNode, type Node } from '../core/Node.js'
import { broadcastShapes, sameShape, scalarShape, showShape } from '../core/Shape.js'
import { isTensor, tensor, type NestedArray, type Tensor } from '../core/Tensor.js'
import { astype } from '../primitive/arithmetic.js'
import { constant, full, fullValue } from '../primitive/leaf.js'
import { broadcastTo, concat, reshape } from '../primitive/shape.js'

/** What every operation accepts wherever it takes an array. Nested arrays may mix numbers and nodes. */
export type Operand = Node | Tensor | number | boolean | Buffer | ReadonlyArray<Operand>

const isOperandArray = (x: Operand): x is ReadonlyArray<Operand> => Array.isArray(x)

const holdsNode = (x: Operand): boolean => (isOperandArray(x) ? x.some(holdsNode) : isNode(x) || isTensor(x))

/** The operand as a node. Data that is no array of numbers is an invalid node of operation `op`. */
export const toNode = (x: Operand, op = 'constant'): Node => {
  if (isNode(x)) return x
  if (typeof x === 'number') return full(x, { shape: scalarShape, dtype: 'f64' })
  if (isTensor(x)) return constant(x)
  if (isOperandArray(x) && holdsNode(x)) return stacked(x.map((part) => toNode(part, op)), op)
  try {
    return constant(tensor(x as NestedArray))
  } catch (e) {
    return invalid(op, [], refuse('Argument', `the operand is no array of numbers (${(e as Error).message})`, 'Give a node, a tensor, a number or nested arrays of equal lengths'))
  }
}

const stacked = (parts: ReadonlyArray<Node>, op: string): Node => {
  const [first] = parts
  if (parts.some(isInvalid)) return invalid(op, parts)
  if (!parts.every((p) => sameShape(p.shape, first!.shape)))
    return invalid(op, parts, refuse('Shape', 'the parts of a nested array need one shape', 'Stack arrays of equal shape'))
  const dtype = parts.map((p) => p.dtype).reduce(join)
  return concat(parts.map((p) => astype(reshape(p, [1, ...p.shape]), dtype)), 0)
}

/** The dtypes that an operation computes in: as its operands join, or at least a float. */
export type Kind = 'any' | 'float'

/** A plain number takes the dtype of its company, if it is a value of that dtype. */
const isWeak = (x: Operand, dtype: DType): boolean => typeof x === 'number' && (isFloat(dtype) || (dtype === 'i32' && Number.isInteger(x)))

const joined = (operands: ReadonlyArray<Operand>, nodes: ReadonlyArray<Node>, kind: Kind): DType => {
  const strong = nodes.filter((_, i) => typeof operands[i] !== 'number').map((n) => n.dtype)
  const company = strong.length === 0 ? 'f64' : strong.reduce(join)
  const dtype = operands.every((x) => typeof x !== 'number' || isWeak(x, company)) ? company : join(company, 'f64')
  return kind === 'float' ? toFloat(dtype) : dtype
}

/** A node with exactly this shape and dtype. */
const fit = (x: Node, shape: ReadonlyArray<number>, dtype: DType): Node => {
  const number = fullValue(x)
  if (number !== undefined) return sameShape(x.shape, shape) && x.dtype === dtype ? x : full(number, { shape, dtype })
  const cast = astype(x, dtype)
  return sameShape(cast.shape, shape) ? cast : broadcastTo(cast, shape)
}

/**
 * Operands brought to one shape (NumPy's broadcasting) and one dtype (their join), or an invalid node that says why
 * they cannot be.
 */
export const broadcastOperands = (
  op: string,
  operands: ReadonlyArray<Operand>,
  kind: Kind,
): ReadonlyArray<Node> | Node => {
  const nodes = operands.map((x) => toNode(x, op))
  if (nodes.every((n) => n.dtype === 'f64' && n.shape === scalarShape && !isInvalid(n))) return nodes
  if (nodes.some(isInvalid)) return invalid(op, nodes)
  const shape = commonShape(nodes)
  if (shape === undefined)
    return invalid(op, nodes, refuse('Shape', `shapes ${nodes.map((n) => showShape(n.shape)).join(' and ')} do not broadcast: aligned at the right, lengths must be equal or 1`, 'Reshape or slice one of them, or insert an axis with expandDims'))
  const dtype = joined(operands, nodes, kind)
  return nodes.map((n) => fit(n, shape, dtype))
}

/** Operands brought to one dtype (their join), each with its own shape; an invalid node if one of them is. */
export const promoteOperands = (op: string, operands: ReadonlyArray<Operand>, kind: Kind): ReadonlyArray<Node> | Node => {
  const nodes = operands.map((x) => toNode(x, op))
  if (nodes.some(isInvalid)) return invalid(op, nodes)
  const dtype = joined(operands, nodes, kind)
  return nodes.map((n) => fit(n, n.shape, dtype))
}

/** Truth values as the integers 0 and 1. */
export const counted = (x: Node): Node => (x.dtype === 'bool' ? astype(x, 'i32') : x)

/** Operands of a product: brought to one dtype, in which truth values are counted. */
export const factorsOf = (op: string, operands: ReadonlyArray<Operand>): ReadonlyArray<Node> | Node => {
  const nodes = promoteOperands(op, operands, 'any')
  return isNode(nodes) ? nodes : nodes.map(counted)
}

const commonShape = (nodes: ReadonlyArray<Node>) =>
  nodes.every((n) => sameShape(n.shape, nodes[0]!.shape)) ? nodes[0]!.shape : broadcastShapes(...nodes.map((n) => n.shape))

/** An operand as a float node: integers and truth values become `f64`. */
export const toFloatNode = (x: Operand, op: string): Node => {
  const node = toNode(x, op)
  return isInvalid(node) ? node : astype(node, toFloat(node.dtype))
}
