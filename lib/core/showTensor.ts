/** Printing tensors the way NumPy prints arrays: aligned columns, nested brackets, long axes summarised. */
import type { Buffer, DType } from './DType.js'
import { sizeOf, type Shape } from './Shape.js'

const threshold = 1000
const edge = 3

const showNumber = (x: number, dtype: DType): string => {
  if (dtype === 'bool') return x !== 0 ? 'true' : 'false'
  if (Object.is(x, -0)) return '-0'
  return String(dtype === 'f32' ? Number(x.toPrecision(8)) : x)
}

/** The text of an array; indentation follows the nesting, so rows line up. */
export const showTensor = (data: Buffer, shape: Shape, dtype: DType): string => {
  if (shape.length === 0) return showNumber(data[0]!, dtype)
  const summarise = sizeOf(shape) > threshold
  const shown = (length: number): ReadonlyArray<number> =>
    summarise && length > 2 * edge
      ? [0, 1, 2, -1, length - 3, length - 2, length - 1]
      : Array.from({ length }, (_, i) => i)
  const cells: Array<string> = []
  const collect = (axis: number, offset: number, stride: number): void => {
    if (axis === shape.length) {
      cells.push(showNumber(data[offset]!, dtype))
      return
    }
    const inner = stride / shape[axis]!
    for (const i of shown(shape[axis]!)) if (i >= 0) collect(axis + 1, offset + i * inner, inner)
  }
  if (data.length > 0) collect(0, 0, data.length)
  const width = Math.max(0, ...cells.map((c) => c.length))
  let next = 0
  const render = (axis: number, indent: string): string => {
    if (axis === shape.length) return cells[next++]!.padStart(width)
    const parts = shown(shape[axis]!).map((i) => (i < 0 ? '...' : render(axis + 1, `${indent} `)))
    const last = axis === shape.length - 1
    return `[${parts.join(last ? ' ' : `${'\n'.repeat(shape.length - 1 - axis)}${indent} `)}]`
  }
  return sizeOf(shape) === 0 ? `[] (shape ${shape.join('×')})` : render(0, '')
}
