/**
 * The operations that a tape is made of: those that machines have. Everything else is composed of them (`rules.ts`), or is a call
 * of a function on numbers. The code of an operation is its place in this list; codes from `calls` on are functions.
 */
import type { Instruction } from '../wasm/opcodes.js'

type Scalar = (...elements: ReadonlyArray<number>) => number

/** What an operation is: how it is computed here, in JavaScript, and in WebAssembly. */
export interface Operation {
  readonly name: string
  /** The value, from those of the operands. */
  readonly scalar: Scalar
  /** An expression for it, from those of the operands; without one the function is called. */
  readonly text?: (...operands: ReadonlyArray<string>) => string
  readonly instruction?: Instruction
}

const infix =
  (sign: string) =>
  (a: string, b: string): string =>
    `(${a}${sign}${b})`

const test =
  (sign: string) =>
  (a: string, b: string): string =>
    `(${a}${sign}${b}?1:0)`

const operation = (
  name: string,
  scalar: (a: number, b: number, c: number) => number,
  instruction: Instruction | undefined,
  text?: Operation['text'],
): Operation => ({
  name,
  scalar: scalar as Scalar,
  ...(instruction && { instruction }),
  ...(text && { text }),
})

const known = (name: 'sqrt' | 'abs' | 'floor' | 'ceil' | 'trunc' | 'max' | 'min' | 'fround', instruction?: Instruction): Operation =>
  operation(name, Math[name] as Scalar, instruction, (...operands) => `Math.${name}(${operands.join(',')})`)

/** To the nearest integer, halves to the even one. */
const toEven = (x: number): number => {
  const r = Math.round(x)
  return r - x === 0.5 && r % 2 !== 0 ? r - 1 : r
}

/** The list: first what has no operands, then operations on numbers, then those from numbers to truth values, then those on truth values. */
export const operations: ReadonlyArray<Operation> = [
  operation('load', () => NaN, undefined),
  operation('constant', () => NaN, undefined),
  operation('add', (a, b) => a + b, 'f64.add', infix('+')),
  operation('sub', (a, b) => a - b, 'f64.sub', infix('-')),
  operation('mul', (a, b) => a * b, 'f64.mul', infix('*')),
  operation('div', (a, b) => a / b, 'f64.div', infix('/')),
  operation('neg', (a) => -a, 'f64.neg', (a) => `(-${a})`),
  known('sqrt', 'f64.sqrt'),
  known('abs', 'f64.abs'),
  known('floor', 'f64.floor'),
  known('ceil', 'f64.ceil'),
  known('trunc', 'f64.trunc'),
  operation('round', toEven, 'f64.nearest'),
  known('max', 'f64.max'),
  known('min', 'f64.min'),
  known('fround'),
  operation('lt', (a, b) => (a < b ? 1 : 0), 'f64.lt', test('<')),
  operation('le', (a, b) => (a <= b ? 1 : 0), 'f64.le', test('<=')),
  operation('eq', (a, b) => (a === b ? 1 : 0), 'f64.eq', test('===')),
  operation('ne', (a, b) => (a !== b ? 1 : 0), 'f64.ne', test('!==')),
  operation('and', (a, b) => a & b, 'i32.and', infix('&')),
  operation('or', (a, b) => a | b, 'i32.or', infix('|')),
  operation('not', (a) => 1 - a, 'i32.eqz', (a) => `(1-${a})`),
  operation('number', (a) => a, 'f64.convert_i32_u', (a) => a),
  operation('where', (c, a, b) => (c !== 0 ? a : b), 'select', (c, a, b) => `(${c}?${a}:${b})`),
]

export const code = {
  load: 0, constant: 1,
  add: 2, sub: 3, mul: 4, div: 5, neg: 6, sqrt: 7, abs: 8, floor: 9, ceil: 10, trunc: 11, round: 12, max: 13, min: 14, fround: 15,
  lt: 16, le: 17, eq: 18, ne: 19, and: 20, or: 21, not: 22, number: 23, where: 24, calls: 25,
} as const

/** Whether the result is a truth value. */
export const isTest = (c: number): boolean => c >= code.lt && c <= code.not

/** Whether the operands are numbers, all of them. */
export const takesNumbers = (c: number): boolean => (c >= code.add && c <= code.ne) || c >= code.calls

/** Whether the order of the operands does not matter. */
export const commutes = (c: number): boolean => c === code.add || c === code.mul || c === code.max || c === code.min || (c >= code.eq && c <= code.or)
