/** How far formulas are from true values. */
import { describe, expect, it } from 'vitest'
import { ulps } from '../../../lib/compile/lane/accuracy.js'
import { domains, pointsOf, type FloatType } from './domains.js'
import { goldenOf } from './golden.js'
import { errorOf, formulaOf, valuesOf } from './measure.js'

const names = Object.keys(ulps)

/** The greatest error on golden points. */
const goldenError = (name: string): number => {
  const rows = goldenOf(name)
  const columns = rows[0]!.args.map((_, k) => Float64Array.from(rows, ({ args }) => args[k]!))
  const y = valuesOf(formulaOf(name, 'f64')!, columns, 'f64')
  return Math.max(...rows.map(({ high, low }, i) => errorOf(y[i]!, high, low, 'f64')))
}

/** The greatest distance from the scalar function on points spread over the domain. */
const gridError = (name: string, type: FloatType, count: number): number => {
  const formula = formulaOf(name, type)!
  const columns = pointsOf(domains(type)[name]!, type, count)
  const y = valuesOf(formula, columns, type)
  let worst = 0
  for (let i = 0; i < y.length; i++) {
    const expected = formula.scalar(...columns.map((column) => column[i]!))
    const rounded = type === 'f64' ? expected : Math.fround(expected)
    const error = Number.isFinite(rounded) ? errorOf(y[i]!, expected, 0, type) : Object.is(y[i], rounded) ? 0 : Infinity
    worst = Math.max(worst, error)
  }
  return worst
}

describe('the stated errors of formulas', () => {
  it('are those of all that are measured', () => expect(names).toEqual(Object.keys(domains('f64')).toSorted()))

  it.each(names)('%s in f64: as stated, and reached, against 32 digits', (name) => {
    const worst = goldenError(name)
    expect(worst).toBeLessThanOrEqual(ulps[name]!.f64)
    expect(worst).toBeGreaterThan(ulps[name]!.f64 - 0.2)
  })

  // Scalar functions are themselves off by up to 4.4 units (`ndtr`).
  it.each(names)('%s in f64: as stated on a dense grid, beside the scalar function', (name) =>
    expect(gridError(name, 'f64', 1500)).toBeLessThan(ulps[name]!.f64 + 4.4),
  )

  it.each(names)('%s in f32: as stated on a dense grid, against doubles', (name) => {
    const worst = gridError(name, 'f32', 3000)
    expect(worst).toBeLessThanOrEqual(ulps[name]!.f32)
    expect(worst).toBeGreaterThan(ulps[name]!.f32 * 0.5)
  })

  it('hold beside multiples of π/2, where almost everything cancels', () => {
    for (const [type, last] of [['f64', 63661], ['f32', 4074]] as const) {
      const multiples = Float64Array.from({ length: last }, (_, k) => ((k + 1) * Math.PI) / 2)
      const x = type === 'f64' ? multiples : Float32Array.from(multiples)
      for (const name of ['sin', 'cos', 'tan']) {
        const formula = formulaOf(name, type)!
        const y = valuesOf(formula, [x], type)
        const errors = Array.from(y, (value, i) => errorOf(value, formula.scalar(x[i]!), 0, type))
        expect(Math.max(...errors), `${name} ${type}`).toBeLessThanOrEqual(ulps[name]![type] + (type === 'f64' ? 1 : 0))
      }
    }
  })
})
