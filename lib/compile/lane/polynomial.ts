/** Polynomials as lanes. */
import type { Lane } from '../ir.js'
import { add, constant, mul } from './machine.js'

/**
 * `Σ c[k] xᵏ`, in halves of halves (Estrin 1960): some products more than Horner's scheme, but a chain of operations that
 * grows with the logarithm of the degree, so that the processor can overlap them.
 */
export const polynomial = (x: Lane, c: ReadonlyArray<number>): Lane => {
  let terms: ReadonlyArray<Lane> = c.map(constant)
  for (let power = x; terms.length > 1; power = mul(power, power)) terms = paired(terms, power)
  return terms[0]!
}

const paired = (terms: ReadonlyArray<Lane>, power: Lane): ReadonlyArray<Lane> =>
  terms.flatMap((low, k) => (k % 2 === 1 ? [] : k + 1 < terms.length ? [add(low, mul(terms[k + 1]!, power))] : [low]))
