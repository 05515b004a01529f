/**
 * Matrix products. Large ones are computed tile by tile from packed panels, so that the inner loop reads only memory in
 * order and keeps sixteen sums in registers; a transposed operand is merely read in another order while it is packed.
 */
import { allocate, type Buffer, type DType } from '../core/DType.js'

/** Rows and columns of a tile of the result: sixteen sums. */
const tile = 4
/** Terms of a sum that are taken in one go: two panels of this depth fit the first-level cache. */
const depth = 256
/** Rows of the left operand that are packed in one go: they fit the second-level cache. */
const height = 128
/** Products of so few multiplications are not worth packing. */
const smallProduct = 1024

/** A matrix within a buffer: element `(i, j)` lies at `offset + i · row + j · column`. */
interface Matrix {
  readonly data: Buffer
  readonly offset: number
  readonly row: number
  readonly column: number
}

/** The lengths of a product: `m × k` by `k × n`. */
interface Sizes {
  readonly m: number
  readonly k: number
  readonly n: number
}

/** How a stack of products is laid out. A transposed operand is stored as `k × m`, or `n × k`. */
export interface Layout extends Sizes {
  readonly batch: number
  readonly transposeA: boolean
  readonly transposeB: boolean
}

/** The products of `batch` pairs of matrices that lie one after another. Sums are accumulated in double precision. */
export const matmul = (a: Buffer, b: Buffer, dtype: DType, { batch, m, k, n, transposeA, transposeB }: Layout): Buffer => {
  const out = allocate(dtype, batch * m * n)
  if (k === 0) return out
  const product = dtype === 'i32' ? integerProduct : m === 1 || n === 1 ? vectorProduct : m * k * n <= smallProduct ? directProduct : packedProduct
  for (let i = 0; i < batch; i++) {
    const left = { data: a, offset: i * m * k, row: transposeA ? 1 : k, column: transposeA ? m : 1 }
    const right = { data: b, offset: i * k * n, row: transposeB ? 1 : n, column: transposeB ? k : 1 }
    product(left, right, { m, k, n }, out, i * m * n)
  }
  return out
}

/** Each element as one sum. */
const directProduct = (a: Matrix, b: Matrix, { m, k, n }: Sizes, out: Buffer, at: number): void => {
  const { data: x, column: stepA } = a
  const { data: y, row: stepB } = b
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0
      for (let p = 0, q = a.offset + i * a.row, r = b.offset + j * b.column; p < k; p++, q += stepA, r += stepB) sum += x[q]! * y[r]!
      out[at++] = sum
    }
  }
}

/** The same with integers, whose products and sums wrap. */
const integerProduct = (a: Matrix, b: Matrix, { m, k, n }: Sizes, out: Buffer, at: number): void => {
  const { data: x, column: stepA } = a
  const { data: y, row: stepB } = b
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0
      for (let p = 0, q = a.offset + i * a.row, r = b.offset + j * b.column; p < k; p++, q += stepA, r += stepB) sum = (sum + Math.imul(x[q]!, y[r]!)) | 0
      out[at++] = sum
    }
  }
}

const transposed = ({ data, offset, row, column }: Matrix): Matrix => ({ data, offset, row: column, column: row })

/** A product whose result is a row, or (the transposed product) a column. */
const vectorProduct = (a: Matrix, b: Matrix, { m, k, n }: Sizes, out: Buffer, at: number): void => {
  if (m !== 1) vectorProduct(transposed(b), transposed(a), { m: 1, k, n: m }, out, at)
  else if (b.column !== 1 || n === 1) directProduct(a, b, { m, k, n }, out, at)
  else sumOfRows(a, b, k, n, out, at)
}

/** The rows of `b` weighted by the elements of the row `a`, read in the order in which they lie. */
const sumOfRows = (a: Matrix, b: Matrix, k: number, n: number, out: Buffer, at: number): void => {
  const sums = new Float64Array(n)
  const y = b.data
  for (let p = 0; p < k; p++) {
    const weight = a.data[a.offset + p * a.column]!
    for (let j = 0, r = b.offset + p * b.row; j < n; j++, r++) sums[j]! += weight * y[r]!
  }
  out.set(sums, at)
}

/** The blocked product. Panels are padded with zeros to whole tiles; what they add to the result is not stored. */
const packedProduct = (a: Matrix, b: Matrix, { m, k, n }: Sizes, out: Buffer, at: number): void => {
  const deep = Math.min(k, depth)
  const panelsA = new Float64Array(whole(Math.min(m, height)) * deep)
  const panelsB = new Float64Array(whole(n) * deep)
  const sums = new Float64Array(tile * tile)
  for (let p = 0; p < k; p += depth) {
    const terms = Math.min(depth, k - p)
    pack(b.data, b.offset + p * b.row, b.row, b.column, terms, n, panelsB)
    for (let i = 0; i < m; i += height) {
      const rows = Math.min(height, m - i)
      pack(a.data, a.offset + i * a.row + p * a.column, a.column, a.row, terms, rows, panelsA)
      for (let j = 0; j < n; j += tile) {
        for (let r = 0; r < rows; r += tile) {
          multiplyPanels(panelsA, r * terms, panelsB, j * terms, terms, sums)
          addTile(sums, out, at + (i + r) * n + j, n, Math.min(tile, rows - r), Math.min(tile, n - j))
        }
      }
    }
  }
}

const whole = (length: number): number => Math.ceil(length / tile) * tile

/**
 * Copies `terms × width` elements into panels four wide: `panels[panel][term][lane]`. `along` is the step from term to
 * term, `across` the step from lane to lane.
 */
const pack = (
  data: Buffer,
  offset: number,
  along: number,
  across: number,
  terms: number,
  width: number,
  panels: Float64Array,
): void => {
  let to = 0
  let lane = 0
  for (; lane + tile <= width; lane += tile) {
    for (let p = 0, from = offset + lane * across; p < terms; p++, from += along, to += tile) {
      panels[to] = data[from]!
      panels[to + 1] = data[from + across]!
      panels[to + 2] = data[from + 2 * across]!
      panels[to + 3] = data[from + 3 * across]!
    }
  }
  const rest = width - lane
  if (rest === 0) return
  for (let p = 0, from = offset + lane * across; p < terms; p++, from += along, to += tile)
    for (let i = 0; i < tile; i++) panels[to + i] = i < rest ? data[from + i * across]! : 0
}

/** The inner loop: a tile of the product of two panels. */
const multiplyPanels = (a: Float64Array, atA: number, b: Float64Array, atB: number, terms: number, sums: Float64Array): void => {
  let s00 = 0, s01 = 0, s02 = 0, s03 = 0
  let s10 = 0, s11 = 0, s12 = 0, s13 = 0
  let s20 = 0, s21 = 0, s22 = 0, s23 = 0
  let s30 = 0, s31 = 0, s32 = 0, s33 = 0
  for (let p = 0, i = atA, j = atB; p < terms; p++, i += tile, j += tile) {
    const b0 = b[j]!, b1 = b[j + 1]!, b2 = b[j + 2]!, b3 = b[j + 3]!
    const a0 = a[i]!
    s00 += a0 * b0
    s01 += a0 * b1
    s02 += a0 * b2
    s03 += a0 * b3
    const a1 = a[i + 1]!
    s10 += a1 * b0
    s11 += a1 * b1
    s12 += a1 * b2
    s13 += a1 * b3
    const a2 = a[i + 2]!
    s20 += a2 * b0
    s21 += a2 * b1
    s22 += a2 * b2
    s23 += a2 * b3
    const a3 = a[i + 3]!
    s30 += a3 * b0
    s31 += a3 * b1
    s32 += a3 * b2
    s33 += a3 * b3
  }
  sums[0] = s00; sums[1] = s01; sums[2] = s02; sums[3] = s03
  sums[4] = s10; sums[5] = s11; sums[6] = s12; sums[7] = s13
  sums[8] = s20; sums[9] = s21; sums[10] = s22; sums[11] = s23
  sums[12] = s30; sums[13] = s31; sums[14] = s32; sums[15] = s33
}

const addTile = (sums: Float64Array, out: Buffer, at: number, n: number, rows: number, columns: number): void => {
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) out[at + r * n + c]! += sums[r * tile + c]!
}
