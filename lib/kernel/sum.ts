/** Pairwise summation: the rounding error grows with the logarithm of the length (Higham 1993), and the order is fixed. */
import type { Buffer } from '../core/DType.js'

const block = 128

/** The sum of `length` elements from `at`, `stride` apart. */
export const pairwiseSum = (a: Buffer, at: number, length: number, stride: number): number => {
  if (length <= block) {
    let sum = 0
    for (let i = 0, j = at; i < length; i++, j += stride) sum += a[j]!
    return sum
  }
  const half = length >> 1
  return pairwiseSum(a, at, half, stride) + pairwiseSum(a, at + half * stride, length - half, stride)
}
