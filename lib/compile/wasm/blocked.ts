/**
 * Large matrix products, block by block: so many terms that a panel of the right operand fits the first-level cache, so many rows
 * that the block of the left one fits the second.
 */
import { floatLanes, type FloatLane } from './lanes.js'
import type { FunctionBuilder } from './FunctionBuilder.js'
import type { KernelCall, Library } from './Library.js'
import { countUp, scaled } from './loops.js'
import { directionOf, pack, type Direction } from './pack.js'
import { strip, tileBytes, tileColumns, tileRows } from './tile.js'

/** The most terms, rows and columns of a block. */
const limits = { depth: 256, height: 96, breadth: 2048 } as const

/** What the function is written for. */
interface Blocked {
  readonly lane: FloatLane
  /** How the left operand is packed, or how it lies if it is not. */
  readonly left: Direction | 'rows' | 'columns'
  /** How the right operand is packed; if it is not, its rows lie side by side. */
  readonly right: Direction | undefined
  /** Rows and columns beyond whole tiles. */
  readonly restRows: number
  readonly restColumns: number
}

/** Lengths and byte strides of a product. */
export interface Product {
  readonly m: number
  readonly k: number
  readonly n: number
  readonly aRow: number
  readonly aColumn: number
  readonly bRow: number
  readonly bColumn: number
  readonly cRow: number
  readonly accumulate: boolean
}

const param = {
  a: 0, b: 1, c: 2, workspace: 3, aRow: 4, aColumn: 5, bRow: 6, bColumn: 7, cRow: 8, m: 9, k: 10, n: 11, accumulate: 12,
  depth: 13, height: 14, breadth: 15, panelsB: 16,
} as const

const wholeUp = (length: number, unit: number): number => Math.ceil(length / unit) * unit

/** The length of blocks of about the same length, multiples of `unit`, at most `limit` each. */
const balanced = (length: number, limit: number, unit: number): number =>
  wholeUp(Math.ceil(length / Math.max(1, Math.ceil(length / limit))), unit)

/** Operands of so few bytes stay in the first-level cache as they are. */
const near = { left: 8 << 10, right: 16 << 10 } as const

/** How the left operand is packed: not at all if it is small, or if few columns read it. */
const leftDirection = (lane: FloatLane, { m, k, n, aRow, aColumn }: Product): Direction | undefined => {
  const { bytes } = floatLanes[lane]
  const direction = directionOf(lane, aRow, aColumn)
  const direct = direction !== 'neither' && (m * k * bytes <= near.left || n <= 2 * tileColumns(lane))
  return direct ? undefined : direction
}

/**
 * How the right operand is packed: not at all if the elements of its rows lie side by side and it is small, or few rows read it.
 * The loop ends by its address, so its rows must not all be the same.
 */
const rightDirection = (lane: FloatLane, { m, k, n, bRow, bColumn }: Product): Direction | undefined => {
  const { bytes } = floatLanes[lane]
  const direction = directionOf(lane, bColumn, bRow)
  const direct = direction === 'lanes' && bRow !== 0 && (k * n * bytes <= near.right || m <= 2 * tileRows)
  return direct ? undefined : direction
}

/** How a product is called: see `gemm.ts`. */
export const blockedCall = (library: Library, lane: FloatLane, p: Product): KernelCall => {
  const columns = tileColumns(lane)
  const { bytes } = floatLanes[lane]
  const left = leftDirection(lane, p)
  const right = rightDirection(lane, p)
  const depth = left === undefined && right === undefined ? p.k : balanced(p.k, limits.depth, 1)
  const height = left === undefined ? p.m : balanced(p.m, limits.height, tileRows)
  const breadth = right === undefined ? p.n : balanced(p.n, limits.breadth, columns)
  const panelsA = left === undefined ? 0 : wholeUp(depth * height * bytes, 64)
  const panelsB = right === undefined ? 0 : wholeUp(depth * breadth * bytes, 64)
  const kind: Blocked = {
    lane,
    left: left ?? (p.aColumn === bytes ? 'rows' : 'columns'),
    right,
    restRows: p.m % tileRows,
    restColumns: p.n % columns,
  }
  return {
    callee: blocked(library, kind),
    numbers: [p.aRow, p.aColumn, p.bRow, p.bColumn, p.cRow, p.m, p.k, p.n, p.accumulate ? 1 : 0, depth, height, breadth, panelsA],
    workspace: panelsA + panelsB,
  }
}

/** Whether the left operand is read where it is. */
const isDirect = (left: Blocked['left']): left is 'rows' | 'columns' => left === 'rows' || left === 'columns'

const blocked = (library: Library, kind: Blocked): FunctionBuilder =>
  library.function(`${kind.lane} blocked ${kind.left} ${kind.right} ${kind.restRows} ${kind.restColumns}`, 17, (f) => {
    const at: Block = { i: f.local('i32'), j: f.local('i32'), p: f.local('i32'), rows: f.local('i32'), columns: f.local('i32'), terms: f.local('i32'), add: f.local('i32') }
    f.get(param.m).i32(0).op('i32.ne').get(param.n).i32(0).op('i32.ne').op('i32.and').if(() => {
      forBlocks(f, at.j, at.columns, param.n, param.breadth, () => {
        f.get(param.accumulate).set(at.add)
        forBlocks(f, at.p, at.terms, param.k, param.depth, () => {
          packRight(library, f, kind, at)
          forBlocks(f, at.i, at.rows, param.m, param.height, () => writeBlock(library, f, kind, at))
          f.i32(1).set(at.add)
        })
      })
    })
  })

/** Locals: where a block begins, how far it goes, and whether it is added to what is there. */
interface Block {
  readonly i: number
  readonly j: number
  readonly p: number
  readonly rows: number
  readonly columns: number
  readonly terms: number
  readonly add: number
}

/** The body for each block of an axis: its beginning and its length are in locals, the lengths of axis and block in parameters. */
const forBlocks = (f: FunctionBuilder, start: number, length: number, total: number, limit: number, body: () => void): void => {
  f.i32(0).set(start).loop((again) => {
    f.get(total).get(start).op('i32.sub').tee(length).get(limit).get(length).get(limit).op('i32.lt_u').op('select').set(length)
    body()
    f.get(start).get(limit).op('i32.add').tee(start).get(total).op('i32.lt_u').brIf(again)
  })
}

/** Pushes the address of an element: indices and byte strides are in locals. */
const pushElement = (f: FunctionBuilder, base: number, row: number, rowStride: number, column: number, columnStride: number): FunctionBuilder =>
  f.get(base).get(row).get(rowStride).op('i32.mul').op('i32.add').get(column).get(columnStride).op('i32.mul').op('i32.add')

/** Pushes the address of the packed right operand. */
const pushRightPanels = (f: FunctionBuilder): FunctionBuilder => f.get(param.workspace).get(param.panelsB).op('i32.add')

const packRight = (library: Library, f: FunctionBuilder, { lane, right, restColumns }: Blocked, at: Block): void => {
  if (right === undefined) return
  pushElement(f, param.b, at.p, param.bRow, at.j, param.bColumn)
  f.get(param.bColumn).get(param.bRow).get(at.columns).get(at.terms)
  pushRightPanels(f).call(pack(library, { lane, direction: right, width: tileColumns(lane), rest: restColumns }))
}

/** A block of rows times a block of columns, strip by strip. */
const writeBlock = (library: Library, f: FunctionBuilder, { lane, left, right, restRows, restColumns }: Blocked, at: Block): void => {
  const { bytes } = floatLanes[lane]
  const columns = tileColumns(lane)
  const [a, b, c, end] = [f.local('i32'), f.local('i32'), f.local('i32'), f.local('i32')]
  const multiply = (width: number): void => {
    f.get(a).get(left === 'columns' ? param.aColumn : param.aRow).get(b).get(param.bRow).get(c).get(param.cRow)
    f.get(at.terms).get(at.rows).get(at.add)
    f.call(strip(library, { lane, columns: width, restRows, left: isDirect(left) ? left : 'panels', right: right === undefined ? 'rows' : 'panels' }))
  }
  pushElement(f, param.a, at.i, param.aRow, at.p, param.aColumn).set(a)
  if (!isDirect(left)) {
    f.get(a).get(param.aRow).get(param.aColumn).get(at.rows).get(at.terms).get(param.workspace)
    f.call(pack(library, { lane, direction: left, width: tileRows, rest: restRows })).get(param.workspace).set(a)
  }
  if (right === undefined) pushElement(f, param.b, at.p, param.bRow, at.j, param.bColumn).set(b)
  else pushRightPanels(f).set(b)
  f.get(param.c).get(at.i).get(param.cRow).op('i32.mul').op('i32.add')
  scaled(f, at.j, bytes).op('i32.add').tee(c)
  f.get(at.columns).i32(-columns).op('i32.and').i32(bytes).op('i32.mul').op('i32.add').set(end)
  countUp(f, c, tileBytes, end, () => {
    multiply(columns)
    if (right === undefined) f.increase(b, tileBytes)
    else f.get(b).get(at.terms).i32(tileBytes).op('i32.mul').op('i32.add').set(b)
  })
  if (restColumns > 0) f.get(at.columns).i32(columns - 1).op('i32.and').if(() => multiply(restColumns))
  for (const local of [a, b, c, end]) f.free(local)
}
