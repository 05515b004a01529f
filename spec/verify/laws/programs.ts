/** Families of random programs as subjects of laws. */
import type { ProgramOptions } from '../../../lib/verify/arbitraries/index.js'
import type { Declarations } from '../../../lib/verify/laws/index.js'

/** Each kink has a derivative by convention; put together, conventions need not be a derivative: `copysign(x, x)` at 0. */
const conventional: Declarations = { surrogate: 'on a kink of a composition the derivative is a convention' }

export const families: ReadonlyArray<readonly [NonNullable<ProgramOptions['smoothness']>, Declarations]> = [
  ['smooth', {}],
  ['kinked', conventional],
  ['jumping', conventional],
]
