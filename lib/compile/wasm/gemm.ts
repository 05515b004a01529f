/**
 * Matrix products. {@link emitGemm} chooses how one is carried out:
 *
 * - very small matrices are written out in full (`smallProduct.ts`), the batch looped over inside;
 * - a matrix and a vector are multiplied where they lie (`matrixVector.ts`);
 * - of a very small matrix and a wide one, the small one is kept in registers (`thinProduct.ts`);
 * - all else is computed tile by tile (`blocked.ts`), from packed panels wherever packing pays.
 *
 * The call takes the byte addresses of `a`, `b`, `c` and of the workspace, and then its numbers. Operands may have any strides;
 * columns of `c` are side by side. `c` overlaps neither operand.
 */
import type { Gemm } from '../ir.js'
import { blockedCall, type Product } from './blocked.js'
import type { FunctionBuilder } from './FunctionBuilder.js'
import { floatLanes, type FloatLane } from './lanes.js'
import type { KernelCall, Library } from './Library.js'
import { advance, countDown } from './loops.js'
import { dotRows, sumRows } from './matrixVector.js'
import { isSmall, smallProduct } from './smallProduct.js'
import { isThin, thinProduct } from './thinProduct.js'

/** Strides of a matrix, in elements. */
export interface Strides {
  readonly rowStride: number
  readonly columnStride: number
  readonly batchStride: number
}

/** What a call depends on; a {@link Gemm} statement is one. */
export interface GemmShape extends Pick<Gemm, 'lane' | 'batch' | 'm' | 'k' | 'n' | 'accumulate'> {
  readonly a: Strides
  readonly b: Strides
  readonly c: Strides
}

/** A batch that shares an operand is one larger product, if the other operand and the result go on evenly. */
const merged = (g: GemmShape): GemmShape => {
  const { a, b, c, batch, m, n } = g
  if (batch <= 1) return g
  if (b.batchStride === 0 && a.batchStride === m * a.rowStride && c.batchStride === m * c.rowStride) return { ...g, batch: 1, m: batch * m }
  if (a.batchStride === 0 && b.batchStride === n * b.columnStride && c.batchStride === n) return { ...g, batch: 1, n: batch * n }
  return g
}

/** How a product, or a batch of them, is called. */
export const emitGemm = (library: Library, shape: GemmShape): KernelCall => {
  const { lane, a, b, c, batch, m, k, n, accumulate } = merged(shape)
  const { bytes } = floatLanes[lane]
  // Where there is one row, or one column, its stride does not matter.
  const stride = (elements: number, length: number): number => (length <= 1 ? bytes : elements * bytes)
  const product: Product = {
    m: batch === 0 ? 0 : m,
    k,
    n,
    aRow: stride(a.rowStride, m),
    aColumn: stride(a.columnStride, k),
    bRow: stride(b.rowStride, k),
    bColumn: stride(b.columnStride, n),
    cRow: stride(c.rowStride, m),
    accumulate,
  }
  const strides = [a, b, c].map(({ batchStride }) => batchStride * bytes)
  if (product.m > 0 && n > 0 && isSmall({ lane, ...product }))
    return { callee: smallProduct(library, { lane, ...product }), numbers: [...strides, batch], workspace: 0 }
  const vector = product.m > 0 && n > 0 ? vectorCall(library, lane, product) : undefined
  if (vector === undefined && product.m > 0 && n > 0 && isThin({ lane, ...product }))
    return { callee: thinProduct(library, { lane, ...product }), numbers: [...strides, batch], workspace: 0 }
  const call = vector ?? blockedCall(library, lane, product)
  return batch <= 1 ? call : { ...call, callee: repeated(library, call), numbers: [...strides, batch, ...call.numbers] }
}

/** How a product of a matrix and a vector is called, if this is one. */
const vectorCall = (library: Library, lane: FloatLane, p: Product): KernelCall | undefined => {
  const { bytes } = floatLanes[lane]
  const add = p.accumulate ? 1 : 0
  const workspace = (stride: number): number => (stride === bytes ? 0 : p.k * bytes)
  if (p.n === 1 && p.aColumn === bytes) {
    const callee = dotRows(library, lane, p.bRow !== bytes)
    return { callee, numbers: [p.aRow, p.bRow, p.cRow, p.m, p.k, add], workspace: workspace(p.bRow) }
  }
  if (p.m === 1 && p.bColumn === bytes)
    return { callee: sumRows(library, lane), numbers: [p.aColumn, p.bRow, p.k, p.n, add], workspace: 0 }
  if (p.m === 1 && p.bRow === bytes) {
    const callee = exchanged(library, dotRows(library, lane, p.aColumn !== bytes), 10)
    return { callee, numbers: [p.bColumn, p.aColumn, bytes, p.n, p.k, add], workspace: workspace(p.aColumn) }
  }
  if (p.n === 1 && p.aRow === bytes && p.cRow === bytes)
    return { callee: exchanged(library, sumRows(library, lane), 9), numbers: [p.bRow, p.aColumn, p.k, p.m, add], workspace: 0 }
  return undefined
}

/** The function with its first two parameters in the other order. */
const exchanged = (library: Library, callee: FunctionBuilder, params: number): FunctionBuilder =>
  library.function(`exchanged ${callee.index}`, params, (f) => {
    f.get(1).get(0)
    for (let k = 2; k < params; k++) f.get(k)
    f.call(callee)
  })

/** The function for each element of a batch: byte strides of the three operands and the length come before its numbers. */
const repeated = (library: Library, { callee, numbers }: KernelCall): FunctionBuilder =>
  library.function(`repeated ${callee.index}`, 8 + numbers.length, (f) => {
    countDown(f, 7, () => {
      for (let k = 0; k < 4; k++) f.get(k)
      numbers.forEach((_, k) => f.get(8 + k))
      f.call(callee)
      for (let k = 0; k < 3; k++) advance(f, k, 4 + k)
    })
  })
