/**
 * The inner loop of a matrix product: a tile of the result, held in registers, grows by one outer product per step along `k`.
 * A tile has 4 rows and as many columns as 32 bytes hold: eight sums, which with two vectors of the right operand and a few
 * elements of the left one fill the sixteen registers of a usual machine.
 *
 * What makes the loop fast where engines place instructions freely: many steps a round, with an exit between them. The exit
 * makes the engine finish the sums of one step before it loads for the next, so nothing spills; and a round is where engines look
 * for interrupts. The end is known by the address of the right operand, which spares a counter.
 */
import type { FunctionBuilder } from './FunctionBuilder.js'
import { floatLanes, loadVector, storeVector, vectorsOf, type FloatLane } from './lanes.js'
import type { Library } from './Library.js'
import { advance, countDownAny } from './loops.js'

/** Rows of a tile. */
export const tileRows = 4

/** Bytes of a row of a tile. */
export const tileBytes = 32

/** Columns of a tile. */
export const tileColumns = (lane: FloatLane): number => tileBytes / floatLanes[lane].bytes

/** Steps along `k` in a round of the loop: all the same, or each with an offset of its own where the left operand lies in rows. */
const [steps, stepsInRows] = [16, 4] as const

/**
 * How the left operand lies: in `panels`, as packing makes them; or where it is, with elements side by side along `k` (`rows`)
 * or across it (`columns`).
 */
export type LeftLayout = 'panels' | 'rows' | 'columns'

/** How the right operand lies: in `panels`, or where it is, with the elements of its rows side by side. */
export type RightLayout = 'panels' | 'rows'

/** What a function that computes a column of tiles is written for. */
export interface Strip {
  readonly lane: FloatLane
  /** Columns, at most {@link tileColumns}. */
  readonly columns: number
  /** Rows beyond whole tiles, where there are any. */
  readonly restRows: number
  readonly left: LeftLayout
  readonly right: RightLayout
}

/** The parameters of a strip, by position. */
const param = { a: 0, aStride: 1, b: 2, bRow: 3, c: 4, cRow: 5, k: 6, rows: 7, accumulate: 8 } as const

/**
 * The function that computes tiles one below another. Its parameters: the address of the left operand, and the byte stride between
 * its rows (`rows`) or its columns (`columns`); the address and the byte stride of the rows of the right one, and of the result;
 * the length `k`, the number of rows, and whether to add to what is there. Strides of panels are not used.
 */
export const strip = (library: Library, kind: Strip): FunctionBuilder =>
  library.function(`${kind.lane} strip ${kind.columns} ${kind.restRows} ${kind.left} ${kind.right}`, 9, (f) => {
    const tiles = f.local('i32')
    f.get(param.rows).i32(Math.log2(tileRows)).op('i32.shr_u').set(tiles)
    countDownAny(f, tiles, () => writeTile(f, kind, tileRows))
    if (kind.restRows > 0) f.get(param.rows).i32(tileRows - 1).op('i32.and').if(() => writeTile(f, kind, kind.restRows))
  })

/** A tile of so many rows; the parameters `a` and `c` then stand at the next. */
const writeTile = (f: FunctionBuilder, { lane, columns, left, right }: Strip, rows: number): void => {
  const floats = floatLanes[lane]
  const widths = vectorsOf(columns, floats)
  const sums = Array.from({ length: rows }, () => widths.map(() => f.local('v128')))
  const factors = widths.map(() => f.local('v128'))
  const element = f.local('v128')
  const [b, end] = [f.local('i32'), f.local('i32')]
  const a = Array.from({ length: left === 'rows' ? rows : 1 }, () => f.local('i32'))

  const step = (number: number): void => {
    factors.forEach((vector, j) => {
      // Panels are filled up with zeros, so whole vectors may be read there; elsewhere nothing beyond the columns is.
      loadVector(f, floats, b, 16 * j, right === 'panels' ? floats.perVector : widths[j]!)
      f.set(vector)
    })
    sums.forEach((row, r) => {
      if (left === 'rows') f.get(a[r]!).memory(floats.splat, number * floats.bytes)
      else f.get(a[0]!).memory(floats.splat, r * floats.bytes)
      f.set(element)
      row.forEach((sum, j) => f.get(element).get(factors[j]!).op(floats.vectorMul).get(sum).op(floats.vectorAdd).set(sum))
    })
    if (left === 'panels') f.increase(a[0]!, tileRows * floats.bytes)
    else if (left === 'columns') advance(f, a[0]!, param.aStride)
    if (right === 'panels') f.increase(b, tileBytes)
    else advance(f, b, param.bRow)
  }
  const along = (): void => {
    f.get(param.k)
    if (right === 'panels') f.i32(tileBytes)
    else f.get(param.bRow)
    f.op('i32.mul').get(b).op('i32.add').set(end)
    f.block((exit) => {
      const unlessDone = (): FunctionBuilder => f.get(b).get(end).op('i32.eq').brIf(exit)
      unlessDone().loop((again) => {
        if (left === 'rows') {
          for (let number = 0; number < stepsInRows; number++) {
            step(number)
            if (number + 1 < stepsInRows) unlessDone()
          }
          for (const row of a) f.increase(row, stepsInRows * floats.bytes)
        } else {
          f.repeat(steps - 1, () => {
            step(0)
            unlessDone()
          })
          step(0)
        }
        f.get(b).get(end).op('i32.ne').brIf(again)
      })
    })
  }
  const store = (add: boolean): void => {
    f.get(param.c).set(b)
    sums.forEach((row, r) => {
      row.forEach((sum, j) => {
        if (add) {
          loadVector(f, floats, b, 16 * j, widths[j]!)
          f.get(sum).op(floats.vectorAdd).set(sum)
        }
        storeVector(f, floats, b, 16 * j, sum, widths[j]!)
      })
      if (r + 1 < rows) advance(f, b, param.cRow)
    })
  }

  for (const sum of sums.flat()) f.v128(0, 0, 0, 0).set(sum)
  f.get(param.a).set(a[0]!)
  for (let r = 1; r < a.length; r++) f.get(a[r - 1]!).get(param.aStride).op('i32.add').set(a[r]!)
  f.get(param.b).set(b)
  along()
  f.get(param.accumulate).if(() => store(true), () => store(false))
  f.get(b).get(param.cRow).op('i32.add').set(param.c)
  if (left === 'panels') f.get(a[0]!).set(param.a)
  else if (left === 'columns') f.increase(param.a, rows * floats.bytes)
  else f.get(param.a).get(param.aStride).i32(rows).op('i32.mul').op('i32.add').set(param.a)
  for (const local of [...sums.flat(), ...factors, element, b, end, ...a]) f.free(local)
}
