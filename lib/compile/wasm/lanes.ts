/** Vectors of floats: the instructions on them, by lane type, and loads and stores of fewer lanes than a vector has. */
import type { FunctionBuilder } from './FunctionBuilder.js'

export type FloatLane = 'f64' | 'f32'

/** Lane types with the instructions that kernels use on them. */
export const floatLanes = {
  f64: {
    lane: 'f64', bytes: 8, perVector: 2,
    load: 'f64.load', store: 'f64.store', add: 'f64.add', mul: 'f64.mul',
    splat: 'v128.load64_splat', first: 'v128.load64_zero', loadLane: 'v128.load64_lane', storeLane: 'v128.store64_lane',
    vectorAdd: 'f64x2.add', vectorMul: 'f64x2.mul', extract: 'f64x2.extract_lane',
  },
  f32: {
    lane: 'f32', bytes: 4, perVector: 4,
    load: 'f32.load', store: 'f32.store', add: 'f32.add', mul: 'f32.mul',
    splat: 'v128.load32_splat', first: 'v128.load32_zero', loadLane: 'v128.load32_lane', storeLane: 'v128.store32_lane',
    vectorAdd: 'f32x4.add', vectorMul: 'f32x4.mul', extract: 'f32x4.extract_lane',
  },
} as const

export type Floats = (typeof floatLanes)[FloatLane]

/** Pushes `lanes` neighbouring elements as a vector, the rest of it zero. Reads nothing beyond them. */
export const loadVector = (f: FunctionBuilder, floats: Floats, address: number, offset: number, lanes: number): void => {
  if (lanes === floats.perVector) f.get(address).memory('v128.load', offset)
  else loadLanes(f, floats, address, offset, floats.bytes, lanes)
}

/** Pushes `lanes` elements that lie `stride` bytes apart as a vector, the rest of it zero. */
export const loadLanes = (f: FunctionBuilder, floats: Floats, address: number, offset: number, stride: number, lanes: number): void => {
  const vector = f.local('v128')
  const pair = floats.lane === 'f32' && stride === 4 && lanes >= 2
  f.get(address).memory(pair ? 'v128.load64_zero' : floats.first, offset)
  for (let lane = pair ? 2 : 1; lane < lanes; lane++) {
    f.set(vector).get(address).get(vector).memoryLane(floats.loadLane, offset + lane * stride, lane)
  }
  f.free(vector)
}

/** Stores the first `lanes` lanes of a vector in a local. */
export const storeVector = (f: FunctionBuilder, floats: Floats, address: number, offset: number, vector: number, lanes: number): void => {
  if (lanes === floats.perVector) {
    f.get(address).get(vector).memory('v128.store', offset)
    return
  }
  const pair = floats.lane === 'f32' && lanes >= 2
  if (pair) f.get(address).get(vector).memoryLane('v128.store64_lane', offset, 0)
  for (let lane = pair ? 2 : 0; lane < lanes; lane++) f.get(address).get(vector).memoryLane(floats.storeLane, offset + lane * floats.bytes, lane)
}

/** Stores the first `lanes` lanes of a vector in a local as elements `stride` bytes apart. */
export const storeLanes = (f: FunctionBuilder, floats: Floats, address: number, offset: number, stride: number, vector: number, lanes: number): void => {
  for (let lane = 0; lane < lanes; lane++) f.get(address).get(vector).memoryLane(floats.storeLane, offset + lane * stride, lane)
}

/** The lanes of each vector that `width` elements fill, the last perhaps in part. */
export const vectorsOf = (width: number, { perVector }: Floats): ReadonlyArray<number> =>
  Array.from({ length: Math.ceil(width / perVector) }, (_, i) => Math.min(perVector, width - i * perVector))
