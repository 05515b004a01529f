/** Constant folding: what depends on no argument is computed once, here. */
import * as E from 'fp-ts/Either'
import { bufferFrom, type Buffer } from '../../core/DType.js'
import { isInvalid, type Node } from '../../core/Node.js'
import { sizeOf } from '../../core/Shape.js'
import { bufferOf, tensorOf } from '../../core/Tensor.js'
import { filled } from '../../kernel/elementwise.js'
import { constant, full, fullValue, heldTensor, isParameter } from '../../primitive/leaf.js'
import { broadcastToOp } from '../../primitive/shape.js'
import type { Rule } from './rewrite.js'

/** Constants of more elements than this are not made from smaller ones. */
const sizeLimit = 1 << 18

/** The numbers of a constant, one for an array of one repeated number. */
const numbersOf = (node: Node): Buffer | undefined => {
  const value = fullValue(node)
  if (value !== undefined) return bufferFrom(node.dtype, [value])
  const held = heldTensor(node)
  if (held !== undefined) return bufferOf(held)
  if (node.op !== broadcastToOp.op || sizeOf(node.shape) > sizeLimit) return undefined
  const inner = numbersOf(node.inputs[0]!)
  return inner && node.op.evaluate([inner], node)
}

/** The constant that an operation on constants is. One whose kernel refuses its operands stays, to be reported when it is run. */
export const fold: Rule = (node) => {
  if (node.op.cost !== undefined || isInvalid(node) || isParameter(node) || heldTensor(node) !== undefined || fullValue(node) !== undefined) return node
  const size = sizeOf(node.shape)
  const inputs: Array<Buffer> = []
  let largest = 1
  for (const x of node.inputs) {
    const numbers = numbersOf(x)
    if (numbers === undefined) return node
    inputs.push(numbers)
    largest = Math.max(largest, numbers.length)
  }
  const uniform = node.op.uniform === true && inputs.every((b) => b.length === 1) && inputs.length > 0
  // A stretched array is read as it is: written out it would only be larger.
  if (!uniform && node.op === broadcastToOp.op && size > largest) return node
  if (!uniform && size > Math.max(largest, sizeLimit)) return node
  return E.getOrElse(() => node)(
    E.tryCatch(
      () => {
        const buffer = node.op.evaluate(uniform ? inputs : inputs.map((b, k) => filled(b, node.inputs[k]!.dtype, sizeOf(node.inputs[k]!.shape))), node)
        // One number may stand for an array of any size, an empty one among them.
        return buffer.length === 1 ? full(buffer[0]!, node) : constant(tensorOf(buffer, node.shape, node.dtype))
      },
      (failure) => failure,
    ),
  )
}
