/** Numerical differentiation: estimates as good as their error bounds say. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FoldgradException } from '../../lib/core/FoldgradError.js'
import type { Node } from '../../lib/core/Node.js'
import { tensor } from '../../lib/core/Tensor.js'
import { add, constant, exp, log, mul, sin, sqrt, square, tanh } from '../../lib/primitive/index.js'
import { extrapolate } from '../../lib/verify/extrapolate.js'
import { numericalDerivative, numericalDiff } from '../../lib/verify/index.js'
import { signed, split, uniform } from '../../lib/verify/random.js'
import { exactSum } from '../../lib/verify/sum.js'

describe('numericalDiff', () => {
  it('is the central difference of the textbooks', () => {
    expect(numericalDiff((x: Node) => square(x), 2)).toBeCloseTo(4.000000000004, 11)
    expect(numericalDiff((x: Node) => square(exp(square(x))), 0.5)).toBeCloseTo(3.2974426293330694, 10)
    expect(numericalDiff((x: Node) => mul(x, mul(x, x)), 1, 0.5)).toBe(3.25)
  })

  it('throws on misuse', () => {
    expect(() => numericalDiff((x: Node) => add(x, constant(tensor([1, 2]))), 1)).toThrow(FoldgradException)
  })
})

describe('numericalDerivative', () => {
  const known: ReadonlyArray<readonly [f: (x: Node) => Node, df: (x: number) => number]> = [
    [sin, Math.cos],
    [exp, Math.exp],
    [(x) => log(x), (x) => 1 / x],
    [(x) => sqrt(x), (x) => 0.5 / Math.sqrt(x)],
    [(x) => tanh(x), (x) => 1 / Math.cosh(x) ** 2],
    [(x) => sin(mul(x, x)), (x) => 2 * x * Math.cos(x * x)],
  ]

  it('is within a few error bounds of the derivative, and the bounds are tight', () => {
    fc.assert(
      fc.property(fc.integer({ min: 16, max: 256 }), fc.constantFrom(...known), (n, [f, df]) => {
        const x = n / 64
        const { value, error } = numericalDerivative(f, [x], [1])
        expect(Math.abs(value - df(x))).toBeLessThanOrEqual(8 * error + 4e-16 * Math.abs(df(x)))
        expect(error).toBeLessThan(1e-8 * (1 + Math.abs(df(x))))
      }),
      { numRuns: 300 },
    )
  })

  it('takes trees, and a direction through all of their leaves', () => {
    const f = ({ a, b }: { readonly a: Node; readonly b: readonly [Node, Node] }, k: Node): Node => mul(k, add(mul(a, b[0]), square(b[1])))
    const { value, error } = numericalDerivative(f, [{ a: 2, b: [tensor(3), 5] }, 0.5], [{ a: 1, b: [10, 0.5] }, 1])
    expect(Math.abs(value - (31 + 0.5 * (3 + 20 + 5)))).toBeLessThanOrEqual(8 * error)
  })

  it('has no finite bound where there is no derivative', () => {
    expect(numericalDerivative((x: Node) => sqrt(x), [0], [1]).error).toBe(Infinity)
  })
})

describe('extrapolate', () => {
  it('removes the powers of the step one after another', () => {
    const steps = Array.from({ length: 9 }, (_, k) => 2 ** -k)
    const quotients = steps.map((h) => 3 + h ** 2 - 5 * h ** 4 + 2 * h ** 6)
    const { value, error } = extrapolate(quotients, quotients.map(() => 1e-16), 2)
    expect(Math.abs(value - 3)).toBeLessThanOrEqual(1e-13)
    expect(error).toBeLessThanOrEqual(1e-13)
    expect(Math.abs(extrapolate(steps.map((h) => 3 + h - h ** 2), steps.map(() => 0), 1).value - 3)).toBeLessThanOrEqual(1e-13)
  })

  it('leaves quotients that are not finite out', () => {
    const quotients = [NaN, Infinity, NaN, 2, 2, 2, 2]
    expect(extrapolate(quotients, quotients.map(() => 0), 2)).toEqual({ value: 2, error: 0, rounding: 0 })
    expect(extrapolate([NaN, NaN], [0, 0], 2).error).toBe(Infinity)
  })
})

describe('exactSum', () => {
  it('loses nothing to cancellation', () => {
    expect(exactSum([1e100, 1, -1e100, 1e-3])).toBe(1.001)
    expect(exactSum(Array.from({ length: 10 }, () => 0.1))).toBe(1)
  })
})

describe('random numbers', () => {
  const sample = Array.from({ length: 20_000 }, (_, i) => uniform(split(7, 3), i))

  it('are uniform, and differ between streams', () => {
    expect(Math.abs(sample.reduce((a, b) => a + b) / sample.length - 0.5)).toBeLessThan(0.01)
    const bins = sample.reduce<Array<number>>((all, u) => all.map((n, k) => (k === Math.floor(u * 10) ? n + 1 : n)), new Array<number>(10).fill(0))
    for (const n of bins) expect(Math.abs(n - 2000)).toBeLessThan(200)
    expect(uniform(split(7, 3), 0)).not.toBe(uniform(split(7, 4), 0))
    expect(new Set(sample).size).toBeGreaterThan(19_990)
  })

  it('of either sign are never small', () => {
    const numbers = Array.from({ length: 1000 }, (_, i) => signed(11, i))
    expect(numbers.every((s) => Math.abs(s) >= 0.5 && Math.abs(s) <= 1.5)).toBe(true)
    expect(numbers.filter((s) => s > 0).length).toBeGreaterThan(400)
    expect(numbers.filter((s) => s < 0).length).toBeGreaterThan(400)
  })
})
