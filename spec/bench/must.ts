import * as E from 'fp-ts/Either'
import { FoldgradException, type FoldgradError } from '../../lib/index.js'

/** What compiled; throws what kept it from compiling. */
export const must = <A>(made: E.Either<ReadonlyArray<FoldgradError>, A>): A => {
  if (E.isLeft(made)) throw new FoldgradException(made.left)
  return made.right
}

/** Numbers and arrays of numbers behind one another. */
export const joined = (...parts: ReadonlyArray<ArrayLike<number> | number>): Float64Array => {
  const lists = parts.map((part) => (typeof part === 'number' ? [part] : part))
  const all = new Float64Array(lists.reduce((n, list) => n + list.length, 0))
  let at = 0
  for (const list of lists) {
    all.set(list, at)
    at += list.length
  }
  return all
}
