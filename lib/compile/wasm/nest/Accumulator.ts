/**
 * Reductions in registers. A sum in `k` loops is a sum of sums: those of the innermost loop are added up in a register of the
 * next one, and long loops are cut into stretches, so that the error grows with the square root of the number of terms at
 * most, and mostly much slower. The order is fixed by the shape alone, so the same numbers give the same sum.
 *
 * The greatest and the least of numbers are sought by the fast instructions that know no NaN; whether one occurred is kept
 * beside.
 */
import type { Reduction, ReductionOp } from '../../ir.js'
import type { Instruction } from '../opcodes.js'
import { loadLanes, storeLanes } from './access.js'
import type { Frame } from './Frame.js'
import { machine } from './machine.js'
import type { Site } from './Site.js'
import type { Values } from './Values.js'

const operation = { sum: 'add', prod: 'mul', max: 'pmax', min: 'pmin' } as const
const whole = { sum: 'add', prod: 'mul', max: 'maximum', min: 'minimum' } as const

/** What changes nothing. */
export const identityOf = (op: ReductionOp, isInteger: boolean): number =>
  op === 'sum' ? 0
  : op === 'prod' ? 1
  : isInteger ? (op === 'max' ? -2147483648 : 2147483647)
  : op === 'max' ? -Infinity
  : Infinity

/** The upper half of a register, and its odd lanes of 32 bits, to be combined with the others. */
const upperHalf = [8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7]
const oddLanes = [4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11]

/** The locals of one reduction in one instance: the value, and where NaN was met. */
interface Cell {
  readonly value: number
  readonly nan: number | undefined
}

export class Accumulator {
  readonly site: Site
  /** The loops from this one on are summed over. */
  readonly level: number
  /** It is summed over the lanes, too. */
  readonly acrossLanes: boolean
  /** What is in memory takes part. */
  readonly joins: boolean
  readonly #reduction: Reduction
  readonly #frame: Frame
  readonly #values: Values
  readonly #watchesNaN: boolean
  readonly #stack: Array<ReadonlyArray<Cell>> = []

  constructor(reduction: Reduction, site: Site, frame: Frame, values: Values) {
    const { vector } = frame.loops
    const kept = site.strides.findLastIndex((stride) => stride !== 0)
    this.#reduction = reduction
    this.#frame = frame
    this.#values = values
    this.#watchesNaN = frame.type !== 'i32' && (reduction.op === 'max' || reduction.op === 'min')
    this.site = site
    this.level = kept + 1
    this.acrossLanes = vector >= 0 && site.stride === 0
    this.joins = reduction.accumulate || site.strides.some((stride, level) => stride === 0 && level < kept)
  }

  get isSum(): boolean {
    return this.#reduction.op === 'sum'
  }

  get #identity(): number {
    return identityOf(this.#reduction.op, this.#frame.type === 'i32')
  }

  get #instruction(): Instruction {
    return machine.get(operation[this.#reduction.op])![this.#frame.type]!
  }

  /** Fresh registers, one per instance, which take the place of those in use. */
  push(instances: number): void {
    const { f } = this.#frame
    const cells = Array.from({ length: instances }, (): Cell => {
      const value = f.local('v128')
      this.#values.number(this.#identity)
      f.set(value)
      if (!this.#watchesNaN) return { value, nan: undefined }
      const nan = f.local('v128')
      f.v128(0, 0, 0, 0).set(nan)
      return { value, nan }
    })
    this.#stack.push(cells)
  }

  /** Fresh registers beside those in use, as many. */
  pushInner(): void {
    this.push(this.#stack.at(-1)!.length)
  }

  /** Adds the registers to those that they replaced. */
  pop(): void {
    const inner = this.#stack.pop()!
    const outer = this.#stack.at(-1)!
    inner.forEach((cell, k) => {
      this.#join(outer[k]!, cell)
      this.#free(cell)
    })
  }

  #free({ value, nan }: Cell): void {
    this.#frame.f.free(value)
    if (nan !== undefined) this.#frame.f.free(nan)
  }

  #join(into: Cell, from: Cell): void {
    const { f } = this.#frame
    f.get(into.value).get(from.value).op(this.#instruction).set(into.value)
    if (into.nan !== undefined) f.get(into.nan).get(from.nan!).op('v128.or').set(into.nan)
  }

  /** Takes the value of one instance of the body. */
  update(instance: number, value: () => void): void {
    const { f } = this.#frame
    if (this.#stack.length === 0) {
      this.#throughMemory(instance, () => {
        value()
        // A sum of one term begins with 0 like any other: that of -0 is 0.
        if (!this.joins && this.isSum) {
          this.#values.number(0)
          f.op(this.#instruction)
        }
      })
      return
    }
    const cell = this.#stack.at(-1)![instance]!
    const term = (): void => (this.acrossLanes ? this.#values.masked(value, this.#identity) : value())
    if (cell.nan === undefined) {
      f.get(cell.value)
      term()
      f.op(this.#instruction).set(cell.value)
      return
    }
    const local = f.local('v128')
    term()
    f.set(local)
    f.get(cell.value).get(local).op(this.#instruction).set(cell.value)
    f.get(cell.nan).get(local).get(local).op(this.#frame.type === 'f64' ? 'f64x2.ne' : 'f32x4.ne').op('v128.or').set(cell.nan)
    f.free(local)
  }

  /** Combines what is in memory with a value, or stores that. */
  #throughMemory(instance: number, value: () => void): void {
    const { f, type } = this.#frame
    storeLanes(this.#frame, this.site, instance, () => {
      if (this.joins) loadLanes(this.#frame, this.site, instance, false)
      value()
      if (this.joins) f.op(machine.get(whole[this.#reduction.op])![type]!)
      if (this.site.storage === 'bool') this.#values.truth()
    })
  }

  /** Stores the results, and ends the use of registers. */
  finish(): void {
    const cells = this.#stack.pop()!
    if (this.acrossLanes) this.#gather(cells)
    const { f } = this.#frame
    const results = this.acrossLanes ? cells.slice(0, 1) : cells
    results.forEach((cell, instance) => {
      this.#throughMemory(instance, () => {
        f.get(cell.value)
        if (cell.nan !== undefined) f.get(cell.nan).op('v128.or')
      })
    })
    cells.forEach((cell) => this.#free(cell))
  }

  /** Combines all lanes of all instances in the first lane of the first instance. */
  #gather(cells: ReadonlyArray<Cell>): void {
    const { f, lanes } = this.#frame
    for (let step = 1; step < cells.length; step *= 2)
      for (let k = 0; k + step < cells.length; k += 2 * step) this.#join(cells[k]!, cells[k + step]!)
    const { value, nan } = cells[0]!
    for (const shuffle of lanes === 4 ? [upperHalf, oddLanes] : [upperHalf]) {
      f.get(value).get(value).get(value).shuffle(shuffle).op(this.#instruction).set(value)
      if (nan !== undefined) f.get(nan).get(nan).get(nan).shuffle(shuffle).op('v128.or').set(nan)
    }
  }
}
