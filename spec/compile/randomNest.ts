/** Random loop nests, from a number. Their operations are exact, so that every way of running them gives the same bits. */
import type { Access, BufferInfo, Lane, LaneType, LoopProgram, Nest, Reduction, ReductionOp, Storage, Store } from '../../lib/compile/ir.js'
import { memoryOf, type Memory } from './interpretProgram.js'

/** A stream of choices that a number determines (xorshift, Marsaglia 2003). */
export class Choices {
  #state: number

  constructor(seed: number) {
    this.#state = (Math.imul(seed, 2) ^ 0x9e3779b8) | 1
    for (let k = 0; k < 8; k++) this.below(2)
  }

  below(n: number): number {
    let x = this.#state
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    this.#state = x
    return ((x >>> 0) / 2 ** 32 * n) | 0
  }

  of<T>(items: ReadonlyArray<T>): T {
    return items[this.below(items.length)]!
  }

  chance(percent: number): boolean {
    return this.below(100) < percent
  }
}

const lengths = [1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 35, 130]
const special = [0, -0, NaN, Infinity, -Infinity, 0.5, -0.5, 1.5, 2.5, -2.5, 1e-40, 1e30]

const unaries = ['neg', 'abs', 'sqrt', 'floor', 'ceil', 'trunc', 'round', 'square', 'reciprocal', 'relu', 'sign', 'nonNegative']
const binaries = ['add', 'sub', 'mul', 'div', 'maximum', 'minimum', 'ratio', 'copysign', 'gate', 'pmin', 'pmax']
const tests = ['eq', 'ne', 'lt', 'le', 'gt', 'ge']
const truths = ['logicalAnd', 'logicalOr', 'logicalXor']
const integerUnaries = ['neg', 'abs', 'relu', 'sign', 'square']
const integerBinaries = ['add', 'sub', 'maximum', 'minimum']

/** A program of one nest, with what its buffers hold. */
export interface RandomProgram {
  readonly program: LoopProgram
  readonly contents: ReadonlyArray<Memory>
}

export const randomNest = (seed: number): RandomProgram => new RandomNest(seed).make()

class RandomNest {
  readonly #choices: Choices
  readonly #buffers: Array<BufferInfo> = []
  readonly #contents: Array<Memory> = []
  readonly #lane: LaneType
  readonly #extents: ReadonlyArray<number>
  /** All values are small integers, so that sums are exact. */
  readonly #integers: boolean

  constructor(seed: number) {
    const choices = new Choices(seed)
    this.#choices = choices
    this.#lane = choices.of(['f64', 'f32', 'i32'] as const)
    this.#integers = this.#lane === 'i32' || choices.chance(50)
    const axes = choices.below(4)
    this.#extents = Array.from({ length: axes }, (_, axis) => (choices.chance(2) ? 0 : choices.of(lengths.slice(0, axis === 0 ? 12 : 9))))
  }

  make(): RandomProgram {
    const choices = this.#choices
    const numbers: Array<Lane> = [{ op: 'constant', args: [], truth: false, value: choices.of([0, -0, 1, 2, -3]) }]
    const conditions: Array<Lane> = []
    for (let k = 1 + choices.below(4); k > 0; k--) {
      const storage = choices.of(this.#lane === 'i32' ? (['i32', 'bool'] as const) : (['f64', 'f32', 'i32', 'bool', this.#lane, this.#lane] as const))
      const truth = storage === 'bool'
      ;(truth ? conditions : numbers).push({ op: 'load', args: [], truth, access: this.#source(storage) })
    }
    if (this.#extents.length > 0 && choices.chance(30)) numbers.push({ op: 'index', args: [], truth: false, value: choices.below(this.#extents.length) })
    for (let k = choices.below(10); k > 0; k--) this.#operation(numbers, conditions)
    const stores = Array.from({ length: choices.below(3) }, (): Store => this.#store(numbers, conditions))
    const reductions = Array.from({ length: this.#integers ? choices.below(3) : 0 }, (): Reduction => this.#reduction(numbers, conditions))
    if (stores.length + reductions.length === 0) stores.push(this.#store(numbers, conditions))
    const nest: Nest = { kind: 'nest', lane: this.#lane, extents: this.#extents, stores, reductions }
    return { program: { buffers: this.#buffers, repeats: 0, statements: [nest] }, contents: this.#contents }
  }

  #operation(numbers: Array<Lane>, conditions: Array<Lane>): void {
    const choices = this.#choices
    const number = (): Lane => choices.of(numbers.slice(-4))
    const kind = choices.below(10)
    if (kind < 3) numbers.push({ op: choices.of(this.#integers ? integerUnaries.slice(0, 4) : unaries), args: [number()], truth: false })
    else if (kind < 7) numbers.push({ op: choices.of(this.#integers ? integerBinaries : binaries), args: [number(), choices.of(numbers)], truth: false })
    else if (kind < 8) conditions.push({ op: choices.of(tests), args: [number(), choices.of(numbers)], truth: true })
    else if (conditions.length > 0) {
      if (kind === 8) conditions.push({ op: choices.of(truths), args: [choices.of(conditions), choices.of(conditions)], truth: true })
      else numbers.push({ op: 'where', args: [choices.of(conditions), number(), choices.of(numbers)], truth: false })
    }
  }

  /** A buffer with a number for every element. */
  #buffer(storage: Storage, size: number, role: BufferInfo['role']): number {
    const choices = this.#choices
    const value = (): number => {
      if (storage === 'bool') return choices.below(2)
      const integer = choices.below(9) - 4
      if (this.#integers || storage === 'i32') return integer
      return choices.chance(20) ? choices.of(special) : integer * (1 + choices.below(1000) / 1024)
    }
    this.#contents.push(memoryOf(storage, Array.from({ length: size }, value)))
    return this.#buffers.push({ storage, size, role }) - 1
  }

  #source(storage: Storage): Access {
    const { strides, offset, size } = this.#layout(true)
    return { buffer: this.#buffer(storage, size, 'argument'), offset, rounds: [], strides }
  }

  /** Strides for the axes in some order, perhaps with gaps, backwards, or (to read from) standing still. */
  #layout(shared: boolean, kept: ReadonlyArray<boolean> = this.#extents.map(() => true)): { strides: ReadonlyArray<number>; offset: number; size: number } {
    const choices = this.#choices
    const order = this.#extents.map((_, axis) => axis)
    if (choices.chance(30)) order.reverse()
    const strides = order.map(() => 0)
    let step = choices.chance(15) ? 2 : 1
    let offset = choices.below(3)
    for (const axis of order.toReversed()) {
      if (!kept[axis]! || (shared && choices.chance(20))) continue
      const n = Math.max(1, this.#extents[axis]!)
      const backwards = choices.chance(15)
      strides[axis] = backwards ? -step : step
      if (backwards) offset += step * (n - 1)
      step *= n + (choices.chance(20) ? 1 : 0)
    }
    return { strides, offset, size: offset + step + 2 }
  }

  #store(numbers: ReadonlyArray<Lane>, conditions: ReadonlyArray<Lane>): Store {
    const choices = this.#choices
    const storage = choices.of(this.#lane === 'i32' ? (['i32', 'bool'] as const) : (['f64', 'f32', 'i32', 'bool', this.#lane, this.#lane] as const))
    const value = conditions.length > 0 && choices.chance(25) ? conditions.at(-1)! : numbers.at(-1)!
    const { strides, offset, size } = this.#layout(false)
    return { access: { buffer: this.#buffer(storage, size, 'result'), offset, rounds: [], strides }, value: storage === 'i32' ? this.#bounded(value) : value }
  }

  /** Within the integers. */
  #bounded(value: Lane): Lane {
    if (this.#lane === 'i32' || value.truth) return value
    const bound = (op: string, x: Lane, limit: number): Lane => ({ op, args: [x, { op: 'constant', args: [], truth: false, value: limit }], truth: false })
    return bound('minimum', bound('maximum', value, -1e6), 1e6)
  }

  #reduction(numbers: ReadonlyArray<Lane>, conditions: ReadonlyArray<Lane>): Reduction {
    const choices = this.#choices
    const op: ReductionOp = choices.of(['sum', 'sum', 'max', 'min', 'prod'] as const)
    const kept = this.#extents.map(() => choices.chance(50))
    const { strides, offset, size } = this.#layout(false, kept)
    const truth = (op === 'max' || op === 'min') && conditions.length > 0 && choices.chance(20)
    const x = numbers.at(-1)!
    const one = (value: number): Lane => ({ op: 'constant', args: [], truth: false, value })
    const value: Lane = truth ? conditions.at(-1)!
      : op === 'prod' ? { op: 'where', args: [{ op: 'lt', args: [x, one(0)], truth: true }, one(-1), one(1)], truth: false }
      : x
    const buffer = this.#buffer(truth ? 'bool' : this.#lane, size, 'result')
    return { op, access: { buffer, offset, rounds: [], strides }, value, accumulate: choices.chance(30) }
  }
}
