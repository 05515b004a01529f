import { describe, expect, test } from 'vitest'
import { element, linearTicks, lineChart, logTicks } from '../../examples/svg.js'
import { permutation, normal, uniform } from '../../examples/random.js'
import { isWellFormed } from './wellFormed.js'

describe('pictures', () => {
  test('escape text and attributes', () => {
    expect(element('a', { title: '"1 < 2 & 3"' })).toBe('<a title="&quot;1 &lt; 2 &amp; 3&quot;"/>')
  })

  test('ticks are round numbers within the range', () => {
    expect(linearTicks(0, 10, 5)).toEqual([0, 2, 4, 6, 8, 10])
    expect(linearTicks(1, 1500, 8)).toEqual([200, 400, 600, 800, 1000, 1200, 1400])
    expect(linearTicks(-0.3, 0.3, 6)).toEqual([-0.3, -0.2, -0.1, 0, 0.1, 0.2, 0.3])
    expect(logTicks(0.03, 3)).toEqual([0.05, 0.1, 0.2, 0.5, 1, 2])
  })

  test('a chart is well-formed, also of a single point', () => {
    for (const points of [[[0, 1], [1, 3]], [[5, 2]]] as const) {
      const chart = lineChart({ title: 'a < b', xLabel: 'x', yLabel: 'y', series: [{ name: 'one & only', points, color: 'red', dots: true }] })
      expect(isWellFormed(chart)).toBe(true)
      expect(chart).not.toMatch(/NaN|Infinity/)
      expect(chart).toContain('a &lt; b')
    }
  })

  test('malformed text is told apart', () => {
    for (const text of ['<a><b></a></b>', '<a>', '<a/><b/>', '<a>1 < 2</a>', '<a>&</a>', '<a x=1/>']) expect(isWellFormed(text), text).toBe(false)
  })
})

describe('random numbers', () => {
  test('are determined by seed and position', () => {
    expect(uniform(1, 2)).toBe(uniform(1, 2))
    expect(uniform(1, 2)).not.toBe(uniform(2, 1))
  })

  test('are spread as they should be', () => {
    const n = 20_000
    const mean = (f: (i: number) => number): number => Array.from({ length: n }, (_, i) => f(i)).reduce((a, b) => a + b) / n
    for (const seed of [0, 1, 2026]) {
      expect(Math.abs(mean((i) => uniform(seed, i)) - 1 / 2)).toBeLessThan(0.01)
      expect(Math.abs(mean((i) => uniform(seed, i) * uniform(seed, i + 1)) - 1 / 4)).toBeLessThan(0.01)
      expect(Math.abs(mean((i) => normal(seed, i)))).toBeLessThan(0.03)
      expect(Math.abs(mean((i) => normal(seed, i) ** 2) - 1)).toBeLessThan(0.05)
    }
  })

  test('a permutation holds each number once, in another order', () => {
    const order = permutation(7, 1000)
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, i) => i))
    expect(order.filter((x, i) => x === i).length).toBeLessThan(10)
  })
})
