/** The operations of random programs, simple ones first. */
import type { Operation } from '../operation.js'
import { controls } from './control.js'
import { elementwise, pairwise } from './elementwise.js'
import { indexings } from './indexing.js'
import { joins, layouts } from './layout.js'
import { losses, products, windowed } from './product.js'
import { mixing, reductions } from './reduction.js'

/**
 * The operations of random programs by name: nearly everything that the library offers. Operands are brought into the domain,
 * as in `log(add(2, tanh(x)))`, and results stay of moderate size, so that derivatives can be told from noise.
 *
 * @example
 * operations.matmul.fits([2, 3], [3, 4]) // true
 */
export const operations: Readonly<Record<string, Operation>> = Object.freeze({
  ...elementwise,
  ...pairwise,
  ...reductions,
  ...mixing,
  ...layouts,
  ...joins,
  ...indexings,
  ...products,
  ...losses,
  ...windowed,
  ...controls,
})
