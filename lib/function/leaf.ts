/** Where data enters a graph: variables and constants. */
import type { DType } from '../core/DType.js'
import type { VariableId } from '../core/Gradients.js'
import { isNode, type Node } from '../core/Node.js'
import { isTensor, tensor, type Tensor, type TensorLike } from '../core/Tensor.js'
import * as primitive from '../primitive/leaf.js'
import * as identities from '../primitive/identity.js'
import type { Unary } from './call.js'
import { toNode, type Operand } from './operand.js'

/** Data for a variable or a constant. */
export type Data = Tensor | TensorLike

const toTensor = (data: Data, dtype?: DType): Tensor =>
  isTensor(data) ? data : tensor(data, dtype === undefined ? {} : { dtype })

/**
 * A named input of a computation; `backward` reports its gradient under the name. The data is copied. Float dtypes have
 * gradients; integers and truth values are data.
 *
 * Throws a `TypeError` for ragged or non-numeric data.
 *
 * @example
 * const x = variable('x', [1, 2, 3])
 * pipe(backward(sum(square(x))), gradientOf('x'), O.map(toArray)) // some([2, 4, 6])
 */
export const variable = (id: VariableId, data: Data, options: { readonly dtype?: DType } = {}): Node =>
  primitive.variable(id, toTensor(data, options.dtype))

/**
 * Data without a name, which `backward` does not report. The data is copied. Operands are lifted to constants by
 * themselves, so this is needed only to write one constant into a graph in several places.
 *
 * @example
 * const table = constant([[1, 2], [3, 4]])
 */
export const constant = (data: Data | Node, options: { readonly dtype?: DType } = {}): Node =>
  isNode(data) ? data : primitive.constant(toTensor(data, options.dtype))

/**
 * The operand as a constant: its value flows on, derivatives do not.
 *
 * @example
 * const f = (x: Node) => mul(x, stopGradient(x))
 * item(grad(f)(3)) // 3
 */
export const stopGradient: Unary = (x: Operand) => identities.stopGradient(toNode(x, 'stopGradient'))

/** The id of a variable; `undefined` for every other node. */
export const variableId = (node: Node): VariableId | undefined => primitive.variableId(node)
