/** What a scan is, as data, and how it runs. */
import { allocate, type Buffer } from '../core/DType.js'
import type { Node, Signature } from '../core/Node.js'
import { sizeOf } from '../core/Shape.js'
import { program } from '../interpret/evaluate.js'
import type { Closed } from './Closed.js'
import { layoutOf, packBuffers, type Layout } from './flat.js'

/**
 * A scan without its operands. They, and the parameters of the step, come in this order: the carry, the scanned arrays, the
 * constants. The results are the last carry, then the outputs of each step, stacked.
 */
export interface Scan {
  readonly step: Closed
  /** How many of the parameters (and of the outputs) are the carry. */
  readonly carry: number
  /** How many of the parameters are scanned over; the others are constants. */
  readonly scanned: number
  readonly length: number
  /** From the last element to the first; stacked outputs stay in the order of the elements. */
  readonly reverse: boolean
  /** The backward pass keeps the carries of one segment at a time. */
  readonly checkpoint: boolean
}

export const scanOf = (y: Node): Scan => y.attrs as unknown as Scan

const stackedBy = (length: number, { shape, dtype }: Signature): Signature => ({ shape: [length, ...shape], dtype })

/** The results of a scan: the last carry and the stacked outputs. */
export const layoutOfScan = ({ step, carry, length }: Scan): Layout =>
  layoutOf(step.outputs.map((y, i) => (i < carry ? y : stackedBy(length, y))))

/** Splits a list that is ordered as operands are. */
export const split = <T>({ carry, scanned }: Scan, list: ReadonlyArray<T>) =>
  ({ carry: list.slice(0, carry), scanned: list.slice(carry, carry + scanned), constants: list.slice(carry + scanned) }) as const

/** The results of a scan, one after another. */
export const runScan = (scan: Scan, buffers: ReadonlyArray<Buffer>): Buffer => {
  const { step, carry, length, reverse } = scan
  const body = program(step.parameters, step.outputs)
  const operands = split(scan, buffers)
  const sizes = split(scan, step.parameters).scanned.map((p) => sizeOf(p.shape))
  const stacks = step.outputs.slice(carry).map((y) => allocate(y.dtype, length * sizeOf(y.shape)))
  let state: ReadonlyArray<Buffer> = operands.carry
  for (let t = 0; t < length; t++) {
    const i = reverse ? length - 1 - t : t
    const row = operands.scanned.map((xs, k) => xs.subarray(i * sizes[k]!, (i + 1) * sizes[k]!))
    const results = body([...state, ...row, ...operands.constants])
    state = results.slice(0, carry)
    stacks.forEach((stack, k) => stack.set(results[carry + k]!, i * results[carry + k]!.length))
  }
  return packBuffers([...state, ...stacks], layoutOfScan(scan))
}
