/** Every law is kept by functions that obey it, and broken by a planted mistake: the test of the tests. */
import { describe, expect, it } from 'vitest'
import { law, laws, lawTable, type LawId, type Subject } from '../../../lib/verify/laws/index.js'
import { derivatives } from './planted/derivatives.js'
import type { ByLaw } from './planted/examples.js'
import { graphLaws } from './planted/graphs.js'
import { structure } from './planted/structure.js'
import { transformLaws } from './planted/transforms.js'

const examples: ByLaw = { ...derivatives, ...structure, ...transformLaws, ...graphLaws }

const rowOf = (subject: Subject, id: LawId, runs = 3) => lawTable(subject, { laws: [id], runs }).rows[0]!

const all = laws.map(({ id, name }) => [id as LawId, name] as const)

describe.each(all)('%s, %s', (id) => {
  const { lawful = [], violators = {} } = examples[id] ?? {}

  it.each(lawful.map((subject) => [subject.name, subject] as const))('holds for %s', (_, subject) => {
    const { verdict, evidence } = rowOf(subject, id)
    expect(`${verdict} ${evidence}`).toMatch(/^holds/)
  })

  it.each(Object.entries(violators))('fails for %s', (_, subject) => {
    const { verdict, evidence } = rowOf(subject, id)
    expect(`${verdict} ${evidence}`).toMatch(/^failed/)
  })

  it('has both', () => {
    expect(lawful.length).toBeGreaterThan(0)
    expect(Object.keys(violators).length).toBeGreaterThan(0)
  })

  it('says what it says', () => {
    const { formula, tolerance, name } = law(id)
    expect([formula, tolerance, name].every((text) => text.length > 3)).toBe(true)
  })
})

describe('the catalogue', () => {
  it('has L1 to L33 and L40 to L52, in order', () => {
    const numbers = [...Array.from({ length: 33 }, (_, i) => i + 1), ...Array.from({ length: 13 }, (_, i) => i + 40)]
    expect(laws.map(({ id }) => id)).toEqual(numbers.map((n) => `L${n}`))
  })
})
