/** Pairwise summation: the rounding error grows with the logarithm of the length (Higham 1993), and the order is fixed. */
import { allocate, type Buffer, type DType } from '../core/DType.js'
import type { Groups } from './reduce.js'

/** So many terms are added one after another before pairing begins. */
export const block = 128

/** So many neighbouring sums are accumulated at a time: a row of them stays in the nearest cache. */
const tile = 1024

/** The sum of each group. */
export const sumGroups = ({ data, outer, length, inner }: Groups, dtype: DType): Buffer => {
  const out = allocate(dtype, outer * inner)
  if (inner === 1) for (let o = 0; o < outer; o++) out[o] = pairwiseSum(data, o * length, length)
  else
    for (let o = 0; o < outer; o++)
      for (let i = 0; i < inner; i += tile) {
        const width = Math.min(tile, inner - i)
        out.set(pairwiseRows(data, o * length * inner + i, length, inner, width), o * inner + i)
      }
  return out
}

/** The sum of `length` elements from `at`. */
const pairwiseSum = (a: Buffer, at: number, length: number): number => {
  if (length <= block) {
    let sum = 0
    for (let i = at; i < at + length; i++) sum += a[i]!
    return sum
  }
  const half = length >> 1
  return pairwiseSum(a, at, half) + pairwiseSum(a, at + half, length - half)
}

/** The sum of `length` rows of `width` elements, `stride` apart: memory is read row by row, as it lies. */
const pairwiseRows = (a: Buffer, at: number, length: number, stride: number, width: number): Float64Array => {
  if (length <= block) {
    const sum = new Float64Array(width)
    for (let r = 0, row = at; r < length; r++, row += stride) for (let i = 0; i < width; i++) sum[i]! += a[row + i]!
    return sum
  }
  const half = length >> 1
  const sum = pairwiseRows(a, at, half, stride, width)
  const rest = pairwiseRows(a, at + half * stride, length - half, stride, width)
  for (let i = 0; i < width; i++) sum[i]! += rest[i]!
  return sum
}
