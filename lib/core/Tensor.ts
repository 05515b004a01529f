/**
 * `Tensor`: an immutable n-dimensional array.
 *
 * A typed array cannot be frozen, so the buffer is private: numbers are copied in and copied out.
 */
import { bufferFrom, copyOf, type Buffer, type DType } from './DType.js'
import { sameShape, scalarShape, shapeOf, sizeOf, stridesOf, type Shape } from './Shape.js'
import { showTensor } from './showTensor.js'

/** Nested readonly arrays of numbers, as deep as the tensor has axes. */
export type NestedArray = number | boolean | ReadonlyArray<NestedArray>

/** Only this module can construct tensors; a forged call cannot share a buffer with one. */
const key = Symbol('Tensor')

let read: (tensor: Tensor) => Buffer
let branded: (x: object) => boolean

/**
 * An immutable array of numbers with a shape and a dtype. Made by {@link tensor}, or by evaluating a node.
 *
 * @example
 * const t = tensor([[1, 2], [3, 4]])
 * t.shape     // [2, 2]
 * t.at(1, 0)  // 3
 * t.toArray() // [[1, 2], [3, 4]]
 */
export class Tensor<S extends Shape = Shape, D extends DType = DType> {
  /** The numbers, or where to get them when somebody asks. */
  #held: Buffer | (() => Buffer)
  readonly shape: S
  readonly dtype: D

  /** @internal */
  constructor(permit: symbol, data: Buffer | (() => Buffer), shape: S, dtype: D) {
    if (permit !== key) throw new TypeError('Tensor: make tensors with tensor(data)')
    this.#held = data
    this.shape = shape
    this.dtype = dtype
    Object.freeze(this)
  }

  static {
    read = (t) => t.#data
    branded = (x) => #held in x
  }

  get #data(): Buffer {
    return typeof this.#held === 'function' ? (this.#held = this.#held()) : this.#held
  }

  /** The number of elements. */
  get size(): number {
    return sizeOf(this.shape)
  }

  /** The element at these indices; negative indices count from the end. Throws a `RangeError` outside the shape. */
  at(...indices: ReadonlyArray<number>): number {
    const strides = stridesOf(this.shape)
    if (indices.length !== this.shape.length)
      throw new RangeError(`Tensor.at: ${indices.length} indices for rank ${this.shape.length}`)
    let offset = 0
    for (let axis = 0; axis < indices.length; axis++) {
      const length = this.shape[axis]!
      const index = indices[axis]! < 0 ? indices[axis]! + length : indices[axis]!
      if (!(Number.isInteger(index) && index >= 0 && index < length))
        throw new RangeError(`Tensor.at: index ${indices[axis]} on an axis of length ${length}`)
      offset += index * strides[axis]!
    }
    return this.#data[offset]!
  }

  /** A copy of the elements, row by row. */
  toTypedArray(): Buffer {
    return copyOf(this.#data)
  }

  /** The elements as nested arrays (a number for a scalar; truth values as booleans). */
  toArray(): NestedArray {
    const data = this.#data
    const leaf = this.dtype === 'bool' ? (i: number) => data[i] !== 0 : (i: number) => data[i]!
    const nest = (axis: number, offset: number, stride: number): NestedArray => {
      if (axis === this.shape.length) return leaf(offset)
      const length = this.shape[axis]!
      const inner = length === 0 ? 0 : stride / length
      return Object.freeze(Array.from({ length }, (_, i) => nest(axis + 1, offset + i * inner, inner)))
    }
    return nest(0, 0, data.length)
  }

  /** NumPy's layout. */
  toString(): string {
    return showTensor(this.#data, this.shape, this.dtype)
  }

  toJSON(): NestedArray {
    return this.toArray()
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString()
  }
}
Object.freeze(Tensor.prototype)
Object.freeze(Tensor)

/** The private buffer. Never exported from the package, never written to. */
export const bufferOf: (tensor: Tensor) => Buffer = read!

/** A tensor around a buffer that nobody else holds. */
export const tensorOf = <S extends Shape>(data: Buffer, shape: S, dtype: DType): Tensor<S> =>
  new Tensor(key, data, shape, dtype) as Tensor<S>

/** A tensor whose buffer is asked for when its numbers are, once. */
export const tensorFrom = (data: () => Buffer, shape: Shape, dtype: DType): Tensor => new Tensor(key, data, shape, dtype)

/** Whether this is a tensor, and not something made to look like one. */
export const isTensor = (x: unknown): x is Tensor => typeof x === 'object' && x !== null && branded(x)

/** Anything {@link tensor} accepts: a number, nested arrays of numbers or booleans, or a typed array. */
export type TensorLike = NestedArray | Buffer

const dtypeOfBuffer = (data: ArrayBufferView): DType =>
  data instanceof Float32Array ? 'f32' : data instanceof Int32Array ? 'i32' : 'f64'

const isNumeric = (x: unknown): x is number | boolean => typeof x === 'number' || typeof x === 'boolean'

/**
 * A tensor from a number, nested arrays or a typed array; the data is copied.
 *
 * The dtype is `f64` unless `dtype` says otherwise, the data is a `Float32Array` (`f32`) or `Int32Array` (`i32`), or
 * all of it is boolean (`bool`). `shape` gives flat data its axes.
 *
 * Throws a `TypeError` for ragged or non-numeric data, or when `shape` does not hold the data.
 *
 * @example
 * tensor([[1, 2, 3], [4, 5, 6]]).shape                    // [2, 3]
 * tensor(new Float32Array(6), { shape: [2, 3] }).dtype    // 'f32'
 */
export const tensor = (
  data: TensorLike,
  options: { readonly dtype?: DType; readonly shape?: Shape } = {},
): Tensor => {
  if (ArrayBuffer.isView(data)) {
    const dtype = options.dtype ?? dtypeOfBuffer(data)
    return reshaped(bufferFrom(dtype, data), options.shape ?? [data.length], dtype)
  }
  if (isNumeric(data)) {
    const dtype = options.dtype ?? (typeof data === 'boolean' ? 'bool' : 'f64')
    return reshaped(bufferFrom(dtype, [Number(data)]), options.shape ?? scalarShape, dtype)
  }
  const shape: Array<number> = []
  for (let level: unknown = data; Array.isArray(level); level = level[0]) shape.push(level.length)
  const flat: Array<number> = []
  let boolean = sizeOf(shape) > 0
  const walk = (level: unknown, axis: number): void => {
    if (axis === shape.length) {
      if (!isNumeric(level)) throw new TypeError(`tensor: ${String(level)} is not a number; nested arrays must have equal lengths`)
      boolean &&= typeof level === 'boolean'
      flat.push(Number(level))
      return
    }
    if (!Array.isArray(level) || level.length !== shape[axis])
      throw new TypeError(`tensor: ragged data, axis ${axis} should have length ${shape[axis]}; make the nested arrays equally long`)
    for (const part of level) walk(part, axis + 1)
  }
  walk(data, 0)
  const dtype = options.dtype ?? (boolean ? 'bool' : 'f64')
  return reshaped(bufferFrom(dtype, flat), options.shape ?? shape, dtype)
}

const reshaped = (buffer: Buffer, shape: Shape, dtype: DType): Tensor => {
  if (sizeOf(shape) !== buffer.length)
    throw new TypeError(`tensor: ${buffer.length} elements do not fill the shape [${shape.join(', ')}]`)
  return tensorOf(buffer, shapeOf(shape), dtype)
}

/** Whether two tensors have the same shape, dtype and elements (NaN equals NaN). */
export const sameTensor = (a: Tensor, b: Tensor): boolean => {
  if (a === b) return true
  if (a.dtype !== b.dtype || !sameShape(a.shape, b.shape)) return false
  const [x, y] = [bufferOf(a), bufferOf(b)]
  return x.every((v, i) => v === y[i] || (v !== v && y[i] !== y[i]))
}

/** The same, and zeros have the same sign: nothing can tell them apart. */
export const identicalTensor = (a: Tensor, b: Tensor): boolean => {
  const y = bufferOf(b)
  return sameTensor(a, b) && bufferOf(a).every((v, i) => v !== 0 || Object.is(v, y[i]))
}
