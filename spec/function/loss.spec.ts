import { fc, test } from '@fast-check/vitest'
import * as E from 'fp-ts/Either'
import { pipe } from 'fp-ts/function'
import { describe, expect } from 'vitest'
import type { Node } from '../../lib/core/Node.js'
import { bufferOf, tensor, type Tensor } from '../../lib/core/Tensor.js'
import {
  accuracy,
  binaryCrossEntropy,
  huber,
  meanAbsoluteError,
  meanSquaredError,
  sigmoidCrossEntropy,
  softmaxCrossEntropy,
} from '../../lib/function/loss.js'
import { variable } from '../../lib/function/leaf.js'
import { evaluate, item, toArray, value } from '../../lib/interpret/evaluate.js'
import { backward } from '../../lib/transform/backward.js'
import { grad } from '../../lib/transform/grad.js'

const finite = fc.double({ min: -20, max: 20, noNaN: true })
const pairs = fc.array(fc.tuple(finite, finite), { minLength: 1, maxLength: 6 }).map((rows) => [rows.map(([a]) => a), rows.map(([, b]) => b)] as const)
const probabilities = fc.array(fc.tuple(finite, fc.double({ min: 0, max: 1, noNaN: true })), { minLength: 1, maxLength: 6 })

const average = (xs: ReadonlyArray<number>): number => xs.reduce((sum, x) => sum + x, 0) / xs.length
const near = (actual: ReadonlyArray<number>, expected: ReadonlyArray<number>): void => {
  expect(actual.length).toBe(expected.length)
  actual.forEach((a, i) => expect(Math.abs(a - expected[i]!)).toBeLessThanOrEqual(1e-12 * (1 + Math.abs(expected[i]!))))
}
const numbers = (x: Node): ReadonlyArray<number> => Array.from(bufferOf(value(x) as Tensor))
const gradient = (loss: (x: Node) => Node, x: ReadonlyArray<number>) => numbers(grad(loss)(tensor(x)))
const errorsOf = (node: Node) => {
  const result = evaluate(node)
  return E.isLeft(result) ? result.left.map((e) => [e.op, e._tag]) : []
}
const logistic = (x: number): number => 1 / (1 + Math.exp(-x))

describe('losses of numbers', () => {
  test.prop([pairs])('meanSquaredError is the mean over all elements', ([y, t]) => {
    near([item(meanSquaredError(y, t))], [average(y.map((v, i) => (v - t[i]!) ** 2))])
    near(gradient((x) => meanSquaredError(x, t), y), y.map((v, i) => (2 * (v - t[i]!)) / y.length))
    expect(item(meanSquaredError([y, y], [t, t]))).toBeCloseTo(item(meanSquaredError(y, t)), 9)
  })

  test.prop([pairs])('meanAbsoluteError has the signs as its gradient', ([y, t]) => {
    near([item(meanAbsoluteError(y, t))], [average(y.map((v, i) => Math.abs(v - t[i]!)))])
    near(gradient((x) => meanAbsoluteError(x, t), y), y.map((v, i) => Math.sign(v - t[i]!) / y.length))
  })

  test.prop([pairs, fc.double({ min: 0.1, max: 5, noNaN: true })])('huber has the clipped distances as its gradient', ([y, t], delta) => {
    const loss = (d: number) => (d <= delta ? d ** 2 / 2 : delta * (d - delta / 2))
    near([item(huber(y, t, { delta }))], [average(y.map((v, i) => loss(Math.abs(v - t[i]!))))])
    near(gradient(huber(t, { delta }), y), y.map((v, i) => Math.min(Math.max(v - t[i]!, -delta), delta) / y.length))
  })

  test('huber refuses a delta that is not positive', () => {
    expect(errorsOf(huber([1], [2], { delta: 0 }))).toEqual([['huber', 'Argument']])
  })

  test.each([
    ['meanSquaredError', meanSquaredError],
    ['meanAbsoluteError', meanAbsoluteError],
    ['huber', huber],
    ['sigmoidCrossEntropy', sigmoidCrossEntropy],
    ['binaryCrossEntropy', binaryCrossEntropy],
  ])('%s refuses operands that would broadcast', (name, loss) => {
    expect(errorsOf(loss([[1], [0], [1]], [0, 1, 1]))).toEqual([[name, 'Shape']])
    expect(errorsOf(pipe([1, 0], loss(0)))).toEqual([[name, 'Shape']])
    expect(errorsOf(loss([], []))).toEqual([])
  })
})

describe('cross-entropy', () => {
  test.prop([probabilities])('of a yes-or-no outcome has the gradient sigmoid(x) - t', (rows) => {
    const [x, t] = [rows.map(([a]) => a), rows.map(([, b]) => b)]
    near(gradient((y) => sigmoidCrossEntropy(y, t), x), rows.map(([a, b]) => (logistic(a) - b) / rows.length))
    near([item(sigmoidCrossEntropy(x, t))], [average(rows.map(([a, b]) => Math.max(a, 0) + Math.log1p(Math.exp(-Math.abs(a))) - a * b))])
  })

  test('is finite where sigmoid and softmax round to 0 and 1', () => {
    expect(item(sigmoidCrossEntropy([1000, -1000], [1, 0]))).toBe(0)
    expect(item(sigmoidCrossEntropy([1000], [0]))).toBe(1000)
    expect(item(softmaxCrossEntropy([[1000, 0]], [1]))).toBe(1000)
    expect(toArray(grad((x: Node) => softmaxCrossEntropy(x, [1]))(tensor([[1000, 0]])))).toEqual([[1, -1]])
    expect(item(binaryCrossEntropy([0, 1], [0, 1]))).toBe(0)
  })

  test('of probabilities agrees with that of logits', () => {
    const x = [-2, 0.5, 3]
    near([item(binaryCrossEntropy(x.map(logistic), [1, 0, 0.25]))], [item(sigmoidCrossEntropy(x, [1, 0, 0.25]))])
  })

  const logits = fc.array(fc.tuple(fc.array(finite, { minLength: 3, maxLength: 3 }), fc.integer({ min: 0, max: 2 })), { minLength: 1, maxLength: 4 })

  test.prop([logits])('of classes has the gradient softmax(x) - onehot(t)', (rows) => {
    const x = tensor(rows.map(([r]) => r))
    const labels = rows.map(([, k]) => k)
    const oneHot = labels.map((k) => [0, 1, 2].map((c) => (c === k ? 1 : 0)))
    const softmax = (r: ReadonlyArray<number>) => r.map((v) => 1 / r.reduce((sum, u) => sum + Math.exp(u - v), 0))
    const expected = rows.flatMap(([r, k]) => softmax(r).map((p, c) => (p - (c === k ? 1 : 0)) / rows.length))
    near(numbers(grad((y: Node) => softmaxCrossEntropy(y, labels))(x)), expected)
    near(numbers(grad((y: Node) => softmaxCrossEntropy(y, oneHot))(x)), expected)
    near([item(softmaxCrossEntropy(x, labels))], [item(pipe(x, softmaxCrossEntropy(oneHot)))])
  })

  test('takes labels of any leading shape', () => {
    const x = [[[0, 1], [2, 0]], [[1, 1], [0, 3]]]
    expect(item(softmaxCrossEntropy(x, [[1, 0], [0, 1]]))).toBe(item(softmaxCrossEntropy(x.flat(), [1, 0, 0, 1])))
    expect(item(softmaxCrossEntropy([0, 0], 1))).toBe(Math.LN2)
  })

  test('refuses labels that are out of range, fractional, or of another shape', () => {
    const x = variable('x', [[1, 2], [3, 4]])
    expect(errorsOf(softmaxCrossEntropy(x, [0, 2]))[0]![1]).toBe('Index')
    expect(errorsOf(softmaxCrossEntropy(x, [0, 0.5]))[0]![1]).toBe('Index')
    expect(errorsOf(softmaxCrossEntropy(x, [0, 1, 1]))).toEqual([['softmaxCrossEntropy', 'Shape']])
    expect(errorsOf(softmaxCrossEntropy(x, variable('t', [0, 1])))[0]![1]).toBe('DType')
  })
})

test('accuracy is the share of right labels, and has no gradient', () => {
  const y = variable('y', [[0.2, 0.8, 0], [0, 0.9, 0.1], [0.8, 0.1, 0.1], [0.3, 0.3, 0.4]])
  const share = accuracy(y, tensor([1, 2, 0, 2], { dtype: 'i32' }))
  expect(item(share)).toBe(0.75)
  expect(backward(share).size).toBe(0)
  expect(errorsOf(accuracy(y, [1, 2]))).toEqual([['accuracy', 'Shape']])
})
