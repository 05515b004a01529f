/** Fusion of statements: nests one after the other that go through the same points and do not depend on one another are one. */
import { sameShape } from '../../core/Shape.js'
import type { Access, Nest, Statement } from '../ir.js'
import { accesses } from '../touch.js'

/** The elements between the first and the last that a nest touches by an access. */
const rangeOf = ({ offset, strides }: Access, extents: ReadonlyArray<number>): readonly [from: number, to: number] =>
  strides.reduce<readonly [number, number]>(([from, to], s, axis) => [from + Math.min(0, s * (extents[axis]! - 1)), to + Math.max(0, s * (extents[axis]! - 1))], [offset, offset])

const sameRounds = (a: Access, b: Access): boolean =>
  a.rounds.length === b.rounds.length && a.rounds.every(({ repeat, stride }, i) => repeat === b.rounds[i]!.repeat && stride === b.rounds[i]!.stride)

/** Whether no element is touched by both. */
const apart = (a: ReadonlyArray<Access>, b: ReadonlyArray<Access>, extents: ReadonlyArray<number>): boolean => {
  const buffers = new Set(a.map(({ buffer }) => buffer))
  return b.every((y) => {
    if (!buffers.has(y.buffer)) return true
    const [start, end] = rangeOf(y, extents)
    return a.every((x) => {
      if (x.buffer !== y.buffer) return true
      const [from, to] = rangeOf(x, extents)
      return sameRounds(x, y) && (to < start || end < from)
    })
  })
}

const loadsOf = (nest: Nest): ReadonlyArray<Access> => [...accesses(nest), ...nest.reductions.flatMap(({ accumulate, access }) => (accumulate ? [access] : []))]

const storesOf = ({ stores, reductions }: Nest): ReadonlyArray<Access> => [...stores, ...reductions].map(({ access }) => access)

/** Whether the second nest may run along with the first, point by point. */
const mayJoin = (a: Nest, b: Nest): boolean =>
  a.lane === b.lane &&
  sameShape(a.extents, b.extents) &&
  apart(storesOf(a), loadsOf(b), a.extents) &&
  apart(loadsOf(a), storesOf(b), a.extents) &&
  apart(storesOf(a), storesOf(b), a.extents)

/** The statements with such nests joined. */
export const fuseNests = (statements: ReadonlyArray<Statement>): ReadonlyArray<Statement> => {
  const made: Array<Statement> = []
  for (const statement of statements) {
    const last = made.at(-1)
    if (last?.kind === 'nest' && statement.kind === 'nest' && mayJoin(last, statement))
      made[made.length - 1] = { ...last, stores: [...last.stores, ...statement.stores], reductions: [...last.reductions, ...statement.reductions] }
    else made.push(statement)
  }
  return made
}
