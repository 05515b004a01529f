import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { emitConv } from '../../../lib/compile/wasm/conv.js'
import type { FloatLane } from '../../../lib/compile/wasm/lanes.js'
import { bufferFrom, type Buffer } from '../../../lib/core/DType.js'
import { sizeOf } from '../../../lib/core/Shape.js'
import { convolve, convolveFilters, convolveTransposed, type Convolution } from '../../../lib/kernel/convolution.js'
import { geometry } from '../../arbitraries/windows.js'
import { runKernel } from './kernel.js'

const epsilon = { f64: 2 ** -52, f32: 2 ** -23 } as const

const count = (max: number): fc.Arbitrary<number> => fc.integer({ min: 1, max })

const convolution: fc.Arbitrary<Convolution> = fc
  .record({ where: geometry(true), batch: fc.integer({ min: 0, max: 3 }), channels: count(3), filters: count(3), groups: count(2) })
  .map(({ where, groups, channels, filters, batch }) => ({ ...where, batch, groups, channels: channels * groups, filters: filters * groups }))

const filled = (lane: FloatLane, size: number, seed: number, exact: boolean): Buffer =>
  bufferFrom(lane, Array.from({ length: size }, (_, i) => {
    const bits = Math.imul(i + seed + 1, 2654435761) >>> 8
    return exact ? (bits % 7) - 3 : ((bits % 20011) - 10005) / 997
  }))

const results = ['y', 'x', 'w'] as const

/** One of the three maps, by the reference. */
const reference = (result: (typeof results)[number], lane: FloatLane, { x, w, y }: Readonly<Record<'x' | 'w' | 'y', Buffer>>, c: Convolution): Buffer =>
  result === 'y' ? convolve(x, w, lane, c) : result === 'x' ? convolveTransposed(w, y, lane, c) : convolveFilters(x, y, lane, c)

/** Compares a map with the reference: exactly, or within the rounding errors of sums of so many terms as the form has. */
const agrees = (result: (typeof results)[number], lane: FloatLane, c: Convolution, seed: number, exact: boolean): void => {
  const sizes = {
    x: c.batch * c.channels * sizeOf(c.size),
    w: c.filters * (c.channels / c.groups) * sizeOf(c.window),
    y: c.batch * c.filters * sizeOf(c.out),
  }
  const given = {
    x: filled(lane, sizes.x, seed, exact),
    w: filled(lane, sizes.w, seed + 31, exact),
    y: filled(lane, sizes.y, seed + 62, exact),
  }
  const arrays = { ...given, [result]: filled(lane, sizes[result], 3, false) }
  const { results: [x, w, y] } = runKernel((library) => emitConv(library, { lane, result, form: c }), [arrays.x, arrays.w, arrays.y], seed % 3)
  const got = { x, w, y }[result]
  const expected = reference(result, lane, given, c)
  if (exact) {
    expect(got).toEqual(expected)
    return
  }
  const sizesOf = (buffer: Buffer): Buffer => Float64Array.from(buffer, Math.abs)
  const size = reference(result, 'f64', { x: sizesOf(given.x), w: sizesOf(given.w), y: sizesOf(given.y) }, c)
  const terms = { y: sizes.w / c.filters, x: (c.filters / c.groups) * sizeOf(c.window), w: c.batch * sizeOf(c.out) }[result]
  const wrong = expected.findIndex((value, i) => !(Math.abs(got[i]! - value) <= (terms + 2) * epsilon[lane] * size[i]!))
  expect(wrong < 0 ? 'equal' : `${got[wrong]} instead of ${expected[wrong]} at ${wrong}`).toBe('equal')
}

const lanes = fc.constantFrom<FloatLane>('f64', 'f32')
const result = fc.constantFrom(...results)

/** A convolution over images with the usual options. */
const image = (part: Partial<Convolution>): Convolution => {
  const form = {
    batch: 2, channels: 3, filters: 5, groups: 1, size: [13, 11], window: [3, 3], stride: [1, 1], dilation: [1, 1], inputDilation: [1, 1], low: [1, 1], ...part,
  }
  const out = form.size.map((length, i) =>
    Math.floor(((length - 1) * form.inputDilation[i]! + 1 + 2 * form.low[i]! - (form.window[i]! - 1) * form.dilation[i]! - 1) / form.stride[i]!) + 1)
  return { ...form, out }
}

describe('convolutions', () => {
  test.prop([result, lanes, convolution, fc.nat(1000)], { numRuns: 200 })('small ones are exact on integers, for every kind of window', (which, lane, c, seed) =>
    agrees(which, lane, c, seed, true),
  )

  for (const [name, part] of Object.entries<Partial<Convolution>>({
    'padded 3×3': {},
    'strided': { stride: [2, 3], window: [5, 4], low: [2, 0] },
    'dilated': { dilation: [2, 2], low: [2, 2] },
    'of many channels': { channels: 70, filters: 6 },
    'of many channels in groups': { channels: 64, filters: 32, groups: 2, size: [9, 10] },
    'one filter for each channel': { channels: 12, filters: 12, groups: 12 },
    '1×1': { window: [1, 1], low: [0, 0], channels: 300, filters: 9 },
    '1×1 with a stride': { window: [1, 1], low: [0, 0], stride: [2, 2] },
    'of large images': { size: [61, 70], channels: 5, batch: 1 },
    'of a window that leaves out the edges': { low: [-2, -1] },
    'of an image spread out': { inputDilation: [2, 3], low: [2, 1] },
    'over one axis': { size: [203], window: [7], stride: [2], dilation: [1], inputDilation: [1], low: [3], filters: 8 },
    'over three axes': { size: [5, 6, 7], window: [2, 3, 2], stride: [1, 1, 2], dilation: [1, 2, 1], inputDilation: [1, 1, 1], low: [0, 1, 1] },
    'with a window of more elements than a block has rows': { size: [40, 30], window: [20, 18], low: [0, 0], filters: 2 },
  }))
    test.prop([result, lanes, fc.nat(1000)], { numRuns: 6 })(name, (which, lane, seed) => agrees(which, lane, image(part), seed, false))
})
