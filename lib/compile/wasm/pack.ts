/**
 * Packing: an operand of a matrix product is copied into panels, `panels[panel][k][lane]`, which the inner loop reads in order.
 * Whatever the strides of the operand, this is where they end, so a transposed one costs nothing extra.
 */
import type { FunctionBuilder } from './FunctionBuilder.js'
import { floatLanes, loadVector, vectorsOf, type FloatLane, type Floats } from './lanes.js'
import type { Library } from './Library.js'
import { advance, countDownAny } from './loops.js'

/**
 * How elements lie: neighbours across the lanes of a panel (`lanes`), neighbours along `k` (`depth`), or neither.
 */
export type Direction = 'lanes' | 'depth' | 'neither'

export const directionOf = (lane: FloatLane, laneStride: number, depthStride: number): Direction => {
  const { bytes } = floatLanes[lane]
  return laneStride === bytes ? 'lanes' : depthStride === bytes ? 'depth' : 'neither'
}

export interface Panels {
  readonly lane: FloatLane
  readonly direction: Direction
  /** Lanes of a panel. */
  readonly width: number
  /** Lanes of the last panel, where it has fewer; the others are filled with zeros. */
  readonly rest: number
}

/** The parameters of packing, by position; strides in bytes. */
const param = { from: 0, laneStride: 1, depthStride: 2, lanes: 3, k: 4, to: 5 } as const

/**
 * The function that packs an operand. Its parameters: the address of the operand, its byte strides across lanes and along `k`, how
 * many lanes there are, `k`, and where to.
 */
export const pack = (library: Library, panels: Panels): FunctionBuilder =>
  library.function(`${panels.lane} pack ${panels.direction} ${panels.width} ${panels.rest}`, 6, (f) => {
    const count = f.local('i32')
    f.get(param.lanes).i32(Math.log2(panels.width)).op('i32.shr_u').set(count)
    countDownAny(f, count, () => packPanel(f, panels, panels.width))
    if (panels.rest > 0) f.get(param.lanes).i32(panels.width - 1).op('i32.and').if(() => packPanel(f, panels, panels.rest))
  })

/** Packs a panel of which so many lanes are there. */
const packPanel = (f: FunctionBuilder, { lane, direction, width }: Panels, filled: number): void => {
  const floats = floatLanes[lane]
  const [from, k] = [f.local('i32'), f.local('i32')]
  f.get(param.from).set(from).get(param.k).set(k)
  if (direction === 'lanes') countDownAny(f, k, () => copyStep(f, floats, from, width, filled))
  else if (direction === 'depth') transposePanel(f, floats, { from, k, width, filled })
  else countDownAny(f, k, () => collectStep(f, floats, from, width, filled))
  f.get(param.from).get(param.laneStride).i32(filled).op('i32.mul').op('i32.add').set(param.from)
  f.free(from)
  f.free(k)
}

/** One step along `k` of lanes that are neighbours. */
const copyStep = (f: FunctionBuilder, floats: Floats, from: number, width: number, filled: number): void => {
  const lanes = vectorsOf(filled, floats)
  for (let j = 0; j < width / floats.perVector; j++) {
    f.get(param.to)
    if (j < lanes.length) loadVector(f, floats, from, 16 * j, lanes[j]!)
    else f.v128(0, 0, 0, 0)
    f.memory('v128.store', 16 * j)
  }
  f.increase(param.to, width * floats.bytes)
  advance(f, from, param.depthStride)
}

/** One step along `k`, lane by lane. */
const collectStep = (f: FunctionBuilder, floats: Floats, from: number, width: number, filled: number): void => {
  const at = f.local('i32')
  f.get(from).set(at)
  for (let lane = 0; lane < width; lane++) {
    f.get(param.to)
    if (lane < filled) f.get(at).memory(floats.load)
    else if (floats.lane === 'f64') f.f64(0)
    else f.f32(0)
    f.memory(floats.store, lane * floats.bytes)
    if (lane + 1 < filled) advance(f, at, param.laneStride)
  }
  f.free(at)
  f.increase(param.to, width * floats.bytes)
  advance(f, from, param.depthStride)
}

interface Panel {
  readonly from: number
  readonly k: number
  readonly width: number
  readonly filled: number
}

/** A panel whose lanes are runs along `k`: square blocks are transposed in registers, what is left is copied lane by lane. */
const transposePanel = (f: FunctionBuilder, floats: Floats, { from, k, width, filled }: Panel): void => {
  const block = floats.perVector
  const at = f.local('i32')
  f.block((exit) => {
    f.get(k).i32(block).op('i32.lt_u').brIf(exit).loop((again) => {
      f.get(from).set(at)
      for (let j = 0; j < width; j += block) {
        const rows = Array.from({ length: block }, (_, r) => {
          if (j + r >= filled) f.v128(0, 0, 0, 0)
          else {
            f.get(at).memory('v128.load')
            if (j + r + 1 < filled) advance(f, at, param.laneStride)
          }
          const row = f.local('v128')
          f.set(row)
          return row
        })
        transpose(f, rows).forEach((vector, r) => {
          f.get(param.to).get(vector).memory('v128.store', r * width * floats.bytes + j * floats.bytes)
          f.free(vector)
        })
      }
      f.increase(param.to, block * width * floats.bytes).increase(from, 16)
      f.get(k).i32(block).op('i32.sub').tee(k).i32(block).op('i32.ge_u').brIf(again)
    })
  })
  f.free(at)
  countDownAny(f, k, () => collectStep(f, floats, from, width, filled))
}

/** The low, or the high, halves of two vectors, interleaved in groups of this many bytes. */
const interleaved = (f: FunctionBuilder, a: number, b: number, high: boolean, group: 4 | 8): number => {
  const bytes = Array.from({ length: 16 }, (_, i) => {
    const place = Math.floor(i / group)
    return (place % 2) * 16 + (high ? 8 : 0) + Math.floor(place / 2) * group + (i % group)
  })
  const vector = f.local('v128')
  f.get(a).get(b).shuffle(bytes).set(vector)
  return vector
}

/** The columns of a square matrix whose rows are vectors in these locals, which are freed. */
const transpose = (f: FunctionBuilder, rows: ReadonlyArray<number>): ReadonlyArray<number> => {
  const [a, b, c, d] = rows as readonly [number, number, number?, number?]
  const release = <T>(result: T, used: ReadonlyArray<number>): T => {
    used.forEach((local) => f.free(local))
    return result
  }
  if (c === undefined || d === undefined) return release([interleaved(f, a, b, false, 8), interleaved(f, a, b, true, 8)], rows)
  const halves = release([false, true].map((high) => [interleaved(f, a, b, high, 4), interleaved(f, c, d, high, 4)] as const), rows)
  return release(halves.flatMap(([x, y]) => [interleaved(f, x, y, false, 8), interleaved(f, x, y, true, 8)]), halves.flat())
}
