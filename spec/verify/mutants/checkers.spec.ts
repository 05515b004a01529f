/** The gate on a few functions: this library finds every mistake and refuses nothing that is right, other checkers do both. */
import { describe, expect, it } from 'vitest'
import { misses, runGate, unseen, type Tally } from './gate.js'
import { derivativeAtZero } from './peers/finiteDifferences.js'
import { peers, type Subject } from './peers/index.js'
import { report } from './report.js'
import { families } from './subjects.js'

const chosen = ['mul', 'sin', 'floor', 'dot', 'cumsum', 'broadcastTo', 'scan, its carry', 'an operand used twice', '1/x at 1e-6', '1e8 + sin x', '1e-6 sin x', 'sin 200x']

describe('the gate', () => {
  const outcome = runGate({ right: 6, mutants: 1, seed: 11 }, undefined, families.filter(({ name }) => chosen.includes(name)))
  const [, , ...others] = outcome.tallies

  it('passes nothing wrong and refuses nothing right, by the checks of this library', () => {
    const [reverse, forward] = outcome.tallies as unknown as readonly [Tally, Tally]
    expect(outcome.families).toBe(chosen.length)
    for (const { alarms, passed, right, wrong } of [reverse, forward]) {
      expect({ alarms, passed }).toEqual({ alarms: 0, passed: 0 })
      expect(right).toBeGreaterThan(50)
      expect(wrong).toBeGreaterThan(400)
    }
    // One of a dozen functions is there to be inconclusive.
    expect(misses(outcome).filter((miss) => !miss.includes('inconclusive'))).toEqual([])
  })

  it('has seen every mistake that suits every rule', () => expect(unseen(outcome)).toEqual([]))

  it.each(others.map((tally) => [tally.name, tally] as const))('shows what %s does', (_, { alarms, passed, passedGrossly }) => {
    expect(alarms).toBeGreaterThan(0)
    expect(passed).toBeGreaterThan(0)
    expect(passedGrossly).toBeGreaterThan(0)
  })

  it('prints a table', () => {
    const lines = report(outcome).split('\n')
    expect(lines.find((line) => line.startsWith('foldgrad '))).toMatch(/^foldgrad +0 +\d+ +0 /)
    expect(lines).toHaveLength(3 + outcome.tallies.length)
  })
})

/** `x ↦ (sin(x₀ x₁), x₀³)`, two arguments of one number each, with a pullback of one's own. */
const subject = (jacobian: (x: number, y: number) => readonly [number, number, number, number]): Subject => {
  const x = Float64Array.of(0.75, -1.25)
  const [a, b, c, d] = jacobian(0.75, -1.25)
  return {
    x,
    sizes: [1, 1],
    results: 2,
    f: (p) => Float64Array.of(Math.sin(p[0]! * p[1]!), p[0]! ** 3),
    vjp: (w) => Float64Array.of(a * w[0]! + c * w[1]!, b * w[0]! + d * w[1]!),
  }
}

describe.each(peers.map((peer) => [peer.name, peer] as const))('%s', (_, { passes }) => {
  const right = (x: number, y: number) => [y * Math.cos(x * y), x * Math.cos(x * y), 3 * x * x, 0] as const

  it('accepts what is right', () => {
    for (let seed = 0; seed < 20; seed++) expect(passes(subject(right), seed)).toBe(true)
  })

  it('refuses what is plainly wrong, and what is not finite', () => {
    const wrong = [
      (x: number, y: number) => [x * Math.cos(x * y), y * Math.cos(x * y), 3 * x * x, 0] as const,
      (x: number, y: number) => [y * Math.cos(x * y), x * Math.cos(x * y), 2 * x * x, 0] as const,
      (x: number, y: number) => [y * Math.cos(x * y), -x * Math.cos(x * y), 3 * x * x, 0] as const,
      (x: number, y: number) => [y * Math.cos(x * y), NaN, 3 * x * x, 0] as const,
    ]
    for (const jacobian of wrong) expect(passes(subject(jacobian), 3)).toBe(false)
  })
})

it('differences of five points find a derivative to twelve digits', () => {
  const [d] = derivativeAtZero((t) => Float64Array.of(Math.sin(1 + t)))
  expect(Math.abs(d! - Math.cos(1))).toBeLessThan(1e-12)
})
