/** The Euclidean norm without overflow. */
import type { Buffer } from '../core/DType.js'
import { extreme } from './order.js'

/** Between these magnitudes squares can be added up as they are. */
const least = 1e-140
const most = 1e140

/** The Euclidean length of a group; very small or large elements are scaled by a power of two, which rounds nothing. */
export const euclidean = (data: Buffer, at: number, length: number, stride: number): number => {
  if (length === 0) return 0
  const top = Math.max(greatest(data, at, length, stride), -smallest(data, at, length, stride))
  if (top === 0 || top === Infinity || top !== top) return top
  const scale = top > most || top < least ? 2 ** Math.floor(Math.log2(top)) : 1
  let sum = 0
  for (let k = 0, j = at; k < length; k++, j += stride) {
    const v = data[j]! / scale
    sum += v * v
  }
  return scale * Math.sqrt(sum)
}

const greatest = extreme(1)
const smallest = extreme(-1)
