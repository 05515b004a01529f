/** The types of the checks beside the user's own fast-check and fp-ts. */
import * as fc from 'fast-check'
import * as E from 'fp-ts/Either'
import { pipe } from 'fp-ts/function'
import { mul, sin, tensor, type Node } from 'foldgrad'
import { checkGradient, gradientProperty, law, lawProperty, showCheck, subject, tensors, type CheckFailure, type Report } from 'foldgrad/verify'

const f = (x: Node): Node => mul(x, sin(x))

export const answer: E.Either<CheckFailure, Report> = checkGradient(f, [tensor([0.5, 2])])

export const text: string = pipe(answer, showCheck)

export const property: fc.IRawProperty<[args: ReadonlyArray<unknown>, seed: number], false> = gradientProperty(f, [tensors([2])])

fc.assert(lawProperty(law('L2'), subject(f, [tensors([2])])))
