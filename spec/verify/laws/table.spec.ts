/** Tables of laws: of the functions and the primitives of the library, and as values and as text. */
import { test as property } from '@fast-check/vitest'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Node } from '../../../lib/core/Node.js'
import { bufferOf, tensor } from '../../../lib/core/Tensor.js'
import { add, cos, mul, sin } from '../../../lib/function/index.js'
import { law, laws, lawProperty, lawTable, obeys, showLawTable, subject, subjectOf, type LawTable } from '../../../lib/verify/laws/index.js'
import { programs } from '../../../lib/verify/arbitraries/index.js'
import { array, filledShapes } from '../../arbitraries/array.js'
import { functions } from './functions.js'
import { sineOf } from './planted/rules.js'
import { primitives } from './primitives.js'
import { families } from './programs.js'

const troubles = ({ name, rows }: LawTable): ReadonlyArray<string> =>
  rows.filter(({ verdict }) => verdict === 'failed' || verdict === 'inconclusive').map(({ law: { id }, verdict, evidence }) => `${name}: ${id} ${verdict}: ${evidence}`)

describe('the functions of the library', () => {
  it.each(functions.map((s) => [s.name, s] as const))('obey all laws: %s', (_, s) => expect(troubles(lawTable(s, { runs: 1 }))).toEqual([]))
})

describe('the primitives of the library', () => {
  it.each(primitives.map((s) => [s.name, s] as const))('obey all laws: %s', (_, s) => expect(troubles(lawTable(s, { runs: 1, seed: 3 }))).toEqual([]))
})

describe('random programs', () => {
  it.each([...families])('obey all laws: %s', (smoothness, declared) => {
    expect(troubles(lawTable(subjectOf(smoothness, programs({ smoothness }), declared), { runs: 3 }))).toEqual([])
  })
})

const wrong = subject(sineOf((x) => add(cos(x), mul(1e-6, x))), [filledShapes.chain((shape) => array(shape, [0.25, 2]))], { name: 'sine' })
const sine = subject((x: Node) => sin(x), [filledShapes.chain((shape) => array(shape, [-2, 2]))], { name: 'sin', parity: 'odd' })
const noisy = subject((x: Node) => add(1e14, sin(x)), [array([2], [0.25, 2])], { name: 'a small sine on a large number' })

describe('a table', () => {
  it('is the same for the same seed, and its cases are others for another', () => {
    const texts = [0, 0, 1].map((seed) => String(lawTable(wrong, { seed, runs: 3, laws: ['L2', 'L6'] })))
    expect(texts[0]).toBe(texts[1])
    expect(texts[0]).not.toBe(texts[2])
  })

  it('has a row for each law, unless told otherwise', () => {
    expect(lawTable(sine, { runs: 1 }).rows.map((row) => row.law)).toEqual(laws)
    expect(lawTable(sine, { runs: 1, laws: ['L15', 'L1'] }).rows.map((row) => row.law.id)).toEqual(['L15', 'L1'])
  })

  it('shows the smallest case of a law that fails, and what the law says', () => {
    const text = String(lawTable(wrong, { runs: 5, laws: ['L2', 'L6'] }))
    expect(text).toMatch(/^sine, seed 0\nL2 {2}holds /)
    expect(text).toMatch(/\nL6 {2}FAILED {2}.* sine at x0 = 0\.25, seed 0\n {7}The derivative is wrong/)
    expect(text).toContain('\n       law: ⟨Jᵀ w, v⟩ = ')
    expect(text).toMatch(/\n1 hold, 0 do not apply, 1 failed, 0 inconclusive$/)
  })

  it('aligns its columns', () => {
    const lines = String(lawTable(sine, { runs: 1, laws: ['L2', 'L13', 'L15'] })).split('\n')
    expect(lines.slice(1, 4)).toEqual([
      'L2   holds  The modes are transposes of each other  1 case',
      "L13  n/a    Euler's theorem                         declare a degree of homogeneity",
      'L15  holds  Parity and period                       1 case',
    ])
  })

  it('says so where rounding hides the answer', () => {
    const [row] = lawTable(noisy, { runs: 3, laws: ['L6'] }).rows
    expect(row!.verdict).toBe('inconclusive')
    expect(row!.evidence).toMatch(/^0 cases, 3 undecided: differences are too coarse/)
  })

  it('shows a program as code', () => {
    const counted = programs({ size: 3, only: ['sin', 'mul'] }).map(({ f, inputs, toString }) => ({ f: (...xs: ReadonlyArray<Node>) => add(f(...xs), mul(1e-3, xs[0]!)), inputs, toString }))
    const text = showLawTable(lawTable(subjectOf('programs', counted, { homogeneous: { degree: 7 } }), { laws: ['L13'] }))
    expect(text).toContain("from 'foldgrad'")
  })

  it('is immutable', () => {
    const table = lawTable(sine, { runs: 1, laws: ['L1'] })
    expect([table, table.rows, table.rows[0], law('L1'), laws].every(Object.isFrozen)).toBe(true)
  })
})

describe('a property', () => {
  it('fails where the law does, at the smallest case', () => {
    const { failed, counterexample, errorInstance } = fc.check(lawProperty(law('L6'), wrong), { seed: 0 })
    expect(failed).toBe(true)
    const [{ args }, seed] = counterexample!
    expect([...bufferOf(args[0] as never)]).toEqual([0.25])
    expect(seed).toBe(0)
    expect((errorInstance as Error).message).toMatch(/^L6, Derivatives are what differences tend to: .*\n {2}does not hold for sine at x0 = 0\.25, seed 0:\n/)
  })

  it('fails for a law that does not apply, and says why', () => {
    const { errorInstance } = fc.check(lawProperty(law('L13'), sine), { numRuns: 1 })
    expect((errorInstance as Error).message).toBe("L13, Euler's theorem, does not apply to sin: declare a degree of homogeneity")
  })

  it('asks for other cases where rounding hides the answer, and fails if there are many', () => {
    const { failed, errorInstance } = fc.check(lawProperty(law('L6'), noisy), { seed: 0, numRuns: 50 })
    expect(failed).toBe(true)
    expect((errorInstance as Error).message).toMatch(/^\d of \d cases were inconclusive, more than 2 %; the last one:\nL6 of /)
  })

  it('holds with plain fast-check', () => fc.assert(lawProperty(law('L2'), sine), { numRuns: 20 }))

  property.prop([sine.cases, fc.nat()], { numRuns: 20 })('holds with the runner', obeys(law('L15'), sine))

  property.prop([fc.constant(tensor([0.5, 2])), fc.nat()])('takes cases of the user\'s own', (x, seed) => {
    expect(law('L2').check(sine, { f: (a: Node) => sin(a), args: [x] }, seed).verdict).toBe('holds')
  })
})
