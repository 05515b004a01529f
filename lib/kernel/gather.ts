/** Loops that read or write at indices. A negative index counts from the end; one out of range is an error. */
import { allocate, type Buffer, type DType } from '../core/DType.js'
import { fail, refuse } from '../core/FoldgradError.js'

/** What is said of an index out of range. */
export const outOfRange = (index: number, length: number) =>
  refuse('Index', `the index ${index} is out of range for an axis of length ${length}`, length === 0 ? 'An empty axis has no elements to take' : `Give indices from ${-length} to ${length - 1}`)

/** The index in `0 … length - 1`, or -1 when there is none. */
export const wrapped = (index: number, length: number): number => {
  const i = index < 0 ? index + length : index
  return i >= 0 && i < length ? i : -1
}

const position = (index: number, length: number): number => {
  const i = wrapped(index, length)
  return i >= 0 ? i : fail(outOfRange(index, length))
}

/** Every index in `0 … length - 1`. */
export const wrapAll = (indices: Buffer, length: number): Int32Array => Int32Array.from(indices, (i) => position(i, length))

/** The indexed axis of length `length` between `outer` and `inner` elements. */
export interface IndexedAxis {
  readonly outer: number
  readonly length: number
  readonly inner: number
}

/** `out[o, k, i] = x[o, indices[k], i]`. */
export const gatherRows = (x: Buffer, indices: Buffer, { outer, length, inner }: IndexedAxis, dtype: DType): Buffer => {
  const at = wrapAll(indices, length)
  const out = allocate(dtype, outer * at.length * inner)
  let next = 0
  for (let o = 0; o < outer; o++)
    for (let k = 0; k < at.length; k++) {
      const row = (o * length + at[k]!) * inner
      for (let i = 0; i < inner; i++) out[next++] = x[row + i]!
    }
  return out
}

/** `out[o, indices[k], i] += x[o, k, i]`, on zeros; in the order of the indices. */
export const scatterRows = (x: Buffer, indices: Buffer, { outer, length, inner }: IndexedAxis, dtype: DType): Buffer => {
  const at = wrapAll(indices, length)
  const out = allocate(dtype, outer * length * inner)
  let next = 0
  for (let o = 0; o < outer; o++)
    for (let k = 0; k < at.length; k++) {
      const row = (o * length + at[k]!) * inner
      for (let i = 0; i < inner; i++) out[row + i]! += x[next++]!
    }
  return out
}

/** For each place of an axis the number of the last index that names it, or -1; two of one place may be forbidden. */
export const lastWriters = (indices: Buffer, length: number, distinct: boolean): Int32Array => {
  const last = new Int32Array(length).fill(-1)
  for (let k = 0; k < indices.length; k++) {
    const i = position(indices[k]!, length)
    if (distinct && last[i]! >= 0)
      fail(refuse('Index', `the index ${indices[k]} occurs at ${last[i]} and at ${k}`, 'Give each index once; only scatterAdd and scatterSet take duplicates'))
    last[i] = k
  }
  return last
}
