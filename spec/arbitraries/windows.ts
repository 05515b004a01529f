/** Random geometries of windows, and what they mean by definition. */
import fc from 'fast-check'
import { sizeOf, stridesOf, type Shape } from '../../lib/core/Shape.js'
import { tensor, type Tensor } from '../../lib/core/Tensor.js'
import type { Windows } from '../../lib/kernel/window.js'

/** A window along one axis: how it moves, and how often. */
interface Axis {
  readonly size: number
  readonly window: number
  readonly stride: number
  readonly dilation: number
  readonly inputDilation: number
  readonly low: number
  readonly high: number
  readonly out: number
}

/** The number of places that fit, counted one by one. */
const countPlaces = ({ size, window, stride, dilation, inputDilation, low, high }: Omit<Axis, 'out'>): number => {
  const end = (size - 1) * inputDilation + high
  let count = 0
  for (let at = -low; at + (window - 1) * dilation <= end; at += stride) count++
  return count
}

const axis = (spread: boolean): fc.Arbitrary<Axis> =>
  fc
    .record({
      size: fc.integer({ min: 1, max: 5 }),
      window: fc.integer({ min: 1, max: 3 }),
      stride: fc.integer({ min: 1, max: 3 }),
      dilation: fc.integer({ min: 1, max: 2 }),
      inputDilation: fc.integer({ min: 1, max: spread ? 3 : 1 }),
      low: fc.integer({ min: -1, max: 2 }),
      high: fc.integer({ min: -1, max: 2 }),
    })
    .map((a) => ({ ...a, out: countPlaces(a) }))
    .filter((a) => a.out > 0)

/** Windows over one to three axes, with the padding after the last element too, which the places imply. */
export interface Geometry extends Windows {
  readonly high: ReadonlyArray<number>
}

const transposed = (axes: ReadonlyArray<Axis>): Geometry => {
  const column = (key: keyof Axis) => axes.map((a) => a[key])
  return {
    size: column('size'),
    window: column('window'),
    out: column('out'),
    stride: column('stride'),
    dilation: column('dilation'),
    inputDilation: column('inputDilation'),
    low: column('low'),
    high: column('high'),
  }
}

/** Windows of every kind; without `spread` the array they move over is not spread out. */
export const geometry = (spread: boolean): fc.Arbitrary<Geometry> =>
  fc.array(axis(spread), { minLength: 1, maxLength: 3 }).filter((axes) => axes.reduce((n, a) => n * a.out * a.window, 1) <= 200).map(transposed)

/** The options that describe a geometry to a user's function. */
export const optionsOf = ({ stride, dilation, inputDilation, low, high }: Geometry) => ({
  stride,
  dilation,
  inputDilation,
  padding: low.map((before, i) => [before, high[i]!] as const),
})

/** Small integers, so that every product and sum is exact. */
export const integers = (shape: Shape): fc.Arbitrary<Tensor> =>
  fc.array(fc.integer({ min: -3, max: 3 }), { minLength: sizeOf(shape), maxLength: sizeOf(shape) }).map((data) => tensor(data, { shape }))

/** Every index of a shape, in row-major order. */
export const indicesOf = (shape: Shape): ReadonlyArray<ReadonlyArray<number>> =>
  Array.from({ length: sizeOf(shape) }, (_, n) => stridesOf(shape).map((stride, i) => Math.floor(n / stride) % shape[i]!))

/** The index that element `k` of the window at place `p` has in the array; `undefined` in the padding. */
export const indexAt = (g: Windows, k: ReadonlyArray<number>, p: ReadonlyArray<number>): ReadonlyArray<number> | undefined => {
  const index = p.map((place, i) => (place * g.stride[i]! + k[i]! * g.dilation[i]! - g.low[i]!) / g.inputDilation[i]!)
  return index.every((at, i) => Number.isInteger(at) && at >= 0 && at < g.size[i]!) ? index : undefined
}

/** The elements of the window of one channel at place `p` that do not lie in the padding, in order. */
export const elementsAt = (x: Tensor, g: Windows, channel: ReadonlyArray<number>, p: ReadonlyArray<number>): ReadonlyArray<number> =>
  indicesOf(g.window).flatMap((k) => {
    const at = indexAt(g, k, p)
    return at === undefined ? [] : [x.at(...channel, ...at)]
  })
