/** Sums in the order of the kernels: the last bit of a sum depends on it. */
import { block } from '../../kernel/sum.js'
import type { Cells } from './cells.js'
import { code } from './code.js'
import type { Tape } from './Tape.js'

/** From zero on, one after another. Zero makes a difference where all terms are -0. */
export const sumInOrder = (t: Tape, terms: Cells): number => {
  const first = terms[0]!
  const start = terms.some((x) => t.isUnsigned(x)) ? first : t.push(code.add, t.constant(0), first)
  return terms.subarray(1).reduce((sum, x) => t.push(code.add, sum, x), start)
}

/** As `kernel/sum.ts` does it: in halves of more than a block. */
export const total = (t: Tape, terms: Cells): number => {
  if (terms.length <= block) return sumInOrder(t, terms)
  const half = terms.length >> 1
  return t.push(code.add, total(t, terms.subarray(0, half)), total(t, terms.subarray(half)))
}
