/** Fills: a few vector instructions for little, the engine's own memory instruction for much. */
import { bytesPer, type Fill, type Lane, type LaneType, type Storage } from '../ir.js'
import { pushAddress, type WriteContext } from './context.js'
import type { FunctionBuilder } from './FunctionBuilder.js'
import { writeNest } from './nest.js'

/** From so many bytes on a call into the engine pays. */
const manyBytes = 2048

/** Lanes that carry elements of a storage as they are. */
const laneOf = (storage: Storage): LaneType => (storage === 'bool' ? 'i32' : storage)

export const writeFill = (context: WriteContext, f: FunctionBuilder, { to, size, value }: Fill): void => {
  const { storage } = context.buffers[to.buffer]!
  const bytes = size * bytesPer[storage]
  if (Object.is(value, 0) && bytes >= manyBytes) pushAddress(context, f, to).i32(0).i32(bytes).fillMemory()
  else {
    const constant: Lane = { op: 'constant', args: [], truth: false, value }
    const stores = [{ access: { ...to, strides: [1] }, value: constant }]
    writeNest(context, f, { kind: 'nest', lane: laneOf(storage), extents: [size], stores, reductions: [] })
  }
}
