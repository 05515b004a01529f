/** Loops that carry a number along an axis. */
import { allocate, type Buffer, type DType } from '../core/DType.js'
import type { Groups } from './reduce.js'

/** Calls `line` with where each line along the middle axis begins, in the direction of the scan. */
const eachLine = ({ outer, length, inner }: Groups, reverse: boolean, line: (at: number, stride: number) => void): void => {
  if (length === 0) return
  const begin = reverse ? (length - 1) * inner : 0
  for (let o = 0; o < outer; o++)
    for (let i = 0; i < inner; i++) line(o * length * inner + i + begin, reverse ? -inner : inner)
}

/** Running sums. */
export const cumulativeSum = (x: Groups, dtype: DType, reverse: boolean): Buffer => {
  const { data, length } = x
  const out = allocate(dtype, data.length)
  eachLine(x, reverse, (at, stride) => {
    let sum = 0
    for (let t = 0, j = at; t < length; t++, j += stride) {
      sum += data[j]!
      out[j] = sum
    }
  })
  return out
}

/** `y[t] = a[t] · y[t - 1] + b[t]`, where nothing precedes the first. */
export const linearRecurrence = (a: Groups, b: Buffer, dtype: DType, reverse: boolean): Buffer => {
  const { data, length } = a
  const out = allocate(dtype, data.length)
  const next = dtype === 'i32' ? wrapping : plain
  eachLine(a, reverse, (at, stride) => {
    let y = b[at]!
    out[at] = y
    for (let t = 1, j = at + stride; t < length; t++, j += stride) {
      y = next(data[j]!, y, b[j]!)
      out[j] = y
    }
  })
  return out
}

const plain = (a: number, y: number, b: number): number => a * y + b

/** The same with integers. */
const wrapping = (a: number, y: number, b: number): number => (Math.imul(a, y) + b) | 0

/** Running maxima (`sign` 1) or minima (`sign` -1); NaN from the first NaN on. */
export const cumulativeExtreme = (x: Groups, dtype: DType, sign: number, reverse: boolean): Buffer => {
  const { data, length } = x
  const out = allocate(dtype, data.length)
  eachLine(x, reverse, (at, stride) => {
    let best = data[at]!
    for (let t = 0, j = at; t < length; t++, j += stride) {
      const v = data[j]!
      if (v !== v || (sign > 0 ? v > best : v < best)) best = v
      out[j] = best
    }
  })
  return out
}

/** Running `log Σ exp`, each step as `max + log1p(exp(-|difference|))`. */
export const cumulativeLogSumExp = (x: Groups, dtype: DType, reverse: boolean): Buffer => {
  const { data, length } = x
  const out = allocate(dtype, data.length)
  eachLine(x, reverse, (at, stride) => {
    let sum = data[at]!
    out[at] = sum
    for (let t = 1, j = at + stride; t < length; t++, j += stride) {
      const v = data[j]!
      sum = sum === v ? sum + Math.LN2 : Math.max(sum, v) + Math.log1p(Math.exp(-Math.abs(sum - v)))
      out[j] = sum
    }
  })
  return out
}
