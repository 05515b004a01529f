import * as E from 'fp-ts/Either'
import { pipe } from 'fp-ts/function'
import { describe, expect, it } from 'vitest'
import type { Node } from '../../lib/core/Node.js'
import * as F from '../../lib/function/index.js'
import { evaluate, item, toArray } from '../../lib/interpret/evaluate.js'
import { grad } from '../../lib/transform/grad.js'

const gradient = (f: (x: Node) => Node, x: ReadonlyArray<number>) => toArray(grad(f)(F.constant(x)))
const tagOf = (node: Node) => pipe(evaluate(node), E.match((errors) => errors[0]!._tag, () => 'none'))

describe('reductions', () => {
  it('drop or keep any set of axes', () => {
    const x = F.reshape(F.arange(24), [2, 3, 4])
    expect(toArray(F.sum(x, { axis: [0, -1] }))).toEqual([60, 92, 124])
    expect(F.prod(x, { axis: [0, 2], keepDims: true }).shape).toEqual([1, 3, 1])
    expect(toArray(pipe(x, F.max({ axis: [-1, 0] })))).toEqual([15, 19, 23])
    expect(toArray(F.sum([1, 2], { axis: [] }))).toEqual([1, 2])
    expect(tagOf(F.sum(x, { axis: 3 }))).toBe('Shape')
    expect(tagOf(F.sum(x, { axis: [0, -3] }))).toBe('Shape')
  })

  it('add up the rows of a tall matrix as accurately as its columns', () => {
    const [rows, tenth] = [100_000, 0.1]
    const tall = F.full([rows, 3], tenth)
    const [down, across] = [F.sum(tall, { axis: 0 }), F.sum(F.transpose(tall), { axis: 1 })].map(toArray)
    expect(down).toEqual(across)
    expect(Math.abs(item(F.at(F.sum(tall, { axis: 0 }), 0)) - rows * tenth)).toBeLessThan(1e-10)
  })

  it('of nothing are neutral, NaN or an error', () => {
    expect([F.sum, F.prod, F.logSumExp, F.mean].map((f) => item(f([])))).toEqual([0, 1, -Infinity, NaN])
    expect(tagOf(F.max([]))).toBe('Shape')
    expect(F.max(F.zeros([0, 3]), { axis: 1 }).shape).toEqual([0])
  })

  it('split the gradient of an extreme evenly, and pass NaN on', () => {
    expect(gradient((x) => F.max(x), [1, 3, 3])).toEqual([0, 0.5, 0.5])
    expect(gradient((x) => F.sum(F.cummax(x)), [0, 3, 3, 1])).toEqual([1, 2, 1, 0])
    expect(gradient((x) => F.max(x), [1, NaN])).toEqual([NaN, NaN])
  })

  it('differentiate products through zeros at every order', () => {
    expect(gradient((x) => F.prod(x), [2, 0, 3])).toEqual([0, 6, 0])
    const second = (x: Node) => F.at(grad((z: Node) => F.prod(z))(x), 0)
    expect(gradient(second, [0, 0, 3])).toEqual([0, 3, 0])
    expect(gradient((x) => F.sum(F.cumprod(x)), [2, 0, 3, 4])).toEqual([1, 32, 0, 0])
  })

  it('have gradient 0 where a length or a spread is 0', () => {
    expect(gradient((x) => F.norm(x), [0, 0])).toEqual([0, 0])
    expect(gradient((x) => F.square(F.norm(x)), [0, 0])).toEqual([0, 0])
    expect(gradient((x) => F.norm(x, { ord: 3 }), [0, 0])).toEqual([0, 0])
    expect(gradient((x) => F.std(x), [0.1, 0.1, 0.1])).toEqual([0, 0, 0])
  })

  it('neither overflow nor lose digits to an offset', () => {
    expect(item(F.norm([3e-200, 4e-200]))).toBe(5e-200)
    expect(item(F.variance([1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16]))).toBe(22.5)
  })

  it('normalise logarithms with relative accuracy', () => {
    const rest = Math.exp(-50) + Math.exp(-49)
    expect(item(F.at(F.logSoftmax([50, 0, 1]), 0))).toBeCloseTo(-rest, 34)
    const [top] = gradient((x) => F.at(F.softmax(x), 0), [50, 0, 1]) as ReadonlyArray<number>
    expect(Math.abs(top! / rest - 1)).toBeLessThan(1e-14)
    const [second] = gradient((x) => F.at(grad((z: Node) => F.at(F.softmax(z), 0))(x), 0), [50, 0, 1]) as ReadonlyArray<number>
    expect(Math.abs(second! / -rest - 1)).toBeLessThan(1e-14)
  })

  it('treat infinite logarithms as limits', () => {
    expect(gradient((x) => F.logSumExp(x), [-Infinity, -Infinity])).toEqual([0, 0])
    expect(gradient((x) => F.logSumExp(x), [Infinity, Infinity])).toEqual([0.5, 0.5])
    expect(gradient((x) => F.logSumExp(x, { where: [true, false] }), [0, 1000])).toEqual([1, 0])
    expect(toArray(F.softmax([1, 2], { where: false }))).toEqual([0, 0])
  })

  it('find places and counts', () => {
    expect(item(F.argmax([1, NaN, 3]))).toBe(1)
    expect(toArray(F.argmin([[2, 1], [0, 5]], { axis: 1, keepDims: true }))).toEqual([[1], [0]])
    expect(toArray(F.all([[1, 0], [2, 3]], { axis: 1 }))).toEqual([false, true])
    expect(item(F.median([1, NaN, 3]))).toBeNaN()
  })
})
