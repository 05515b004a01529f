/** A byte string that grows: the bytes of a section or of a function while they are written. */

export class Bytes {
  #data: Uint8Array
  #length = 0
  /** Where the bits of floats are looked up. */
  #bits: DataView | undefined

  constructor(capacity = 256) {
    this.#data = new Uint8Array(capacity)
  }

  get length(): number {
    return this.#length
  }

  /** What was written; shares memory with this object. */
  view(): Uint8Array {
    return this.#data.subarray(0, this.#length)
  }

  /** Room for `more` bytes. */
  #reserve(more: number): void {
    const needed = this.#length + more
    if (needed <= this.#data.length) return
    const data = new Uint8Array(Math.max(2 * this.#data.length, needed))
    data.set(this.view())
    this.#data = data
  }

  u8(byte: number): void {
    if (this.#length === this.#data.length) this.#reserve(1)
    this.#data[this.#length++] = byte
  }

  /** An unsigned number of 32 bits, LEB128. */
  u32(value: number): void {
    if (value < 128 && value >= 0) {
      this.u8(value)
      return
    }
    let rest = value >>> 0
    for (; rest > 127; rest >>>= 7) this.u8((rest & 127) | 128)
    this.u8(rest)
  }

  /** A byte and an unsigned number of 32 bits. Most code consists of these, so small ones are written in one go. */
  u8u32(byte: number, value: number): void {
    const at = this.#length
    if (value < 128 && value >= 0 && at + 2 <= this.#data.length) {
      this.#data[at] = byte
      this.#data[at + 1] = value
      this.#length = at + 2
    } else {
      this.u8(byte)
      this.u32(value)
    }
  }

  /** A signed number of 32 bits, LEB128. */
  s32(value: number): void {
    let rest = value | 0
    for (; rest < -64 || rest > 63; rest >>= 7) this.u8((rest & 127) | 128)
    this.u8(rest & 127)
  }

  /** A signed number of 64 bits, LEB128; an integer that a double holds exactly. */
  s64(value: number): void {
    let rest = value
    while (rest < -64 || rest > 63) {
      const low = ((rest % 128) + 128) % 128
      this.u8(low | 128)
      rest = (rest - low) / 128
    }
    this.u8(rest & 127)
  }

  /** Thirty-two bits as they are. */
  word(value: number): void {
    this.#reserve(4)
    const data = this.#data
    const at = this.#length
    data[at] = value
    data[at + 1] = value >>> 8
    data[at + 2] = value >>> 16
    data[at + 3] = value >>> 24
    this.#length = at + 4
  }

  #number(value: number, bytes: 4 | 8): void {
    const bits = (this.#bits ??= new DataView(new ArrayBuffer(8)))
    if (bytes === 8) bits.setFloat64(0, value, true)
    else bits.setFloat32(0, value, true)
    this.word(bits.getInt32(0, true))
    if (bytes === 8) this.word(bits.getInt32(4, true))
  }

  f32(value: number): void {
    this.#number(value, 4)
  }

  f64(value: number): void {
    this.#number(value, 8)
  }

  append(other: Bytes): void {
    this.#reserve(other.#length)
    this.#data.set(other.view(), this.#length)
    this.#length += other.#length
  }

  /** A part of what was written, once more. */
  appendOwn(from: number, length: number): void {
    this.#reserve(length)
    this.#data.copyWithin(this.#length, from, from + length)
    this.#length += length
  }

  /** A name of ASCII letters. */
  name(text: string): void {
    this.u32(text.length)
    for (let k = 0; k < text.length; k++) this.u8(text.charCodeAt(k))
  }

  /** A number of 28 bits in four bytes, where it was not known when they were written. */
  patch(at: number, value: number): void {
    for (let k = 0; k < 4; k++) this.#data[at + k] = ((value >>> (7 * k)) & 127) | (k < 3 ? 128 : 0)
  }
}
