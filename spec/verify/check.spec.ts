/** The test of the tests: the checks refute planted mistakes, and never a right derivative. */
import fc from 'fast-check'
import * as E from 'fp-ts/Either'
import { describe, expect, it } from 'vitest'
import type { Node } from '../../lib/core/Node.js'
import { tensor } from '../../lib/core/Tensor.js'
import { add, div, gather, constant, mul, sqrt, square, stopGradient, sub, sum } from '../../lib/primitive/index.js'
import { checkDerivatives, checkGradient, checkJvp, checkSecondOrder, checkTransposition, showFailure, type CheckFailure, type Report } from '../../lib/verify/index.js'
import { abs, cosine, exp, log, right, sin, wrongAtSecondOrder, wrongPullbacks, wrongPushforwards, type Subject } from './planted.js'

const verdictOf = (check: E.Either<CheckFailure, Report>): string => (E.isLeft(check) ? check.left._tag : check.right.verdict)

const v = tensor([0.5, -1.25, 2])

const everySeed = (law: (seed: number) => void, numRuns = 10): void =>
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      law(seed)
    }),
    { numRuns },
  )

const refuted = ['GradientMismatch', 'ShapeMismatch', 'Misuse']

describe.each(Object.entries(right))('the right rule: %s', (_, { f, args }) => {
  it('is consistent, in both modes and at second order', () => {
    everySeed((seed) => {
      expect(verdictOf(checkGradient(f, args, { seed }))).toBe('consistent')
      expect(verdictOf(checkTransposition(f, args, { seed }))).toBe('consistent')
      expect(verdictOf(checkJvp(f, args, { seed }))).toBe('consistent')
      expect(verdictOf(checkSecondOrder(f, args, { seed, directions: 1 }))).toBe('consistent')
    }, 4)
  })
})

describe.each(Object.entries(wrongPullbacks))('a wrong pullback: %s', (_, { f, args }) => {
  it('is refuted', () => {
    everySeed((seed) => expect(refuted).toContain(verdictOf(checkGradient(f, args, { seed }))), 10)
  })
})

describe.each(Object.entries(wrongPushforwards))('a wrong pushforward: %s', (_, { f, args }) => {
  it('is refuted in forward mode, and against reverse mode, which is right', () => {
    everySeed((seed) => {
      expect(verdictOf(checkGradient(f, args, { seed }))).toBe('consistent')
      expect(refuted).toContain(verdictOf(checkJvp(f, args, { seed })))
      expect(refuted).toContain(verdictOf(checkTransposition(f, args, { seed })))
    })
  })
})

describe.each(Object.entries(wrongAtSecondOrder))('right at first order only: %s', (_, { f, args }) => {
  it('is consistent at first order and refuted at second order', () => {
    everySeed((seed) => {
      expect(verdictOf(checkGradient(f, args, { seed }))).toBe('consistent')
      expect(verdictOf(checkJvp(f, args, { seed }))).toBe('consistent')
      expect(refuted).toContain(verdictOf(checkSecondOrder(f, args, { seed })))
    }, 5)
  })
})

const number = (f: (x: Node) => Node, ...points: ReadonlyArray<number>): ReadonlyArray<Subject> =>
  points.map((x) => ({ f: (n) => f(n!), args: [tensor(x)] }))

/** Right derivatives that defeat checkers with fixed steps. */
const difficult: Readonly<Record<string, ReadonlyArray<Subject>>> = {
  'a large offset': number((x) => add(sin(x), 1e8), 0.3, 1, 2.5),
  'a high frequency': number((x) => sin(mul(200, x)), 0.1, 1, 3),
  'tiny arguments': [{ f: (x) => sum(exp(mul(x!, 1e6)), [0]), args: [tensor([1e-6, -2e-6, 3e-6])] }],
  'a logarithm near 0': number((x) => log(x), 1e-6, 1e-12, 1e-100),
  'a reciprocal near 0': number((x) => div(1, x), 0.05, 1e-3, 1e-9),
  'a root near 0': number((x) => sqrt(x), 1e-8, 1e-4),
  'tiny values': number((x) => mul(1e-30, sin(x)), 0.5),
  'huge values': number((x) => mul(1e30, sin(x)), 0.5),
  'entries of very different sizes': [{ f: (x) => square(x!), args: [tensor([1e-9, 1, 1e9])] }],
  'zeros among the entries': [{ f: (x) => sum(sin(x!), [0]), args: [tensor([0, 0, 0, 5])] }],
  'nothing but zeros': [{ f: (x) => sum(exp(x!), [0]), args: [tensor([0, 0, 0])] }],
  'a minimum': [{ f: (a, b) => add(square(sub(1, a!)), mul(100, square(sub(b!, square(a!))))), args: [tensor(1), tensor(1)] }],
  'a constant': number((x) => mul(0, x), 2),
  cancellation: number((x) => sub(square(add(x, 1e4)), square(x)), 1),
  'a kink nearby': number((x) => abs(0)(sub(x, 1 + 2 ** -9)), 1),
}

describe.each(Object.entries(difficult))('a difficult function: %s', (_, subjects) => {
  it('is never refuted', () => {
    everySeed((seed) => {
      for (const { f, args } of subjects) {
        for (const check of [checkGradient(f, args, { seed }), checkJvp(f, args, { seed }), checkSecondOrder(f, args, { seed, directions: 1 })])
          if (E.isLeft(check)) throw new Error(showFailure(check.left))
      }
    })
  })
})

describe('difficult functions', () => {
  it('are judged, nearly all of them', () => {
    const judged = Object.entries(difficult).filter(([name]) => name !== 'a large offset')
    for (const [, subjects] of judged)
      for (const { f, args } of subjects) everySeed((seed) => expect(verdictOf(checkGradient(f, args, { seed }))).toBe('consistent'), 5)
  })

  it('do not hide mistakes', () => {
    everySeed((seed) => {
      for (const slope of [1e-5, -1, 100]) {
        const leak = (x: Node): Node => stopGradient(mul(slope, x))
        expect(verdictOf(checkGradient((x: Node) => add(log(x), leak(x)), [1], { seed }))).toBe('GradientMismatch')
        expect(verdictOf(checkGradient((x: Node) => add(sin(mul(200, x)), leak(mul(200, x))), [1], { seed }))).toBe('GradientMismatch')
      }
    })
  })
})

describe('a kink', () => {
  it('takes every number between the one-sided derivatives, and no other', () => {
    everySeed((seed) => {
      for (const slope of [0, 0.5, -1, 1]) expect(verdictOf(checkGradient(abs(slope), [0], { seed }))).toBe('consistent')
      for (const slope of [2, -1.5, 1.0001]) expect(verdictOf(checkGradient(abs(slope), [0], { seed }))).toBe('GradientMismatch')
    })
  })

  it('is not seen where the function is smooth', () => {
    everySeed((seed) => {
      const check = checkGradient((x: Node) => mul(cosine(x), sin(x)), [tensor([0, 0.5, -3])], { seed })
      expect(E.isRight(check) && check.right.comparisons.every((c) => !c.kink)).toBe(true)
    })
  })
})

describe('a check', () => {
  const f = ({ w, n }: { readonly w: readonly [Node, Node]; readonly n: Node }, x: Node): Node => mul(gather(w[0], n, 0), mul(w[1], x))

  it('goes through all float leaves of trees and holds the others fixed', () => {
    const params = { w: [tensor([1, 2, 3]), tensor(0.5)] as const, n: tensor(2, { dtype: 'i32' }) }
    const check = checkGradient(f, [params, 1.5])
    expect(verdictOf(check)).toBe('consistent')
    expect(verdictOf(checkSecondOrder(f, [params, 1.5]))).toBe('consistent')
  })

  it('repeats for a seed', () => {
    everySeed((seed) => expect(checkGradient(sin, [tensor([1, 2])], { seed })).toEqual(checkGradient(sin, [tensor([1, 2])], { seed })))
    expect(checkGradient(sin, [1], { seed: 1 })).not.toEqual(checkGradient(sin, [1], { seed: 2 }))
  })

  it('answers misuse with all its errors', () => {
    const check = checkGradient((x: Node) => mul(x, constant(tensor([1, 2, 3]))), [tensor([1, 2])])
    expect(E.isLeft(check) && check.left._tag === 'Misuse' && check.left.errors.length).toBe(1)
    expect(E.isLeft(check) && showFailure(check.left)).toContain('mul')
  })

  it('passes a function without float arguments or results', () => {
    expect(verdictOf(checkGradient(() => constant(tensor(1)), []))).toBe('consistent')
    expect(verdictOf(checkGradient((x: Node) => x, [tensor([])]))).toBe('consistent')
  })

  it('can do without blame, and finds the same', () => {
    const { f: wrong, args } = wrongPullbacks['the sign']!
    const [long, short] = [checkGradient(wrong, args), checkGradient(wrong, args, { blame: false })]
    if (E.isRight(long) || E.isRight(short) || long.left._tag !== 'GradientMismatch' || short.left._tag !== 'GradientMismatch') throw new Error('not refuted')
    const { blame, coordinate, code, ...rest } = long.left
    expect([blame?._tag, coordinate?.input.name, code === undefined]).toEqual(['Node', 'args[0]', false])
    expect(short.left).toEqual(rest)
  })

  it('refuses a function that is none', () => {
    let calls = 0
    expect(verdictOf(checkGradient((x: Node) => mul(x, 1 + calls++), [2]))).toBe('Impure')
  })
})

describe('all checks in one', () => {
  it('pass a right rule, and find a mistake in either mode and at second order', () => {
    expect(verdictOf(checkDerivatives(sin, [v]))).toBe('consistent')
    for (const table of [wrongPullbacks, wrongPushforwards, wrongAtSecondOrder])
      for (const { f: wrong, args } of Object.values(table)) expect(refuted).toContain(verdictOf(checkDerivatives(wrong, args, { blame: false })))
  })
})
