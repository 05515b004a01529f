/**
 * The operations that machine code is made of, as lanes: what vectors of `f64` and `f32` elements can do by themselves. Formulas
 * for the other elementwise operations are written in these, so that one formula serves every width of a register.
 *
 * Arithmetic is that of IEEE 754, rounded to the lane's type after each operation:
 * - `add sub mul div neg abs sqrt`; `round` (to nearest, halves to even) `floor ceil trunc`; `maximum minimum` (NaN if either is
 *   NaN, and -0 < 0): `f64x2.max` and so on.
 * - `pmin(a, b)` is `b < a ? b : a` and `pmax(a, b)` is `a < b ? b : a`: `f64x2.pmin` and `f64x2.pmax`, with the operands in this
 *   order. A NaN in the first place stays.
 * - `eq ne lt le gt ge` make truth values; `logicalAnd logicalOr logicalXor logicalNot` combine those; `where(c, a, b)` chooses by
 *   one, bit for bit. It is worth one instruction where `a` or `b` is a `constant` +0 (`v128.and`, `v128.andnot`), or `a` is `bits`
 *   of all ones (`v128.or`).
 * - `bits` is a constant given by its pattern, in {@link Lane.bits}: 64 bits of an `f64`, 32 of an `f32`, unsigned. A
 *   `constant` is a number, rounded to the type; its NaN may be any quiet NaN.
 * - `fround`, in `f64` only, rounds to the nearest `f32`.
 * - `bitAnd bitOr bitXor`, and `bitAndNot(a, b)`, which is `a & ~b`, work on the patterns of numbers; so do `shiftLeft` and
 *   `shiftRightLogical`, by the number of places in {@link Lane.value}, and `addBits` and `subBits`, which wrap around
 *   (`i64x2.add`, `i32x4.add` …). Any pattern may occur between them, and no arithmetic comes in between that could change a NaN.
 * - `fallback(c, y, x, …)` is `y`, but `scalar(x, …)` where the truth value `c` holds, which is rare: a branch over a
 *   call for each such element. Its result is rounded to the type.
 */
import type { Lane } from '../ir.js'

type Scalar = (...elements: ReadonlyArray<number>) => number

const number =
  (op: string) =>
  (...args: ReadonlyArray<Lane>): Lane => ({ op, args, truth: false })

const truth =
  (op: string) =>
  (...args: ReadonlyArray<Lane>): Lane => ({ op, args, truth: true })

export type Unary = (x: Lane) => Lane
export type Binary = (a: Lane, b: Lane) => Lane

/** A number, rounded to the type of the lane. */
export const constant = (value: number): Lane => ({ op: 'constant', args: [], truth: false, value })

export const zero = constant(0)
export const half = constant(0.5)
export const one = constant(1)
export const two = constant(2)

/** The number with this pattern, of 64 bits for `f64` and of 32 for `f32`. */
export const bits = (pattern: bigint): Lane => ({ op: 'bits', args: [], truth: false, bits: pattern })

export const add: Binary = number('add')
export const sub: Binary = number('sub')
export const mul: Binary = number('mul')
export const div: Binary = number('div')
export const neg: Unary = number('neg')
export const abs: Unary = number('abs')
export const sqrt: Unary = number('sqrt')
export const round: Unary = number('round')
export const floor: Unary = number('floor')
export const ceil: Unary = number('ceil')
export const trunc: Unary = number('trunc')

/** The nearest `f32`, as an `f64`. */
export const fround: Unary = number('fround')

/** `NaN` if either is. */
export const maximum: Binary = number('maximum')
export const minimum: Binary = number('minimum')

/** `b < a ? b : a`. */
export const pmin: Binary = number('pmin')

/** `a < b ? b : a`. */
export const pmax: Binary = number('pmax')

export const eq: Binary = truth('eq')
export const ne: Binary = truth('ne')
export const lt: Binary = truth('lt')
export const le: Binary = truth('le')
export const gt: Binary = truth('gt')
export const ge: Binary = truth('ge')

export const logicalAnd: Binary = truth('logicalAnd')
export const logicalOr: Binary = truth('logicalOr')
export const logicalXor: Binary = truth('logicalXor')
export const logicalNot: Unary = truth('logicalNot')

/** `a` where `c` holds, else `b`. */
export const where = (c: Lane, a: Lane, b: Lane): Lane => ({ op: 'where', args: [c, a, b], truth: a.truth })

export const bitAnd: Binary = number('bitAnd')
export const bitOr: Binary = number('bitOr')
export const bitXor: Binary = number('bitXor')

/** `a & ~b`. */
export const bitAndNot: Binary = number('bitAndNot')
export const addBits: Binary = number('addBits')
export const subBits: Binary = number('subBits')

export const shiftLeft = (x: Lane, value: number): Lane => ({ op: 'shiftLeft', args: [x], truth: false, value })
export const shiftRightLogical = (x: Lane, value: number): Lane => ({ op: 'shiftRightLogical', args: [x], truth: false, value })

/** `value`, but `scalar(x, …)` where `c` holds. */
export const fallback = (c: Lane, value: Lane, scalar: Scalar, ...xs: ReadonlyArray<Lane>): Lane => ({
  op: 'fallback',
  args: [c, value, ...xs],
  truth: false,
  scalar,
})

/** The names of all operations above but the constants and `fallback`. */
export const machineOps: ReadonlySet<string> = new Set([
  'add', 'sub', 'mul', 'div', 'neg', 'abs', 'sqrt', 'round', 'floor', 'ceil', 'trunc', 'fround', 'maximum', 'minimum',
  'pmin', 'pmax',
  'eq', 'ne', 'lt', 'le', 'gt', 'ge', 'logicalAnd', 'logicalOr', 'logicalXor', 'logicalNot', 'where',
  'bitAnd', 'bitOr', 'bitXor', 'bitAndNot', 'addBits', 'subBits', 'shiftLeft', 'shiftRightLogical',
])
