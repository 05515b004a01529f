/** What a check of a DeZero case is. */
import { tolerance, type Tolerance } from './compare.js'
import type { DezeroCase } from './schema.js'

/** A check of one case, which may need the others of its file for shared data; it returns what is wrong. */
export type Check = (c: DezeroCase, all: ReadonlyArray<DezeroCase>) => ReadonlyArray<string>

export const toleranceOf = ({ tolerance: { rtol, atol } }: DezeroCase): Tolerance => tolerance(rtol, atol)
