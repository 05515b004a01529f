/** The loops of the operations that programs consist of. One function each, so that their machine code stays specialised. */
import type { Loop } from './elementwise.js'

export const addLoop: Loop = (out, a, sa, b, sb) => {
  for (let i = 0, j = 0, k = 0; i < out.length; i++, j += sa, k += sb) out[i] = a[j]! + b[k]!
}

export const subLoop: Loop = (out, a, sa, b, sb) => {
  for (let i = 0, j = 0, k = 0; i < out.length; i++, j += sa, k += sb) out[i] = a[j]! - b[k]!
}

/** Integers wrap; their product as a double would be rounded first. */
export const mulLoop: Loop = (out, a, sa, b, sb) => {
  if (out instanceof Int32Array) for (let i = 0, j = 0, k = 0; i < out.length; i++, j += sa, k += sb) out[i] = Math.imul(a[j]!, b[k]!)
  else for (let i = 0, j = 0, k = 0; i < out.length; i++, j += sa, k += sb) out[i] = a[j]! * b[k]!
}

export const squareLoop: Loop = (out, a, sa) => mulLoop(out, a, sa, a, sa)

export const divLoop: Loop = (out, a, sa, b, sb) => {
  for (let i = 0, j = 0, k = 0; i < out.length; i++, j += sa, k += sb) out[i] = a[j]! / b[k]!
}

export const negLoop: Loop = (out, a, sa) => {
  for (let i = 0, j = 0; i < out.length; i++, j += sa) out[i] = -a[j]!
}

/** The same on single elements of one array: no number leaves it. */
export type Within = (x: Float64Array, i: number, operands: Int32Array, from: number) => void

export const addWithin: Within = (x, i, at, k) => void (x[i] = x[at[k]!]! + x[at[k + 1]!]!)
export const subWithin: Within = (x, i, at, k) => void (x[i] = x[at[k]!]! - x[at[k + 1]!]!)
export const mulWithin: Within = (x, i, at, k) => void (x[i] = x[at[k]!]! * x[at[k + 1]!]!)
export const divWithin: Within = (x, i, at, k) => void (x[i] = x[at[k]!]! / x[at[k + 1]!]!)
export const negWithin: Within = (x, i, at, k) => void (x[i] = -x[at[k]!]!)
