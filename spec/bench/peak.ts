/** The most that one core does with 128-bit vectors: independent products and sums, nothing read from memory. */
import { ModuleBuilder } from '../../lib/compile/wasm/encoder.js'
import { floatLanes, type FloatLane } from '../../lib/compile/wasm/lanes.js'
import { countDown } from '../../lib/compile/wasm/loops.js'
import { runOf } from '../compile/wasm/engine.js'

/** As many chains as sums stay in registers: more than the latency of a product and a sum needs. */
const chains = 12

/** A loop of sums and products, and how many operations on numbers a round of it has. */
export interface Probe {
  /** Does so many rounds, at least 1. */
  readonly run: (rounds: number) => number
  readonly operations: number
}

export const peakProbe = (lane: FloatLane): Probe => {
  const floats = floatLanes[lane]
  const module = new ModuleBuilder()
  const f = module.addFunction(['i32'], [lane])
  module.exportFunction('run', f)
  const sums = Array.from({ length: chains }, () => f.local('v128'))
  const [factor, term] = [f.local('v128'), f.local('v128')]
  const constant = (value: number, into: number): void => {
    if (lane === 'f64') f.f64(value).op('f64x2.splat').set(into)
    else f.f32(value).op('f32x4.splat').set(into)
  }
  constant(0.5, factor)
  constant(0.25, term)
  for (const sum of sums) f.get(term).set(sum)
  countDown(f, 0, () => {
    for (const sum of sums) f.get(sum).get(factor).op(floats.vectorMul).get(term).op(floats.vectorAdd).set(sum)
  })
  f.get(sums[0]!)
  for (const sum of sums.slice(1)) f.get(sum).op(floats.vectorAdd)
  f.lane(floats.extract, 0)
  return { run: runOf(module), operations: chains * floats.perVector * 2 }
}

/** Operations per nanosecond (GFLOP/s): the best of several runs of about a millisecond. */
export const measurePeak = (lane: FloatLane, now: () => number, runs = 9): number => {
  const { run, operations } = peakProbe(lane)
  const rounds = 500_000
  const times = Array.from({ length: runs }, () => {
    const start = now()
    run(rounds)
    return now() - start
  })
  return (rounds * operations) / Math.min(...times) / 1e6
}
