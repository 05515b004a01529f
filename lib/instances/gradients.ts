/** Gradients as a monoid: those of two losses combine to those of their sum. */
import type { Monoid } from 'fp-ts/Monoid'
import { gradientsMonoidWith, type Gradients } from '../core/Gradients.js'
import { add } from '../primitive/declare.js'

/**
 * Pointwise sum of gradients; the empty map is neutral. `concat(backward(a), backward(b))` are the gradients of `a + b`.
 *
 * @example
 * const x = variable('x', 3)
 * const sum = gradientsMonoid.concat(backward(square(x)), backward(mul(x, 10)))
 * pipe(sum, gradientOf('x'), O.map(item)) // some(16)
 */
export const gradientsMonoid: Monoid<Gradients> = Object.freeze(gradientsMonoidWith(add))
