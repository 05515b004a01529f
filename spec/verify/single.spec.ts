/** Functions that compute in single precision: checked as the same program in double precision, and within their rounding. */
import * as E from 'fp-ts/Either'
import { describe, expect, it } from 'vitest'
import { add, astype, checkpoint, cond, cumsum, customRule, div, exp, greater, hypot, less, logSumExp, matmul, mean, mul, neg, scan, sin, softmax, sqrt, square, stopGradient, sub, sum, tanh, tensor, toArray, whileLoop, type NestedArray, type Node, type Tensor } from '../../lib/index.js'
import { apply } from '../../lib/core/Node.js'
import { defineOp } from '../../lib/primitive/declare.js'
import { constant } from '../../lib/primitive/leaf.js'
import { checkDerivatives, checkGradient, checkJvp, numericalDerivative, showFailure, type Answer, type Report } from '../../lib/verify/index.js'
import { computesInSingle, promote } from '../../lib/verify/promote.js'

const f32 = (x: NestedArray): Tensor => tensor(x, { dtype: 'f32' })
const xs = f32([0.3, -1.7, 2.9, 0.77])
const seeds = Array.from({ length: 10 }, (_, seed) => seed)

const reportOf = (answer: Answer): Report => {
  if (E.isLeft(answer)) throw new Error(showFailure(answer.left))
  return answer.right
}

type Case = readonly [f: (...xs: ReadonlyArray<Node>) => Node, args: ReadonlyArray<Tensor>]

/** Right derivatives, computed with good conditioning. */
const right: Readonly<Record<string, Case>> = {
  sine: [(x) => sin(x!), [xs]],
  'a square after a large offset': [(x) => sub(square(add(x!, 1e4)), square(x!)), [f32(1)]],
  softmax: [(x) => square(softmax(x!)), [xs]],
  'a log-sum-exp': [(x) => logSumExp(mul(x!, 30)), [xs]],
  'a network': [(w, x) => mean(square(tanh(matmul(w!, x!)))), [f32([[0.1, 0.2], [0.3, -0.4]]), f32([[1, 2, 3], [4, 5, 6]])]],
  'running sums': [(x) => square(cumsum(x!)), [f32(Array.from({ length: 100 }, (_, i) => Math.sin(i)))]],
  'a scan': [(x) => scan((c: Node, a: Node) => { const next = tanh(add(c, a)); return [next, next] as const }, f32(0.1), x!)[1], [xs]],
  'a checkpoint': [(x) => checkpoint((y: Node) => sin(mul(y, y)))(x!), [xs]],
  'a branch': [(x) => cond(greater(sum(x!), 0), (y: Node) => sin(y), (y: Node) => y, x!), [xs]],
  'a loop': [(x) => whileLoop((c: Node) => less(sum(c), 100), (c: Node) => mul(c, 1.5), x!), [f32([1, 2])]],
  'single precision inside': [(x) => astype(sin(astype(x!, 'f32')), 'f64'), [tensor([0.25, 0.75])]],
  'large numbers': [(x, y) => hypot(x!, y!), [f32([2e30, 3e30]), f32([1e30, 4e30])]],
}

describe.each(Object.entries(right))('a right derivative in single precision: %s', (_, [f, args]) => {
  it('is consistent in both precisions, in both modes and at second order', () => {
    for (const seed of seeds.slice(0, 4)) {
      const first = [checkGradient(f, args as never, { seed, directions: 1 }), checkJvp(f, args as never, { seed, directions: 1 })].map(reportOf)
      for (const { verdict, comparisons } of first) {
        expect(comparisons.map((c) => c.precision)).toEqual(['f64', 'f32'])
        expect(verdict).toBe('consistent')
      }
    }
    expect(E.isRight(checkDerivatives(f, args as never, { directions: 1 }))).toBe(true)
  })
})

/** Right derivatives that single precision cannot compute, or hardly. */
const difficult: Readonly<Record<string, Case>> = {
  'a high frequency': [(x) => sin(mul(1e4, x!)), [xs]],
  'a frequency above what the argument resolves': [(x) => sin(mul(1e9, x!)), [xs]],
  cancellation: [(x) => div(sub(1, exp(neg(x!))), x!), [f32(1e-5)]],
  'an offset that swallows everything': [(x) => add(1e8, sin(x!)), [f32(1)]],
  'values too large for single precision': [(x, y) => sqrt(add(square(x!), square(y!))), [f32(3e30), f32(4e30)]],
  'values too small for single precision': [(x) => div(square(x!), x!), [f32(1e-30)]],
}

describe.each(Object.entries(difficult))('a difficult function in single precision: %s', (_, [f, args]) => {
  it('is never refuted', () => {
    for (const seed of seeds) for (const check of [checkGradient, checkJvp]) reportOf(check(f, args as never, { seed }))
  })
})

const naiveHypot = (x: Node, y: Node): Node =>
  apply(
    defineOp({
      ...hypot(x, y).op,
      name: 'naiveHypot',
      vjp: (g, { inputs: [a, b] }, k) => div(mul(g, k === 0 ? a! : b!), sqrt(add(square(a!), square(b!)))),
    }),
    [x, y],
  )

describe('a rule that is wrong in single precision only', () => {
  it('is refuted when its formula overflows, and blamed; in double precision it is right', () => {
    const [a, b] = [[2e30, 3e30], [1e30, 4e30]]
    expect(E.isRight(checkGradient(naiveHypot, [tensor(a), tensor(b)]))).toBe(true)
    for (const seed of seeds) {
      const answer = checkGradient(naiveHypot, [f32(a), f32(b)], { seed })
      if (E.isRight(answer) || answer.left._tag !== 'GradientMismatch') throw new Error('not refuted')
      expect(answer.left.precision).toBe('f32')
      expect(answer.left.blame?._tag === 'Node' && answer.left.blame.line).toBe('%2: f32[2] = naiveHypot(%0, %1)')
      expect(showFailure(answer.left)).toMatch(/^The derivative is wrong: reverse mode in single precision/)
    }
  })

  it('is refuted when it is off by a thousandth there', () => {
    const rule = customRule((x: Node) => exp(x), { name: 'rule', vjp: [(g, y) => mul(g, y.dtype === 'f32' ? mul(y, 1.001) : y)] })
    const f = (x: Node): Node => sum(rule(mul(x, 2)))
    expect(E.isRight(checkGradient(f, [tensor([0.5, 1])]))).toBe(true)
    for (const seed of seeds) {
      const answer = checkGradient(f, [f32([0.5, 1])], { seed })
      expect(E.isLeft(answer) && answer.left._tag === 'GradientMismatch' && answer.left.blame?._tag === 'Node' && answer.left.blame.node.op.name).toBe('rule')
    }
  })
})

describe('a rule that is wrong', () => {
  it('is refuted in double precision, so a part in a hundred thousand is enough', () => {
    for (const seed of seeds) {
      const answer = checkGradient((x: Node) => add(mul(sin(x), 1 - 1e-5), stopGradient(mul(sin(x), 1e-5))), [xs], { seed })
      expect(E.isLeft(answer) && answer.left._tag === 'GradientMismatch' && answer.left.precision).toBe('f64')
    }
  })
})

describe('the same program in double precision', () => {
  const third = (x: Node): Node => div(x, 3)

  it('rounds nowhere, in the functions of control primitives neither', () => {
    const one = constant(f32(1))
    const inLoop = whileLoop((c: Node) => less(c, 0.49), (c: Node) => third(add(c, 1)), constant(f32(0)))
    for (const y of [third(one), astype(third(constant(tensor(1))), 'f32'), checkpoint(third)(one), inLoop]) {
      expect(computesInSingle([y])).toBe(true)
      const [image] = promote([y])
      expect(computesInSingle([image!])).toBe(false)
      const [single, double] = [toArray(y) as number, toArray(image!) as number]
      expect(single).toBe(Math.fround(single))
      expect(double).not.toBe(Math.fround(double))
      expect(Math.abs(single - double)).toBeLessThan(1e-7)
    }
  })

  it('is the program itself if that is in double precision', () => {
    const y = third(constant(tensor([1, 2])))
    expect(promote([y])[0]).toBe(y)
  })

  it('is what is differenced', () => {
    const { value, error } = numericalDerivative((x: Node) => sin(x), [f32(1)], [1])
    expect(error).toBeLessThan(1e-11)
    expect(Math.abs(value - Math.cos(1))).toBeLessThanOrEqual(8 * error)
  })
})
