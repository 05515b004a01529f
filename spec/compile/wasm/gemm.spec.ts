import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { emitGemm, type GemmShape, type Strides } from '../../../lib/compile/wasm/gemm.js'
import type { FloatLane } from '../../../lib/compile/wasm/lanes.js'
import { runKernel } from './kernel.js'

const arrays = { f64: Float64Array, f32: Float32Array } as const
const epsilon = { f64: 2 ** -52, f32: 2 ** -23 } as const

/** How an operand lies: in which order its two axes and the batch follow, with how many elements left out between rows. */
interface Layout {
  readonly transposed: boolean
  readonly shared: boolean
  readonly gap: number
  /** Columns this many elements apart; 1 for side by side. */
  readonly spread: number
  readonly batchInside: boolean
  /** Rows in the opposite order, or all the same row. */
  readonly rows: 'down' | 'up' | 'same'
}

const stridesFor = (rows: number, columns: number, batch: number, { transposed, shared, gap, spread, batchInside, rows: order }: Layout): Strides => {
  const [outer, inner] = transposed ? [columns, rows] : [rows, columns]
  const row = inner * spread + gap
  const all = batchInside ? row * batch : row
  const [down, columnStride] = transposed ? [spread, all] : [all, spread]
  const rowStride = { down, up: -down, same: 0 }[order]
  return { rowStride, columnStride, batchStride: shared ? 0 : batchInside ? row : outer * row }
}

const sizeFor = (rows: number, columns: number, batch: number, { rowStride, columnStride, batchStride }: Strides): number =>
  rows * columns * batch === 0 ? 0 : (rows - 1) * Math.abs(rowStride) + (columns - 1) * columnStride + (batch - 1) * batchStride + 1

/** The element at the first row and column. */
const firstOf = (rows: number, { rowStride }: Strides): number => Math.max(0, rows - 1) * Math.max(0, -rowStride)

const layout = fc.record<Layout>({
  transposed: fc.boolean(),
  shared: fc.integer({ min: 0, max: 3 }).map((n) => n === 0),
  gap: fc.constantFrom(0, 0, 0, 3),
  spread: fc.constantFrom(1, 1, 1, 2),
  batchInside: fc.integer({ min: 0, max: 4 }).map((n) => n === 0),
  rows: fc.constantFrom('down', 'down', 'down', 'up', 'same'),
})

/** A pseudo-random sequence; integers small enough that every sum is exact, or numbers of mixed sizes. */
const filled = (lane: FloatLane, size: number, seed: number, exact: boolean): Float64Array | Float32Array => {
  const array = new arrays[lane](size)
  for (let i = 0; i < size; i++) {
    const bits = Math.imul(i + seed + 1, 2654435761) >>> 8
    array[i] = exact ? (bits % 17) - 8 : ((bits % 20011) - 10005) / 997
  }
  return array
}

interface Case {
  readonly lane: FloatLane
  readonly batch: number
  readonly m: number
  readonly k: number
  readonly n: number
  readonly accumulate: boolean
  readonly a: Layout
  readonly b: Layout
  readonly c: Layout
  readonly seed: number
}

const cases = (length: fc.Arbitrary<number>, batch = fc.integer({ min: 0, max: 4 }), k = length, n = length): fc.Arbitrary<Case> =>
  fc.record({
    lane: fc.constantFrom<FloatLane>('f64', 'f32'),
    batch,
    m: length,
    k,
    n,
    accumulate: fc.boolean(),
    a: layout,
    b: layout,
    c: layout.map((l) => ({ ...l, transposed: false, shared: false, spread: 1, rows: 'down' as const })),
    seed: fc.nat(1000),
  })

/** Compares a product with its definition: exactly, or within the rounding errors of sums of `k + 1` terms. */
const agrees = ({ lane, batch, m, k, n, accumulate, seed, ...layouts }: Case, exact: boolean): void => {
  const shape: GemmShape = {
    lane, batch, m, k, n, accumulate,
    a: stridesFor(m, k, batch, layouts.a),
    b: stridesFor(k, n, batch, layouts.b),
    c: stridesFor(m, n, batch, layouts.c),
  }
  const a = filled(lane, sizeFor(m, k, batch, shape.a), seed, exact)
  const b = filled(lane, sizeFor(k, n, batch, shape.b), seed + 77, exact)
  const c = filled(lane, sizeFor(m, n, batch, shape.c), seed + 154, exact)
  const [firstA, firstB] = [firstOf(m, shape.a), firstOf(k, shape.b)]
  const got = runKernel((library) => emitGemm(library, shape), [a, b, c], seed % 3, [firstA, firstB, 0]).results[2]
  const expected = Float64Array.from(c)
  const bound = new Float64Array(c.length)
  for (let s = 0; s < batch; s++)
    for (let i = 0; i < m; i++)
      for (let j = 0; j < n; j++) {
        const at = s * shape.c.batchStride + i * shape.c.rowStride + j
        let sum = accumulate ? expected[at]! : 0
        let size = Math.abs(sum)
        for (let p = 0; p < k; p++) {
          const x = a[firstA + s * shape.a.batchStride + i * shape.a.rowStride + p * shape.a.columnStride]!
          const y = b[firstB + s * shape.b.batchStride + p * shape.b.rowStride + j * shape.b.columnStride]!
          sum += x * y
          size += Math.abs(x * y)
        }
        expected[at] = sum
        bound[at] = exact ? 0 : (k + 2) * epsilon[lane] * size
      }
  const wrong = expected.findIndex((value, i) => !(Math.abs(got[i]! - value) <= bound[i]!))
  expect(wrong < 0 ? 'equal' : `${got[wrong]} instead of ${expected[wrong]} at ${wrong}`).toBe('equal')
}

describe('matrix products', () => {
  test.prop([cases(fc.integer({ min: 0, max: 9 }))], { numRuns: 300 })('small ones are exact on integers, in every layout', (c) => agrees(c, true))

  test.prop([cases(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 2 }))], { numRuns: 150 })('so are larger ones', (c) => agrees(c, true))

  test.prop([cases(fc.integer({ min: 1, max: 5 }), undefined, fc.integer({ min: 0, max: 6 }), fc.integer({ min: 9, max: 41 }))], { numRuns: 200 })(
    'so are a few rows of many columns',
    (c) => agrees(c, true),
  )

  test.prop([cases(fc.constantFrom(1, 2, 5, 100, 130), fc.constant(1), fc.constantFrom(1, 3, 255, 260, 600))], { numRuns: 60 })(
    'those that take several blocks, or one vector, stay within their rounding errors',
    (c) => agrees(c, false),
  )

  test.prop([fc.constantFrom<FloatLane>('f64', 'f32'), fc.constantFrom(1, 3, 65), fc.constantFrom(2050, 4101), fc.boolean()], { numRuns: 8 })(
    'so do very wide ones',
    (lane, m, n, transposed) => {
      const plain: Layout = { transposed: false, shared: false, gap: 0, spread: 1, batchInside: false, rows: 'down' }
      agrees({ lane, batch: 1, m, k: 33, n, accumulate: false, seed: 5, a: plain, b: { ...plain, transposed }, c: plain }, false)
    },
  )

  test('NaN and infinities stay where they belong', () => {
    const dense = (columns: number): Strides => ({ rowStride: columns, columnStride: 1, batchStride: 0 })
    const a = new Float64Array(40 * 40).fill(1)
    a[0] = Infinity
    a[39 * 40] = NaN
    const shape: GemmShape = { lane: 'f64', batch: 1, m: 40, k: 40, n: 41, accumulate: false, a: dense(40), b: dense(41), c: dense(41) }
    const y = runKernel((library) => emitGemm(library, shape), [a, new Float64Array(40 * 41).fill(1), new Float64Array(40 * 41)]).results[2]
    expect(y.slice(0, 41).every((v) => v === Infinity)).toBe(true)
    expect(y.slice(41, 39 * 41).every((v) => v === 40)).toBe(true)
    expect(y.slice(39 * 41).every((v) => Number.isNaN(v))).toBe(true)
  })
})
