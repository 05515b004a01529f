/** The layout of floating point numbers, which formulas for both types are written in terms of. */
import type { Lane } from '../ir.js'
import { add, bits, bitAnd, bitOr, constant, sub } from './machine.js'

/** A type of floating point numbers (IEEE 754). */
export interface Format {
  readonly type: 'f64' | 'f32'
  readonly width: number
  /** Bits of the fraction: the place of the exponent. */
  readonly fraction: number
  readonly bias: number
  /** The least normal number and the greatest finite one. */
  readonly least: number
  readonly most: number
}

export const f64: Format = { type: 'f64', width: 64, fraction: 52, bias: 1023, least: 2 ** -1022, most: Number.MAX_VALUE }
export const f32: Format = { type: 'f32', width: 32, fraction: 23, bias: 127, least: 2 ** -126, most: 2 ** 128 - 2 ** 104 }

/** A constant of one value for each type. */
export interface Pair<T> {
  readonly f64: T
  readonly f32: T
}

/** The pattern of a number. */
export const patternOf = ({ type }: Format, x: number): bigint =>
  type === 'f64' ? new BigUint64Array(new Float64Array([x]).buffer)[0]! : BigInt(new Uint32Array(new Float32Array([x]).buffer)[0]!)

export const patternLane = (f: Format, x: number): Lane => bits(patternOf(f, x))

/** The sign bit. */
export const signBit = (f: Format): Lane => bits(1n << BigInt(f.width - 1))

const ones = (width: number): bigint => (1n << BigInt(width)) - 1n

/** Everything but the exponent and the sign. */
export const fractionMask = (f: Format): Lane => bits(ones(f.fraction))

/** A number without its last bits. */
export const shortened = (f: Format, x: Lane, dropped: number): Lane => bitAnd(x, bits(ones(f.width) ^ ones(dropped)))

/** The first half of the digits of a number. */
export const firstHalf = (f: Format, x: Lane): Lane => shortened(f, x, f.type === 'f64' ? 32 : 12)

/** All ones: a NaN that `where` chooses in one instruction. */
export const notANumber = (f: Format): Lane => bits(ones(f.width))

/** What is added to a number below 2^50 (2^21 for `f32`) to round it; the integer is then in the last bits of the sum. */
export const rounder = (f: Format): number => 1.5 * 2 ** f.fraction

/** The integer nearest to a small number, as a number, and as a pattern whose last bits are it plus `offset`. */
export const nearestInteger = (f: Format, x: Lane, offset = 0): { readonly n: Lane; readonly pattern: Lane } => {
  const big = constant(rounder(f) + offset)
  const pattern = add(x, big)
  return { n: sub(pattern, big), pattern }
}

/** A pattern that is a small integer, as a number. */
export const fromInteger = (f: Format, pattern: Lane, offset = 0): Lane =>
  sub(bitOr(pattern, patternLane(f, 2 ** f.fraction)), constant(2 ** f.fraction + offset))

/** `magnitude`, which has no sign, with the sign of `x`. */
export const withSignOf = (f: Format, magnitude: Lane, x: Lane): Lane => bitOr(magnitude, bitAnd(x, signBit(f)))

/** What rounding took from `d = a - b` (Knuth 1969). */
export const lostFrom = (d: Lane, a: Lane, b: Lane): Lane => {
  const part = sub(a, d)
  return add(sub(a, add(d, part)), sub(part, b))
}

/** `-|x|`. */
export const negated = (f: Format, x: Lane): Lane => bitOr(x, signBit(f))
