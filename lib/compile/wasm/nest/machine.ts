/** The operations that a vector register is capable of, and the instructions that carry them out on each type of lane. */
import type { LaneType } from '../../ir.js'
import type { Instruction } from '../opcodes.js'

/** How many lanes a register has. */
export const lanesOf: Readonly<Record<LaneType, 2 | 4>> = { f64: 2, f32: 4, i32: 4 }

export interface MachineOp extends Readonly<Record<LaneType, Instruction | undefined>> {
  /** What the operands must be: numbers, truth values, or patterns of bits, as which anything serves. */
  readonly takes: 'number' | 'truth' | 'bits'
  /** The instruction takes {@link Lane.value} as its last operand. */
  readonly shift?: true
}

type FloatName = 'add' | 'sub' | 'mul' | 'div' | 'neg' | 'abs' | 'sqrt' | 'floor' | 'ceil' | 'trunc' | 'nearest' | 'max' | 'min' | 'pmax' | 'pmin'

const floats = (name: FloatName, i32?: Instruction): MachineOp => ({ takes: 'number', f64: `f64x2.${name}`, f32: `f32x4.${name}`, i32 })

const compare = (name: 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge', i32: Instruction): MachineOp => ({
  takes: 'number',
  f64: `f64x2.${name}`,
  f32: `f32x4.${name}`,
  i32,
})

const vectors = (takes: 'truth' | 'bits', instruction: Instruction): MachineOp => ({ takes, f64: instruction, f32: instruction, i32: instruction })

const integers = (f64: Instruction, i32: Instruction): MachineOp => ({ takes: 'bits', f64, f32: i32, i32 })

export const machine: ReadonlyMap<string, MachineOp> = new Map(Object.entries<MachineOp>({
  add: floats('add', 'i32x4.add'),
  sub: floats('sub', 'i32x4.sub'),
  mul: floats('mul', 'i32x4.mul'),
  div: floats('div'),
  neg: floats('neg', 'i32x4.neg'),
  abs: floats('abs', 'i32x4.abs'),
  sqrt: floats('sqrt'),
  floor: floats('floor'),
  ceil: floats('ceil'),
  trunc: floats('trunc'),
  round: floats('nearest'),
  maximum: floats('max', 'i32x4.max_s'),
  minimum: floats('min', 'i32x4.min_s'),
  pmax: floats('pmax', 'i32x4.max_s'),
  pmin: floats('pmin', 'i32x4.min_s'),
  eq: compare('eq', 'i32x4.eq'),
  ne: compare('ne', 'i32x4.ne'),
  lt: compare('lt', 'i32x4.lt_s'),
  le: compare('le', 'i32x4.le_s'),
  gt: compare('gt', 'i32x4.gt_s'),
  ge: compare('ge', 'i32x4.ge_s'),
  logicalAnd: vectors('truth', 'v128.and'),
  logicalOr: vectors('truth', 'v128.or'),
  logicalXor: vectors('truth', 'v128.xor'),
  logicalNot: vectors('truth', 'v128.not'),
  bitAnd: vectors('bits', 'v128.and'),
  bitOr: vectors('bits', 'v128.or'),
  bitXor: vectors('bits', 'v128.xor'),
  bitAndNot: vectors('bits', 'v128.andnot'),
  addBits: integers('i64x2.add', 'i32x4.add'),
  subBits: integers('i64x2.sub', 'i32x4.sub'),
  shiftLeft: { ...integers('i64x2.shl', 'i32x4.shl'), shift: true },
  shiftRight: { ...integers('i64x2.shr_s', 'i32x4.shr_s'), shift: true },
  shiftRightLogical: { ...integers('i64x2.shr_u', 'i32x4.shr_u'), shift: true },
}))

/** Operations that are written out by hand; see `Writer.ts`. */
const special: ReadonlySet<string> = new Set(['load', 'constant', 'bits', 'index', 'where', 'fallback', 'toNumber', 'toTruth'])

/** Whether lanes of this type can do it without further ado. */
export const isMachineOp = (op: string, type: LaneType): boolean =>
  machine.get(op)?.[type] !== undefined || special.has(op) || (op === 'fround' && type === 'f64')
