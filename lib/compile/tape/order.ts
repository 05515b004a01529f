/** The order in which a tape is written out: each value shortly before it is used, each result as soon as it can be had. */
import { code } from './code.js'
import type { Taped } from './elements.js'
import { stride } from './Tape.js'
import { isComputed } from './uses.js'

/** The entries that read each entry: those of entry `e` from `starts[e]` to `starts[e + 1]`. */
const readersOf = ({ tape }: Taped, uses: Int32Array): { readonly starts: Int32Array; readonly readers: Int32Array } => {
  const { codes, operands, length } = tape
  const starts = new Int32Array(length + 1)
  const each = (f: (operand: number, entry: number) => void): void => {
    for (let entry = 0; entry < length; entry++) {
      if (uses[entry] === 0 || !isComputed(codes[entry]!)) continue
      for (let at = stride * entry; at < stride * (entry + 1) && operands[at] !== -1; at++) f(operands[at]!, entry)
    }
  }
  each((operand) => starts[operand + 1]!++)
  for (let entry = 0; entry < length; entry++) starts[entry + 1]! += starts[entry]!
  const next = starts.slice()
  const readers = new Int32Array(starts[length]!)
  each((operand, entry) => (readers[next[operand]!++] = entry))
  return { starts, readers }
}

/**
 * All entries that are used, operands first. What only one operation reads, or what is a result, comes as soon as its operands
 * are there; everything else when it is asked for. So few values wait at a time, and most of them in registers.
 */
export const orderOf = (taped: Taped, uses: Int32Array): ReadonlyArray<number> => {
  const { codes, operands, length } = taped.tape
  const { starts, readers } = readersOf(taped, uses)
  const isResult = new Uint8Array(length)
  for (const cells of taped.results) for (const entry of cells) isResult[entry] = 1
  const isDone = new Uint8Array(length)
  const missing = new Int32Array(length)
  for (const entry of readers) missing[entry]!++
  const order: Array<number> = []
  const finish = (first: number): void => {
    const ready = [first]
    for (let entry = ready.pop(); entry !== undefined; entry = ready.pop()) {
      if (isDone[entry] === 1) continue
      isDone[entry] = 1
      order.push(entry)
      for (let at = starts[entry]!; at < starts[entry + 1]!; at++) {
        const reader = readers[at]!
        if (--missing[reader]! === 0 && (uses[reader] === 1 || isResult[reader] === 1)) ready.push(reader)
      }
    }
  }
  for (let entry = 0; entry < length; entry++) if (uses[entry]! > 0 && codes[entry] === code.constant) finish(entry)
  for (const cells of taped.results)
    for (const root of cells) {
      const open = [root]
      while (open.length > 0) {
        const entry = open[open.length - 1]!
        const before = open.length
        // What was reached last is most often the larger part, and comes first: the other one waits in a register.
        if (isDone[entry] === 0 && isComputed(codes[entry]!))
          for (const operand of operands.subarray(stride * entry, stride * (entry + 1)).toSorted()) if (operand !== -1 && isDone[operand] === 0) open.push(operand)
        if (open.length > before) continue
        open.pop()
        finish(entry)
      }
    }
  return order
}
