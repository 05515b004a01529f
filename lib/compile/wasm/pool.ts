/**
 * Windows as axes of their own, and pooling. The calls take three byte addresses, that of a workspace and no numbers:
 *
 * - `windows`, `unwindows`: those of `from`, of anything, and of `to`;
 * - `argMaxPool`: those of the array, of anything, and of the positions (`i32`);
 * - `pick`, `unpick`: those of the array (of the parts), of the positions, and of the result.
 *
 * They do what the primitives of the same names do, bit for bit.
 */
import { sizeOf, stridesOf, type Shape } from '../../core/Shape.js'
import { padding, type Windows } from '../../kernel/window.js'
import type { FunctionBuilder } from './FunctionBuilder.js'
import { floatLanes, type FloatLane, type Floats } from './lanes.js'
import type { KernelCall, Library, Write } from './Library.js'
import { countDown, countDownAny } from './loops.js'
import { spreadOf, writeGather, writeNarrowed, writeScatter, writeSpread } from './windows.js'

const param = { from: 0, positions: 1, to: 2, workspace: 3 } as const

const named = (library: Library, name: string, write: Write, workspace = 0): KernelCall => ({ callee: library.function(name, 4, write), numbers: [], workspace })

const zero = (f: FunctionBuilder, local: number, bytes: number): FunctionBuilder => f.get(local).i32(0).i32(bytes).fillMemory()

/** The windows of so many channels, `[channels, …window, …out]`, or their sums where they lie in `[channels, …size]`. */
export const emitWindows = (library: Library, kind: 'windows' | 'unwindows', lane: FloatLane, channels: number, where: Windows): KernelCall => {
  const floats = floatLanes[lane]
  const { bytes } = floats
  const spread = spreadOf(where)
  const [area, rows] = [sizeOf(where.size), where.out[0] ?? 1]
  const matrix = sizeOf(where.window) * sizeOf(where.out)
  const wideBytes = spread.copied && channels * matrix > 0 ? spread.area * bytes : 0
  const { size, window, out, stride, dilation, inputDilation, low } = where
  const key = JSON.stringify([size, window, out, stride, dilation, inputDilation, low])
  return named(
    library,
    `${kind} ${lane} ${channels} ${key}`,
    (f) => {
      if (kind === 'unwindows') zero(f, param.to, channels * area * bytes)
      if (channels * matrix === 0) return
      const count = f.local('i32')
      const array = kind === 'windows' ? param.from : param.to
      const wide = spread.copied ? param.workspace : array
      if (spread.copied && kind === 'windows') zero(f, wide, wideBytes)
      f.i32(channels).set(count)
      countDown(f, count, () => {
        if (kind === 'windows') {
          if (spread.copied) writeSpread(f, floats, spread, 1, area, array, wide)
          writeGather(f, floats, where, spread, 1, rows, wide, param.to)
          f.increase(param.from, area * bytes).increase(param.to, matrix * bytes)
        } else {
          if (spread.copied) zero(f, wide, wideBytes)
          writeScatter(f, floats, where, spread, 1, rows, param.from, wide)
          if (spread.copied) writeNarrowed(f, floats, spread, 1, area, wide, array)
          f.increase(param.from, matrix * bytes).increase(param.to, area * bytes)
        }
      })
    },
    wideBytes,
  )
}

/** The most elements of a window whose comparisons are written out. */
const windowLimit = 64

/** Where in its channel the first maximum of each window lies; `undefined` for windows that there is no code for. */
export const emitArgMaxPool = (library: Library, lane: FloatLane, channels: number, where: Windows): KernelCall | undefined => {
  const { size, window, out, stride, dilation, inputDilation, low } = where
  if (sizeOf(window) > windowLimit || inputDilation.some((n) => n !== 1)) return undefined
  const key = JSON.stringify([size, window, out, stride, dilation, low])
  return named(library, `argMaxPool ${lane} ${channels} ${key}`, (f) => writeArgMaxPool(f, floatLanes[lane], channels, where))
}

const writeArgMaxPool = (f: FunctionBuilder, floats: Floats, channels: number, { size, window, out, stride, dilation, low }: Windows): void => {
  if (channels * sizeOf(out) === 0) return
  const strides = stridesOf(size)
  const padded = size.map((length, i) => low[i]! > 0 || (out[i]! - 1) * stride[i]! + (window[i]! - 1) * dilation[i]! - low[i]! >= length)
  const [count, at, place] = [f.local('i32'), f.local('i32'), f.local('i32')]
  const [best, top, value] = [f.local('i32'), f.local(floats.lane), f.local(floats.lane)]
  const origins = size.map(() => f.local('i32'))

  /** Takes the element at `at`, in place of the best one if it exceeds it; any element is better than none. */
  const take = (): void => {
    f.get(param.from).get(at).i32(floats.bytes).op('i32.mul').op('i32.add').memory(floats.load).set(value)
    f.get(best).i32(0).op('i32.lt_s')
    f.get(value).get(top).op(`${floats.lane}.le`).op('i32.eqz').get(top).get(top).op(`${floats.lane}.eq`).op('i32.and').op('i32.or')
    f.if(() => f.get(at).set(best).get(value).set(top))
  }
  const visit = (axis: number, index: ReadonlyArray<number>): void => {
    if (axis < size.length) {
      for (let k = 0; k < window[axis]!; k++) visit(axis + 1, [...index, k * dilation[axis]!])
      return
    }
    f.get(place).i32(index.reduce((sum, k, i) => sum + k * strides[i]!, 0)).op('i32.add').set(at)
    const checked = size.map((_, i) => i).filter((i) => padded[i])
    checked.forEach((i, n) => {
      f.get(origins[i]!).i32(index[i]!).op('i32.add').i32(size[i]!).op('i32.lt_u')
      if (n > 0) f.op('i32.and')
    })
    if (checked.length === 0) take()
    else f.if(take)
  }
  const places = (axis: number): void => {
    if (axis < size.length) {
      const left = f.local('i32')
      f.i32(-low[axis]!).set(origins[axis]!).i32(out[axis]!).set(left)
      countDown(f, left, () => {
        places(axis + 1)
        f.increase(origins[axis]!, stride[axis]!)
      })
      f.free(left)
      return
    }
    f.i32(0)
    origins.forEach((origin, i) => f.get(origin).i32(strides[i]!).op('i32.mul').op('i32.add'))
    f.set(place).i32(padding).set(best)
    visit(0, [])
    f.get(param.to).get(best).memory('i32.store').increase(param.to, 4)
  }
  f.i32(channels).set(count)
  countDown(f, count, () => {
    places(0)
    f.increase(param.from, sizeOf(size) * floats.bytes)
  })
}

/** Which elements of each channel are meant: positions for so many places, in channels of this size. */
export interface Positions {
  readonly channels: number
  readonly size: Shape
  readonly places: number
}

/** The elements at some positions of each channel, `otherwise` where there is none. */
export const emitPick = (library: Library, lane: FloatLane, positions: Positions, otherwise: number): KernelCall =>
  named(library, `pick ${lane} ${JSON.stringify(positions)} ${otherwise}`, (f) => {
    const { bytes, load, store } = floatLanes[lane]
    forEachPosition(f, positions, param.from, bytes, (at) => {
      f.get(param.to).get(at).i32(0).op('i32.lt_s')
      const none = (): void => void (lane === 'f64' ? f.f64(otherwise) : f.f32(otherwise))
      f.if(none, () => f.get(param.from).get(at).i32(bytes).op('i32.mul').op('i32.add').memory(load), lane).memory(store)
      f.increase(param.to, bytes)
    })
  })

/** Parts added at their positions in channels of zeros. */
export const emitUnpick = (library: Library, lane: FloatLane, positions: Positions): KernelCall =>
  named(library, `unpick ${lane} ${JSON.stringify(positions)}`, (f) => {
    const { bytes, load, store, add } = floatLanes[lane]
    const target = f.local('i32')
    zero(f, param.to, positions.channels * sizeOf(positions.size) * bytes)
    forEachPosition(f, positions, param.to, bytes, (at) => {
      f.get(at).i32(0).op('i32.ge_s').if(() => {
        f.get(param.to).get(at).i32(bytes).op('i32.mul').op('i32.add').tee(target)
        f.get(target).memory(load).get(param.from).memory(load).op(add).memory(store)
      })
      f.increase(param.from, bytes)
    })
  })

/** The body for each position, in a local; `channel` is the local with the address of its channel. */
const forEachPosition = (f: FunctionBuilder, { channels, size, places }: Positions, channel: number, bytes: number, body: (at: number) => void): void => {
  const [count, left, at] = [f.local('i32'), f.local('i32'), f.local('i32')]
  f.i32(channels).set(count)
  countDownAny(f, count, () => {
    f.i32(places).set(left)
    countDownAny(f, left, () => {
      f.get(param.positions).memory('i32.load').set(at)
      body(at)
      f.increase(param.positions, 4)
    })
    f.increase(channel, sizeOf(size) * bytes)
  })
}
