/** The types of this package beside the user's own fp-ts: one and the same. */
import * as E from 'fp-ts/Either'
import { pipe } from 'fp-ts/function'
import type { Monoid } from 'fp-ts/Monoid'
import * as O from 'fp-ts/Option'
import { add, backward, evaluate, gradientOf, gradientsMonoid, item, square, variable } from 'foldgrad'
import type { FoldgradError, Gradients, Node, Tensor } from 'foldgrad'

export const monoid: Monoid<Gradients> = gradientsMonoid

export const slope: O.Option<number> = pipe(backward(square(variable('x', 3))), gradientOf('x'), O.map(item))

export const both: E.Either<ReadonlyArray<FoldgradError>, { readonly a: Tensor }> = evaluate({ a: square(2) as Node })

export const piped: Node = pipe(variable('x', 1), square, add(1))
