/**
 * The body of a function while it is written: instructions one after another, as a stack machine takes them. Writing
 * changes the builder; it lives no longer than the module is being made.
 */
import { Bytes } from './Bytes.js'
import { control, lane, memory, memoryLane, plain, valueTypes } from './opcodes.js'
import type { Instruction, LaneInstruction, MemoryInstruction, MemoryLaneInstruction, ValueType } from './opcodes.js'

/** Something that can be called; numbers of functions of the module's own are known only when it is complete. */
export interface Callee {
  readonly imported: boolean
  /** Its place among the imported functions, or among those of the module's own. */
  readonly index: number
}

/** Where a branch goes: the depth of the block at its beginning (loop) or end (block). */
export type Label = number

/** A counter that runs over a range: `from`, `from + step` … below `to`; at least one round. */
export interface Range {
  readonly counter: number
  readonly from: number
  readonly to: number
  readonly step: number
}

export class FunctionBuilder implements Callee {
  readonly imported = false
  readonly index: number
  readonly params: ReadonlyArray<ValueType>
  readonly results: ReadonlyArray<ValueType>
  readonly #code: Bytes
  /** Vector constants, loaded where the function begins. */
  readonly #prologue = new Bytes(0)
  readonly #locals: Array<ValueType> = []
  readonly #idle: Record<ValueType, Array<number>> = { i32: [], i64: [], f32: [], f64: [], v128: [] }
  readonly #constants = new Map<string, number>()
  readonly #calls: Array<{ readonly at: number; readonly callee: Callee }> = []
  #depth = 0

  constructor(index: number, params: ReadonlyArray<ValueType>, results: ReadonlyArray<ValueType>, capacity = 256) {
    this.index = index
    this.params = params
    this.results = results
    this.#code = new Bytes(capacity)
  }


  /** A local of this type: one that was freed, or a new one. What it holds is not defined. */
  local(type: ValueType): number {
    return this.#idle[type].pop() ?? this.params.length + this.#locals.push(type) - 1
  }

  /** The local may serve something else from here on. */
  free(local: number): void {
    this.#idle[this.#locals[local - this.params.length]!].push(local)
  }

  #opcode(code: number): void {
    if (code < 0x100) this.#code.u8(code)
    else this.#code.u8u32(code >>> 16, code & 0xffff)
  }

  #indexed(code: number, index: number): this {
    if (code < 0x100) this.#code.u8u32(code, index)
    else {
      this.#opcode(code)
      this.#code.u32(index)
    }
    return this
  }

  get(local: number): this {
    return this.#indexed(control.get, local)
  }

  set(local: number): this {
    return this.#indexed(control.set, local)
  }

  tee(local: number): this {
    return this.#indexed(control.tee, local)
  }

  globalGet(index: number): this {
    return this.#indexed(control.globalGet, index)
  }

  globalSet(index: number): this {
    return this.#indexed(control.globalSet, index)
  }

  i32(value: number): this {
    if (value >= -64 && value < 64) this.#code.u8u32(control.i32, value & 127)
    else {
      this.#opcode(control.i32)
      this.#code.s32(value)
    }
    return this
  }

  i64(value: number): this {
    this.#opcode(control.i64)
    this.#code.s64(value)
    return this
  }

  f32(value: number): this {
    this.#opcode(control.f32)
    this.#code.f32(value)
    return this
  }

  f64(value: number): this {
    this.#opcode(control.f64)
    this.#code.f64(value)
    return this
  }

  /** A vector constant of four words, the lowest first. */
  v128(a: number, b: number, c: number, d: number): this {
    this.#opcode(control.v128)
    return this.#words(this.#code, a, b, c, d)
  }

  #words(to: Bytes, a: number, b: number, c: number, d: number): this {
    to.word(a)
    to.word(b)
    to.word(c)
    to.word(d)
    return this
  }

  /** A local that holds this constant from the beginning of the function on: engines do not move constants out of loops. */
  constantV128(a: number, b: number, c: number, d: number): number {
    const local = this.params.length + this.#locals.push('v128') - 1
    this.#prologue.u8(control.v128 >>> 16)
    this.#prologue.u32(control.v128 & 0xffff)
    this.#words(this.#prologue, a, b, c, d)
    this.#prologue.u8(control.set)
    this.#prologue.u32(local)
    return local
  }

  /** Such a constant, pushed; the same one is held once. */
  keptV128(a: number, b: number, c: number, d: number): this {
    const key = `${a},${b},${c},${d}`
    const local = this.#constants.get(key) ?? this.constantV128(a, b, c, d)
    this.#constants.set(key, local)
    return this.get(local)
  }

  /** An instruction without immediates. */
  op(name: Instruction): this {
    this.#opcode(plain[name])
    return this
  }

  /** A load or a store at the address on the stack plus `offset`. */
  memory(name: MemoryInstruction, offset = 0): this {
    const form = memory[name]
    this.#opcode(form[0])
    this.#code.u8u32(form[1], offset)
    return this
  }

  /** A load or a store of one lane at the address on the stack (below the vector) plus `offset`. */
  memoryLane(name: MemoryLaneInstruction, offset: number, at: number): this {
    const form = memoryLane[name]
    this.#opcode(form[0])
    this.#code.u8u32(form[1], offset)
    this.#code.u8(at)
    return this
  }

  /** A lane taken out of a vector, or put into one. */
  lane(name: LaneInstruction, at: number): this {
    this.#opcode(lane[name])
    this.#code.u8(at)
    return this
  }

  /** Sixteen bytes chosen out of the thirty-two of two vectors. */
  shuffle(bytes: ReadonlyArray<number>): this {
    this.#opcode(control.shuffle)
    for (let k = 0; k < 16; k++) this.#code.u8(bytes[k]!)
    return this
  }

  /** Fills memory: target, byte and the number of bytes are on the stack. */
  fillMemory(): this {
    return this.#indexed(control.fill, 0)
  }

  call(callee: Callee): this {
    if (callee.imported) return this.#indexed(control.call, callee.index)
    this.#opcode(control.call)
    this.#calls.push({ at: this.#code.length, callee })
    for (let k = 0; k < 4; k++) this.#code.u8(0)
    return this
  }

  #open(code: number, result: ValueType | undefined): Label {
    this.#opcode(code)
    this.#code.u8(result === undefined ? control.empty : valueTypes[result])
    return this.#depth++
  }

  #close(): this {
    this.#depth--
    this.#opcode(control.end)
    return this
  }

  /** A block, which a branch to its label leaves. */
  block(body: (exit: Label) => void, result?: ValueType): this {
    body(this.#open(control.block, result))
    return this.#close()
  }

  /** A loop, which a branch to its label begins again. */
  loop(body: (again: Label) => void): this {
    body(this.#open(control.loop, undefined))
    return this.#close()
  }

  /** One of two, by the condition on the stack. */
  if(then: (exit: Label) => void, otherwise?: (exit: Label) => void, result?: ValueType): this {
    const exit = this.#open(control.if, result)
    then(exit)
    if (otherwise !== undefined) {
      this.#opcode(control.else)
      otherwise(exit)
    }
    return this.#close()
  }

  br(label: Label): this {
    return this.#indexed(control.br, this.#depth - 1 - label)
  }

  brIf(label: Label): this {
    return this.#indexed(control.brIf, this.#depth - 1 - label)
  }

  /** The same instructions so many times, at least once. */
  repeat(times: number, body: () => void): this {
    const [from, calls] = [this.#code.length, this.#calls.length]
    body()
    const length = this.#code.length - from
    const made = this.#calls.slice(calls)
    for (let k = 1; k < times; k++) {
      this.#code.appendOwn(from, length)
      for (const { at, callee } of made) this.#calls.push({ at: at + k * length, callee })
    }
    return this
  }

  /** `local += value`. */
  increase(local: number, value: number): this {
    return this.get(local).i32(value).op('i32.add').set(local)
  }

  /** The body for each value of a counter; at least once. */
  count({ counter, from, to, step }: Range, body: () => void): this {
    this.i32(from).set(counter)
    return this.loop((again) => {
      body()
      this.get(counter).i32(step).op('i32.add').tee(counter).i32(to).op(step > 0 ? 'i32.lt_s' : 'i32.gt_s').brIf(again)
    })
  }

  /** The entry of the code section, given how many functions are imported. */
  encode(imported: number): Bytes {
    const entry = new Bytes(this.#code.length + this.#prologue.length + 64)
    const runs: Array<{ count: number; readonly type: ValueType }> = []
    for (const type of this.#locals) {
      const last = runs.at(-1)
      if (last?.type === type) last.count++
      else runs.push({ count: 1, type })
    }
    entry.u32(runs.length)
    for (const { count, type } of runs) {
      entry.u32(count)
      entry.u8(valueTypes[type])
    }
    for (const { at, callee } of this.#calls) this.#code.patch(at, imported + callee.index)
    entry.append(this.#prologue)
    entry.append(this.#code)
    entry.u8(control.end)
    return entry
  }
}
