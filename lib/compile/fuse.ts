/** Fusion of statements: nests one after the other that go through the same points and do not depend on one another are one. */
import { sameShape } from '../core/Shape.js'
import type { Nest, Statement } from './ir.js'
import { reads, writes } from './touch.js'

const apart = (a: ReadonlySet<number>, b: ReadonlySet<number>): boolean => {
  for (const x of a) if (b.has(x)) return false
  return true
}

/** Whether the second nest may run along with the first, point by point. */
const mayJoin = (a: Nest, b: Nest): boolean =>
  a.lane === b.lane &&
  sameShape(a.extents, b.extents) &&
  apart(writes(a), reads(b)) &&
  apart(reads(a), writes(b)) &&
  apart(writes(a), writes(b))

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
