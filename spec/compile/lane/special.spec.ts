/** Formulas at the ends of the number line, and wherever else functions have values of their own. */
import { describe, expect, it } from 'vitest'
import { ulps } from '../../../lib/compile/lane/accuracy.js'
import { machineOps } from '../../../lib/compile/lane/machine.js'
import type { FloatType } from './domains.js'
import { errorOf, formulaOf, operations, ulpAt, valuesOf, type Formula } from './measure.js'
import type { Floats } from './runLane.js'

const ordinary = [
  NaN, Infinity, -Infinity, 0, -0, 1, -1, 0.5, -0.5, 2, -2, 3, -3, 1.5, 2.5, -2.5, 10, -10, 1e-5, 100, -100, Math.PI, 7000, 1e22,
]

const points: Readonly<Record<FloatType, ReadonlyArray<number>>> = {
  f64: [
    ...ordinary, 745.2, -745.2, -744.9, -746, 709.8, 709.7, 710.4, 710.5, -708.5, -720, 1e5, 1e6, Number.MAX_VALUE,
    -Number.MAX_VALUE, 2 ** -1022, 5e-324, -5e-324, 1e-310, -1e-310, 1e-300, 1e300, -1e300, 27, 26.6, -38.4, 2 ** 53,
    1 - 2 ** -53, 2 ** -53 - 1, 1 + 2 ** -52, 1074, 1023.9, -1074, -1075.1,
  ],
  f32: [
    ...ordinary, 103.2, -103.2, -103.9, -104.6, 88.7, 88.8, 89.4, 89.5, -87.5, -95, 6399, 2 ** 128 - 2 ** 104,
    2 ** 104 - 2 ** 128, 2 ** -126, 2 ** -149, -(2 ** -149), 1e-40, -1e-40, 1e-30, 1e30, 9.9, 10.1, -13.9, 2 ** 24,
    1 - 2 ** -24, 2 ** -24 - 1, 1 + 2 ** -23, 127.9, -149, -150.1,
  ].map(Math.fround),
}

/** Every combination of as many points as there are arguments. */
const columnsOf = ({ arity }: Formula, type: FloatType, all: ReadonlyArray<number>): ReadonlyArray<Floats> => {
  const count = all.length ** arity
  return Array.from({ length: arity }, (_, k) => {
    const column = type === 'f64' ? new Float64Array(count) : new Float32Array(count)
    return column.map((_, i) => all[Math.floor(i / all.length ** (arity - 1 - k)) % all.length]!)
  })
}

/** What the documentation of accuracy leaves open, and what is better than evaluation. */
const exempt = (name: string, type: FloatType, args: ReadonlyArray<number>, found: number, value: number): boolean => {
  const least = type === 'f64' ? 2 ** -1022 : 2 ** -126
  const subnormal = (x: number): boolean => x !== 0 && Math.abs(x) < least
  switch (name) {
    case 'bose':
    case 'atan2Derivative':
    case 'powDerivative': return Math.abs(value) < least && Math.abs(found) < least
    // Evaluation takes the length of a point that is not normal as it is rounded.
    case 'direction': return args.every((x) => x === 0 || subnormal(x))
    // Where a sum of a negative and a positive number is near 0, and where it is rounded to 0.
    case 'logaddexp': return Math.abs(value) < 0.1
    default: return false
  }
}

/** Arguments at which the formula is further off than is stated. */
const misses = (formula: Formula, type: FloatType, among = points[type]): ReadonlyArray<string> => {
  const columns = columnsOf(formula, type, among)
  const y = valuesOf(formula, columns, type)
  // Both are off, and compositions that are not listed are off by a few of such errors.
  const allowed = (ulps[formula.name]?.[type] ?? 4) + 4.4
  return [...y.keys()].flatMap((i) => {
    const args = columns.map((column) => column[i]!)
    const exact = formula.scalar(...args)
    const expected = type === 'f64' ? exact : Math.fround(exact)
    const near = expected !== 0 && Number.isFinite(expected) && Number.isFinite(y[i]) && errorOf(y[i]!, expected, 0, type) <= allowed
    const right = Object.is(y[i], expected) || near || exempt(formula.name, type, args, y[i]!, expected)
    return right ? [] : [`${formula.name}(${args.join()}) = ${y[i]}, not ${expected}`]
  })
}

const withFormula = (type: FloatType): ReadonlyArray<Formula> => [...operations.keys()].flatMap((name) => formulaOf(name, type) ?? [])

describe.each(['f64', 'f32'] as const)('formulas in %s', (type) => {
  const formulas = withFormula(type)

  it('exist for all but a few operations', () => {
    const without = [...operations.keys()].filter((name) => formulaOf(name, type) === undefined)
    const called = ['erfcx', 'erfinv', 'lgamma', 'logNdtr', 'ndtri', 'polygamma']
    expect(without.filter((name) => !machineOps.has(name)).toSorted()).toEqual([...called, 'identity'].toSorted())
  })

  it.each(formulas.map((formula) => [formula.name, formula] as const))('%s is what evaluation has at special numbers', (_, formula) =>
    expect(misses(formula, type)).toEqual([]),
  )

  it('atan2Derivative is, of other orders, very near and very far', () => {
    const ends = (type === 'f64' ? [0, 5e-324, 1e-310, Number.MAX_VALUE] : [0, 2 ** -149, 1e-40, 2 ** 128 - 2 ** 104]).flatMap((x) => [x, -x])
    const orders = [[0, 1], [2, 0], [1, 1], [0, 2], [2, 1], [0, 4]].map((known) => formulaOf('atan2Derivative', type, known)!)
    expect(orders.flatMap((formula) => misses(formula, type, ends))).toEqual([])
  })

  it('powDerivative is, of other orders', () => {
    const orders = [[0, 1], [0, 2], [2, 0], [3, 0]].map((known) => formulaOf('powDerivative', type, known)!)
    expect(orders.flatMap((formula) => misses(formula, type))).toEqual([])
  })
})

describe('a unit in the last place', () => {
  it('is the distance to the next number', () => {
    expect([1, 1.5, 2].map((x) => ulpAt(x, 'f64'))).toEqual([2 ** -52, 2 ** -52, 2 ** -51])
    expect([0, 5e-324, 2 ** -1022].map((x) => ulpAt(x, 'f64'))).toEqual([2 ** -1074, 2 ** -1074, 2 ** -1074])
    expect([1, 2 - 2 ** -23, 2 ** -126, 1e-45].map((x) => ulpAt(x, 'f32'))).toEqual([2 ** -23, 2 ** -23, 2 ** -149, 2 ** -149])
  })
})
