/** Where formulas are measured: ranges of arguments for every operation, and the points that are taken of them. */
import { reductionLimit } from '../../../lib/compile/lane/circular.js'

export type FloatType = 'f64' | 'f32'

/** Numbers between two bounds, spread evenly, or evenly in their logarithms with both signs if there is a `sign` of 0. */
export interface Range {
  readonly low: number
  readonly high: number
  readonly spread: 'even' | 'log'
  readonly sign?: -1 | 0 | 1
}

const even = (low: number, high: number): Range => ({ low, high, spread: 'even' })
const log = (low: number, high: number, sign: -1 | 0 | 1 = 0): Range => ({ low, high, spread: 'log', sign })

type Box = ReadonlyArray<Range>

const least = { f64: 2 ** -1022, f32: 2 ** -126 }
const most = { f64: Number.MAX_VALUE, f32: 2 ** 128 - 2 ** 104 }

/** Ranges of the arguments of every operation that has a formula with rounding of its own. */
export const domains = (type: FloatType): Readonly<Record<string, ReadonlyArray<Box>>> => {
  const [tiny, huge, turn, expo] = [least[type], most[type], reductionLimit[type], type === 'f64' ? 709 : 88]
  const positive: ReadonlyArray<Box> = [[even(0.5, 2)], [even(0, 100)], [log(tiny, huge, 1)]]
  const circle: ReadonlyArray<Box> = [[even(-4, 4)], [even(-100, 100)], [even(-turn, turn)], [log(1e-30, turn)]]
  const unit: ReadonlyArray<Box> = [[even(-1, 1)], [log(1e-30, 1)]]
  const line: ReadonlyArray<Box> = [[even(-2, 2)], [even(-40, 40)], [log(1e-30, 500)]]
  const plane: ReadonlyArray<Box> = [[even(-2, 2), even(-2, 2)], [log(1e-10, 1e10), log(1e-10, 1e10)]]
  return {
    exp: [[even(-1, 1)], [even(-expo, expo)], [log(1e-30, expo)]],
    exp2: [[even(-1, 1)], [even(-expo * 1.44, expo * 1.44)], [log(1e-30, expo)]],
    expm1: [[even(-1, 1)], [even(-40, expo)], [log(1e-30, expo)]],
    bose: [[even(-1, 1)], [even(-40, expo * 0.9)], [log(1e-30, expo * 0.9)]],
    sigmoid: [...line, [even(-expo, expo)]],
    bump: [...line, [even(-expo, expo)]],
    softplus: [...line, [even(-expo, expo)]],
    log: positive,
    log2: positive,
    log10: positive,
    log1p: [[even(-1, 1)], [even(-0.99, 100)], [log(1e-30, 1)], [log(1e-30, huge, 1)]],
    log1mexp: [[even(0, 2)], [even(0, 80)], [log(1e-20, 80, 1)]],
    logit: [[even(0, 1)], [log(1e-30, 0.5, 1)]],
    sin: circle,
    cos: circle,
    tan: circle,
    asin: unit,
    acos: unit,
    atan: [...line, [log(1e-30, huge)]],
    atan2: plane,
    sinh: [[even(-2, 2)], [even(-expo, expo)], [log(1e-30, expo)]],
    cosh: [[even(-2, 2)], [even(-expo, expo)], [log(1e-30, expo)]],
    tanh: line,
    sech2: [[even(-2, 2)], [even(-20, 20)], [even(-expo / 2.1, expo / 2.1)]],
    asinh: [[even(-2, 2)], [log(1e-30, huge)]],
    acosh: [[even(1, 3)], [log(1, huge, 1)]],
    atanh: unit,
    sinc: [[even(-1, 1)], [even(-100, 100)], [log(1e-30, 0.5)]],
    cbrt: [[even(-2, 2)], [log(tiny, huge)]],
    rsqrt: positive,
    hypot: [...plane, [log(tiny, huge), log(tiny, huge)]],
    direction: plane,
    softSign: [[even(-3, 3)], [log(1e-30, huge)]],
    erf: [[even(-1, 1)], [even(-6, 6)], [log(1e-30, 6)]],
    erfc: type === 'f64' ? [[even(-1, 1)], [even(-6, 26.5)]] : [[even(-1, 1)], [even(-4, 9.1)]],
    ndtr: type === 'f64' ? [[even(-1, 1)], [even(-37, 8)]] : [[even(-1, 1)], [even(-12.9, 5)]],
    logaddexp: [[even(0, 5), even(0, 5)], [even(0, 100), even(0, 100)]],
    xlogy: [[even(0, 2), even(0, 2)], [log(1e-10, 1e10), log(1e-10, 1e10, 1)]],
    entr: [[even(0, 2)], [log(1e-10, 1e10, 1)]],
    pow: [[even(0, 2), even(-5, 5)], [even(0, 10), even(-30, 30)], [log(1e-5, 1e5, 1), even(-7, 7)], [even(0.9, 1.1), even(-expo, expo)]],
  }
}

/** Numbers in [0, 1), always the same ones. */
const sequence = (seed: number): (() => number) => {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

const sample = ({ low, high, spread, sign = 1 }: Range, u: number, v: number, w: number): number => {
  if (spread === 'even') return low + (high - low) * (u + v * 2 ** -32)
  const x = Math.exp(Math.log(low) + (Math.log(high) - Math.log(low)) * u) * (1 - v * 2 ** -20)
  return Math.max(low, x) * (sign === 0 ? (w < 0.5 ? -1 : 1) : sign)
}

/** `count` points of every box, as one array for each argument. */
export const pointsOf = (boxes: ReadonlyArray<Box>, type: FloatType, count: number): ReadonlyArray<Float64Array | Float32Array> => {
  const next = sequence(count)
  const arity = boxes[0]!.length
  const size = boxes.length * count
  const columns = Array.from({ length: arity }, () => (type === 'f64' ? new Float64Array(size) : new Float32Array(size)))
  boxes.forEach((box, b) => {
    for (let i = 0; i < count; i++)
      box.forEach((range, k) => {
        const u = arity === 1 ? (i + next()) / count : next()
        columns[k]![b * count + i] = sample(range, u, next(), next())
      })
  })
  return columns
}
