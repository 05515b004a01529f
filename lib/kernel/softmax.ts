/**
 * The exponential family along an axis. All of it is computed relative to the greatest element, whose own term is then
 * exactly 1: `log Σ exp` is `max + log1p(rest)`, so nothing overflows and nothing small is lost beside the 1.
 */
import { allocate, bufferFrom, type Buffer, type DType } from '../core/DType.js'
import { extremeIndex } from './order.js'
import type { Groups } from './reduce.js'

const place = extremeIndex(1)

/** `exp(v - top)`, where an infinite `top` counts its equals. */
const weight = (v: number, top: number): number => (v === top ? 1 : Math.exp(v - top))

/** The sum of the weights of all elements but the greatest. */
const restOf = (data: Buffer, at: number, length: number, stride: number, best: number): number => {
  const top = data[at + best * stride]!
  let rest = 0
  for (let k = 0, j = at; k < length; k++, j += stride) if (k !== best) rest += weight(data[j]!, top)
  return rest
}

/** `log Σ exp` of a group; -∞ for an empty one. */
export const logSumExpOf = (data: Buffer, at: number, length: number, stride: number): number => {
  if (length === 0) return -Infinity
  const best = place(data, at, length, stride)
  const top = data[at + best * stride]!
  return top === -Infinity || top === Infinity ? top : top + Math.log1p(restOf(data, at, length, stride, best))
}

/** The softmax of each group; a group of nothing but -∞ gives `none`. */
export const softmaxGroups = ({ data, outer, length, inner }: Groups, dtype: DType, none: number): Buffer => {
  const weights = new Float64Array(data.length)
  if (length === 0) return allocate(dtype, 0)
  for (let o = 0; o < outer; o++)
    for (let i = 0; i < inner; i++) {
      const at = o * length * inner + i
      const end = at + length * inner
      const best = at + place(data, at, length, inner) * inner
      const top = data[best]!
      let rest = 0
      for (let j = at; j < end; j += inner) {
        const w = weight(data[j]!, top)
        weights[j] = w
        if (j !== best) rest += w
      }
      for (let j = at; j < end; j += inner) weights[j] = top === -Infinity ? none : weights[j]! / (1 + rest)
    }
  return dtype === 'f64' ? weights : bufferFrom(dtype, weights)
}

/** The logarithm of the softmax of each group. */
export const logSoftmaxGroups = ({ data, outer, length, inner }: Groups, dtype: DType): Buffer => {
  const out = allocate(dtype, data.length)
  if (length === 0) return out
  for (let o = 0; o < outer; o++)
    for (let i = 0; i < inner; i++) {
      const at = o * length * inner + i
      const best = place(data, at, length, inner)
      const top = data[at + best * inner]!
      const log = Math.log1p(restOf(data, at, length, inner, best))
      for (let k = 0, j = at; k < length; k++, j += inner)
        out[j] = top === -Infinity ? NaN : (data[j] === top ? 0 : data[j]! - top) - log
    }
  return out
}
