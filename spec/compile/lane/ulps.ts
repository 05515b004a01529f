/** Prints how exact every formula is, and how many operations of the machine it takes. */
import { ulps } from '../../../lib/compile/lane/accuracy.js'
import { domains, pointsOf, type FloatType } from './domains.js'
import { goldenOf } from './golden.js'
import { errorOf, formulaOf, operationCount, operations, valuesOf, type Formula } from './measure.js'

/** The greatest error found: on golden points in f64, on a grid in f32, where the scalar function has digits to spare. */
const found = (formula: Formula, type: FloatType): number => {
  const golden = type === 'f64' ? goldenOf(formula.name) : []
  const columns =
    type === 'f64'
      ? Array.from({ length: formula.arity }, (_, k) => Float64Array.from(golden, ({ args }) => args[k]!))
      : pointsOf(domains(type)[formula.name]!, type, 20000)
  const errors = Array.from(valuesOf(formula, columns, type), (y, i) => {
    const { high, low } = golden[i] ?? { high: formula.scalar(...columns.map((column) => column[i]!)), low: 0 }
    return Number.isFinite(Math.fround(high)) || type === 'f64' ? errorOf(y, high, low, type) : 0
  })
  return errors.reduce((a, b) => Math.max(a, b), 0)
}

const row = (name: string): string => {
  const cells = (['f64', 'f32'] as const).map((type) => {
    const formula = formulaOf(name, type)
    if (formula === undefined) return 'no formula'.padStart(20)
    const stated = ulps[name]?.[type]
    const error = stated === undefined ? '' : `${found(formula, type).toFixed(2)} ≤ ${stated.toFixed(2)}`
    return `${error.padStart(13)} ${String(operationCount(formula.lane)).padStart(6)}`
  })
  return `${name.padEnd(16)}${cells.join('')}`
}

console.log(`${''.padEnd(16)}${['f64', 'f32'].map((type) => `${`${type}: ulp`.padStart(13)} ${'ops'.padStart(6)}`).join('')}`)
for (const name of [...operations.keys()].toSorted()) if (formulaOf(name, 'f64') !== undefined) console.log(row(name))
