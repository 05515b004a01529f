import * as E from 'fp-ts/Either'
import { pipe } from 'fp-ts/function'
import { describe, expect, it } from 'vitest'
import type { Node } from '../../lib/core/Node.js'
import * as F from '../../lib/function/index.js'
import { evaluate, toArray } from '../../lib/interpret/evaluate.js'
import { grad } from '../../lib/transform/grad.js'

const rules = (node: Node) => pipe(evaluate(node), E.match((errors) => errors.map((e) => `${e._tag}: ${e.rule}`), () => []))
const gradient = (f: (x: Node) => Node, x: ReadonlyArray<number>) => toArray(grad(f)(F.constant(x)))
const ten = [10, 20, 30]

describe('indexing', () => {
  it('takes at negative, repeated and computed indices', () => {
    expect(toArray(F.take(ten, [-1, 0, 0]))).toEqual([30, 10, 10])
    expect(toArray(pipe([[1, 2, 3], [4, 5, 6]], F.take([[0], [2]], { axis: 1 })))).toEqual([[[1], [3]], [[4], [6]]])
    expect(toArray(F.take(ten, F.argsort([3, 1, 2])))).toEqual([20, 30, 10])
    expect(gradient((x) => F.sum(F.take(x, [0, 0, 1])), ten)).toEqual([2, 1, 0])
  })

  it('refuses an index out of range, whether given or computed', () => {
    const rule = 'Index: the index 3 is out of range for an axis of length 3'
    expect(rules(F.take(ten, [0, 3]))).toEqual([rule])
    expect(rules(F.take(ten, F.argmax([1, 2, 3, 4])))).toEqual([rule])
    expect(rules(F.gather([[1], [2], [3]], [[3, 0]]))).toEqual([rule])
    expect(rules(F.scatterAdd(ten, [3], 1))).toEqual([rule])
    expect(rules(F.oneHot([3], 3))).toEqual([rule])
    expect(rules(F.take(ten, [0.5]))).toEqual(['Index: 0.5 is no index'])
    expect(rules(F.take(ten, F.add([1], 0)))).toEqual(['DType: the indices are f64, integers are needed'])
  })

  it('takes along an axis what argmax and argsort point at', () => {
    const x = [[3, 1, 2], [4, 6, 5]]
    expect(toArray(F.takeAlongAxis(x, F.argmax(x, { axis: 1, keepDims: true }), { axis: 1 }))).toEqual([[3], [6]])
    expect(toArray(F.sort(x, { axis: 0, descending: true }))).toEqual([[4, 6, 5], [3, 1, 2]])
    expect(gradient((y) => F.sum(F.mul(F.sort(y), [1, 2, 3])), [2, 1, 2])).toEqual([2, 1, 3])
  })

  it('lets the last of several updates win, in value and in gradient', () => {
    expect(toArray(F.scatterSet(ten, [0, 2, 0], [1, 2, 3]))).toEqual([3, 20, 2])
    expect(gradient((u) => F.sum(F.scatterSet(ten, [0, 2, 0], u)), [1, 2, 3])).toEqual([0, 1, 1])
    expect(gradient((x) => F.sum(F.scatterSet(F.sqrt(x), [0], F.sub(F.slice(x, [[0, 1]]), 1))), [0, 4])).toEqual([1, 0.25])
    expect(rules(F.scatterMul(ten, [1, 1], 2))).toEqual(['Index: the index 1 occurs at 0 and at 1'])
  })

  it('adds up what falls on one place', () => {
    expect(toArray(F.scatterAdd(ten, [0, 2, 0], [1, 2, 3]))).toEqual([14, 20, 32])
    expect(toArray(F.segmentSum([[1, 1], [2, 2], [3, 3]], [0, 1, 0], 3))).toEqual([[4, 4], [2, 2], [0, 0]])
  })

  it('clamps the start of a block, also a computed one', () => {
    expect(toArray(F.dynamicUpdateSlice([1, 2, 3, 4], [10, 20], [9]))).toEqual([1, 2, 10, 20])
    expect(toArray(F.dynamicUpdateSlice([1, 2, 3, 4], [10, 20], F.reshape(F.argmax([0, 5]), [1])))).toEqual([1, 10, 20, 4])
  })
})
