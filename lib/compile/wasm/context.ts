/** What the code of every statement is written with: the module, where things lie in memory, and what is asked of outside. */
import { bytesPer, type BufferInfo, type MemoryPlan, type Place } from '../ir.js'
import type { ModuleBuilder } from './encoder.js'
import type { Callee, FunctionBuilder } from './FunctionBuilder.js'

export type Scalar = (...elements: ReadonlyArray<number>) => number

export interface WriteContext {
  readonly module: ModuleBuilder
  readonly buffers: ReadonlyArray<BufferInfo>
  readonly plan: MemoryPlan
  /** The globals that count the rounds of loops, by their numbers. */
  readonly counters: ReadonlyArray<number>
  /** Whether products may be added without rounding them first, where the machine can. */
  readonly relaxed: boolean
  /** An operation on numbers as an imported function. */
  readonly scalar: (operation: Scalar, operands: number) => Callee
  /** The address of so many bytes that the statement may use while it runs; the same for all statements. */
  readonly scratch: (bytes: number) => number
}

/** Where a place begins in memory, in bytes, before any rounds. */
export const baseOf = ({ buffers, plan }: WriteContext, { buffer, offset }: Place): number =>
  plan.offsets[buffer]! + offset * bytesPer[buffers[buffer]!.storage]

/** Pushes how far the rounds of enclosing loops have moved a place, in bytes, if any do. */
export const pushRounds = (context: WriteContext, f: FunctionBuilder, { buffer, rounds }: Place): boolean => {
  const bytes = bytesPer[context.buffers[buffer]!.storage]
  let pushed = false
  for (const { repeat, stride } of rounds) {
    if (stride === 0) continue
    f.globalGet(context.counters[repeat]!).i32(stride * bytes).op('i32.mul')
    if (pushed) f.op('i32.add')
    pushed = true
  }
  return pushed
}

/** Pushes the address of a place. */
export const pushAddress = (context: WriteContext, f: FunctionBuilder, place: Place): FunctionBuilder => {
  const moved = pushRounds(context, f, place)
  f.i32(baseOf(context, place))
  return moved ? f.op('i32.add') : f
}
