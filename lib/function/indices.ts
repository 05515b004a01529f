/** Operands that are indices: integers given as data, or computed as `i32` nodes. */
import { refuse } from '../core/FoldgradError.js'
import { invalid, isInvalid, type Node } from '../core/Node.js'
import { bufferOf, tensorOf } from '../core/Tensor.js'
import type { Shape } from '../core/Shape.js'
import { outOfRange, wrapped } from '../kernel/gather.js'
import { positions } from '../primitive/along.js'
import { add, mul } from '../primitive/arithmetic.js'
import { constant, full, fullValue, heldTensor, variableId } from '../primitive/leaf.js'
import { broadcastTo, reshape } from '../primitive/shape.js'
import { toNode, type Operand } from './operand.js'

/** The numbers of a node that holds data and has no name. */
const dataOf = (x: Node): ArrayLike<number> | undefined => {
  const number = fullValue(x)
  if (number !== undefined) return [number]
  const held = variableId(x) === undefined ? heldTensor(x) : undefined
  return held && bufferOf(held)
}

/** The operand as indices of type `i32`; data of another type will do if all of it is integers. */
export const toIndices = (op: string, operand: Operand): Node => {
  const x = toNode(operand, op)
  if (isInvalid(x)) return invalid(op, [x])
  if (x.dtype === 'i32') return x
  const data = x.dtype === 'bool' ? undefined : dataOf(x)
  if (data === undefined)
    return invalid(op, [x], refuse('DType', `the indices are ${x.dtype}, integers are needed`, "Give them as i32, for example with astype('i32')"))
  const wrong = Array.from(data).find((i) => !Number.isInteger(i))
  if (wrong !== undefined) return invalid(op, [x], refuse('Index', `${wrong} is no index`, 'Give integers'))
  const held = heldTensor(x)
  return held === undefined ? full(data[0]!, { shape: x.shape, dtype: 'i32' }) : constant(tensorOf(Int32Array.from(bufferOf(held)), held.shape, 'i32'))
}

/**
 * Continues with the indices of an axis of `length`. Indices that are data are checked at once; computed ones are checked
 * when they are known.
 */
export const onIndices = (op: string, x: Node, operand: Operand, length: number, f: (indices: Node) => Node): Node => {
  const indices = toIndices(op, operand)
  if (isInvalid(indices)) return invalid(op, [x, indices])
  const wrong = Array.from(dataOf(indices) ?? []).find((i) => wrapped(i, length) < 0)
  return wrong === undefined ? f(indices) : invalid(op, [x, indices], outOfRange(wrong, length))
}

/** How far each element of an array lies from its first, in a memory with these strides. */
export const offsetsIn = (shape: Shape, strides: ReadonlyArray<number>): Node =>
  shape.reduce<Node>((sum, n, axis) => {
    if (n === 1) return sum
    const own = reshape(mul(positions(n), strides[axis]!), shape.map((_, i) => (i === axis ? n : 1)))
    return add(sum, broadcastTo(own, shape))
  }, full(0, { shape, dtype: 'i32' }))
