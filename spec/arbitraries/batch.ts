/** Batches of operands: stacks of arrays that fit wherever one of them fits. */
import { isFloat } from '../../lib/core/DType.js'
import { sizeOf } from '../../lib/core/Shape.js'
import { bufferOf, tensorOf, type Tensor } from '../../lib/core/Tensor.js'

/** The elements in the order that begins with the one at `by`: another array from the same ranges, of the same elements. */
export const rolled = (t: Tensor, by: number): Tensor => {
  const data = bufferOf(t)
  return tensorOf(data.map((_, i) => data[(i + by) % data.length]!), t.shape, t.dtype)
}

/** Arrays of one shape along a new leading axis. */
export const stacked = (ts: ReadonlyArray<Tensor>, like: Tensor): Tensor => {
  const out = bufferOf(like).constructor as Float64ArrayConstructor
  return tensorOf(out.from(ts.flatMap((t) => [...bufferOf(t)])), [ts.length, ...like.shape], like.dtype)
}

/** The elements of a batch. */
export const unstacked = (t: Tensor): ReadonlyArray<Tensor> => {
  const shape = t.shape.slice(1)
  return Array.from({ length: t.shape[0]! }, (_, b) => tensorOf(bufferOf(t).slice(b * sizeOf(shape), (b + 1) * sizeOf(shape)), shape, t.dtype))
}

/** The sum of arrays of one shape, in order. */
export const summed = (ts: ReadonlyArray<Tensor>, like: Tensor): Tensor =>
  ts.reduce((a, b) => tensorOf(bufferOf(a).map((x, i) => x + bufferOf(b)[i]!), like.shape, like.dtype), tensorOf(bufferOf(like).map(() => 0), like.shape, like.dtype))

/** Whether numbers are equal but for rounding, measured by the largest of them. */
export const near = (a: Tensor, b: Tensor, tolerance = 1e-12): boolean => {
  const [x, y] = [bufferOf(a), bufferOf(b)]
  const size = Math.max(1, ...Array.from(x, Math.abs), ...Array.from(y, Math.abs))
  return x.length === y.length && a.dtype === b.dtype && x.every((v, i) => Object.is(v, y[i]) || Math.abs(v - y[i]!) <= tolerance * size)
}

/** An array of the shape of `t` with entries of both signs. */
export const varied = (t: Tensor, seed: number): Tensor =>
  tensorOf(bufferOf(t).map((_, i) => (isFloat(t.dtype) ? (((i * 37 + seed) % 101) - 50 || 7) / 16 : (i + seed) % 2)), t.shape, t.dtype)
