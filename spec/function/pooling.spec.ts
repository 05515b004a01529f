import { fc, test } from '@fast-check/vitest'
import * as E from 'fp-ts/Either'
import { pipe } from 'fp-ts/function'
import { describe, expect } from 'vitest'
import type { Node } from '../../lib/core/Node.js'
import { sizeOf } from '../../lib/core/Shape.js'
import { tensor, type Tensor } from '../../lib/core/Tensor.js'
import { mul, sqrt } from '../../lib/function/arithmetic.js'
import { variable } from '../../lib/function/leaf.js'
import { averagePooling, avgPool, globalAveragePool, globalMaxPool, maxPool, pooling } from '../../lib/function/pooling.js'
import { evaluate, toArray, value } from '../../lib/interpret/evaluate.js'
import { full } from '../../lib/primitive/leaf.js'
import { adjointsOf } from '../../lib/transform/backward.js'
import { elementsAt, geometry, indicesOf, integers, optionsOf, type Geometry } from '../arbitraries/windows.js'
import { expectTransposed } from '../laws/transposition.js'

/** Windows, and an array that they move over. */
const cases = fc.tuple(geometry(false), fc.nat(2), fc.integer({ min: 1, max: 2 })).chain(([where, n, c]) =>
  integers([n, c, ...where.size]).map((x) => ({ where, x, options: { ...optionsOf(where), window: where.window } })),
)

/** Some function of the elements of each window that do not lie in the padding. */
const byDefinition = (x: Tensor, where: Geometry, f: (elements: ReadonlyArray<number>) => number): Tensor => {
  const shape = [...x.shape.slice(0, 2), ...where.out]
  return tensor(indicesOf(shape).map(([n, c, ...p]) => f(elementsAt(x, where, [n!, c!], p))), { shape })
}

const expectSame = (y: Node, expected: Tensor): void => {
  const found = value(y)
  expect(found.shape).toEqual(expected.shape)
  expect(found.toArray()).toEqual(expected.toArray())
}

const total = (xs: ReadonlyArray<number>): number => xs.reduce((a, b) => a + b, 0)

const gradient = (f: (x: Node) => Node, x: Node, cotangent?: Node): Node => adjointsOf(f(x), [x], cotangent)[0]!

const ruleOf = (y: Node): string =>
  pipe(evaluate(y), E.match((errors) => errors.map((e) => `${e.op}: ${e.rule}`).join('\n'), () => 'no error'))

const ones = (...shape: ReadonlyArray<number>): Node => full(1, { shape, dtype: 'f64' })

describe('maxPool', () => {
  test.prop([cases])('is the maximum of each window, −∞ in the padding', ({ where, x, options }) => {
    expectSame(maxPool(x, options), byDefinition(x, where, (elements) => Math.max(...elements)))
  })

  test.prop([cases])('hands the cotangent to the first maximum of each window', ({ where, x, options }) => {
    const expected = new Map<string, number>()
    const positions = tensor(Array.from({ length: x.size }, (_, i) => i), { shape: x.shape })
    for (const [n, c, ...p] of indicesOf([...x.shape.slice(0, 2), ...where.out])) {
      const elements = elementsAt(x, where, [n!, c!], p)
      const at = elementsAt(positions, where, [n!, c!], p)[elements.indexOf(Math.max(...elements))]
      if (at !== undefined) expected.set(String(at), (expected.get(String(at)) ?? 0) + 1)
    }
    const flat = Array.from({ length: x.size }, (_, i) => expected.get(String(i)) ?? 0)
    expectSame(gradient((v) => maxPool(v, options), variable('x', x)), tensor(flat, { shape: x.shape }))
  })

  test.prop([cases])('has transposed derivatives at first and second order, exactly', ({ where, x, options }) => {
    const squares = (v: Node) => maxPool(mul(v, v), options)
    const shape = [...x.shape.slice(0, 2), ...where.out]
    const g = tensor(Float64Array.from({ length: sizeOf(shape) }, (_, i) => (i % 5) - 2), { shape })
    expectTransposed((v) => squares(v), [x])
    expectTransposed((v, w) => gradient(squares, v, w), [x, g])
  })

  test('sends nothing to elements that were not selected, not even 0 · ∞', () => {
    expect(toArray(gradient((x) => maxPool(sqrt(x), { window: 2 }), variable('x', [[[0, 4]]])))).toEqual([[[0, 0.25]]])
  })

  test('lets NaN through, and is −∞ with gradient 0 where a window has nothing but padding', () => {
    const x = variable('x', [[[1, NaN, 3, 4]]])
    expect(toArray(maxPool(x, { window: 2 }))).toEqual([[[NaN, 4]]])
    const beyond = (v: Node) => maxPool(v, { window: 1, padding: 1 })
    expect(toArray(beyond(variable('x', [[[5]]])))).toEqual([[[-Infinity, 5, -Infinity]]])
    expect(toArray(gradient(beyond, variable('x', [[[5]]])))).toEqual([[[1]]])
  })

  test('has the stride of its window, works data-last, and keeps f32', () => {
    expect(pipe([[[1, 3, 2, 4, 9]]], maxPool({ window: 2 }), toArray)).toEqual([[[3, 4]]])
    expect(maxPool(tensor(new Float32Array(4), { shape: [1, 1, 4] }), { window: 2 }).dtype).toBe('f32')
  })

  test('refuses what does not fit, with the numbers', () => {
    expect(ruleOf(maxPool(ones(1, 1, 3), { window: 4, stride: 1 }))).toBe('maxPool: output size (3 + 2·0 − 4) / 1 + 1 = 0 is not positive')
    expect(ruleOf(maxPool(ones(1, 3), { window: 2 }))).toContain('an array [N, C, …spatial] is needed, got [1, 3]')
    expect(ruleOf(maxPool(ones(1, 1, 3), { window: [2, 2] }))).toBe('maxPool: window has 2 entries for 1 spatial axis')
    expect(ruleOf(maxPool(ones(1, 1, 3), { window: 0 }))).toContain('window is [0], integers not less than 1')
  })
})

describe('avgPool', () => {
  test.prop([cases])('is the mean of each window, with or without its padding', ({ where, x, options }) => {
    expectSame(avgPool(x, options), byDefinition(x, where, (elements) => total(elements) / sizeOf(where.window)))
    expectSame(avgPool(x, { ...options, countIncludePad: false }), byDefinition(x, where, (elements) => total(elements) / elements.length))
  })

  test.prop([cases])('has transposed derivatives, exactly', ({ x, options }) => {
    const count = sizeOf(options.window)
    // Both modes divide multiples of the count, so that nothing is rounded.
    expectTransposed((v) => mul(avgPool(mul(mul(v, v), count), options), count), [x])
  })

  test('has the stride of its window, and works data-last', () => {
    expect(pipe([[[1, 3, 2, 4, 9]]], avgPool({ window: 2 }), toArray)).toEqual([[[2, 3]]])
  })
})

describe('global pooling', () => {
  test('reduces each channel to one number', () => {
    const x = [[[[1, 2], [3, 6]], [[4, 4], [-1, -3]]]]
    expect(toArray(globalAveragePool(x))).toEqual([[3, 1]])
    expect(toArray(globalMaxPool(x))).toEqual([[6, 4]])
    expect(toArray(globalMaxPool(x, { keepDims: true }))).toEqual([[[[6]], [[4]]]])
    expect(pipe(x, globalAveragePool({ keepDims: true }), (y) => y.shape)).toEqual([1, 2, 1, 1])
    expect(toArray(gradient((v) => globalMaxPool(v), variable('x', x)))).toEqual([[[[0, 0], [0, 1]], [[1, 0], [0, 0]]]])
    expect(toArray(gradient((v) => globalAveragePool(v), variable('x', x)))).toEqual([[[[0.25, 0.25], [0.25, 0.25]], [[0.25, 0.25], [0.25, 0.25]]]])
  })

  test('refuses channels without elements', () => {
    expect(ruleOf(globalMaxPool(ones(1, 1, 0)))).toContain('channels without elements in [1, 1, 0]')
    expect(ruleOf(globalAveragePool(ones(1, 2)))).toContain('an array [N, C, …spatial] is needed')
  })
})

describe('pooling in the names of DeZero', () => {
  test('moves by 1 unless told otherwise', () => {
    const x = [[[[1, 2, 3], [4, 5, 6]]]]
    expect(toArray(pooling(x, { kernel: 2 }))).toEqual([[[[5, 6]]]])
    expect(toArray(averagePooling(x, { kernel: [2, 1], stride: 2 }))).toEqual([[[[2.5, 4.5]]]])
    expect(pipe(x, pooling({ kernel: 2, stride: 2, pad: 1 }), toArray)).toEqual([[[[1, 3], [4, 6]]]])
  })
})
