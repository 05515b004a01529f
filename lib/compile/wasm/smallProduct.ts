/**
 * Products of very small matrices, written out in full: no loop but that over the batch, every stride part of an address. Thousands
 * of them are frequent (rotations, covariances), and there a call would cost more than the product.
 */
import type { Product } from './blocked.js'
import { floatLanes, loadLanes, loadVector, storeVector, vectorsOf, type FloatLane } from './lanes.js'
import type { FunctionBuilder } from './FunctionBuilder.js'
import type { Library } from './Library.js'
import { advance, countDown } from './loops.js'

/** A product of which everything is written into the code. */
export interface SmallProduct extends Product {
  readonly lane: FloatLane
}

/** The most vector products that are written out. */
const limit = 160

/** Whether the product is worth writing out, and can be: the offset of an address is not negative. */
export const isSmall = ({ lane, m, k, n, aRow, aColumn, bRow, bColumn, cRow }: SmallProduct): boolean =>
  m <= 8 && k <= 8 && n <= 8 && m * k * Math.ceil(n / floatLanes[lane].perVector) <= limit && Math.min(aRow, aColumn, bRow, bColumn, cRow) >= 0

export const param = { a: 0, b: 1, c: 2, workspace: 3, aBatch: 4, bBatch: 5, cBatch: 6, batch: 7 } as const

/** A function for a batch (of at least 1) of such products. Parameters: the usual addresses, byte strides of the batch, and its length. */
export const forBatch = (library: Library, name: string, p: SmallProduct, write: (f: FunctionBuilder, p: SmallProduct) => void): FunctionBuilder =>
  library.function(`${name} ${JSON.stringify(p)}`, 8, (f) => {
    countDown(f, param.batch, () => {
      write(f, p)
      advance(f, param.a, param.aBatch)
      advance(f, param.b, param.bBatch)
      advance(f, param.c, param.cBatch)
    })
  })

export const smallProduct = (library: Library, p: SmallProduct): FunctionBuilder => forBatch(library, 'small', p, writeProduct)

const writeProduct = (f: FunctionBuilder, { lane, m, k, n, aRow, aColumn, bRow, bColumn, cRow, accumulate }: SmallProduct): void => {
  const floats = floatLanes[lane]
  const widths = vectorsOf(n, floats)
  const sum = f.local('v128')
  widths.forEach((lanes, j) => {
    const first = j * floats.perVector
    const rows = Array.from({ length: k }, (_, p) => {
      const offset = p * bRow + first * bColumn
      if (bColumn === floats.bytes) loadVector(f, floats, param.b, offset, lanes)
      else loadLanes(f, floats, param.b, offset, bColumn, lanes)
      const row = f.local('v128')
      f.set(row)
      return row
    })
    for (let i = 0; i < m; i++) {
      if (accumulate) loadVector(f, floats, param.c, i * cRow + 16 * j, lanes)
      // Sums begin with 0, so that none of them is -0.
      else f.keptV128(0, 0, 0, 0)
      rows.forEach((row, p) => f.get(param.a).memory(floats.splat, i * aRow + p * aColumn).get(row).op(floats.vectorMul).op(floats.vectorAdd))
      f.set(sum)
      storeVector(f, floats, param.c, i * cRow + 16 * j, sum, lanes)
    }
    for (const row of rows) f.free(row)
  })
  f.free(sum)
}
