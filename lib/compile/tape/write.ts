/**
 * A tape as WebAssembly: straight-line code in functions of a few thousand operations, which engines compile one by one. A value that
 * is used once is computed where it is used, one that is used again in the same function is held in a local, and one that later
 * functions need is kept in memory.
 */
import { ModuleBuilder } from '../wasm/encoder.js'
import type { Callee, FunctionBuilder } from '../wasm/FunctionBuilder.js'
import { code, isTest, operations } from './code.js'
import type { Taped } from './elements.js'
import { stride, type Tape } from './Tape.js'
import { neededOf, usesOf } from './uses.js'

/** A program that has been written. Addresses are counted in numbers of eight bytes. */
export interface Written {
  readonly bytes: Uint8Array
  /** Where each argument and each result begins. */
  readonly arguments: ReadonlyArray<number>
  readonly results: ReadonlyArray<number>
  /** What is in memory from the beginning: results that are known. */
  readonly known: ReadonlyArray<readonly [address: number, value: number]>
  /** The size of the memory, and how much of it is for values between functions. */
  readonly size: number
  readonly between: number
  readonly operations: number
  readonly functions: number
}

/** The most operations in one function. */
const chunkLimit = 2000

/** How deep values are nested that are computed where they are used. */
const depthLimit = 24

export const writeTape = (taped: Taped, argumentSizes: ReadonlyArray<number>): Written => new Writer(taped, argumentSizes).write()

/** The addresses of arrays of these sizes that lie one after another. */
const addresses = (sizes: ReadonlyArray<number>, from: number): ReadonlyArray<number> => {
  let next = from
  return sizes.map((size) => (next += size) - size)
}

class Writer {
  readonly #taped: Taped
  readonly #tape: Tape
  readonly #module = new ModuleBuilder()
  readonly #callees: ReadonlyArray<Callee>
  readonly #uses: Int32Array
  /** The entries to compute, in order, and how many of them make a function. */
  readonly #needed: Int32Array
  readonly #chunk: number
  /** The function that computes each entry, and the last one that reads it. */
  readonly #computedIn: Int32Array
  readonly #lastIn: Int32Array
  /** 1 for an entry that is computed where it is used. */
  readonly #inline: Uint8Array
  /** Where an entry is in memory, and in which local; -1 if it is not. */
  readonly #address: Int32Array
  readonly #local: Int32Array
  /** How many times the function that is being written will read each entry. */
  readonly #pending: Int32Array
  readonly #arguments: ReadonlyArray<number>
  readonly #results: ReadonlyArray<number>
  readonly #idle: Array<number> = []
  /** The entries whose places in memory become idle after each function, as chains of entries. */
  readonly #ending: Int32Array
  readonly #nextEnding: Int32Array
  #size: number

  constructor(taped: Taped, argumentSizes: ReadonlyArray<number>) {
    const { tape, results } = taped
    const n = tape.length
    this.#taped = taped
    this.#tape = tape
    this.#uses = usesOf(tape, results)
    this.#needed = neededOf(tape, this.#uses)
    this.#chunk = Math.ceil(this.#needed.length / Math.max(1, Math.ceil(this.#needed.length / chunkLimit)))
    this.#computedIn = new Int32Array(n).fill(-1)
    this.#lastIn = new Int32Array(n).fill(-1)
    this.#inline = new Uint8Array(n)
    this.#address = new Int32Array(n).fill(-1)
    this.#local = new Int32Array(n).fill(-1)
    this.#pending = new Int32Array(n)
    this.#nextEnding = new Int32Array(n)
    this.#ending = new Int32Array(Math.ceil(this.#needed.length / Math.max(1, this.#chunk))).fill(-1)
    this.#arguments = addresses(argumentSizes, 0)
    const taken = argumentSizes.reduce((sum, size) => sum + size, 0)
    this.#results = addresses(results.map(({ length }) => length), taken)
    this.#size = results.reduce((sum, { length }) => sum + length, taken)
    this.#callees = tape.functions.map((_, k) => {
      const operands = new Array<'f64'>(this.#arityOf(code.calls + k)).fill('f64')
      return this.#module.importFunction('env', `f${k}`, operands, ['f64'])
    })
  }

  #arityOf(what: number): number {
    const entry = this.#tape.codes.indexOf(what)
    const at = stride * entry
    const missing = this.#tape.operands.subarray(at, at + stride).indexOf(-1)
    return missing < 0 ? stride : missing
  }

  write(): Written {
    const main = this.#module.addFunction([], ['i32'])
    const fixed = this.#size
    this.#schedule()
    const known = this.#place()
    for (let at = 0; at < this.#needed.length; at += this.#chunk) main.call(this.#function(at))
    for (const copy of this.#copies()) main.call(copy)
    main.i32(0)
    this.#module.exportFunction('run', main)
    this.#module.importMemory('env', 'memory', Math.ceil((8 * this.#size) / 65536))
    return {
      bytes: this.#module.encode(),
      arguments: this.#arguments,
      results: this.#results,
      known,
      size: this.#size,
      between: this.#size - fixed,
      operations: this.#needed.length,
      functions: this.#ending.length,
    }
  }

  /** Assigns operations to functions, and finds what is computed where it is used. */
  #schedule(): void {
    const { operands } = this.#tape
    const needed = this.#needed
    const [uses, inline, computedIn, lastIn] = [this.#uses, this.#inline, this.#computedIn, this.#lastIn]
    const depths = new Uint8Array(this.#tape.length)
    for (let i = 0; i < needed.length; i++) {
      const entry = needed[i]!
      const chunk = Math.floor(i / this.#chunk)
      let depth = 0
      computedIn[entry] = chunk
      for (let at = stride * entry; at < stride * (entry + 1) && operands[at] !== -1; at++) {
        const x = operands[at]!
        lastIn[x] = chunk
        if (uses[x] !== 1 || computedIn[x] !== chunk || depths[x]! >= depthLimit) continue
        inline[x] = 1
        depth = Math.max(depth, depths[x]! + 1)
      }
      depths[entry] = depth
    }
  }

  /** Gives arguments and results their places. The results that are known already. */
  #place(): ReadonlyArray<readonly [number, number]> {
    const { codes, operands, length } = this.#tape
    const known: Array<readonly [number, number]> = []
    for (let entry = 0, at = 0; entry < length; entry++, at += stride)
      if (codes[entry] === code.load) this.#address[entry] = this.#arguments[operands[at]!]! + operands[at + 1]!
    this.#taped.results.forEach((cells, k) =>
      cells.forEach((entry, i) => {
        const to = this.#results[k]! + i
        if (codes[entry] === code.constant) known.push([to, this.#tape.valueOf(entry)])
        else if (this.#address[entry] === -1) this.#address[entry] = to
      }),
    )
    return known
  }

  #function(start: number): FunctionBuilder {
    const f = this.#module.addFunction([], [], 16 * this.#chunk)
    const { operands } = this.#tape
    const [needed, pending] = [this.#needed, this.#pending]
    const end = Math.min(start + this.#chunk, needed.length)
    const chunk = start / this.#chunk
    for (let i = start; i < end; i++) {
      const from = stride * needed[i]!
      for (let at = from; at < from + stride && operands[at] !== -1; at++) pending[operands[at]!]!++
    }
    for (let i = start; i < end; i++) if (this.#inline[needed[i]!] === 0) this.#root(f, needed[i]!, chunk)
    for (let entry = this.#ending[chunk]!; entry !== -1; entry = this.#nextEnding[entry]!) this.#idle.push(this.#address[entry]!)
    return f
  }

  /** Computes an entry, and puts it where it will be read. */
  #root(f: FunctionBuilder, entry: number, chunk: number): void {
    const last = this.#lastIn[entry]!
    const isTruth = this.#isTruth(entry)
    if (this.#address[entry] === -1 && last > chunk) {
      this.#address[entry] = this.#idle.pop() ?? this.#size++
      this.#nextEnding[entry] = this.#ending[last]!
      this.#ending[last] = entry
    }
    const address = this.#address[entry]!
    if (address !== -1) f.i32(0)
    this.#compute(f, entry)
    if (this.#pending[entry]! > 0) {
      const local = f.local(isTruth ? 'i32' : 'f64')
      this.#local[entry] = local
      if (address === -1) f.set(local)
      else f.tee(local)
    }
    if (address !== -1) f.memory(isTruth ? 'i32.store' : 'f64.store', 8 * address)
  }

  #isTruth(entry: number): boolean {
    return isTest(this.#tape.codes[entry]!)
  }

  /** Leaves an entry on the stack. */
  #read(f: FunctionBuilder, entry: number): void {
    const pending = --this.#pending[entry]!
    if (this.#inline[entry] === 1) {
      this.#compute(f, entry)
      return
    }
    const local = this.#local[entry]!
    if (local !== -1) {
      f.get(local)
      if (pending > 0) return
      f.free(local)
      this.#local[entry] = -1
      return
    }
    if (this.#tape.codes[entry] === code.constant) {
      f.f64(this.#tape.valueOf(entry))
      return
    }
    const isTruth = this.#isTruth(entry)
    f.i32(0).memory(isTruth ? 'i32.load' : 'f64.load', 8 * this.#address[entry]!)
    if (pending === 0) return
    this.#local[entry] = f.local(isTruth ? 'i32' : 'f64')
    f.tee(this.#local[entry])
  }

  #readTruth(f: FunctionBuilder, entry: number): void {
    if (!this.#tape.isConstant(entry)) return this.#read(f, entry)
    this.#pending[entry]!--
    f.i32(this.#tape.valueOf(entry))
  }

  #compute(f: FunctionBuilder, entry: number): void {
    const { codes, operands } = this.#tape
    const what = codes[entry]!
    const at = stride * entry
    if (what === code.where) {
      this.#read(f, operands[at + 1]!)
      this.#read(f, operands[at + 2]!)
      this.#readTruth(f, operands[at]!)
      f.op('select')
      return
    }
    const isLogical = what >= code.and && what <= code.number
    for (let k = at; k < at + stride && operands[k] !== -1; k++) {
      if (isLogical) this.#readTruth(f, operands[k]!)
      else this.#read(f, operands[k]!)
    }
    if (what >= code.calls) f.call(this.#callees[what - code.calls]!)
    else if (what === code.fround) f.op('f32.demote_f64').op('f64.promote_f32')
    else f.op(operations[what]!.instruction!)
  }

  /** Functions that copy what is a result and somewhere else, too. */
  #copies(): ReadonlyArray<FunctionBuilder> {
    const made: Array<FunctionBuilder> = []
    let count = 0
    this.#taped.results.forEach((cells, k) =>
      cells.forEach((entry, i) => {
        const to = this.#results[k]! + i
        const from = this.#address[entry]!
        if (from === to || this.#tape.isConstant(entry)) return
        if (count++ % chunkLimit === 0) made.push(this.#module.addFunction([], []))
        made.at(-1)!.i32(0).i32(0).memory('f64.load', 8 * from).memory('f64.store', 8 * to)
      }),
    )
    return made
  }
}
