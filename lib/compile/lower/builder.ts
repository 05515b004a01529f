/** The buffers of a loop program in the making. */
import { bufferFrom, type Buffer, type DType } from '../../core/DType.js'
import { bufferOf, type Tensor } from '../../core/Tensor.js'
import type { BufferInfo, Role, Storage } from '../ir.js'

export class Builder {
  readonly buffers: Array<BufferInfo> = []
  /** The numbers of constant buffers. */
  readonly contents = new Map<number, Buffer>()
  /** How many loops have a counter. */
  repeats = 0
  readonly #tensors = new Map<Tensor, number>()
  readonly #numbers = new Map<string, number>()

  buffer(storage: Storage, size: number, role: Role): number {
    this.buffers.push({ storage, size, role })
    return this.buffers.length - 1
  }

  temporary(storage: Storage, size: number): number {
    return this.buffer(storage, size, 'temporary')
  }

  /** The buffer that holds a tensor. */
  constant(tensor: Tensor): number {
    const known = this.#tensors.get(tensor)
    if (known !== undefined) return known
    const made = this.#hold(bufferOf(tensor), tensor.dtype)
    this.#tensors.set(tensor, made)
    return made
  }

  /** The buffer that holds one number. */
  number(value: number, dtype: DType): number {
    const key = `${dtype} ${Object.is(value, -0) ? '-0' : value}`
    const known = this.#numbers.get(key)
    if (known !== undefined) return known
    const made = this.#hold(bufferFrom(dtype, [value]), dtype)
    this.#numbers.set(key, made)
    return made
  }

  #hold(contents: Buffer, dtype: DType): number {
    const made = this.buffer(dtype, contents.length, 'constant')
    this.contents.set(made, contents)
    return made
  }
}
