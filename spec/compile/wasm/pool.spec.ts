import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { emitArgMaxPool, emitPick, emitUnpick, emitWindows } from '../../../lib/compile/wasm/pool.js'
import { ModuleBuilder } from '../../../lib/compile/wasm/encoder.js'
import type { FloatLane } from '../../../lib/compile/wasm/lanes.js'
import { Library } from '../../../lib/compile/wasm/Library.js'
import { bufferFrom, type Buffer } from '../../../lib/core/DType.js'
import { sizeOf } from '../../../lib/core/Shape.js'
import { firstMaxima, pickAt, unpickAt } from '../../../lib/kernel/pooling.js'
import { overlay, windowsOf } from '../../../lib/kernel/window.js'
import { geometry } from '../../arbitraries/windows.js'
import { runKernel } from './kernel.js'

const lanes = fc.constantFrom<FloatLane>('f64', 'f32')
const channels = fc.integer({ min: 0, max: 3 })
const last = fc.integer({ min: 0, max: 2 })

/** Values with many ties, and now and then what compares in no way. */
const values = (lane: FloatLane, size: number, seed: number, special: ReadonlyArray<number> = []): Buffer =>
  bufferFrom(lane, Array.from({ length: size }, (_, i) => {
    const bits = Math.imul(i + seed + 1, 2654435761) >>> 8
    return bits % 5 === 0 && special.length > 0 ? special[bits % special.length]! : ((bits >>> 4) % 9) - 4
  }))

const nothing = new Int32Array(0)

describe('windows and pooling', () => {
  test.prop([lanes, channels, geometry(true), fc.nat(1000), last], { numRuns: 150 })('windows are those of the reference', (lane, n, where, seed, end) => {
    const x = values(lane, n * sizeOf(where.size), seed)
    const to = values(lane, n * sizeOf(where.window) * sizeOf(where.out), 3)
    const got = runKernel((library) => emitWindows(library, 'windows', lane, n, where), [x, nothing, to], end)
    expect(got.results[2]).toEqual(windowsOf(x, lane, n, where))
  })

  test.prop([lanes, channels, geometry(true), fc.nat(1000), last], { numRuns: 150 })('and so are their sums', (lane, n, where, seed, end) => {
    const parts = values(lane, n * sizeOf(where.window) * sizeOf(where.out), seed)
    const to = values(lane, n * sizeOf(where.size), 3)
    const got = runKernel((library) => emitWindows(library, 'unwindows', lane, n, where), [parts, nothing, to], end)
    expect(got.results[2]).toEqual(overlay(parts, lane, n, where))
  })

  test.prop([lanes, channels, geometry(false), fc.nat(1000), last], { numRuns: 150 })(
    'the first maximum of each window, or the first NaN, is found, and followed both ways',
    (lane, n, where, seed, end) => {
      const [area, places] = [sizeOf(where.size), sizeOf(where.out)]
      const x = values(lane, n * area, seed, [NaN, -Infinity, Infinity, 0, -0])
      const at = firstMaxima(x, n, where)
      const found = runKernel((library) => emitArgMaxPool(library, lane, n, where)!, [x, nothing, new Int32Array(n * places)], end)
      expect(found.results[2]).toEqual(at)
      const positions = { channels: n, size: where.size, places }
      const picked = runKernel((library) => emitPick(library, lane, positions, -Infinity), [x, at, values(lane, n * places, 3)], end)
      expect(picked.results[2]).toEqual(pickAt(x, at, lane, { channels: n, area, places }, -Infinity))
      const g = values(lane, n * places, seed + 9)
      const unpicked = runKernel((library) => emitUnpick(library, lane, positions), [g, at, values(lane, n * area, 3)], end)
      expect(unpicked.results[2]).toEqual(unpickAt(g, at, lane, { channels: n, area, places }))
    },
  )

  test('there is no code for pooling over very large windows, or over an array spread out', () => {
    const one = { size: [100], out: [1], stride: [1], dilation: [1], low: [0] }
    const library = new Library(new ModuleBuilder())
    expect(emitArgMaxPool(library, 'f64', 1, { ...one, window: [100], inputDilation: [1] })).toBeUndefined()
    expect(emitArgMaxPool(library, 'f64', 1, { ...one, window: [2], inputDilation: [2] })).toBeUndefined()
  })
})
