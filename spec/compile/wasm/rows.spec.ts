import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { emitRows, type RowsShape } from '../../../lib/compile/wasm/rows.js'
import { bufferFrom, type Buffer, type DType } from '../../../lib/core/DType.js'
import { gatherRows, scatterRows } from '../../../lib/kernel/gather.js'
import { runKernel } from './kernel.js'

const length = fc.integer({ min: 0, max: 4 })

const shape: fc.Arbitrary<RowsShape> = fc.record({
  kind: fc.constantFrom('gather' as const, 'scatter' as const),
  storage: fc.constantFrom('f64' as const, 'f32' as const, 'i32' as const, 'bool' as const),
  outer: length,
  length: fc.integer({ min: 0, max: 7 }),
  count: fc.integer({ min: 0, max: 9 }),
  inner: fc.oneof(length, fc.integer({ min: 5, max: 70 })),
})

/** Truth values lie in memory as `i32`. */
const stored = (dtype: DType, values: ReadonlyArray<number>): Buffer => bufferFrom(dtype === 'bool' ? 'i32' : dtype, values)

const run = (s: RowsShape, indices: ReadonlyArray<number>, last: number) => {
  const { kind, storage, outer, count, inner } = s
  const [picked, walked] = [outer * s.length * inner, outer * count * inner]
  const [fromSize, toSize] = kind === 'gather' ? [picked, walked] : [walked, picked]
  const values = Array.from({ length: fromSize }, (_, i) => (storage === 'bool' ? (i * 7) % 3 % 2 : ((i * 37) % 101) / (storage === 'i32' ? 1 : 7)))
  const from = stored(storage, values)
  const to = stored(storage, new Array<number>(toSize).fill(9))
  const got = runKernel((library) => emitRows(library, s), [from, Int32Array.from(indices), to], last)
  return { from, before: to, to: got.results[2], status: got.status }
}

describe('rows', () => {
  test.prop([shape, fc.array(fc.integer({ min: -7, max: 6 }), { minLength: 9, maxLength: 9 }), fc.integer({ min: 0, max: 2 })], { numRuns: 200 })(
    'are those of the reference, bit by bit, or refused with it',
    (s, all, last) => {
      const indices = all.slice(0, s.count)
      const valid = indices.every((i) => i >= -s.length && i < s.length)
      const { from, before, to, status } = run(s, indices, last)
      const reference = s.kind === 'gather' ? gatherRows : scatterRows
      const dtype = s.storage === 'bool' ? 'i32' : s.storage
      const expected = () => reference(from, Int32Array.from(indices), s, dtype)
      if (valid) {
        expect(status).toBe(0)
        expect(to).toEqual(expected())
      } else {
        expect(status).toBe(1)
        expect(to).toEqual(before)
        expect(expected).toThrow('out of range')
      }
    },
  )

  test('indices at the limits of their type are out of range', () => {
    const s: RowsShape = { kind: 'gather', storage: 'f64', outer: 1, length: 3, count: 1, inner: 1 }
    for (const index of [2147483647, -2147483648, 3, -4]) expect(run(s, [index], 2).status).toBe(1)
  })
})
