/**
 * Convolutions as products of matrices. Per sample, the windows are laid out as the columns of a matrix (unless they are
 * the sample itself), and the filters are the rows of another; with groups there is a stack of such pairs.
 */
import { allocate, bufferFrom, type Buffer, type DType } from '../core/DType.js'
import { sizeOf } from '../core/Shape.js'
import { matmul, type Layout } from './matmul.js'
import { gatherWindows, isWhole, scatterWindows, windowTable, type Windows } from './window.js'

/** A convolution of `batch` samples of `channels` channels by `filters` filters, in groups that do not mix. */
export interface Convolution extends Windows {
  readonly batch: number
  readonly channels: number
  readonly filters: number
  readonly groups: number
}

/** A convolution ready to run: the table of its windows and the lengths of its matrices. */
interface Plan {
  readonly table: Int32Array
  /** The elements of a channel of a sample. */
  readonly area: number
  /** The elements of a sample, of its windows and of its result. */
  readonly sample: number
  readonly columns: number
  readonly result: number
  /** The windows of a sample are the sample itself. */
  readonly whole: boolean
  /** The product of the filters and the windows of a sample, a stack of one per group. */
  readonly product: Layout
}

const plan = (c: Convolution): Plan => {
  const table = windowTable(c)
  const area = sizeOf(c.size)
  const places = sizeOf(c.out)
  const terms = (c.channels / c.groups) * sizeOf(c.window)
  return {
    table,
    area,
    sample: c.channels * area,
    columns: c.channels * table.length,
    result: c.filters * places,
    whole: isWhole(table, area),
    product: { batch: c.groups, m: c.filters / c.groups, k: terms, n: places, transposeA: false, transposeB: false },
  }
}

/** The part of a buffer that belongs to one sample. */
const part = (buffer: Buffer, n: number, length: number): Buffer => buffer.subarray(n * length, (n + 1) * length)

/** `y[n, o, p] = Σ w[o, c, k] · x[n, c, window element k at place p]`. */
export const convolve = (x: Buffer, w: Buffer, dtype: DType, c: Convolution): Buffer => {
  const { table, area, sample, columns, result, whole, product } = plan(c)
  const windows = allocate(dtype, whole ? 0 : columns)
  const out = allocate(dtype, c.batch * result)
  for (let n = 0; n < c.batch; n++) {
    const data = part(x, n, sample)
    out.set(matmul(w, whole ? data : gatherWindows(data, table, area, windows), dtype, product), n * result)
  }
  return out
}

/** The transposed map in `x`: `x[n, c, window element k at place p] = Σ w[o, c, k] · y[n, o, p]`. */
export const convolveTransposed = (w: Buffer, y: Buffer, dtype: DType, c: Convolution): Buffer => {
  const { table, area, sample, result, whole, product } = plan(c)
  const layout = { ...product, m: product.k, k: product.m, transposeA: true }
  const out = allocate(dtype, c.batch * sample)
  for (let n = 0; n < c.batch; n++) {
    const windows = matmul(w, part(y, n, result), dtype, layout)
    if (whole) out.set(windows, n * sample)
    else scatterWindows(windows, table, area, part(out, n, sample))
  }
  return out
}

/** The transposed map in `w`: `w[o, c, k] = Σ y[n, o, p] · x[n, c, window element k at place p]`, summed in double precision. */
export const convolveFilters = (x: Buffer, y: Buffer, dtype: DType, c: Convolution): Buffer => {
  const { table, area, sample, columns, result, whole, product } = plan(c)
  const layout = { ...product, k: product.n, n: product.k, transposeB: true }
  const windows = allocate(dtype, whole ? 0 : columns)
  const sums = new Float64Array(product.batch * product.m * product.k)
  for (let n = 0; n < c.batch; n++) {
    const data = part(x, n, sample)
    const terms = matmul(part(y, n, result), whole ? data : gatherWindows(data, table, area, windows), 'f64', layout)
    for (let i = 0; i < sums.length; i++) sums[i]! += terms[i]!
  }
  return dtype === 'f64' ? sums : bufferFrom(dtype, sums)
}
