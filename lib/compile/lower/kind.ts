/** What lowering makes of a node: nothing (an alias, a view), a lane in a loop nest, a reduction at its end, or a statement. */
import { isFloat } from '../../core/DType.js'
import type { Node, Primitive } from '../../core/Node.js'
import { sameShape, sizeOf, type Shape } from '../../core/Shape.js'
import { astypeOp } from '../../primitive/arithmetic.js'
import { identity, stopGradientOp } from '../../primitive/identity.js'
import { fullValue, heldTensor, isParameter } from '../../primitive/leaf.js'
import { max, min } from '../../primitive/reduce.js'
import { broadcastToOp, reshapeOp, sliceOp, sumOp, transposeOp } from '../../primitive/shape.js'
import { bufferOf } from '../../core/Tensor.js'
import type { LaneType, ReductionOp } from '../ir.js'
import { squeezed } from './view.js'

/**
 * - `leaf`: an argument, a constant, or an array of one number;
 * - `alias`: its operand, perhaps with other axes of length 1;
 * - `view`: its operand, read with other strides;
 * - `lane`: an elementwise operation; `reduction`: a sum, a maximum or a minimum over some axes;
 * - `statement`: anything else.
 */
export type Kind = 'leaf' | 'alias' | 'view' | 'lane' | 'reduction' | 'statement'

const sameBut1 = (a: Shape, b: Shape): boolean => sameShape(squeezed(a), squeezed(b))

const reductions: ReadonlyMap<Primitive, ReductionOp> = new Map([
  [sumOp.op, 'sum'],
  [max.op, 'max'],
  [min.op, 'min'],
])

export const reductionOf = (node: Node): ReductionOp | undefined => reductions.get(node.op)

/** The axes that a reduction drops. */
export const axesOf = (node: Node): ReadonlyArray<number> => node.attrs['axes'] as ReadonlyArray<number>

export const kindOf = (node: Node): Kind => {
  const { op } = node
  if (isParameter(node) || heldTensor(node) !== undefined || fullValue(node) !== undefined) return 'leaf'
  if (op === identity.op || op === stopGradientOp) return 'alias'
  if (op === reshapeOp.op) return sameBut1(node.shape, node.inputs[0]!.shape) ? 'alias' : 'view'
  if (op === broadcastToOp.op) return sameBut1(node.shape, node.inputs[0]!.shape) ? 'alias' : 'view'
  if (op === transposeOp.op) return 'view'
  if (op === sliceOp.op) return 'view'
  if (op === astypeOp) return 'lane'
  if (reductionOf(node) !== undefined) {
    const [x] = node.inputs as readonly [Node]
    return sameBut1(x.shape, node.shape) && x.dtype === node.dtype && sizeOf(x.shape) > 0 ? 'alias' : 'reduction'
  }
  return op.scalar !== undefined && node.inputs.every((x) => sameShape(x.shape, node.shape)) ? 'lane' : 'statement'
}

/** The number that every element of an array is, where that is known; views of one number are that number. */
export const numberOf = (node: Node): number | undefined => {
  const value = fullValue(node)
  if (value !== undefined) return value
  const held = heldTensor(node)
  if (held !== undefined) return held.size === 1 ? bufferOf(held)[0]! : undefined
  const kind = kindOf(node)
  return kind === 'alias' || kind === 'view' ? numberOf(node.inputs[0]!) : undefined
}

/**
 * The lane type that an elementwise operation is computed in. A conversion takes the wider of its two float types (or the
 * float one); truth values follow the numbers that they are made from.
 */
export const laneTypeOf = (node: Node, typeOf: (operand: Node) => LaneType | undefined): LaneType => {
  if (node.op === astypeOp) {
    const [x] = node.inputs as readonly [Node]
    const [from, to] = [x.dtype, node.dtype]
    if (from === 'f64' || to === 'f64') return 'f64'
    if (isFloat(from) || isFloat(to)) return from === 'i32' || to === 'i32' ? 'f64' : 'f32'
    return (from === 'bool' ? typeOf(x) : undefined) ?? 'i32'
  }
  const numeric = node.inputs.find((x) => x.dtype !== 'bool')
  if (numeric !== undefined) return numeric.dtype as LaneType
  if (node.dtype !== 'bool') return node.dtype
  for (const x of node.inputs) {
    const type = typeOf(x)
    if (type !== undefined) return type
  }
  return 'i32'
}
