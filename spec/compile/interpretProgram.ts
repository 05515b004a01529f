/**
 * Loop programs, carried out by plain loops: what every other way of running them is compared with. Each buffer is an array of
 * its own; operations are those that primitives do on numbers.
 */
import { allocate, type Buffer } from '../../lib/core/DType.js'
import type { Access, Branch, Gemm, Host, Lane, LaneType, LoopProgram, Nest, Place, Pool, Reduction, Rows, Statement, Storage, While } from '../../lib/compile/ir.js'
import { truncDivide } from '../../lib/primitive/rounding.js'
import { sizeOf } from '../../lib/core/Shape.js'
import { firstMaxima, pickAt, unpickAt } from '../../lib/kernel/pooling.js'
import { overlay, windowsOf } from '../../lib/kernel/window.js'
import * as primitives from '../../lib/primitive/index.js'
import { convolve, convolveFilters, convolveTransposed } from '../../lib/kernel/convolution.js'

export type Memory = Float64Array | Float32Array | Int32Array

const arrays = { f64: Float64Array, f32: Float32Array, i32: Int32Array, bool: Int32Array } as const

/** An array of a storage; truth values take four bytes. */
export const memoryOf = (storage: Storage, values: ArrayLike<number>): Memory => arrays[storage].from(values)

type Scalar = (...elements: ReadonlyArray<number>) => number

/** What operations do on numbers, by their names. */
export const scalars: ReadonlyMap<string, Scalar> = new Map<string, Scalar>([
  ...Object.values(primitives).flatMap((builder): ReadonlyArray<readonly [string, Scalar]> => {
    const op = 'op' in builder ? builder.op : undefined
    return op?.scalar === undefined ? [] : [[op.name, op.scalar]]
  }),
  ['where', (c, a, b) => (c !== 0 ? a! : b!)],
  ['winner', (d, a, b) => (a! > b! ? d! : a === b ? d! / 2 : a! < b! ? 0 : NaN)],
  ['gate', (d, x) => (x! > 0 ? d! : x! <= 0 ? 0 : NaN)],
  [truncDivide.op.name, truncDivide.op.scalar!],
  ['pmin', (a, b) => (b! < a! ? b! : a!)],
  ['pmax', (a, b) => (a! < b! ? b! : a!)],
  ['fround', Math.fround],
  ['identity', (x) => x!],
])

/** The number that a lane holds: rounded to its type. */
const rounded = (value: number, type: LaneType): number => (type === 'f64' ? value : type === 'f32' ? Math.fround(value) : value | 0)

export class CheckFailed extends Error {}

class Interpreter {
  readonly #program: LoopProgram
  readonly #memories: ReadonlyArray<Memory>
  readonly #rounds: Array<number>

  constructor(program: LoopProgram, memories: ReadonlyArray<Memory>) {
    this.#program = program
    this.#memories = memories
    this.#rounds = new Array<number>(program.repeats).fill(0)
  }

  run(statements: ReadonlyArray<Statement>): void {
    for (const statement of statements) this.#statement(statement)
  }

  #statement(statement: Statement): void {
    switch (statement.kind) {
      case 'nest': return this.#nest(statement)
      case 'gemm': return this.#gemm(statement)
      case 'conv': {
        const [x, w, y] = [statement.x, statement.w, statement.y].map((place) => this.#from(place)) as [Memory, Memory, Memory]
        const { form, lane } = statement
        if (statement.result === 'y') y.set(convolve(x, w, lane, form))
        else if (statement.result === 'x') x.set(convolveTransposed(w, y, lane, form))
        else w.set(convolveFilters(x, y, lane, form))
        return
      }
      case 'gather':
      case 'scatter': return this.#rowsOf(statement)
      case 'windows':
      case 'unwindows':
      case 'argMaxPool':
      case 'pick':
      case 'unpick': return this.#pool(statement)
      case 'fill':
        this.#from(statement.to).fill(statement.value, 0, statement.size)
        return
      case 'host': return this.#host(statement)
      case 'repeat': {
        for (let i = 0; i < statement.count; i++) {
          this.#rounds[statement.repeat] = statement.reverse ? statement.count - 1 - i : i
          this.run(statement.body)
        }
        return
      }
      case 'while': return this.#while(statement)
      case 'if': return this.#branch(statement)
      case 'stop': throw new CheckFailed('stop')
    }
  }

  #while(statement: While): void {
    for (let round = 0; ; round++) {
      this.#rounds[statement.repeat] = round
      this.run(statement.test)
      if (this.#memories[statement.flag.buffer]![this.#at(statement.flag)] === 0) return
      if (round >= statement.limit) throw new CheckFailed('while')
      this.run(statement.body)
    }
  }

  #branch({ flag, onTrue, onFalse }: Branch): void {
    this.run(this.#memories[flag.buffer]![this.#at(flag)] === 0 ? onFalse : onTrue)
  }

  #host({ node, inputs, output }: Host): void {
    const operands = node.inputs.map((x, k): Buffer => {
      const buffer = allocate(x.dtype, x.shape.reduce((a, b) => a * b, 1))
      buffer.set(this.#from(inputs[k]!).subarray(0, buffer.length))
      return buffer
    })
    this.#from(output).set(node.op.evaluate(operands, node))
  }

  #at({ offset, rounds }: Place): number {
    return rounds.reduce((at, { repeat, stride }) => at + this.#rounds[repeat]! * stride, offset)
  }

  /** The buffer from a place on. */
  #from(place: Place): Memory {
    return this.#memories[place.buffer]!.subarray(this.#at(place))
  }

  #element(access: Access, index: ReadonlyArray<number>): number {
    return access.strides.reduce((at, stride, axis) => at + stride * index[axis]!, this.#at(access))
  }

  #storage({ buffer }: Place): Storage {
    return this.#program.buffers[buffer]!.storage
  }

  #write(place: Place, at: number, value: number): void {
    this.#memories[place.buffer]![at] = this.#storage(place) === 'bool' ? Number(value !== 0) : value
  }

  #value(lane: Lane, type: LaneType, index: ReadonlyArray<number>, known: Map<Lane, number>): number {
    const found = known.get(lane)
    if (found !== undefined) return found
    const args = lane.args.map((x) => this.#value(x, type, index, known))
    const raw =
      lane.op === 'load' ? this.#memories[lane.access!.buffer]![this.#element(lane.access!, index)]!
      : lane.op === 'constant' ? lane.value!
      : lane.op === 'index' ? index[lane.value!]!
      : (scalars.get(lane.op) ?? lane.scalar!)(...args)
    const value = lane.truth ? Number(raw !== 0) : rounded(raw, type)
    known.set(lane, value)
    return value
  }

  #nest({ lane: type, extents, stores, reductions }: Nest): void {
    for (const reduction of reductions) if (!reduction.accumulate) this.#start(reduction, extents)
    const index = extents.map(() => 0)
    const size = extents.reduce((a, b) => a * b, 1)
    for (let point = 0; point < size; point++) {
      for (let axis = extents.length - 1, rest = point; axis >= 0; axis--) {
        index[axis] = rest % extents[axis]!
        rest = Math.floor(rest / extents[axis]!)
      }
      const known = new Map<Lane, number>()
      const values = stores.map(({ value }) => this.#value(value, type, index, known))
      const terms = reductions.map(({ value }) => this.#value(value, type, index, known))
      stores.forEach(({ access }, k) => this.#write(access, this.#element(access, index), values[k]!))
      reductions.forEach(({ access, op }, k) => {
        const at = this.#element(access, index)
        this.#write(access, at, combine(op, this.#memories[access.buffer]![at]!, terms[k]!))
      })
    }
  }

  /** Sets the elements of a reduction to what changes nothing. */
  #start({ op, access }: Reduction, extents: ReadonlyArray<number>): void {
    const identity = op === 'sum' ? 0 : op === 'prod' ? 1 : op === 'max' ? -Infinity : Infinity
    const storage = this.#storage(access)
    const value = storage === 'i32' && op === 'max' ? -(2 ** 31) : storage === 'i32' && op === 'min' ? 2 ** 31 - 1 : storage === 'bool' && op === 'max' ? 0 : identity
    const kept = extents.map((n, axis) => (access.strides[axis] === 0 ? 1 : n))
    const size = kept.reduce((a, b) => a * b, 1)
    for (let point = 0; point < size; point++) {
      const index = kept.map(() => 0)
      for (let axis = kept.length - 1, rest = point; axis >= 0; axis--) {
        index[axis] = rest % kept[axis]!
        rest = Math.floor(rest / kept[axis]!)
      }
      this.#write(access, this.#element(access, index), value)
    }
  }

  #gemm({ lane, a, b, c, batch, m, k, n, accumulate }: Gemm): void {
    const [x, y, z] = [this.#from(a), this.#from(b), this.#from(c)]
    for (let l = 0; l < batch; l++)
      for (let i = 0; i < m; i++)
        for (let j = 0; j < n; j++) {
          let sum = 0
          for (let p = 0; p < k; p++)
            sum += x[l * a.batchStride + i * a.rowStride + p * a.columnStride]! * y[l * b.batchStride + p * b.rowStride + j * b.columnStride]!
          const at = l * c.batchStride + i * c.rowStride + j * c.columnStride
          z[at] = rounded(accumulate ? z[at]! + sum : sum, lane)
        }
  }

  #pool({ kind, lane, from, positions, to, channels, size, out, where, otherwise }: Pool): void {
    const [source, places] = [this.#from(from), this.#from(positions)]
    const pooled = { channels, area: sizeOf(size), places: sizeOf(out) }
    const made =
      kind === 'windows' ? windowsOf(source, lane, channels, where!)
      : kind === 'unwindows' ? overlay(source, lane, channels, where!)
      : kind === 'argMaxPool' ? firstMaxima(source, channels, where!)
      : kind === 'pick' ? pickAt(source, places, lane, pooled, otherwise)
      : unpickAt(source, places, lane, pooled)
    this.#from(to).set(made)
  }

  #rowsOf({ kind, from, indices, to, outer, length, count, inner }: Rows): void {
    const [source, places, target] = [this.#from(from), this.#from(indices), this.#from(to)]
    if (kind === 'scatter') target.fill(0, 0, outer * length * inner)
    for (let i = 0; i < count; i++) if (places[i]! < -length || places[i]! >= length) throw new CheckFailed('index')
    for (let o = 0; o < outer; o++)
      for (let i = 0; i < count; i++)
        for (let r = 0; r < inner; r++) {
          const picked = (o * length + (places[i]! < 0 ? places[i]! + length : places[i]!)) * inner + r
          const single = (o * count + i) * inner + r
          if (kind === 'gather') target[single] = source[picked]!
          else target[picked]! += source[single]!
        }
  }
}

const combine = (op: Reduction['op'], a: number, b: number): number =>
  op === 'sum' ? a + b : op === 'prod' ? a * b : op === 'max' ? Math.max(a, b) : Math.min(a, b)

/** Runs a program on these memories, one for each buffer. */
export const interpretProgram = (program: LoopProgram, memories: ReadonlyArray<Memory>): void =>
  new Interpreter(program, memories).run(program.statements)
