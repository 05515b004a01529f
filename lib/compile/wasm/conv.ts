/**
 * Convolutions, as products of matrices. Block by block of channels and places, the windows are laid out as a matrix (in the
 * workspace, small enough to stay in a cache) that is multiplied with the filters, or with the cotangent; the gradient of the
 * signal is such a matrix that is added up where its windows lie. 1×1 filters multiply the signal as it is.
 *
 * The call takes the byte addresses of `x`, `w`, `y` (the result is one of them, the others are read) and of the workspace;
 * there are no further numbers. Any number of spatial axes, strides, dilations of either kind, padding and groups.
 */
import { sizeOf } from '../../core/Shape.js'
import type { Conv } from '../ir.js'
import type { FunctionBuilder } from './FunctionBuilder.js'
import { emitGemm, type GemmShape } from './gemm.js'
import { floatLanes } from './lanes.js'
import type { KernelCall, Library } from './Library.js'
import { countDown } from './loops.js'
import { isWhole, spreadOf, writeGather, writeNarrowed, writeScatter, writeSpread } from './windows.js'

/** The most rows of a matrix of windows, unless the window itself has more, and its most bytes. */
const limits = { terms: 256, bytes: 256 << 10 } as const

/** The length of blocks of about the same length, at most `limit` each but at least 1. */
const balanced = (length: number, limit: number): number => Math.ceil(length / Math.max(1, Math.ceil(length / Math.max(1, limit))))

/** What a call depends on; a {@link Conv} statement is one. */
export type ConvShape = Pick<Conv, 'lane' | 'result' | 'form'>

const align = (bytes: number): number => Math.ceil(bytes / 64) * 64

/** How a convolution, or one of its derivatives, is called. */
export const emitConv = (library: Library, { lane, result, form }: ConvShape): KernelCall => {
  const floats = floatLanes[lane]
  const { bytes } = floats
  const spread = spreadOf(form)
  const whole = isWhole(form, spread)
  const area = sizeOf(form.size)
  const places = sizeOf(form.out)
  const elements = sizeOf(form.window)
  const [channels, filters] = [form.channels / form.groups, form.filters / form.groups]
  const terms = channels * elements
  const sizes = { x: form.batch * form.channels * area, w: form.filters * terms, y: form.batch * form.filters * places }

  const channelBlock = balanced(Math.max(1, channels), Math.floor(limits.terms / elements))
  const empty = sizes.x === 0 || sizes.w === 0 || sizes.y === 0
  const lines = form.out[0] ?? 1
  const line = empty ? 0 : places / lines
  const lineBlock = whole ? lines : balanced(lines, Math.floor(limits.bytes / bytes / (channelBlock * elements) / line))
  const wideBytes = empty || whole || !spread.copied ? 0 : align(channelBlock * spread.area * bytes)
  const matrixBytes = empty || whole ? 0 : align(channelBlock * elements * lineBlock * line * bytes)

  /** The product for a block of channels and places, whose windows are a matrix `width` columns wide. */
  const product = (block: number, columns: number, width: number): GemmShape => {
    const matrix = { rowStride: width, columnStride: 1, batchStride: 0 }
    const weights = { rowStride: terms, columnStride: 1, batchStride: 0 }
    const values = { rowStride: places, columnStride: 1, batchStride: 0 }
    const transposed = { rowStride: 1, batchStride: 0 }
    const common = { lane, batch: 1 }
    const rows = block * elements
    if (result === 'y') return { ...common, a: weights, b: matrix, c: values, m: filters, k: rows, n: columns, accumulate: channelBlock < channels }
    if (result === 'w')
      return { ...common, a: values, b: { ...transposed, columnStride: width }, c: weights, m: filters, k: columns, n: rows, accumulate: true }
    return { ...common, a: { ...transposed, columnStride: terms }, b: values, c: matrix, m: rows, k: filters, n: columns, accumulate: false }
  }
  const variants = [channelBlock, channels % channelBlock].flatMap((block) =>
    [lineBlock, lines % lineBlock].map((rows) => (empty || block === 0 || rows === 0 ? 0 : emitGemm(library, product(block, rows * line, whole ? area : rows * line)).workspace)),
  )

  const write = (f: FunctionBuilder): void => {
    const operands = { x: 0, w: 1, y: 2 } as const
    const target = operands[result]
    const zero = (local: number, count: number): FunctionBuilder => f.get(local).i32(0).i32(count).fillMemory()
    const fresh = result === 'x' ? !spread.complete || !spread.copied : result === 'w' || channelBlock < channels
    if (empty || (fresh && !(result === 'x' && whole))) zero(target, sizes[result] * bytes)
    if (empty) return
    const [wide, matrix, scratch] = [f.local('i32'), f.local('i32'), f.local('i32')]
    f.get(3).tee(wide).i32(wideBytes).op('i32.add').tee(matrix).i32(matrixBytes).op('i32.add').set(scratch)
    if (wideBytes > 0) zero(wide, wideBytes)
    const [sample, group] = [f.local('i32'), f.local('i32')]
    const [x, w, y] = [f.local('i32'), f.local('i32'), f.local('i32')]
    const [xHere, wHere, yHere, wideHere] = [f.local('i32'), f.local('i32'), f.local('i32'), f.local('i32')]

    /** The body for each block of an axis, with its length. */
    const blocks = (length: number, block: number, body: (length: number) => void): void => {
      const count = f.local('i32')
      const full = Math.floor(length / block)
      if (full === 1) body(block)
      else {
        f.i32(full).set(count)
        countDown(f, count, () => body(block))
      }
      if (length % block > 0) body(length % block)
      f.free(count)
    }
    const multiply = (block: number, columns: number): void => {
      const call = emitGemm(library, product(block, columns, whole ? area : columns))
      const windows = whole ? xHere : matrix
      const order = result === 'y' ? [wHere, windows, yHere] : result === 'w' ? [yHere, windows, wHere] : [wHere, yHere, windows]
      for (const operand of order) f.get(operand)
      f.get(scratch)
      for (const number of call.numbers) f.i32(number)
      f.call(call.callee)
    }
    const block = (count: number): void => {
      f.get(y).set(yHere)
      if (whole) multiply(count, places)
      else {
        if (spread.copied && result === 'x') zero(wide, count * spread.area * bytes)
        else if (spread.copied) writeSpread(f, floats, spread, count, area, xHere, wide)
        f.get(spread.copied ? wide : xHere).set(wideHere)
        blocks(lines, lineBlock, (rows) => {
          if (result !== 'x') writeGather(f, floats, form, spread, count, rows, wideHere, matrix)
          multiply(count, rows * line)
          if (result === 'x') writeScatter(f, floats, form, spread, count, rows, matrix, wideHere)
          f.increase(yHere, rows * line * bytes).increase(wideHere, rows * (form.stride[0] ?? 0) * (spread.strides[0] ?? 0) * bytes)
        })
        if (spread.copied && result === 'x') writeNarrowed(f, floats, spread, count, area, wide, xHere)
      }
      f.increase(xHere, count * area * bytes).increase(wHere, count * elements * bytes)
    }

    f.get(operands.x).set(x).get(operands.y).set(y).i32(form.batch).set(sample)
    countDown(f, sample, () => {
      f.get(operands.w).set(w).i32(form.groups).set(group)
      countDown(f, group, () => {
        f.get(x).set(xHere).get(w).set(wHere)
        blocks(channels, channelBlock, block)
        f.increase(x, channels * area * bytes).increase(w, filters * terms * bytes).increase(y, filters * places * bytes)
      })
    })
  }
  return {
    callee: library.function(`conv ${JSON.stringify({ lane, result, form })}`, 4, write),
    numbers: [],
    workspace: wideBytes + matrixBytes + Math.max(...variants),
  }
}
