/** Tensors compared and shown. */
import type { Eq } from 'fp-ts/Eq'
import type { Show } from 'fp-ts/Show'
import { sameTensor, type Tensor } from '../core/Tensor.js'

/**
 * Equal shapes, dtypes and elements; NaN equals NaN, so that the relation is reflexive.
 *
 * @example
 * tensorEq.equals(tensor([1, 2]), tensor([1, 2])) // true
 */
export const tensorEq: Eq<Tensor> = Object.freeze({ equals: sameTensor })

/**
 * NumPy's layout.
 *
 * @example
 * tensorShow.show(tensor([1, 2])) // '[1 2]'
 */
export const tensorShow: Show<Tensor> = Object.freeze({ show: String })
