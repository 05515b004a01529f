import { fc, test } from '@fast-check/vitest'
import * as E from 'fp-ts/Either'
import { pipe } from 'fp-ts/function'
import { describe, expect } from 'vitest'
import type { Node } from '../../lib/core/Node.js'
import { conv2d, convOutSize, col2im, deconv2d, deconvOutSize, im2col } from '../../lib/function/convolution2d.js'
import { evaluate, toArray, value } from '../../lib/interpret/evaluate.js'
import { full } from '../../lib/primitive/leaf.js'
import { dot } from '../../lib/primitive/product.js'
import { reshape, transpose } from '../../lib/primitive/shape.js'
import { constant } from '../../lib/function/leaf.js'
import { integers } from '../arbitraries/windows.js'
import { expectTransposed, innerProduct } from '../laws/transposition.js'

const images = fc
  .record({
    n: fc.integer({ min: 1, max: 2 }),
    c: fc.integer({ min: 1, max: 2 }),
    size: fc.tuple(fc.integer({ min: 2, max: 5 }), fc.integer({ min: 2, max: 5 })),
    kernel: fc.tuple(fc.integer({ min: 1, max: 2 }), fc.integer({ min: 1, max: 2 })),
    stride: fc.integer({ min: 1, max: 3 }),
    pad: fc.tuple(fc.nat(1), fc.nat(1)),
    toMatrix: fc.boolean(),
  })
  .chain(({ n, c, size, ...options }) =>
    fc.record({ x: integers([n, c, ...size]), w: integers([3, c, ...options.kernel]), options: fc.constant(options) }),
  )

const ones = (...shape: ReadonlyArray<number>): Node => full(1, { shape, dtype: 'f64' })

const ruleOf = (y: Node): string =>
  pipe(evaluate(y), E.match((errors) => errors.map((e) => `${e.op}: ${e.rule}`).join('\n'), () => 'no error'))

describe('im2col and col2im', () => {
  test.prop([images])('turn a convolution into a product of matrices', ({ x, w, options }) => {
    const [n, , height, width] = x.shape as readonly [number, number, number, number]
    const { stride, pad } = options
    const out = [convOutSize(height, w.shape[2]!, stride, pad[0]), convOutSize(width, w.shape[3]!, stride, pad[1])]
    const rows = im2col(x, { ...options, toMatrix: true })
    const product = dot(rows, reshape(constant(w), [3, rows.shape[1]!]), false, true)
    const y = transpose(reshape(product, [n, ...out, 3]), [0, 3, 1, 2])
    expect(toArray(y)).toEqual(toArray(conv2d(x, w, null, { stride, pad })))
  })

  test.prop([images])('are transposes of each other, exactly', ({ x, options }) => {
    const there = (v: Node) => im2col(v, options)
    const windows = value(there(constant(x)))
    const back = (v: Node) => col2im(v, { ...options, inputShape: x.shape })
    expectTransposed((v) => there(v), [x])
    expectTransposed((v) => back(v), [windows])
    expectTransposed((v) => back(there(v)), [x])
    expect(innerProduct(windows, windows)).toBe(innerProduct(x, value(back(constant(windows)))))
  })

  test('refuse what does not fit, with the numbers', () => {
    expect(ruleOf(im2col(ones(1, 1, 3, 3), { kernel: 4 }))).toBe('im2col: output size (3 + 2·0 − 4) / 1 + 1 = 0 is not positive')
    expect(ruleOf(im2col(ones(3, 3), { kernel: 1 }))).toContain('an array [N, C, …spatial] is needed')
    expect(ruleOf(col2im(ones(4, 3), { kernel: 2, inputShape: [1, 1, 3, 3] }))).toContain('a matrix [4, 4] is needed, one row per place of the window, got [4, 3]')
    expect(ruleOf(col2im(ones(4, 3), { kernel: 2, inputShape: [1, 1, 3, 3], toMatrix: false }))).toContain('the last axes need the lengths [2, 2, 2, 2]')
  })
})

describe('deconv2d', () => {
  test('leads back to the size that is asked for', () => {
    const [x, w] = [ones(1, 2, 3, 3), ones(2, 1, 3, 3)]
    expect(deconv2d(x, w, [1], { stride: 2, pad: 1 }).shape).toEqual([1, 1, 5, 5])
    expect(deconv2d(x, w, [1], { stride: 2, pad: 1, outSize: [6, 5] }).shape).toEqual([1, 1, 6, 5])
    expect(deconvOutSize(3, 3, 2, 1)).toBe(5)
    expect(toArray(deconv2d([[[[1, 2]]]], [[[[1, 3]]]], null, { outSize: [1, 3] }))).toEqual([[[[1, 5, 6]]]])
  })

  test('refuses a size that no convolution leads from', () => {
    expect(ruleOf(deconv2d(ones(1, 1, 3, 3), ones(1, 1, 2, 2), null, { outSize: [2, 4] }))).toContain('outSize is less than [4, 4]')
    expect(ruleOf(deconv2d(ones(1, 1, 3, 3), ones(1, 1, 2, 2), null, { outSize: 5 }))).toContain('outputPadding is [1, 1]')
  })
})
