/** The gate for users: on their functions, on their rules, for checks of this library and for their own. */
import * as fc from 'fast-check'
import * as E from 'fp-ts/Either'
import { describe, expect, it } from 'vitest'
import { bufferOf } from '../../../lib/core/Tensor.js'
import {
  add, customPrimitive, customRule, div, evaluate, exp, grad, item, mul, neg, pow, scan, sin, square, sub, sum, tensor, toArray, value, type Node, type Tensor,
} from '../../../lib/index.js'
import { gate, mutationGate, showGateFailure } from '../../../lib/verify/mutants/index.js'
import { derivativeOf, isHomogeneous } from '../../../lib/verify/mutants/linear.js'
import { mutantsOf, type TreeFunction } from '../../../lib/verify/mutants/mutants.js'

const logistic = customRule((x) => div(1, add(1, exp(neg(x!)))), { name: 'logistic', vjp: [(g, y) => mul(g, mul(y, sub(1, y)))] })
const x = tensor([0.5, -2])

describe('mutants', () => {
  const f = (a: Node, b: Node): Node => mul(sin(mul(a, b)), a)
  const args = [tensor([0.5, -1.25]), tensor([2, 0.75])]
  const mutants = mutantsOf(f as TreeFunction, args)
  const valueOf = (g: TreeFunction): ReadonlyArray<number> => [...bufferOf(value(g(...args) as Node) as Tensor)]

  it('have the values of the function, to the last bit', () => {
    expect(mutants.length).toBeGreaterThan(80)
    for (const mutant of mutants) expect(valueOf(mutant.f)).toEqual(valueOf(f as TreeFunction))
  })

  it('have names that tell them apart', () => {
    expect(new Set(mutants.map(({ operation, mistake }) => `${operation}: ${mistake}`)).size).toBe(mutants.length)
  })

  it('are made of every operation, and of the loss of a use', () => {
    expect([...new Set(mutants.map((m) => m.operation))].toSorted()).toEqual(['identity', 'mul', 'sin'])
    expect(mutants.filter(({ mistake }) => mistake.includes('uses forgotten'))).toHaveLength(1)
  })

  it('include slips in the rule itself, of either mode', () => {
    const names = (mode: 'vjp' | 'jvp') => mutantsOf((a: unknown) => sin(a as Node), [x], { mode }).filter((m) => !m.generic).map((m) => m.mistake)
    for (const mode of ['vjp', 'jvp'] as const) expect(names(mode)).toEqual(expect.arrayContaining(['no cos', 'operand 1 of mul alone', 'the result for operand 0']))
  })
})

describe('the scaling of a derivative', () => {
  it('holds of what is linear, and of nothing else', () => {
    const map = (at: (w: Float64Array) => Float64Array) => ({ from: [3], to: [3], at })
    expect(isHomogeneous(derivativeOf((a) => sin(a as Node), [tensor([1, 2, 3])], 'vjp'), 0)).toBe(true)
    expect(isHomogeneous(map((w) => w.map((g) => 3 * g)), 0)).toBe(true)
    for (const wrong of [(g: number) => Math.abs(g), (g: number) => g * g, (g: number) => Math.max(g, 0), (g: number) => g + 1e-9, () => 1])
      expect(isHomogeneous(map((w) => w.map(wrong)), 0)).toBe(false)
  })
})

describe('mutationGate', () => {
  const mutantsIn = (result: ReturnType<typeof mutationGate>): number => (E.isRight(result) ? result.right.mutants : NaN)

  it('lets a right rule through, and has killed all its mutants', () => {
    const result = mutationGate(logistic, [x])
    expect(result).toMatchObject({ _tag: 'Right', right: { survivors: [], inconclusive: [] } })
    if (E.isRight(result)) expect(result.right.killed).toBe(result.right.mutants)
    expect(mutantsIn(result)).toBeGreaterThan(30)
    expect(mutationGate(logistic, [x], { mode: 'jvp' })).toMatchObject({ _tag: 'Right', right: { survivors: [] } })
  })

  it('refuses a wrong rule, and says what is wrong with it', () => {
    const wrong = customRule((a) => exp(a!), { name: 'wrong', vjp: [(g, y) => mul(mul(g, 1.00001), y)] })
    const result = mutationGate(wrong, [x])
    expect(result).toMatchObject({ _tag: 'Left', left: { _tag: 'RuleRejected' } })
    if (E.isLeft(result)) expect(showGateFailure(result.left)).toContain('the derivative is wrong')
  })

  it('takes functions of trees and points from an arbitrary', () => {
    const f = ({ w, b }: { w: Node; b: Node }, c: Node): Node => sum(mul(sin(mul(w, b)), c))
    const points = fc.tuple(fc.record({ w: fc.constant(tensor([1, 2, 3])), b: fc.integer({ min: 1, max: 9 }).map((n) => n / 8) }), fc.constant(2))
    expect(mutationGate(f, points, { points: 1 })).toMatchObject({ _tag: 'Right', right: { survivors: [] } })
  })

  it('takes control flow', () => {
    const f = (xs: Node): Node => scan((s: Node, e: Node) => [mul(s, e), []] as const, 1, xs)[0]
    expect(mutationGate(f, [tensor([1, 2, 3])])).toMatchObject({ _tag: 'Right', right: { survivors: [] } })
  })

  it('shows what a blunt check lets through', () => {
    const blunt = (f: (n: Node) => Node): boolean => Math.abs(item(grad(f)(2)) - 12) < 1e-4
    const result = mutationGate((n: Node) => pow(n, 3), [2], { check: blunt })
    expect(result).toMatchObject({ _tag: 'Left', left: { _tag: 'MutantsSurvived' } })
    if (E.isRight(result) || result.left._tag !== 'MutantsSurvived') return
    const survivors = result.left.report.survivors.map((s) => s.mistake)
    expect(survivors).toContain('a factor of 1 + 1e-6')
    expect(survivors).not.toContain('the sign')
    expect(showGateFailure(result.left)).toContain('pow, a factor of 1 + 1e-6 (the gradient is off by 1e-6)')
  })

  it('takes a property of the user, which fails by throwing', () => {
    const property = (f: (n: Node) => Node): void =>
      fc.assert(
        fc.property(fc.integer({ min: -8, max: 8 }), (n) => Math.abs(item(grad(f)(n / 4)) - Math.cos(n / 4)) < 1e-10),
        { numRuns: 20, seed: 1 },
      )
    const result = mutationGate((n: Node) => sin(n), [0.5], { check: property })
    // A gradient is pulled back from 1, so nothing is learnt of other cotangents.
    const left = E.isLeft(result) && result.left._tag === 'MutantsSurvived' ? result.left.report.survivors.map((s) => s.mistake) : []
    expect(left.toSorted()).toEqual(['negative cotangents lost', 'operand 1 of mul alone', 'the cotangent ignored', 'the cotangent squared', 'the size of the cotangent'])
  })
})

describe('a rule with a check of its own', () => {
  const cube = (factor: number, verify = gate([tensor([0.5, 2])])) =>
    customRule((a) => pow(a!, 3), { name: 'cube', vjp: [(g, _y, a) => mul(g, mul(factor, square(a!)))], verify })

  it('is what it would be without, if it is right', () => expect(toArray(grad((a: Node) => sum(cube(3)(a)))(tensor([1, 2])))).toEqual([3, 12]))

  it('gives nodes that say what is wrong, if it is not', () => {
    const result = evaluate(cube(2)(2))
    expect(E.isLeft(result) && result.left.map(({ op, _tag }) => [op, _tag])).toEqual([['cube', 'Derivative']])
    expect(E.isLeft(result) && result.left[0]!.rule).toContain('the derivative is wrong')
  })

  it('is told where its points would let mistakes through', () => {
    const result = evaluate(cube(3, gate([tensor([2])], { check: () => true }))(2))
    expect(E.isLeft(result) && result.left[0]!.rule).toContain('mutants survive the check')
  })

  it('may be a primitive', () => {
    const define = (factor: number) =>
      customPrimitive({ name: 'square', evaluate: (a) => a!.toTypedArray().map((n) => n * n), vjp: [(g, _y, a) => mul(g, mul(factor, a!))], verify: gate([x]) })
    expect(E.isRight(evaluate(define(2)(x)))).toBe(true)
    expect(E.isLeft(evaluate(define(1)(x)))).toBe(true)
  })

  it('carries its rule and its primitive, both frozen', () => {
    expect(logistic.op.name).toBe('logistic')
    expect(logistic.rule.vjp).toHaveLength(1)
    expect([logistic, logistic.op, logistic.rule].every(Object.isFrozen)).toBe(true)
  })
})
