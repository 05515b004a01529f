/** Formulas as machine code: the same bits as in the interpreter of machine operations. */
import { describe, expect, it } from 'vitest'
import type { Access, LoopProgram } from '../../../lib/compile/ir.js'
import { constant } from '../../../lib/compile/lane/machine.js'
import { runProgram } from '../runProgram.js'
import { domains, pointsOf, type FloatType } from './domains.js'
import { formulaOf, operations, ordersOf, valuesOf, type Formula } from './measure.js'
import type { Floats } from './runLane.js'

const count = 509

const at = (buffer: number): Access => ({ buffer, offset: 0, rounds: [], strides: [1] })

const extremes = [
  NaN, Infinity, -Infinity, 0, -0, 1, -1, 0.5, -2, 3, -745, 709, 1e5, 1e6, 1e22, 1e300, -1e300, 1e-310, -5e-324, 100, -100,
]

/** Ordinary arguments after all combinations of extreme ones. */
const columnsOf = ({ name, arity }: Formula, type: FloatType): ReadonlyArray<Floats> => {
  const box = Array.from({ length: arity }, () => ({ low: -4, high: 4, spread: 'even' as const }))
  const n = extremes.length
  return pointsOf(domains(type)[name] ?? [box], type, count).map((column, k) =>
    column.slice(0, count).map((x, i) => (i < n ** Math.min(arity, 2) ? extremes[Math.floor(i / n ** k) % n]! : x)),
  )
}

const inWasm = ({ name, lane }: Formula, columns: ReadonlyArray<Floats>, type: FloatType): unknown => {
  const result = columns.length
  const program: LoopProgram = {
    buffers: [
      ...columns.map(() => ({ storage: type, size: count, role: 'argument' as const })),
      { storage: lane.truth ? 'bool' : type, size: count, role: 'result' },
    ],
    repeats: 0,
    statements: [
      {
        kind: 'nest',
        lane: type,
        extents: [count],
        reductions: [],
        stores: [
          {
            access: at(result),
            value: {
              op: name,
              args: [...columns.map((_, k) => ({ op: 'load', args: [], truth: false, access: at(k) })), ...ordersOf(name).map(constant)],
              truth: lane.truth,
            },
          },
        ],
      },
    ],
  }
  const empty = lane.truth ? new Int32Array(count) : type === 'f64' ? new Float64Array(count) : new Float32Array(count)
  const { status, memories } = runProgram(program, [...columns, empty])
  return { status, values: [...memories[result]!] }
}

describe.each(['f64', 'f32'] as const)('formulas in %s', (type) => {
  const formulas = [...operations.keys()].flatMap((name) => formulaOf(name, type) ?? [])

  it.each(formulas.map((formula) => [formula.name, formula] as const))('%s is the same in WebAssembly, bit for bit', (_, formula) => {
    const columns = columnsOf(formula, type)
    expect(inWasm(formula, columns, type)).toEqual({ status: 0, values: [...valuesOf(formula, columns, type)] })
  })
})
