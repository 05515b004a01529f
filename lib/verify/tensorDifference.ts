/** How two tensors differ, in words. */
import { sameShape, showShape, stridesOf } from '../core/Shape.js'
import { bufferOf, type Tensor } from '../core/Tensor.js'

/** How far apart numbers may be. Without any of these they must be equal; NaN equals NaN, and 0 equals -0. */
export interface Closeness {
  /** A share of the greater of the two. */
  readonly relative?: number
  readonly absolute?: number
  /** Units in the last place of the greater of the two, in the format of the tensors. */
  readonly ulps?: number
}

/** The distance from a number to the next. */
const ulp = (x: number, single: boolean): number => {
  const [digits, least] = single ? [23, -149] : [52, -1074]
  return x === 0 ? 2 ** least : 2 ** Math.max(least, Math.floor(Math.log2(Math.abs(x))) - digits)
}

const isClose = (a: number, b: number, { relative = 0, absolute = 0, ulps = 0 }: Closeness, single: boolean): boolean => {
  if (a === b || (a !== a && b !== b)) return true
  const greater = Math.max(Math.abs(a), Math.abs(b))
  return Math.abs(a - b) <= Math.max(absolute, relative * greater, ulps * ulp(greater, single)) && Number.isFinite(greater)
}

const signatureOf = ({ dtype, shape }: Tensor): string => `${dtype}${showShape(shape)}`

/** What differs, or `undefined` if nothing does. */
export const tensorDifference = (received: Tensor, expected: Tensor, closeness: Closeness = {}): string | undefined => {
  const alike = received.dtype === expected.dtype && sameShape(received.shape, expected.shape)
  if (!alike) return `${signatureOf(received)} was received, ${signatureOf(expected)} is expected`
  const [a, b] = [bufferOf(received), bufferOf(expected)]
  const single = received.dtype === 'f32'
  const wrong = Array.from(a.keys()).filter((i) => !isClose(a[i]!, b[i]!, closeness, single))
  if (wrong.length === 0) return undefined
  const [first] = wrong
  const index = stridesOf(received.shape).map((stride, axis) => Math.floor(first! / stride) % received.shape[axis]!)
  const place = index.length === 0 ? '' : ` at ${showShape(index)}`
  const apart = Math.abs(a[first!]! - b[first!]!)
  const distance = Number.isFinite(apart) ? `, ${Number(apart.toPrecision(3))} apart` : ''
  const more = wrong.length === 1 ? '' : `, and ${wrong.length - 1} more of ${a.length} elements differ`
  return `${a[first!]!} was received${place}, ${b[first!]!} is expected${distance}${more}`
}
