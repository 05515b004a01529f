/** Loops that compare: extremes, their places, and the order of elements. NaN is beyond every number. */
import type { Buffer } from '../core/DType.js'
import type { Groups } from './reduce.js'

/** Whether `a` comes after `b` in the order that looks for the greatest (`sign` 1) or the least (`sign` -1). */
const beyond = (a: number, b: number, sign: number): boolean => (sign > 0 ? a > b : a < b) || (a !== a && b === b)

/** The greatest (`sign` 1) or least (`sign` -1) element of a group; NaN if it holds one. */
export const extreme =
  (sign: number) =>
  (data: Buffer, at: number, length: number, stride: number): number => {
    let best = data[at]!
    for (let i = 1, j = at + stride; i < length; i++, j += stride) if (beyond(data[j]!, best, sign)) best = data[j]!
    return best
  }

/** The place of the first such element in its group. */
export const extremeIndex =
  (sign: number) =>
  (data: Buffer, at: number, length: number, stride: number): number => {
    let best = 0
    for (let i = 1, j = at + stride; i < length; i++, j += stride) if (beyond(data[j]!, data[at + best * stride]!, sign)) best = i
    return best
  }

/** The stable order of each group, ascending or descending; NaN comes last either way, as in NumPy. */
export const argsortGroups = ({ data, outer, length, inner }: Groups, descending: boolean): Int32Array => {
  const out = new Int32Array(outer * length * inner)
  const sign = descending ? -1 : 1
  for (let o = 0; o < outer; o++)
    for (let i = 0; i < inner; i++) {
      const at = o * length * inner + i
      const order = Int32Array.from({ length }, (_, k) => k).sort((p, q) => {
        const a = data[at + p * inner]!
        const b = data[at + q * inner]!
        return a < b ? -sign : a > b ? sign : Number(a !== a) - Number(b !== b) || p - q
      })
      for (let k = 0; k < length; k++) out[at + k * inner] = order[k]!
    }
  return out
}
