/**
 * Windows that move over the channels of an array, as code. The array is first spread out: dilated and padded with zeros, so that
 * element `k` of the window at place `p` lies at `p · stride + k · dilation` and nothing can lie outside. Where there is no
 * padding and no dilation, windows are read where the array is.
 */
import { sizeOf, stridesOf } from '../../core/Shape.js'
import type { Windows } from '../../kernel/window.js'
import type { FunctionBuilder } from './FunctionBuilder.js'
import type { Floats } from './lanes.js'
import { writeTransfer, type TransferAxis } from './transfer.js'

/** Where the elements of a channel lie that windows are read from. */
export interface Spread {
  /** Whether they are copied out of the array to get there. */
  readonly copied: boolean
  /** Elements between channels. */
  readonly area: number
  /** The element at which the window at the first place begins. */
  readonly offset: number
  readonly strides: ReadonlyArray<number>
  /** How the part of a channel that windows reach is copied. */
  readonly axes: ReadonlyArray<TransferAxis>
  /** The first element of that part, in the array and spread out. */
  readonly from: number
  readonly to: number
  /** Whether windows reach every element of a channel. */
  readonly complete: boolean
}

export const spreadOf = ({ size, window, out, stride, dilation, inputDilation, low }: Windows): Spread => {
  const extents = size.map((_, i) => Math.max(0, (out[i]! - 1) * stride[i]! + (window[i]! - 1) * dilation[i]! + 1))
  const own = stridesOf(size)
  const copied = size.some((length, i) => inputDilation[i] !== 1 || low[i]! > 0 || extents[i]! - low[i]! > length)
  const strides = copied ? stridesOf(extents) : own
  const reached = size.map((length, i) => {
    const first = Math.max(0, Math.ceil(-low[i]! / inputDilation[i]!))
    const end = Math.min(length, Math.floor((extents[i]! - 1 - low[i]!) / inputDilation[i]!) + 1)
    return { first, length: Math.max(0, end - first) }
  })
  const at = (values: ReadonlyArray<number>, steps: ReadonlyArray<number>): number => values.reduce((sum, value, i) => sum + value * steps[i]!, 0)
  const firsts = reached.map(({ first }) => first)
  return {
    copied,
    area: sizeOf(copied ? extents : size),
    offset: copied ? 0 : -at(low, own),
    strides,
    axes: reached.map(({ length }, i) => ({ length, from: own[i]!, to: inputDilation[i]! * strides[i]! })),
    from: at(firsts, own),
    to: at(firsts.map((first, i) => first * inputDilation[i]! + low[i]!), strides),
    complete: reached.every(({ length }, i) => length === size[i]),
  }
}

/** An address: that in a local, and so many elements after it. */
export interface Address {
  readonly base: number
  readonly elements: number
}

/** A local with an address, for a while. */
const withAddress = (f: FunctionBuilder, { bytes }: Floats, { base, elements }: Address, body: (local: number) => void): void => {
  if (elements === 0) {
    body(base)
    return
  }
  const local = f.local('i32')
  f.get(base).i32(elements * bytes).op('i32.add').set(local)
  body(local)
  f.free(local)
}

const exchange = ({ length, from, to }: TransferAxis): TransferAxis => ({ length, from: to, to: from })

/** Spreads so many channels out, `area` elements apart in the array; what windows do not reach is not written. */
export const writeSpread = (f: FunctionBuilder, floats: Floats, spread: Spread, channels: number, area: number, array: number, wide: number): void =>
  withAddress(f, floats, { base: array, elements: spread.from }, (from) =>
    withAddress(f, floats, { base: wide, elements: spread.to }, (to) =>
      writeTransfer(f, floats, from, to, [{ length: channels, from: area, to: spread.area }, ...spread.axes], false),
    ),
  )

/** The transposed map: what was spread out is copied back. */
export const writeNarrowed = (f: FunctionBuilder, floats: Floats, spread: Spread, channels: number, area: number, wide: number, array: number): void =>
  withAddress(f, floats, { base: array, elements: spread.from }, (to) =>
    withAddress(f, floats, { base: wide, elements: spread.to }, (from) =>
      writeTransfer(f, floats, from, to, [{ length: channels, from: area, to: spread.area }, ...spread.axes].map(exchange), false),
    ),
  )

/** Windows of `channels` channels at the `rows` first places along the first axis (and all along the others), from `wide` on. */
const windowAxes = ({ window, out, stride, dilation }: Windows, spread: Spread, channels: number, rows: number): ReadonlyArray<TransferAxis> => {
  const places = out.map((length, i) => (i === 0 ? rows : length))
  const lengths = [channels, ...window, ...places]
  const from = [spread.area, ...spread.strides.map((s, i) => s * dilation[i]!), ...spread.strides.map((s, i) => s * stride[i]!)]
  const to = stridesOf(lengths)
  return lengths.map((length, i) => ({ length, from: from[i]!, to: to[i]! }))
}

/** Copies windows to a matrix: a row for each channel and element of the window, a column for each place. */
export const writeGather = (f: FunctionBuilder, floats: Floats, where: Windows, spread: Spread, channels: number, rows: number, wide: number, matrix: number): void =>
  withAddress(f, floats, { base: wide, elements: spread.offset }, (from) =>
    writeTransfer(f, floats, from, matrix, windowAxes(where, spread, channels, rows), false),
  )

/** The transposed map: adds windows up where they lie. */
export const writeScatter = (f: FunctionBuilder, floats: Floats, where: Windows, spread: Spread, channels: number, rows: number, matrix: number, wide: number): void =>
  withAddress(f, floats, { base: wide, elements: spread.offset }, (to) =>
    writeTransfer(f, floats, matrix, to, windowAxes(where, spread, channels, rows).map(exchange), true),
  )

/** Whether the windows of a channel are the channel itself, as those of a 1×1 convolution are. */
export const isWhole = ({ size, window, out, stride, dilation }: Windows, { copied, offset }: Spread): boolean =>
  !copied && offset === 0 && size.every((length, i) => window[i] === 1 && out[i] === length && (stride[i] === 1 || length === 1) && dilation[i]! >= 1)
