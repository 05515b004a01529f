/** Carries: what a step of a loop hands on is written in place where nothing would notice, and copied there otherwise. */
import { copyNest } from './context.js'
import type { Access, Nest, Place, Statement, Store } from '../ir.js'
import { addLanes, loadLane } from './lanes.js'
import { accesses, reads, writes } from '../touch.js'
import { accessOf, type View } from './view.js'

/** The same place in another buffer, which may lie elsewhere in each round of a loop around this one. */
const moved = <P extends Place>(place: P, from: View, to: View): P =>
  place.buffer === from.buffer ? { ...place, buffer: to.buffer, offset: place.offset + to.offset - from.offset, rounds: [...to.rounds, ...place.rounds] } : place

const same = (a: Access, b: Access): boolean =>
  a.buffer === b.buffer &&
  a.offset === b.offset &&
  a.strides.every((s, i) => s === b.strides[i]) &&
  a.rounds.length === b.rounds.length &&
  a.rounds.every(({ repeat, stride }, i) => repeat === b.rounds[i]!.repeat && stride === b.rounds[i]!.stride)

/** A statement with the buffers that it reads and writes. */
export interface Noted {
  readonly statement: Statement
  readonly reads: ReadonlySet<number>
  readonly writes: ReadonlySet<number>
}

export const noted = (statement: Statement): Noted => ({ statement, reads: reads(statement), writes: writes(statement) })

/**
 * The body of a loop after which the carry at `old` is what the body writes to `fresh`, or (`sum`) that added to what it was.
 */
export const intoCarry = (body: ReadonlyArray<Noted>, fresh: View, old: View, sum: boolean): ReadonlyArray<Noted> => {
  const writers = body.flatMap(({ writes }, i) => (writes.has(fresh.buffer) ? [i] : []))
  const isRead = body.some(({ reads }) => reads.has(fresh.buffer))
  const [at] = writers
  const writer = writers.length === 1 && !isRead ? body[at!] : undefined
  const place = writer && (sum ? summed(writer.statement, fresh, old) : replaced(writer, body, at!, fresh, old))
  if (place !== undefined) return body.map((other, i) => (i === at ? noted(place) : other))
  const value = loadLane(accessOf(fresh), fresh.storage === 'bool')
  const added: Store = { access: accessOf(old), value: addLanes(loadLane(accessOf(old), false), value) }
  const nest = copyNest(fresh, old)
  return [...body, noted(sum ? { ...nest, stores: [added] } : nest)]
}

/** The statement with its result added to the carry. */
const summed = (writer: Statement, fresh: View, old: View): Statement | undefined => {
  if (writer.kind === 'gemm') return { ...writer, c: moved(writer.c, fresh, old), accumulate: true }
  if (writer.kind !== 'nest') return undefined
  const reductions = writer.reductions.map((r) => (r.access.buffer === fresh.buffer && r.op === 'sum' ? { ...r, access: moved(r.access, fresh, old), accumulate: true } : r))
  const stores = writer.stores.map((s) => {
    if (s.access.buffer !== fresh.buffer) return s
    const access = moved(s.access, fresh, old)
    return { access, value: addLanes(loadLane(access, false), s.value) }
  })
  return { ...writer, reductions, stores }
}

/** The statement with its result in the place of the carry, if nothing reads the old carry after it. */
const replaced = ({ statement: writer, reads }: Noted, body: ReadonlyArray<Noted>, at: number, fresh: View, old: View): Statement | undefined => {
  const late = body.some((other, i) => (i > at && other.reads.has(old.buffer)) || (i !== at && other.writes.has(old.buffer)))
  if (late || (reads.has(old.buffer) && !(writer.kind === 'nest' && inPlace(writer, fresh, old)))) return undefined
  if (writer.kind === 'nest')
    return {
      ...writer,
      stores: writer.stores.map((s) => ({ ...s, access: moved(s.access, fresh, old) })),
      reductions: writer.reductions.map((r) => ({ ...r, access: moved(r.access, fresh, old) })),
    }
  return writer.kind === 'gemm' ? { ...writer, c: moved(writer.c, fresh, old) } : undefined
}

/** Whether a nest reads the carry only where it writes the next one. */
const inPlace = (nest: Nest, fresh: View, old: View): boolean => {
  const stores = nest.stores.filter((s) => s.access.buffer === fresh.buffer)
  if (stores.length !== 1 || nest.reductions.some((r) => r.access.buffer === fresh.buffer)) return false
  const to = moved(stores[0]!.access, fresh, old)
  return accesses(nest).every((access) => access.buffer !== old.buffer || same(access, to))
}

