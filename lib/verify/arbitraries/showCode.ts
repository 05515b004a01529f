/** Data as TypeScript that makes it again. */
import { showShape } from '../../core/Shape.js'
import { bufferOf, type NestedArray, type Tensor } from '../../core/Tensor.js'

/** A number that reads back as itself, `-0` included. */
export const showNumber = (x: number): string => (Object.is(x, -0) ? '-0' : String(x))

const showNested = (x: NestedArray): string =>
  typeof x === 'number' ? showNumber(x) : typeof x === 'boolean' ? String(x) : `[${x.map(showNested).join(', ')}]`

/**
 * The call that makes this tensor.
 *
 * @example
 * showTensorCode(tensor([[1, -0], [0.5, 2]])) // 'tensor([[1, -0], [0.5, 2]])'
 * showTensorCode(tensor([], { shape: [0, 2], dtype: 'f32' })) // "tensor([], { shape: [0, 2], dtype: 'f32' })"
 */
export const showTensorCode = (t: Tensor): string => {
  const empty = bufferOf(t).length === 0 && t.shape.length > 1
  const implied = t.dtype === 'f64' || (t.dtype === 'bool' && t.size > 0)
  const options = [...(empty ? [`shape: ${showShape(t.shape)}`] : []), ...(implied ? [] : [`dtype: '${t.dtype}'`])]
  return `tensor(${empty ? '[]' : showNested(t.toArray())}${options.length === 0 ? '' : `, { ${options.join(', ')} }`})`
}
