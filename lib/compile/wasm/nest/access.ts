/**
 * Loads and stores of registers: side by side, backwards, scattered, the same for all lanes, or of fewer lanes than there
 * are; converted between the types of memory and those of lanes.
 */
import type { LaneType, Storage } from '../../ir.js'
import type { FunctionBuilder } from '../FunctionBuilder.js'
import type { Frame } from './Frame.js'
import type { Site } from './Site.js'

/** The lower halves of two registers as one. */
const lowerHalves = [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23]

/** The upper half of a register below. */
const upperHalf = [8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15]

/** Lanes of so many bytes in reverse order. */
const reversed = {
  4: [12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3],
  8: [8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7],
}

/** Every other word: truth values of 64 bits as ones of 32. */
const evenWords = [0, 1, 2, 3, 8, 9, 10, 11, 0, 1, 2, 3, 8, 9, 10, 11]

const twice = (f: FunctionBuilder, shuffle: ReadonlyArray<number>): void => {
  const local = f.local('v128')
  f.tee(local).get(local).shuffle(shuffle)
  f.free(local)
}

/** Pushes the values at a site: one for each lane in use, or the same in all of them. */
export const loadLanes = (frame: Frame, site: Site, instance: number, truth: boolean): void => {
  if (site.stride === 0) loadSame(frame, site, truth)
  else {
    const { f, type, lanes, active } = frame
    const first = instance * lanes
    if (site.bytes === 8 && lanes === 4) {
      gather(frame, site, first, Math.min(2, active))
      fromMemory(f, site.storage, type, false)
      if (active > 2) {
        gather(frame, site, first + 2, active - 2)
        fromMemory(f, site.storage, type, false)
        f.shuffle(lowerHalves)
      }
    } else {
      gather(frame, site, first, active)
      fromMemory(f, site.storage, type, truth)
    }
  }
}

/** Pushes `count` elements from lane `first` on, as they are in memory. */
const gather = (frame: Frame, site: Site, first: number, count: number): void => {
  const { f } = frame
  const { stride, bytes } = site
  const whole = count * bytes
  if (stride === 1 && whole === 16) f.memory('v128.load', frame.address(site, first))
  else if (stride === -1 && whole === 16) {
    f.memory('v128.load', frame.address(site, first + count - 1))
    twice(f, reversed[bytes])
  } else {
    // Addresses lie below the register on the stack, so they come first, and the last lane's lies deepest.
    const pair = stride === 1 && bytes === 4 && count > 1
    const step = pair ? 2 : 1
    const offsets: Array<number> = []
    for (let lane = count - 1; lane >= step; lane--) offsets.push(frame.address(site, first + lane))
    f.memory(pair || bytes === 8 ? 'v128.load64_zero' : 'v128.load32_zero', frame.address(site, first))
    for (let lane = step; lane < count; lane++) f.memoryLane(bytes === 8 ? 'v128.load64_lane' : 'v128.load32_lane', offsets.pop()!, lane)
  }
}

/** Converts what was loaded, the lower half of it where lanes are wider than elements. */
const fromMemory = (f: FunctionBuilder, storage: Storage, type: LaneType, truth: boolean): void => {
  if (storage === type) return
  if (storage === 'bool' && truth) {
    if (type === 'f64') f.op('i64x2.extend_low_i32x4_u').op('i64x2.neg')
    else f.op('i32x4.neg')
  } else if (type === 'f64') f.op(storage === 'f32' ? 'f64x2.promote_low_f32x4' : 'f64x2.convert_low_i32x4_s')
  else if (type === 'f32') f.op(storage === 'f64' ? 'f32x4.demote_f64x2_zero' : 'f32x4.convert_i32x4_s')
  else if (storage === 'f64') f.op('i32x4.trunc_sat_f64x2_s_zero')
  else if (storage === 'f32') f.op('i32x4.trunc_sat_f32x4_s')
}

/** Pushes one element in all lanes. */
const loadSame = (frame: Frame, site: Site, truth: boolean): void => {
  const { f, type } = frame
  const { storage } = site
  if (storage === 'bool' && truth) {
    f.i32(0)
    f.memory('i32.load', frame.address(site, 0)).op('i32.sub').op('i32x4.splat')
  } else if (storage === 'f64') {
    if (type === 'f64') f.memory('v128.load64_splat', frame.address(site, 0))
    else {
      f.memory('f64.load', frame.address(site, 0))
      if (type === 'f32') f.op('f32.demote_f64').op('f32x4.splat')
      else f.op('i32.trunc_sat_f64_s').op('i32x4.splat')
    }
  } else if (storage === 'f32') {
    if (type === 'f32') f.memory('v128.load32_splat', frame.address(site, 0))
    else {
      f.memory('f32.load', frame.address(site, 0))
      if (type === 'f64') f.op('f64.promote_f32').op('f64x2.splat')
      else f.op('i32.trunc_sat_f32_s').op('i32x4.splat')
    }
  } else if (type === 'i32') f.memory('v128.load32_splat', frame.address(site, 0))
  else {
    f.memory('i32.load', frame.address(site, 0))
    if (type === 'f64') f.op('f64.convert_i32_s').op('f64x2.splat')
    else f.op('f32.convert_i32_s').op('f32x4.splat')
  }
}

/** Stores the lanes in use of a value, truth values as such; the first lane where all share an element. */
export const storeLanes = (frame: Frame, site: Site, instance: number, value: () => void): void => {
  const { f, type, lanes } = frame
  const count = site.stride === 0 ? 1 : frame.active
  const first = site.stride === 0 ? 0 : instance * lanes
  if (site.bytes === 8 && lanes === 4) {
    const local = f.local('v128')
    value()
    f.set(local)
    scatter(frame, site, first, Math.min(2, count), () => {
      f.get(local)
      toMemory(f, type, site.storage)
    })
    if (count > 2)
      scatter(frame, site, first + 2, count - 2, () => {
        f.get(local).get(local).shuffle(upperHalf)
        toMemory(f, type, site.storage)
      })
    f.free(local)
  } else
    scatter(frame, site, first, count, () => {
      value()
      toMemory(f, type, site.storage)
    })
}

/** Converts what is to be stored, from the lower half of the lanes where elements are wider. */
const toMemory = (f: FunctionBuilder, type: LaneType, storage: Storage): void => {
  if (storage === type) return
  if (storage === 'bool') {
    if (type === 'f64') {
      twice(f, evenWords)
      f.op('i32x4.neg')
    } else f.op('i32x4.neg')
  } else if (type === 'f64') f.op(storage === 'f32' ? 'f32x4.demote_f64x2_zero' : 'i32x4.trunc_sat_f64x2_s_zero')
  else if (type === 'f32') f.op(storage === 'f64' ? 'f64x2.promote_low_f32x4' : 'i32x4.trunc_sat_f32x4_s')
  else f.op(storage === 'f64' ? 'f64x2.convert_low_i32x4_s' : 'f32x4.convert_i32x4_s')
}

/** Stores `count` elements, as they shall be in memory, from lane `first` on. */
const scatter = (frame: Frame, site: Site, first: number, count: number, value: () => void): void => {
  const { f } = frame
  const { stride, bytes } = site
  const whole = count * bytes
  const single = bytes === 8 ? 'v128.store64_lane' : 'v128.store32_lane'
  if (count === 1) {
    const offset = frame.address(site, first)
    value()
    f.memoryLane(single, offset, 0)
  } else if (stride === 1 && whole === 8) {
    const offset = frame.address(site, first)
    value()
    f.memoryLane('v128.store64_lane', offset, 0)
  } else if ((stride === 1 || stride === -1) && whole === 16) {
    const offset = frame.address(site, stride === 1 ? first : first + count - 1)
    value()
    if (stride === -1) twice(f, reversed[bytes])
    f.memory('v128.store', offset)
  } else {
    const local = f.local('v128')
    value()
    f.set(local)
    const pair = stride === 1 && bytes === 4
    if (pair) {
      const offset = frame.address(site, first)
      f.get(local).memoryLane('v128.store64_lane', offset, 0)
    }
    for (let lane = pair ? 2 : 0; lane < count; lane++) {
      const offset = frame.address(site, first + lane)
      f.get(local).memoryLane(single, offset, lane)
    }
    f.free(local)
  }
}
