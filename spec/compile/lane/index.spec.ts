/** Operations on truth values and integers, and what is left to the machine. */
import { describe, expect, it } from 'vitest'
import type { Lane } from '../../../lib/compile/ir.js'
import { expandLane } from '../../../lib/compile/lane/index.js'
import { constant, machineOps } from '../../../lib/compile/lane/machine.js'
import { operationCount, operations } from './measure.js'
import { argument, runLane } from './runLane.js'

const truth = (k: number): Lane => ({ ...argument(k), truth: true })
const bits = [Float64Array.of(0, 0, 1, 1), Float64Array.of(0, 1, 0, 1)]

/** Operands that a formula may share. */
const count = (lanes: ReadonlyArray<Lane>): number => operationCount({ op: 'all', args: lanes, truth: false }) - 1

describe('the formula of an operation', () => {
  it.each(['eq', 'ne', 'lt', 'le', 'gt', 'ge', 'logicalAnd', 'logicalOr', 'logicalXor'])('%s on truth values', (name) => {
    const args = [truth(0), truth(1)]
    const lane = expandLane(name, 'f64', args) ?? { op: name, args, truth: true }
    const expected = Array.from({ length: 4 }, (_, i) => operations.get(name)!.scalar!(bits[0]![i]!, bits[1]![i]!))
    expect([...runLane(lane, bits, 'f64')]).toEqual(expected)
  })

  it.each(['logicalAnd', 'logicalOr', 'logicalXor', 'logicalNot'])('%s takes numbers that are not 0 for true', (name) => {
    const numbers = [Float64Array.of(0, -0, 2, NaN, 0), Float64Array.of(3, 0, 0, -1, NaN)]
    const { scalar } = operations.get(name)!
    const lane = expandLane(name, 'f64', [argument(0), argument(1)].slice(0, scalar!.length))!
    expect([...runLane(lane, numbers, 'f64')]).toEqual(Array.from({ length: 5 }, (_, i) => scalar!(numbers[0]![i]!, numbers[1]![i]!)))
  })

  it.each(['ceil', 'floor', 'isFinite', 'isNaN', 'relu', 'round', 'sign', 'square', 'trunc'])('%s on integers', (name) => {
    const integers = [Float64Array.of(-7, -1, 0, 1, 46340)]
    const lane = expandLane(name, 'i32', [argument(0)])!
    expect([...runLane(lane, integers, 'f64')]).toEqual([...integers[0]!].map((x) => operations.get(name)!.scalar!(x)))
  })

  it('is left out where the machine has the operation, and where an operand that must be known is not', () => {
    for (const name of operations.keys()) {
      const args = Array.from({ length: operations.get(name)!.scalar!.length }, (_, k) => argument(k))
      if (machineOps.has(name) && !name.startsWith('logical')) expect(expandLane(name, 'f64', args), name).toBeUndefined()
    }
    expect(expandLane('sinc', 'f64', [argument(0), argument(1)])).toBeUndefined()
    expect(expandLane('sinc', 'f64', [argument(0), constant(1)])).toBeUndefined()
    expect(expandLane('powDerivative', 'f64', [argument(0), argument(1), constant(1), constant(1)])).toBeUndefined()
    expect(expandLane('exp', 'f64', [truth(0)])).toBeUndefined()
  })

  it('has most of its operations in common with that of the derivative', () => {
    const x = argument(0)
    const both = (a: string, b: string): number => count([a, b].map((name) => expandLane(name, 'f64', [x, constant(0)])!))
    const one = (name: string): number => count([expandLane(name, 'f64', [x, constant(0)])!])
    for (const [f, derivative] of [['sin', 'cos'], ['tanh', 'sech2'], ['sigmoid', 'bump'], ['softplus', 'sigmoid']] as const)
      expect(both(f, derivative) - one(f), `${f} and ${derivative}`).toBeLessThan(9)
  })
})
