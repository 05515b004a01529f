/** Loop nests that copy elements between strided arrays, or add them up there, with every length and stride written into the code. */
import type { FunctionBuilder } from './FunctionBuilder.js'
import { loadLanes, loadVector, storeLanes, storeVector, type Floats } from './lanes.js'
import { countDown } from './loops.js'

/** One axis: its length, and how many elements apart its elements are in either array. */
export interface TransferAxis {
  readonly length: number
  readonly from: number
  readonly to: number
}

/** Elements of a run that are written out before there is a loop. */
const unrolled = 8

/** Axes of length 1 left out, and neighbours joined that go on evenly in both arrays. */
const joined = (axes: ReadonlyArray<TransferAxis>): ReadonlyArray<TransferAxis> => {
  const result: Array<TransferAxis> = []
  for (const axis of axes) {
    if (axis.length === 1) continue
    const last = result.at(-1)
    const even = last !== undefined && last.from === axis.length * axis.from && last.to === axis.length * axis.to
    if (even) result[result.length - 1] = { ...axis, length: last.length * axis.length }
    else result.push(axis)
  }
  return result
}

/**
 * Writes the nest. `from` and `to` are locals with the addresses of the first elements; they stay as they are. With `add` elements are
 * added to what is there.
 */
export const writeTransfer = (f: FunctionBuilder, floats: Floats, from: number, to: number, axes: ReadonlyArray<TransferAxis>, add: boolean): void => {
  if (axes.some(({ length }) => length === 0)) return
  const all = joined(axes)
  writeAxes(f, floats, from, to, all.length === 0 ? [{ length: 1, from: 1, to: 1 }] : all, add)
}

const writeAxes = (f: FunctionBuilder, floats: Floats, from: number, to: number, [axis, ...inner]: ReadonlyArray<TransferAxis>, add: boolean): void => {
  if (axis === undefined) return
  const { bytes } = floats
  if (inner.length === 0) {
    writeRun(f, floats, from, to, axis, add)
    return
  }
  const [nextFrom, nextTo, count] = [f.local('i32'), f.local('i32'), f.local('i32')]
  f.get(from).set(nextFrom).get(to).set(nextTo).i32(axis.length).set(count)
  countDown(f, count, () => {
    writeAxes(f, floats, nextFrom, nextTo, inner, add)
    f.increase(nextFrom, axis.from * bytes).increase(nextTo, axis.to * bytes)
  })
  for (const local of [nextFrom, nextTo, count]) f.free(local)
}

/** The innermost axis: a run, in vectors. */
const writeRun = (f: FunctionBuilder, floats: Floats, from: number, to: number, axis: TransferAxis, add: boolean): void => {
  const { bytes, perVector } = floats
  const chunk = unrolled * perVector
  const chunks = Math.floor(axis.length / chunk)
  const rest = axis.length % chunk
  const sum = f.local('v128')
  const element = (fromLocal: number, toLocal: number, first: number, lanes: number): void => {
    const [fromOffset, toOffset] = [first * axis.from * bytes, first * axis.to * bytes]
    if (axis.from === 1) loadVector(f, floats, fromLocal, fromOffset, lanes)
    else loadLanes(f, floats, fromLocal, fromOffset, axis.from * bytes, lanes)
    if (add) {
      if (axis.to === 1) loadVector(f, floats, toLocal, toOffset, lanes)
      else loadLanes(f, floats, toLocal, toOffset, axis.to * bytes, lanes)
      f.op(floats.vectorAdd)
    }
    f.set(sum)
    if (axis.to === 1) storeVector(f, floats, toLocal, toOffset, sum, lanes)
    else storeLanes(f, floats, toLocal, toOffset, axis.to * bytes, sum, lanes)
  }
  const run = (fromLocal: number, toLocal: number, length: number): void => {
    for (let first = 0; first < length; first += perVector) element(fromLocal, toLocal, first, Math.min(perVector, length - first))
  }
  if (chunks === 0) run(from, to, rest)
  else {
    const [nextFrom, nextTo, count] = [f.local('i32'), f.local('i32'), f.local('i32')]
    f.get(from).set(nextFrom).get(to).set(nextTo).i32(chunks).set(count)
    countDown(f, count, () => {
      run(nextFrom, nextTo, chunk)
      f.increase(nextFrom, chunk * axis.from * bytes).increase(nextTo, chunk * axis.to * bytes)
    })
    run(nextFrom, nextTo, rest)
    for (const local of [nextFrom, nextTo, count]) f.free(local)
  }
  f.free(sum)
}
