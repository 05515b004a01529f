/** Copies of what callers hand in, so that what they do to it later has no effect here. */

import type { Buffer } from './DType.js'

/** Whether this is a record made by a literal, as opposed to an instance of something. */
export const isPlain = (x: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(x)
  return prototype === Object.prototype || prototype === null
}

const copy = (x: unknown): unknown => {
  if (typeof x !== 'object' || x === null) return x
  if (Array.isArray(x)) return Object.freeze(x.map(copy))
  if (ArrayBuffer.isView(x)) return (x as Buffer).slice()
  return isPlain(x) ? Object.freeze(Object.fromEntries(Object.entries(x).map(([key, part]) => [key, copy(part)]))) : x
}

/** The same data in arrays and records of our own, frozen; nodes, tensors and functions are kept as they are. */
export const snapshot = <T>(x: T): T => copy(x) as T
