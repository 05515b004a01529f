/** Formulas as functions on arrays, their errors in units in the last place, and how many operations they take. */
import type { Primitive } from '../../../lib/core/Node.js'
import type { Lane } from '../../../lib/compile/ir.js'
import { expandLane } from '../../../lib/compile/lane/index.js'
import { constant } from '../../../lib/compile/lane/machine.js'
import * as choice from '../../../lib/primitive/choice.js'
import * as primitives from '../../../lib/primitive/index.js'
import * as powers from '../../../lib/primitive/power.js'
import * as rounding from '../../../lib/primitive/rounding.js'
import * as special from '../../../lib/primitive/special.js'
import * as trigonometric from '../../../lib/primitive/trigonometric.js'
import type { FloatType } from './domains.js'
import { argument, runLane, type Floats } from './runLane.js'

/** Every primitive that is an operation on elements, by name. */
export const operations: ReadonlyMap<string, Primitive> = new Map(
  [primitives, choice, powers, rounding, special, trigonometric]
    .flatMap((exported) => Object.values<object>(exported))
    .flatMap((builder) => ('op' in builder ? [builder.op as Primitive] : []))
    .filter((op) => op.scalar !== undefined)
    .map((op) => [op.name, op]),
)

/** Operands that must be known numbers for there to be a formula: orders of derivatives, and one that the formula does not need. */
const orders: Readonly<Record<string, ReadonlyArray<number>>> = { sinc: [0], sech2: [0], atan2Derivative: [1, 0], powDerivative: [1, 0] }

export const ordersOf = (name: string): ReadonlyArray<number> => orders[name] ?? []

export interface Formula {
  readonly name: string
  readonly arity: number
  readonly lane: Lane
  /** The operation on numbers that the formula stands for. */
  readonly scalar: (...elements: ReadonlyArray<number>) => number
}

/** The formula of an operation, if it has one, in as many arguments as may vary. */
export const formulaOf = (name: string, type: FloatType, known = ordersOf(name)): Formula | undefined => {
  const scalar = operations.get(name)!.scalar!
  const arity = scalar.length - known.length + (name === 'sech2' ? 1 : 0)
  const lane = expandLane(name, type, [...Array.from({ length: arity }, (_, k) => argument(k)), ...known.map(constant)])
  return lane && { name, arity, lane, scalar: (...elements) => scalar(...elements, ...known) }
}

export const valuesOf = ({ lane }: Formula, columns: ReadonlyArray<Floats>, type: FloatType): Floats => runLane(lane, columns, type)

/** The distance from `x` to the next number of the type. */
export const ulpAt = (x: number, type: FloatType): number => {
  const [digits, least] = type === 'f64' ? [52, -1022] : [23, -126]
  const magnitude = Math.abs(x)
  let exponent = Math.max(Math.floor(Math.log2(magnitude)), least)
  while (exponent > least && 2 ** exponent > magnitude) exponent--
  while (2 ** (exponent + 1) <= magnitude) exponent++
  return 2 ** (exponent - digits)
}

/** How far `y` is from `high + low`, in units in the last place. */
export const errorOf = (y: number, high: number, low: number, type: FloatType): number => Math.abs(y - high - low) / ulpAt(high, type)

/** How many operations of the machine a formula takes, each counted once. */
export const operationCount = (root: Lane): number => {
  const numbers = new Map<Lane, number>()
  const byKey = new Map<string, number>()
  let count = 0
  const numberOf = (x: Lane): number => {
    const known = numbers.get(x)
    if (known !== undefined) return known
    const key = [x.op, ...x.args.map(numberOf), Object.is(x.value, -0) ? '-0' : x.value, x.bits].join()
    const same = byKey.get(key)
    const number = same ?? byKey.size
    if (same === undefined && x.args.length > 0) count++
    byKey.set(key, number)
    numbers.set(x, number)
    return number
  }
  numberOf(root)
  return count
}
