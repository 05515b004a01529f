import * as E from 'fp-ts/Either'
import { describe, expect, it } from 'vitest'
import { checkValueAndGrad, showCheck, type CheckFailure, type ValueAndGrad, type ValueAndGradOptions } from '../../lib/verify/index.js'

const total = (x: ArrayLike<number>): number => Array.from(x).reduce((s, a) => s + a, 0)

const cubes: ValueAndGrad = (x) => [total(x.map((a) => a ** 3)), x.map((a) => 3 * a * a)]
const norm: ValueAndGrad = (x) => [Math.hypot(...x), x.map((a) => (a === 0 ? 0 : a / Math.hypot(...x)))]

/** The gradient changed by a factor in one entry. */
const off = (f: ValueAndGrad, at: number, factor: number): ValueAndGrad => (x) => {
  const [value, gradient] = f(x)
  return [value, Array.from(gradient, (g, i) => (i === at ? g * factor : g))]
}

const failureOf = (f: ValueAndGrad, x: ArrayLike<number>, options?: ValueAndGradOptions): CheckFailure => {
  const answer = checkValueAndGrad(f, x, options)
  if (E.isRight(answer)) throw new Error(`it passed: ${showCheck(answer)}`)
  return answer.left
}

const verdictOf = (f: ValueAndGrad, x: ArrayLike<number>, options?: ValueAndGradOptions): string => {
  const answer = checkValueAndGrad(f, x, options)
  return E.isLeft(answer) ? answer.left._tag : answer.right.verdict
}

describe('a gradient of another library', () => {
  it('passes where it is right, at kinks as well', () => {
    expect(verdictOf(cubes, [1, -2, 0.5])).toBe('consistent')
    expect(verdictOf(norm, [3, 4])).toBe('consistent')
    expect(verdictOf(norm, [0, 0])).toBe('consistent')
    expect(verdictOf(norm, [0, 0], { kinks: 'refuse' })).toBe('KinkRefused')
    expect(verdictOf(() => [1, [0, 0]], [1, 2])).toBe('consistent')
  })

  it.each([0.5, 1.001, 1 + 1e-6, 1 - 1e-8])('does not pass with an entry that is off by a factor of %d', (factor) => {
    for (let seed = 0; seed < 10; seed++) {
      const failure = failureOf(off(cubes, 2, factor), [1, -2, 0.5], { seed })
      expect(failure._tag === 'GradientMismatch' && failure.coordinate?.input).toEqual({ name: 'x', index: [2] })
    }
  })

  it('does not pass where it is NaN or infinite and the function is smooth', () => {
    for (const factor of [NaN, Infinity]) {
      const failure = failureOf(off(cubes, 1, factor), [1, -2, 0.5])
      expect(failure._tag === 'GradientMismatch' && failure.coordinate?.input.index).toEqual([1])
    }
    expect(verdictOf((x) => [total(x.map((a) => a * a)), x.map((a) => (a * a) / a)], [0, 0])).toBe('GradientMismatch')
  })

  it('is told about in words', () => {
    expect(showCheck(checkValueAndGrad(off(cubes, 1, 2), [1, -2]))).toBe(`The derivative is wrong: reverse mode (seed 0, direction 0).
  the derivative is  44.2394926601
  estimated          20.5754886267 ± 8.3e-11

The entry ∂value / ∂x[1], at x[1] = -2:
  the derivative is  24
  estimated          12 ± 4e-11`)
  })

  it('needs an entry for each element, and a function that returns the same each time', () => {
    expect(failureOf((x) => [total(x), [1]], [1, 2])).toMatchObject({ _tag: 'ShapeMismatch', expected: [[2]], found: [[1]] })
    let calls = 0
    expect(failureOf(() => [calls++, [0]], [1])).toEqual({ _tag: 'Impure', mode: 'vjp' })
  })

  it('cannot be changed by what it does to its argument', () => {
    const greedy: ValueAndGrad = (x) => {
      const [value, gradient] = cubes(x)
      x.fill(7)
      return [value, gradient]
    }
    const x = Float64Array.of(1, 2)
    expect(verdictOf(greedy, x)).toBe('consistent')
    expect([...x]).toEqual([1, 2])
  })
})

describe('a gradient in single precision', () => {
  const sines: ValueAndGrad = (x) => [Math.fround(total(Float32Array.from(x, Math.sin))), Float32Array.from(x, Math.cos)]
  const reference = (x: Float64Array): number => total(x.map(Math.sin))
  const at = [0.5, 2, 3, -1.25]

  it('passes, with a reference in double precision and without', () => {
    for (let seed = 0; seed < 20; seed++) {
      expect(verdictOf(sines, at, { precision: 'f32', reference, seed })).toBe('consistent')
      expect(verdictOf(sines, at, { precision: 'f32', seed })).not.toBe('GradientMismatch')
    }
  })

  it('does not pass with an error that single precision does not explain', () => {
    for (let seed = 0; seed < 20; seed++) {
      expect(verdictOf(off(sines, 0, 1 + 1e-4), at, { precision: 'f32', reference, seed })).toBe('GradientMismatch')
      expect(verdictOf(off(sines, 0, 1.1), at, { precision: 'f32', seed })).toBe('GradientMismatch')
    }
  })

  it('is refuted as one in double precision', () => {
    expect(verdictOf(sines, at, { reference })).toBe('GradientMismatch')
  })
})
