/** What of a tape is needed for some results, and how often. */
import { code } from './code.js'
import type { Cells } from './cells.js'
import type { Taped } from './elements.js'
import { stride, type Tape } from './Tape.js'

/** Whether an entry is computed, and neither read nor known. */
export const isComputed = (what: number): boolean => what >= code.add

/** How many times each entry is read by operations that are needed, and as a result. */
export const usesOf = ({ codes, operands, length }: Tape, results: ReadonlyArray<Cells>): Int32Array => {
  const uses = new Int32Array(length)
  for (const cells of results) for (const entry of cells) uses[entry]!++
  for (let entry = length - 1; entry >= 0; entry--) {
    if (uses[entry] === 0 || !isComputed(codes[entry]!)) continue
    for (let at = stride * entry; at < stride * (entry + 1) && operands[at] !== -1; at++) uses[operands[at]!]!++
  }
  return uses
}

/** The entries that must be computed, operands first. */
export const neededOf = ({ codes, length }: Tape, uses: Int32Array): Int32Array => {
  const needed = new Int32Array(length)
  let count = 0
  for (let entry = 0; entry < length; entry++) if (uses[entry]! > 0 && isComputed(codes[entry]!)) needed[count++] = entry
  return needed.subarray(0, count)
}

/** How many operations there are. */
export const operationsOf = ({ tape, results }: Taped): number => neededOf(tape, usesOf(tape, results)).length
