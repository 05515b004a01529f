/** Never flaky, never blind: right derivatives of functions of all kinds are not refuted, wrong ones do not pass. */
import * as fc from 'fast-check'
import * as E from 'fp-ts/Either'
import { describe, expect, it } from 'vitest'
import { abs, add, clip, constant, cos, cross, div, embedding, erf, exp, floor, layerNorm, lgamma, log, mul, relEntr, relu, sigmoid, sin, softmax, sqrt, square, stopGradient, sub, sum, takeAlongAxis, tanh, tensor, tile, type Node, type Tensor } from '../../lib/index.js'
import { unary } from '../../lib/primitive/declare.js'
import { checkGradient, checkJvp, programs, showFailure, type Answer } from '../../lib/verify/index.js'
import { noiseOf } from '../../lib/verify/noise.js'
import { uniform } from '../../lib/verify/random.js'

const steps: ReadonlyArray<(x: Node) => Node> = [
  sin, cos, tanh, sigmoid, erf, softmax, square, abs, relu,
  (x) => exp(tanh(x)),
  (x) => log(add(square(x), 0.1)),
  (x) => sqrt(add(square(x), 1e-3)),
  (x) => div(1, add(2, sin(x))),
  (x) => lgamma(add(square(x), 0.5)),
  (x) => sin(mul(x, 50)),
  (x) => mul(x, 1e6),
  (x) => mul(x, 1e-6),
  (x) => add(x, 1e3),
]

/** A composition of some steps at a point of some size: badly scaled, saturated and oscillating ones among them. */
const sample = (seed: number) => {
  const pick = (i: number, n: number): number => Math.floor(n * uniform(seed, i))
  const chosen = Array.from({ length: 1 + pick(0, 4) }, (_, i) => steps[pick(i + 1, steps.length)]!)
  const size = 10 ** (pick(5, 7) - 3)
  return {
    f: (x: Node): Node => chosen.reduce((y, step) => step(y), x),
    x: tensor(Array.from({ length: 3 }, (_, i) => size * (4 * uniform(seed, i + 6) - 2))),
    error: 10 ** -(1 + 4 * uniform(seed, 9)),
  }
}

const samples = Array.from({ length: 250 }, (_, seed) => ({ seed, ...sample(seed) }))

const verdictOf = (answer: Answer): string => (E.isLeft(answer) ? 'refuted' : answer.right.verdict)

describe('functions of all kinds', () => {
  it('are never refuted where the derivative is right', () => {
    for (const { f, x, seed } of samples)
      for (const check of [checkGradient, checkJvp]) {
        const answer = check(f, [x], { seed, blame: false, directions: 2 })
        if (E.isLeft(answer)) throw new Error(showFailure(answer.left))
      }
  })

  it('never pass where the derivative is wrong', () => {
    for (const { f, x, seed, error } of samples) {
      const wrong = (y: Node): Node => add(mul(f(y), 1 - error), stopGradient(mul(f(y), error)))
      const answer = checkGradient(wrong, [x], { seed, blame: false, directions: 1 })
      // Where the derivative is zero a part of it is zero as well, and nothing is wrong.
      const truth = checkGradient(f, [x], { seed, blame: false, directions: 1 })
      if (E.isRight(answer) && E.isRight(truth) && answer.right.verdict === 'consistent') expect(answer.right.comparisons[0]!.claimed).toBe(truth.right.comparisons[0]!.claimed)
    }
  })
})

describe('a derivative that is claimed to be zero', () => {
  const zero = (f: (x: Node) => Node) => verdictOf(checkGradient((x: Node) => stopGradient(f(x)), [tensor([0.5, -1.25, 1.5])], { blame: false }))

  it.each<readonly [string, (x: Node) => Node]>([
    ['sin x', sin],
    ['1 + 1e-9 sin x', (x) => add(1, mul(1e-9, sin(x)))],
    ['1 + 1e-12 x', (x) => add(1, mul(1e-12, x))],
    ['1 + 1e-14 x', (x) => add(1, mul(1e-14, x))],
    ['1 + 1e-15 exp x', (x) => add(1, mul(1e-15, exp(x)))],
    ['1e8 + sin x', (x) => add(1e8, sin(x))],
    ['1e12 + sin x', (x) => add(1e12, sin(x))],
    ['1e17 + sin x', (x) => add(1e17, sin(x))],
    ['x²', square],
    ['x² times 1e-12', (x) => mul(1e-12, square(x))],
  ])('does not pass for %s', (_, f) => expect(zero(f)).not.toBe('consistent'))

  it.each<readonly [string, (x: Node) => Node]>([
    ['a constant', () => constant(tensor([1, 2, 3]))],
    ['a large constant', (x) => add(1e4, mul(0, x))],
    ['the sum of a softmax, which is 1', (x) => sum(softmax(x))],
    ['sin² + cos²', (x) => add(square(sin(x)), square(cos(x)))],
    ['x - x', (x) => sub(x, x)],
    ['steps', (x) => floor(mul(x, 2.7))],
    ['a number cut to a range', (x) => clip(mul(100, x), -1, 1)],
    ['relu where it is 0', (x) => relu(sub(x, 100))],
  ])('passes for %s', (_, f) => expect(zero(f)).toBe('consistent'))
})

describe('terms that cancel', () => {
  it.each<readonly [string, (x: Node) => Node, Tensor]>([
    ['normalized equal numbers', (x) => layerNorm(embedding(x, [0, 0, 0]), 1, 0, { axis: 0, eps: 0.5 }), tensor([-0.421875])],
    ['the entropy of numbers relative to themselves', (x) => relEntr(add(2, tanh(tile(x, 2))), add(2, tanh(x))), tensor([[1.96875], [1.09375]])],
    ['the product of parallel vectors', (x) => ((v: Node) => mul(0.5, cross(tanh(v), v)))(takeAlongAxis(x, [0, 0, 0], { axis: 0 })), tensor([0.3])],
    ['the sum of a softmax', (x) => sum(softmax(x)), tensor([0.5, -1.25, 1.5])],
  ])('leave what is neither refuted nor undecided: %s', (_, f, x) => {
    for (let seed = 0; seed < 10; seed++)
      for (const check of [checkGradient, checkJvp]) {
        const answer = check(f, [x], { seed })
        if (E.isLeft(answer)) throw new Error(showFailure(answer.left))
        expect(answer.right.verdict).toBe('consistent')
      }
  })

  it('are not looked into where the rule cannot be differentiated again', () => {
    const stubborn = unary('stubborn', Math.cos, () => {
      throw new Error('once is enough')
    })
    const wrong = unary('wrong', Math.sin, (dx, x) => mul(dx, mul(1.5, stubborn(x))))
    expect(verdictOf(checkGradient((x: Node) => wrong(x), [tensor([0.5, 2])], { blame: false }))).toBe('refuted')
  })

  it('do not hide a mistake', () => {
    const wrong = (x: Node) => add(sum(softmax(x)), mul(1e-9, sub(x, stopGradient(x))))
    expect(verdictOf(checkGradient(wrong, [tensor([0.5, -1.25, 1.5])]))).toBe('refuted')
  })
})

describe('random programs', () => {
  it.each(['smooth', 'kinked'] as const)('are not refuted: %s ones', (smoothness) => {
    let undecided = 0
    fc.sample(programs({ smoothness }), { numRuns: 150, seed: 11 }).forEach(({ f, inputs }, seed) => {
      const answer = checkGradient(f, inputs, { seed, directions: 1 })
      if (E.isLeft(answer)) throw new Error(showFailure(answer.left))
      if (answer.right.verdict === 'inconclusive') undecided++
    })
    expect(undecided).toBeLessThanOrEqual(3)
  })
})

/** Rounded to so many steps in 1: what an iteration leaves that stops at a tolerance. */
const rounded = (x: Node, steps: number): Node => add(x, stopGradient(sub(div(floor(mul(x, steps)), steps), x)))

describe('functions that iterate to a tolerance', () => {
  const noisy = (x: Node): Node => mul(3, rounded(sin(x), 1e9))

  it('are not refuted for their noise', () => {
    for (let seed = 0; seed < 60; seed++) {
      const answer = checkGradient(noisy, [tensor([0.7, 1.3])], { seed })
      if (E.isLeft(answer)) throw new Error(showFailure(answer.left))
    }
  })

  it('do not hide a mistake behind it', () => {
    for (let seed = 0; seed < 20; seed++)
      expect(verdictOf(checkGradient((x: Node) => add(noisy(x), stopGradient(mul(0.5, sin(x)))), [tensor([0.7, 1.3])], { seed }))).not.toBe('consistent')
  })
})

describe('the noise of values', () => {
  const one = Float64Array.of(1)
  const at = (f: (t: number) => number) => (t: number) => Float64Array.of(f(t))

  it('is that of the numbers', () => {
    for (const size of [1e-3, 1e-8, 1e-12]) {
      const found = noiseOf(at((t) => Math.sin(t) + size * (uniform(3, Math.round(t * 2 ** 30)) - 0.5)), one, 2 ** -20)
      expect(found / (size / Math.sqrt(12))).toBeGreaterThan(0.3)
      expect(found / (size / Math.sqrt(12))).toBeLessThan(4)
    }
  })

  it('is next to nothing for a smooth function', () => {
    for (const spacing of [2 ** -10, 2 ** -14, 2 ** -20]) expect(noiseOf(at((t) => Math.exp(t) + Math.sin(5 * t)), one, spacing)).toBeLessThan(1e-14)
  })
})
