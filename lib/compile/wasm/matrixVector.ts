/**
 * Products of a matrix and a vector. They read each element of the matrix once, so nothing is packed: rows that lie along the vector
 * are multiplied with it four at a time, rows that lie across it are weighted and added up four at a time.
 */
import type { FunctionBuilder } from './FunctionBuilder.js'
import { floatLanes, type FloatLane, type Floats } from './lanes.js'
import type { Library } from './Library.js'
import { advance, countDownAny } from './loops.js'

/** The rows that are taken in one go. */
const group = 4

const dotParam = { rows: 0, x: 1, y: 2, workspace: 3, rowStride: 4, xStride: 5, yStride: 6, count: 7, k: 8, accumulate: 9 } as const

/**
 * `y[i] = Σ rows[i, k] · x[k]`. Its parameters: the addresses of the rows, whose elements lie side by side, of `x`, of `y` and of a
 * workspace for `k` elements (used if `x` is strided); the byte strides of the rows, of `x` and of `y`; the number of rows, `k`,
 * and whether to add to what is there.
 */
export const dotRows = (library: Library, lane: FloatLane, strided: boolean): FunctionBuilder =>
  library.function(`${lane} dot rows ${strided}`, 10, (f) => {
    const floats = floatLanes[lane]
    const p = dotParam
    const [bytes, count, at] = [f.local('i32'), f.local('i32'), f.local('i32')]
    f.get(p.k).i32(floats.bytes).op('i32.mul').set(bytes)
    if (strided) {
      f.get(p.k).set(count).get(p.workspace).set(at)
      countDownAny(f, count, () => {
        f.get(at).get(p.x).memory(floats.load).memory(floats.store).increase(at, floats.bytes)
        advance(f, p.x, p.xStride)
      })
      f.get(p.workspace).set(p.x)
    }
    f.get(p.count).i32(Math.log2(group)).op('i32.shr_u').set(count)
    countDownAny(f, count, () => dotGroup(f, floats, bytes, group, 1))
    f.get(p.count).i32(group - 1).op('i32.and').set(count)
    countDownAny(f, count, () => dotGroup(f, floats, bytes, 1, group))
  })

/** The products of `rows` rows with `x`, in `chains` vectors for each. */
const dotGroup = (f: FunctionBuilder, floats: Floats, bytes: number, rows: number, chains: number): void => {
  const p = dotParam
  const at = Array.from({ length: rows }, () => f.local('i32'))
  const sums = at.map(() => Array.from({ length: chains }, () => f.local('v128')))
  const totals = at.map(() => f.local(floats.lane))
  const [x, end, factor] = [f.local('i32'), f.local('i32'), f.local('v128')]
  const vectors = (many: number): void => {
    const step = 16 * many
    f.get(p.x).get(bytes).i32(-step).op('i32.and').op('i32.add').set(end)
    f.block((exit) => {
      f.get(x).get(end).op('i32.ge_u').brIf(exit).loop((again) => {
        for (let c = 0; c < many; c++) {
          f.get(x).memory('v128.load', 16 * c).set(factor)
          at.forEach((row, r) => f.get(row).memory('v128.load', 16 * c).get(factor).op(floats.vectorMul).get(sums[r]![c]!).op(floats.vectorAdd).set(sums[r]![c]!))
        }
        for (const row of at) f.increase(row, step)
        f.get(x).i32(step).op('i32.add').tee(x).get(end).op('i32.lt_u').brIf(again)
      })
    })
  }
  f.get(p.rows).set(at[0]!)
  for (let r = 1; r < rows; r++) f.get(at[r - 1]!).get(p.rowStride).op('i32.add').set(at[r]!)
  for (const sum of sums.flat()) f.v128(0, 0, 0, 0).set(sum)
  f.get(p.x).set(x)
  vectors(chains)
  if (chains > 1) vectors(1)
  sums.forEach(([first, ...others], r) => {
    f.get(first!)
    for (const other of others) f.get(other).op(floats.vectorAdd)
    f.set(first!)
    for (let l = 0; l < floats.perVector; l++) {
      f.get(first!).lane(floats.extract, l)
      if (l > 0) f.op(floats.add)
    }
    f.set(totals[r]!)
  })
  f.get(p.x).get(bytes).op('i32.add').set(end)
  f.block((exit) => {
    f.get(x).get(end).op('i32.ge_u').brIf(exit).loop((again) => {
      at.forEach((row, r) => {
        f.get(row).memory(floats.load).get(x).memory(floats.load).op(floats.mul).get(totals[r]!).op(floats.add).set(totals[r]!)
        f.increase(row, floats.bytes)
      })
      f.get(x).i32(floats.bytes).op('i32.add').tee(x).get(end).op('i32.lt_u').brIf(again)
    })
  })
  totals.forEach((total) => {
    f.get(p.accumulate).if(() => f.get(total).get(p.y).memory(floats.load).op(floats.add).set(total))
    f.get(p.y).get(total).memory(floats.store)
    advance(f, p.y, p.yStride)
  })
  f.get(p.rowStride).i32(rows).op('i32.mul').get(p.rows).op('i32.add').set(p.rows)
  for (const local of [...at, ...sums.flat(), ...totals, x, end, factor]) f.free(local)
}

const sumParam = { x: 0, rows: 1, y: 2, workspace: 3, xStride: 4, rowStride: 5, k: 6, n: 7, accumulate: 8 } as const

/**
 * `y[j] = Σ x[k] · rows[k, j]`. Its parameters: the addresses of `x`, of the rows and of `y`, whose elements lie side by side, and of
 * a workspace (not used); the byte strides of `x` and of the rows; `k`, `n`, and whether to add to what is there.
 */
export const sumRows = (library: Library, lane: FloatLane): FunctionBuilder =>
  library.function(`${lane} sum rows`, 9, (f) => {
    const floats = floatLanes[lane]
    const p = sumParam
    const [bytes, count] = [f.local('i32'), f.local('i32')]
    f.get(p.n).i32(floats.bytes).op('i32.mul').set(bytes)
    f.get(p.accumulate).op('i32.eqz').if(() => f.get(p.y).i32(0).get(bytes).fillMemory())
    f.get(p.k).i32(Math.log2(group)).op('i32.shr_u').set(count)
    countDownAny(f, count, () => addRows(f, floats, bytes, group))
    f.get(p.k).i32(group - 1).op('i32.and').set(count)
    countDownAny(f, count, () => addRows(f, floats, bytes, 1))
  })

/** Adds the next rows, weighted, to `y`. */
const addRows = (f: FunctionBuilder, floats: Floats, bytes: number, rows: number): void => {
  const p = sumParam
  const at = Array.from({ length: rows }, () => f.local('i32'))
  const weights = at.map(() => f.local('v128'))
  const [y, end] = [f.local('i32'), f.local('i32')]
  at.forEach((row, r) => {
    f.get(p.rows).set(row).get(p.x).memory(floats.splat).set(weights[r]!)
    advance(f, p.rows, p.rowStride)
    advance(f, p.x, p.xStride)
  })
  const upTo = (step: number, body: () => void): void => {
    f.block((exit) => {
      f.get(y).get(end).op('i32.ge_u').brIf(exit).loop((again) => {
        body()
        for (const row of at) f.increase(row, step)
        f.get(y).i32(step).op('i32.add').tee(y).get(end).op('i32.lt_u').brIf(again)
      })
    })
  }
  f.get(p.y).set(y)
  f.get(p.y).get(bytes).i32(-16).op('i32.and').op('i32.add').set(end)
  upTo(16, () => {
    f.get(y)
    at.forEach((row, r) => {
      f.get(row).memory('v128.load').get(weights[r]!).op(floats.vectorMul)
      if (r > 0) f.op(floats.vectorAdd)
    })
    f.get(y).memory('v128.load').op(floats.vectorAdd).memory('v128.store')
  })
  f.get(p.y).get(bytes).op('i32.add').set(end)
  upTo(floats.bytes, () => {
    f.get(y)
    at.forEach((row, r) => {
      f.get(row).memory(floats.load).get(weights[r]!).lane(floats.extract, 0).op(floats.mul)
      if (r > 0) f.op(floats.add)
    })
    f.get(y).memory(floats.load).op(floats.add).memory(floats.store)
  })
  for (const local of [...at, ...weights, y, end]) f.free(local)
}
