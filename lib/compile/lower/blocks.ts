/**
 * Blocks of rows: statements one after another that go through the same many rows, as a loop over blocks of these. What is
 * handed from one to the next then has the size of a block, and stays in a cache instead of passing through memory.
 *
 * A statement goes row by row if it has an axis of that length along which everything that earlier ones made moves by whole rows: a
 * nest, or a product of which the rows are those of the result or those that are summed over. Sums over rows go on from block to block.
 */
import { bytesPer, type Access, type BufferInfo, type Gemm, type Lane, type LoopProgram, type Matrix, type Nest, type Place, type Reduction, type Statement } from '../ir.js'
import { constantLane } from './lanes.js'
import { accesses, touched } from '../touch.js'
import { identityOf } from '../wasm/nest/Accumulator.js'

/** How much is worth it: bytes of arrays between statements at least, of those of a block at most, and rows of a block at least. */
export interface BlockLimits {
  readonly worthwhile: number
  readonly block: number
  readonly rows: number
}

const usual: BlockLimits = { worthwhile: 4 << 20, block: 2 << 20, rows: 128 }

/** A part of an array that a statement touches in every row: how far from row to row (0: the same everywhere), and what of a row. */
interface Use {
  readonly place: Place
  readonly row: number
  readonly from: number
  readonly to: number
}

/** A statement that goes row by row. */
interface Rowwise {
  readonly statement: Nest | Gemm
  /** The axis of a nest; of a product whether its rows are summed over. */
  readonly axis: number
  readonly reads: ReadonlyArray<Use>
  readonly writes: ReadonlyArray<Use>
  /** What is summed up (or the like) over the rows. */
  readonly sums: ReadonlyArray<Place>
}

const useOf = (place: Place, strides: ReadonlyArray<number>, extents: ReadonlyArray<number>, axis: number): Use => {
  let [from, to] = [place.offset, place.offset]
  strides.forEach((s, k) => {
    if (k === axis) return
    from += Math.min(0, s * (extents[k]! - 1))
    to += Math.max(0, s * (extents[k]! - 1))
  })
  return { place, row: strides[axis]!, from, to }
}

const usesIndex = (lane: Lane, axis: number, seen = new Set<Lane>()): boolean => {
  if (seen.has(lane)) return false
  seen.add(lane)
  return (lane.op === 'index' && lane.value === axis) || lane.args.some((x) => usesIndex(x, axis, seen))
}

/** A nest along one of its axes. */
const nestAlong = (nest: Nest, axis: number): Rowwise | undefined => {
  const { extents, stores, reductions } = nest
  const use = (access: Access): Use => useOf(access, access.strides, extents, axis)
  const isIndexed = [...stores, ...reductions].some(({ value }) => usesIndex(value, axis))
  const [kept, sums] = [reductions.filter(({ access }) => access.strides[axis] !== 0), reductions.filter(({ access }) => access.strides[axis] === 0)]
  const writes = [...stores, ...kept].map(({ access }) => use(access))
  if (isIndexed || writes.some(({ row }) => row === 0) || sums.some(({ access }) => access.rounds.length > 0)) return undefined
  return { statement: nest, axis, reads: accesses(nest).map(use), writes, sums: sums.map(({ access }) => access) }
}

const matrixUse = (matrix: Matrix, rowStride: number, stride: number, length: number): Use => useOf(matrix, [rowStride, stride], [1, length], 0)

/** A product along the rows of its result (`axis` 0), or along those that are summed over (1). */
const productAlong = (g: Gemm, axis: number): Rowwise | undefined => {
  const { a, b, c, m, k, n, batch } = g
  if (batch !== 1) return undefined
  const whole = (x: Matrix, rows: number, columns: number): Use => useOf(x, [0, x.rowStride, x.columnStride], [1, rows, columns], 0)
  if (axis === 0) return { statement: g, axis, reads: [matrixUse(a, a.rowStride, a.columnStride, k), whole(b, k, n)], writes: [matrixUse(c, c.rowStride, c.columnStride, n)], sums: [] }
  return { statement: g, axis, reads: [matrixUse(a, a.columnStride, a.rowStride, m), matrixUse(b, b.rowStride, b.columnStride, n)], writes: [], sums: [c] }
}

/** The ways in which a statement goes through so many rows. */
const waysOf = (statement: Statement, rows: number): ReadonlyArray<Rowwise> => {
  if (statement.kind === 'nest') return statement.extents.flatMap((n, axis) => (n === rows ? (nestAlong(statement, axis) ?? []) : []))
  if (statement.kind !== 'gemm') return []
  return [statement.m, statement.k].flatMap((n, axis) => (n === rows && !(axis === 0 && statement.accumulate) ? (productAlong(statement, axis) ?? []) : []))
}

/** Statements that go row by row, and what comes before and after them. */
interface Group {
  readonly before: ReadonlyArray<Statement>
  readonly inside: ReadonlyArray<Rowwise>
  readonly after: ReadonlyArray<Statement>
  /** How long the rows of arrays are that the group writes. */
  readonly rowSizes: ReadonlyMap<number, number>
}

const meets = (places: ReadonlyArray<Place>, buffers: { has: (buffer: number) => boolean }): boolean => places.some(({ buffer }) => buffers.has(buffer))

const groupOf = (statements: ReadonlyArray<Statement>, rows: number, buffers: ReadonlyArray<BufferInfo>): Group => {
  const [before, inside, after]: [Array<Statement>, Array<Rowwise>, Array<Statement>] = [[], [], []]
  const rowSizes = new Map<number, number>()
  const [readInside, summed, readAfter, writtenAfter] = [new Set<number>(), new Set<number>(), new Set<number>(), new Set<number>()]
  const fits = ({ reads, writes, sums }: Rowwise): boolean => {
    const isRow = ({ place, row, from, to }: Use): boolean => row > 0 && place.rounds.length === 0 && from >= 0 && to < row && buffers[place.buffer]!.size === row * rows
    return (
      reads.every((use) => !rowSizes.has(use.place.buffer) || (use.row === rowSizes.get(use.place.buffer) && isRow(use))) &&
      writes.every((use) => isRow(use) && (rowSizes.get(use.place.buffer) ?? use.row) === use.row && !readInside.has(use.place.buffer)) &&
      sums.every(({ buffer }) => !rowSizes.has(buffer) && !readInside.has(buffer) && buffers[buffer]!.storage !== 'bool')
    )
  }
  for (const statement of statements) {
    const { read, written } = touched(statement)
    const isLate = meets(read, summed) || meets(written, summed) || meets(read, writtenAfter) || meets(written, readAfter) || meets(written, writtenAfter) || written.some(({ buffer }) => buffers[buffer]!.role === 'argument')
    const way = isLate ? undefined : waysOf(statement, rows).find(fits)
    if (way !== undefined) {
      inside.push(way)
      for (const { place } of way.reads) readInside.add(place.buffer)
      for (const { place, row } of way.writes) rowSizes.set(place.buffer, row)
      for (const { buffer } of way.sums) summed.add(buffer)
    } else if (isLate || meets(read, rowSizes) || meets(written, rowSizes) || meets(written, readInside)) {
      after.push(statement)
      for (const { buffer } of read) readAfter.add(buffer)
      for (const { buffer } of written) writtenAfter.add(buffer)
    } else before.push(statement)
  }
  return { before, inside, after, rowSizes }
}

/** How many rows a block has, and where: arrays of the group's own have no others. */
interface Block {
  readonly length: number
  readonly own: ReadonlySet<number>
  readonly moved: <P extends Place>(place: P, row: number) => P
}

const placed = <P extends Place>(place: P, row: number, { own, moved }: Block): P => (row === 0 || own.has(place.buffer) ? place : moved(place, row))

/** The statement for the rows of a block. */
const within = ({ statement, axis }: Rowwise, block: Block): Statement => {
  if (statement.kind === 'gemm') {
    const { a, b, c } = statement
    if (axis === 0) return { ...statement, m: block.length, a: placed(a, a.rowStride, block), c: placed(c, c.rowStride, block) }
    return { ...statement, k: block.length, a: placed(a, a.columnStride, block), b: placed(b, b.rowStride, block), accumulate: true }
  }
  const lanes = new Map<Lane, Lane>()
  const access = (x: Access): Access => placed(x, x.strides[axis]!, block)
  const lane = (x: Lane): Lane => {
    const known = lanes.get(x)
    if (known !== undefined) return known
    const made = x.access !== undefined ? { ...x, access: access(x.access) } : x.args.length > 0 ? { ...x, args: x.args.map(lane) } : x
    lanes.set(x, made)
    return made
  }
  return {
    ...statement,
    extents: statement.extents.map((n, k) => (k === axis ? block.length : n)),
    stores: statement.stores.map((s) => ({ access: access(s.access), value: lane(s.value) })),
    reductions: statement.reductions.map((r): Reduction => ({ ...r, access: access(r.access), value: lane(r.value), accumulate: r.accumulate || r.access.strides[axis] === 0 })),
  }
}

/** Sets what is summed over the rows to what a sum of nothing is. */
const startsOf = ({ statement, axis }: Rowwise): ReadonlyArray<Nest> => {
  const start = (lane: Nest['lane'], value: number, place: Place, strides: ReadonlyArray<number>, extents: ReadonlyArray<number>): Nest => {
    const kept = extents.flatMap((n, k) => (strides[k] === 0 || n === 1 ? [] : [k]))
    const access = { buffer: place.buffer, offset: place.offset, rounds: place.rounds, strides: kept.map((k) => strides[k]!) }
    return { kind: 'nest', lane, extents: kept.map((k) => extents[k]!), stores: [{ access, value: constantLane(value, lane) }], reductions: [] }
  }
  if (statement.kind === 'gemm') {
    const { lane, c, m, n, accumulate } = statement
    return axis === 0 || accumulate ? [] : [start(lane, 0, c, [c.rowStride, c.columnStride], [m, n])]
  }
  const { lane, extents, reductions } = statement
  return reductions.flatMap(({ op, access, accumulate }) => (accumulate || access.strides[axis] !== 0 ? [] : [start(lane, identityOf(op, lane === 'i32'), access, access.strides, extents)]))
}

/** The lengths of axes that may be cut. */
const candidates = (statements: ReadonlyArray<Statement>, temporaries: ReadonlyArray<BufferInfo>, { worthwhile, rows }: BlockLimits): ReadonlyArray<number> => {
  const found = statements.flatMap((s) => (s.kind === 'nest' ? s.extents : s.kind === 'gemm' && s.batch === 1 ? [s.m, s.k] : []))
  const bytesAlong = (n: number): number => temporaries.reduce((sum, { size, storage }) => (size % n === 0 ? sum + size * bytesPer[storage] : sum), 0)
  return [...new Set(found)].filter((n) => n >= 2 * rows && bytesAlong(n) >= worthwhile)
}

/** The program with the largest group of statements that goes row by row as a loop over blocks, where that is worthwhile. */
export const inBlocks = (program: LoopProgram, limits: BlockLimits = usual): LoopProgram => {
  const { buffers, statements, repeats: repeat } = program
  const temporaries = buffers.filter(({ role }) => role === 'temporary')
  const found = candidates(statements, temporaries, limits).map((rows) => {
    const group = groupOf(statements, rows, buffers)
    const outside = new Set([...group.before, ...group.after].flatMap((s) => [...touched(s).read, ...touched(s).written]).map(({ buffer }) => buffer))
    const own = new Set([...group.rowSizes.keys()].filter((buffer) => buffers[buffer]!.role === 'temporary' && !outside.has(buffer)))
    return { rows, group, own, bytes: [...own].reduce((sum, buffer) => sum + buffers[buffer]!.size * bytesPer[buffers[buffer]!.storage], 0) }
  })
  const best = found.reduce<(typeof found)[number] | undefined>((a, b) => (a === undefined || b.bytes > a.bytes ? b : a), undefined)
  if (best === undefined || best.bytes < limits.worthwhile) return program
  const { rows, group, own, bytes } = best
  const most = Math.floor(limits.block / (bytes / rows))
  if (most < limits.rows || most >= rows) return program
  const count = Math.ceil(rows / most)
  const length = Math.floor(rows / count)
  const rest = rows - count * length
  const inLoop: Block = { length, own, moved: (place, row) => ({ ...place, rounds: [...place.rounds, { repeat, stride: row * length }] }) }
  const behind: Block = { own, length: rest, moved: (place, row) => ({ ...place, offset: place.offset + row * count * length }) }
  return {
    buffers: buffers.map((buffer, k) => (own.has(k) ? { ...buffer, size: group.rowSizes.get(k)! * Math.max(length, rest) } : buffer)),
    statements: [
      ...group.before,
      ...group.inside.flatMap(startsOf),
      { kind: 'repeat', repeat, count, reverse: false, body: group.inside.map((s) => within(s, inLoop)) },
      ...(rest > 0 ? group.inside.map((s) => within(s, behind)) : []),
      ...group.after,
    ],
    repeats: repeat + 1,
  }
}
