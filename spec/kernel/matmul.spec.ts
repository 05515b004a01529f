import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { allocate, bufferFrom, type Buffer, type DType } from '../../lib/core/DType.js'
import { matmul, type Layout } from '../../lib/kernel/matmul.js'

/** The definition, term by term. */
const naive = (a: Buffer, b: Buffer, dtype: DType, { batch, m, k, n, transposeA, transposeB }: Layout): Buffer => {
  const out = allocate(dtype, batch * m * n)
  for (let s = 0; s < batch; s++)
    for (let i = 0; i < m; i++)
      for (let j = 0; j < n; j++)
        for (let p = 0; p < k; p++) {
          const x = a[s * m * k + (transposeA ? p * m + i : i * k + p)]!
          const y = b[s * k * n + (transposeB ? j * k + p : p * n + j)]!
          out[s * m * n + i * n + j]! += x * y
        }
  return out
}

/** Integers of a fixed pseudo-random sequence, small enough that every sum is exact in each dtype. */
const integers = (dtype: DType, size: number, seed: number): Buffer =>
  bufferFrom(dtype, Array.from({ length: size }, (_, i) => ((Math.imul(i + seed, 2654435761) >>> 20) % 17) - 8))

const layouts = (length: fc.Arbitrary<number>): fc.Arbitrary<Layout> =>
  fc.record({ batch: fc.integer({ min: 0, max: 3 }), m: length, k: length, n: length, transposeA: fc.boolean(), transposeB: fc.boolean() })

const agrees = (dtype: DType, layout: Layout, seed: number): void => {
  const { batch, m, k, n } = layout
  const a = integers(dtype, batch * m * k, seed)
  const b = integers(dtype, batch * k * n, seed + 77)
  expect(matmul(a, b, dtype, layout)).toEqual(naive(a, b, dtype, layout))
}

const dtypes = fc.constantFrom<DType>('f64', 'f32', 'i32')

describe('matmul', () => {
  test.prop([dtypes, layouts(fc.integer({ min: 0, max: 9 })), fc.nat()])('small and empty products equal their definition exactly', agrees)

  test.prop([dtypes, layouts(fc.integer({ min: 1, max: 45 })), fc.nat()], { numRuns: 60 })('tiled products with ragged edges do too', agrees)

  test.prop([dtypes, layouts(fc.constantFrom(1, 3, 40, 131)), fc.constantFrom(8, 255, 257, 600), fc.nat()], { numRuns: 40 })(
    'and those that take several blocks, or one vector',
    (dtype, layout, k, seed) => agrees(dtype, { ...layout, batch: 1, k }, seed),
  )

  test('keeps NaN and infinities where they belong', () => {
    const a = new Float64Array(20 * 20).fill(1)
    a[0] = Infinity
    a[19 * 20] = NaN
    const y = matmul(a, new Float64Array(20 * 21).fill(1), 'f64', { batch: 1, m: 20, k: 20, n: 21, transposeA: false, transposeB: false })
    expect(y.slice(0, 21).every((v) => v === Infinity)).toBe(true)
    expect(y.slice(21, 19 * 21).every((v) => v === 20)).toBe(true)
    expect(y.slice(19 * 21).every((v) => Number.isNaN(v))).toBe(true)
  })
})
