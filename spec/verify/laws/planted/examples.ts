/** What is known of a law: subjects of which it holds, and subjects with a planted mistake, of which it does not. */
import fc from 'fast-check'
import { tensor, type Tensor } from '../../../../lib/core/Tensor.js'
import type { LawId, Subject, Transforms } from '../../../../lib/verify/laws/index.js'

/** The subjects of one law. */
export interface Examples {
  readonly lawful: ReadonlyArray<Subject>
  /** By what is wrong with them. */
  readonly violators: Readonly<Record<string, Subject>>
}

export type ByLaw = Partial<Readonly<Record<LawId, Examples>>>

/** Arrays to draw from, without any on a kink. */
export const points: fc.Arbitrary<Tensor> = fc.constantFrom(
  tensor([0.5, -1.25, 2]),
  tensor([[1.5, 0.25], [-0.75, 3]]),
  tensor(0.625),
)

export const positives: fc.Arbitrary<Tensor> = fc.constantFrom(tensor([0.5, 1.25, 2]), tensor(0.625), tensor([[1.5, 0.25], [0.75, 3]]))
export const vectors: fc.Arbitrary<Tensor> = fc.constantFrom(tensor([0.5, -1.25, 2, 0.75]), tensor([1.5, 0.375]), tensor([-2, 1, 0.125]))
export const scalars: fc.Arbitrary<Tensor> = fc.constantFrom(tensor(0.625), tensor(1.5), tensor(-0.375))
export const matrices: fc.Arbitrary<Tensor> = fc.constantFrom(tensor([[1.5, 0.25], [-0.75, 3]]), tensor([[0.5, 2], [1.25, -1]]))

/** Transforms with a mistake, which has no type that fits. */
export const broken = (mistakes: Readonly<Record<string, unknown>>): { readonly transforms: Partial<Transforms> } => ({
  transforms: mistakes as unknown as Partial<Transforms>,
})
