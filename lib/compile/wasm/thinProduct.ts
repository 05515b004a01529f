/**
 * Products of a very small matrix and a wide one, such as a rotation of many points: the elements of the small one stay in registers,
 * and the other is gone through once.
 */
import { floatLanes, loadVector, storeVector } from './lanes.js'
import type { FunctionBuilder } from './FunctionBuilder.js'
import type { Library } from './Library.js'
import { countDown } from './loops.js'
import { forBatch, param, type SmallProduct } from './smallProduct.js'

/** The most elements that stay in registers, beside a column of vectors and a sum. */
const limit = 12

/** Whether a product is of this kind, and can be written so: the elements of the wide rows lie side by side, and no offset is negative. */
export const isThin = ({ lane, m, k, aRow, aColumn, bRow, bColumn, cRow }: SmallProduct): boolean =>
  k > 0 && m * k <= limit && bColumn === floatLanes[lane].bytes && Math.min(aRow, aColumn, bRow, cRow) >= 0

export const thinProduct = (library: Library, p: SmallProduct): FunctionBuilder => forBatch(library, 'thin', p, writeProduct)

const writeProduct = (f: FunctionBuilder, { lane, m, k, n, aRow, aColumn, bRow, cRow, accumulate }: SmallProduct): void => {
  const floats = floatLanes[lane]
  const local = (): number => f.local('v128')
  const elements = Array.from({ length: m }, (_, i) =>
    Array.from({ length: k }, (_, q) => {
      const element = local()
      f.get(param.a).memory(floats.splat, i * aRow + q * aColumn).set(element)
      return element
    }),
  )
  const column = Array.from({ length: k }, local)
  const sum = local()
  const [b, c, count] = [f.local('i32'), f.local('i32'), f.local('i32')]
  /** So many columns from where `b` and `c` stand. */
  const columns = (lanes: number): void => {
    column.forEach((row, q) => {
      loadVector(f, floats, b, q * bRow, lanes)
      f.set(row)
    })
    elements.forEach((factors, i) => {
      if (accumulate) loadVector(f, floats, c, i * cRow, lanes)
      // Sums begin with 0, so that none of them is -0.
      else f.keptV128(0, 0, 0, 0)
      factors.forEach((factor, q) => f.get(factor).get(column[q]!).op(floats.vectorMul).op(floats.vectorAdd))
      f.set(sum)
      storeVector(f, floats, c, i * cRow, sum, lanes)
    })
  }
  const [whole, rest] = [Math.floor(n / floats.perVector), n % floats.perVector]
  f.get(param.b).set(b).get(param.c).set(c)
  if (whole > 0) {
    f.i32(whole).set(count)
    countDown(f, count, () => {
      columns(floats.perVector)
      f.increase(b, 16).increase(c, 16)
    })
  }
  if (rest > 0) columns(rest)
  for (const used of [...elements.flat(), ...column, sum, b, c, count]) f.free(used)
}
