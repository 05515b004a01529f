/**
 * Elementwise loops. A buffer of one element stands for a constant array of any size (a *uniform* buffer), so that
 * `x * 2` neither stores nor reads a thousand twos.
 */
import { allocate, type Buffer, type DType } from '../core/DType.js'

type Scalar = (...elements: ReadonlyArray<number>) => number

/**
 * A loop written out for one operation, so that the engine inlines the arithmetic. It steps through the operands by `sa`
 * and `sb`, which are 0 for a uniform buffer and 1 for a dense one.
 */
export type Loop = (out: Buffer, a: Buffer, sa: number, b: Buffer, sb: number) => void

/** `out[i] = f(a[i], b[i], …)` for one to four operands, by a loop of its own where one is given. Uniform operands give a uniform result. */
export const elementwise = (f: Scalar, inputs: ReadonlyArray<Buffer>, dtype: DType, size: number, loop?: Loop): Buffer => {
  const uniform = size !== 0 && inputs.every((b) => b.length === 1)
  const out = allocate(dtype, uniform ? 1 : size)
  const [a, b, c] = inputs
  if (loop !== undefined) loop(out, a!, stride(a!, out), b ?? a!, stride(b ?? a!, out))
  else if (inputs.length === 4) quaternary(f, inputs, out)
  else if (c !== undefined) ternary(f, a!, b!, c, out)
  else if (b !== undefined) binary(f, a!, b, out)
  else unary(f, a!, out)
  return out
}

const unary = (f: Scalar, a: Buffer, out: Buffer): void => {
  for (let i = 0; i < out.length; i++) out[i] = f(a[i]!)
}

const binary = (f: Scalar, a: Buffer, b: Buffer, out: Buffer): void => {
  const sa = stride(a, out)
  const sb = stride(b, out)
  for (let i = 0, j = 0, k = 0; i < out.length; i++, j += sa, k += sb) out[i] = f(a[j]!, b[k]!)
}

const ternary = (f: Scalar, a: Buffer, b: Buffer, c: Buffer, out: Buffer): void => {
  const sa = stride(a, out)
  const sb = stride(b, out)
  const sc = stride(c, out)
  for (let i = 0, j = 0, k = 0, l = 0; i < out.length; i++, j += sa, k += sb, l += sc) out[i] = f(a[j]!, b[k]!, c[l]!)
}

const quaternary = (f: Scalar, [a, b, c, d]: ReadonlyArray<Buffer>, out: Buffer): void => {
  const [sa, sb, sc, sd] = [stride(a!, out), stride(b!, out), stride(c!, out), stride(d!, out)]
  for (let i = 0; i < out.length; i++) out[i] = f(a![i * sa]!, b![i * sb]!, c![i * sc]!, d![i * sd]!)
}

const stride = (a: Buffer, out: Buffer): number => (a.length === 1 && out.length !== 1 ? 0 : 1)

/** The same array stored out in full. */
export const filled = (a: Buffer, dtype: DType, size: number): Buffer =>
  a.length === size ? a : allocate(dtype, size).fill(a[0]!)

/** The operation on single elements of one array, at the positions `operands[from]` … `operands[to - 1]`. */
export const scalarResult = (f: Scalar, x: Float64Array, operands: Int32Array, from: number, to: number): number => {
  const a = x[operands[from]!]!
  if (to - from === 1) return f(a)
  const b = x[operands[from + 1]!]!
  if (to - from === 2) return f(a, b)
  const c = x[operands[from + 2]!]!
  return to - from === 3 ? f(a, b, c) : f(a, b, c, ...Array.from(operands.subarray(from + 3, to), (i) => x[i]!))
}
