/**
 * Element types, and the lattice by which they are joined.
 *
 * `f64` is the default because verification needs it, `f32` is for speed, `i32` for indices and `bool` for masks.
 */

/** Element type of a tensor: 64- or 32-bit float, 32-bit integer, or truth value. */
export type DType = 'f64' | 'f32' | 'i32' | 'bool'

/** The storage behind a tensor; truth values are stored as 0 and 1. */
export type Buffer = Float64Array | Float32Array | Int32Array | Uint8Array

const storage = { f64: Float64Array, f32: Float32Array, i32: Int32Array, bool: Uint8Array } as const

/** The position of each dtype in the promotion chain bool < i32 < f32 < f64. */
const rank: Readonly<Record<DType, number>> = { bool: 0, i32: 1, f32: 2, f64: 3 }

/** All dtypes, in promotion order. */
export const dtypes: ReadonlyArray<DType> = Object.freeze(['bool', 'i32', 'f32', 'f64'] as const)

/** A zero-filled buffer of `size` elements. */
export const allocate = (dtype: DType, size: number): Buffer => new storage[dtype](size)

/** A new buffer that holds `values`, converted the way NumPy's `astype` converts (truth of a bool is `value ≠ 0`). */
export const bufferFrom = (dtype: DType, values: ArrayLike<number>): Buffer => {
  if (dtype !== 'bool') return storage[dtype].from(values)
  return Uint8Array.from(values, (v) => (v !== 0 ? 1 : 0))
}

/** A copy, made in one go: `slice` would fill the new array with zeros first. */
export const copyOf = <B extends Buffer>(buffer: B): B => new (buffer.constructor as new (from: B) => B)(buffer)

/** A buffer filled with others, one behind the other. */
export const filledWith = <B extends Buffer>(out: B, parts: ReadonlyArray<Buffer>): B => {
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}

/** The least dtype that both can be converted to: a join-semilattice (associative, commutative, idempotent). */
export const join = (a: DType, b: DType): DType => (rank[a] >= rank[b] ? a : b)

/** Whether derivatives exist for this dtype. */
export const isFloat = (dtype: DType): boolean => dtype === 'f64' || dtype === 'f32'

/** The float dtype that an operation such as `sin` or `div` computes in for an argument of this dtype. */
export const toFloat = (dtype: DType): DType => (isFloat(dtype) ? dtype : 'f64')
