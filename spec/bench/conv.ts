/** A convolution of images with 3×3 filters, forward and backward. */
import { compile, conv, mul, shaped, square, sum, valueAndGrad, type Node } from '../../lib/index.js'
import { drawn, type Floats } from './gemm.js'
import type { Contestant } from './harness.js'
import { joined } from './joined.js'
import { must } from './must.js'

export const convShape = { batch: 16, inputs: 16, outputs: 32, side: 28 } as const
const { batch, inputs, outputs, side } = convShape

export const convInput = (): readonly [x: Floats, w: Floats] => [drawn('f32', batch * inputs * side * side, 1), drawn('f32', outputs * inputs * 9, 2)]

const framed = side + 2

/** Images with a frame of zeros, `[count, side + 2, side + 2]`. */
const frame = (x: Floats, count: number, to: Float32Array): void => {
  for (let i = 0; i < count; i++)
    for (let row = 0; row < side; row++) {
      const from = (i * side + row) * side
      const at = (i * framed + row + 1) * framed + 1
      for (let k = 0; k < side; k++) to[at + k] = x[from + k]!
    }
}

/** Adds to an image the correlation of a framed one with nine weights. */
const correlate = (x: Float32Array, from: number, w: ArrayLike<number>, at: number, flip: boolean, y: Float32Array, to: number): void => {
  const [first, by] = flip ? [at + 8, -1] : [at, 1]
  const w0 = w[first]!
  const w1 = w[first + by]!
  const w2 = w[first + 2 * by]!
  const w3 = w[first + 3 * by]!
  const w4 = w[first + 4 * by]!
  const w5 = w[first + 5 * by]!
  const w6 = w[first + 6 * by]!
  const w7 = w[first + 7 * by]!
  const w8 = w[first + 8 * by]!
  for (let row = 0; row < side; row++) {
    let k = from + row * framed
    let j = k + framed
    let i = j + framed
    let m = to + row * side
    for (let column = 0; column < side; column++) {
      const top = w0 * x[k]! + w1 * x[k + 1]! + w2 * x[k + 2]!
      const middle = w3 * x[j]! + w4 * x[j + 1]! + w5 * x[j + 2]!
      y[m]! += top + middle + (w6 * x[i]! + w7 * x[i + 1]! + w8 * x[i + 2]!)
      k++
      j++
      i++
      m++
    }
  }
}

/** Adds to nine numbers the products of an image with a framed one at nine places. */
const overlap = (x: Float32Array, from: number, y: Float32Array, at: number, w: Float64Array, to: number): void => {
  for (let shift = 0; shift < 9; shift += 3) {
    let s0 = 0
    let s1 = 0
    let s2 = 0
    for (let row = 0; row < side; row++) {
      const k = from + (row + shift / 3) * framed
      const m = at + row * side
      for (let column = 0; column < side; column++) {
        const g = y[m + column]!
        s0 += g * x[k + column]!
        s1 += g * x[k + column + 1]!
        s2 += g * x[k + column + 2]!
      }
    }
    w[to + shift]! += s0
    w[to + shift + 1]! += s1
    w[to + shift + 2]! += s2
  }
}

const plainConv = (x: Floats, w: Floats) => {
  const area = side * side
  const wide = framed * framed
  const input = new Float32Array(batch * inputs * wide)
  const slope = new Float32Array(batch * outputs * wide)
  const y = new Float32Array(batch * outputs * area)
  const dx = new Float32Array(batch * inputs * area)
  const dw = new Float64Array(w.length)
  return (): readonly [value: number, dx: Float32Array, dw: Float64Array] => {
    frame(x, batch * inputs, input)
    y.fill(0)
    dx.fill(0)
    dw.fill(0)
    for (let n = 0; n < batch; n++)
      for (let o = 0; o < outputs; o++)
        for (let c = 0; c < inputs; c++) correlate(input, (n * inputs + c) * wide, w, (o * inputs + c) * 9, false, y, (n * outputs + o) * area)
    let value = 0
    for (let i = 0; i < y.length; i++) value += y[i]! * y[i]!
    frame(y, batch * outputs, slope)
    for (let n = 0; n < batch; n++)
      for (let o = 0; o < outputs; o++)
        for (let c = 0; c < inputs; c++) {
          correlate(slope, (n * outputs + o) * wide, w, (o * inputs + c) * 9, true, dx, (n * inputs + c) * area)
          overlap(input, (n * inputs + c) * wide, y, (n * outputs + o) * area, dw, (o * inputs + c) * 9)
        }
    return [value / 2 / y.length, dx, dw]
  }
}

/** Half the squares of a convolution, and its gradient by images and filters. */
export const convolutions = (): ReadonlyArray<Contestant> => {
  const [x, w] = convInput()
  const loss = (x: Node, w: Node): Node => mul(0.5, sum(square(conv(x, w, { padding: 1 }))))
  const compiled = must(
    compile((x: Node, w: Node) => valueAndGrad(loss, { argnums: [0, 1] })(x, w), [shaped([batch, inputs, side, side], 'f32'), shaped([outputs, inputs, 3, 3], 'f32')], {
      results: 'arrays',
    }),
  )
  const plain = plainConv(x, w)
  return [
    { name: 'hand-written JS', run: plain, numbers: () => joined(...plain()) },
    {
      name: 'foldgrad',
      run: () => compiled(x, w),
      numbers: () => {
        const [value, [dx, dw]] = compiled(x, w) as readonly [number, readonly [Floats, Floats]]
        return joined(value / (batch * outputs * side * side), dx, dw)
      },
    },
  ]
}
