import * as E from 'fp-ts/Either'
import { FoldgradException, type FoldgradError } from '../../lib/index.js'

/** What compiled; throws what kept it from compiling. */
export const must = <A>(made: E.Either<ReadonlyArray<FoldgradError>, A>): A => {
  if (E.isLeft(made)) throw new FoldgradException(made.left)
  return made.right
}
