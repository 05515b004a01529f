/** Arrays with a margin. */
import { isFloat, join, type DType } from '../core/DType.js'
import { refuse } from '../core/FoldgradError.js'
import { invalid, isInvalid, type Node } from '../core/Node.js'
import { showShape } from '../core/Shape.js'
import { tensor } from '../core/Tensor.js'
import { astype, where } from '../primitive/arithmetic.js'
import { gather } from '../primitive/indexing.js'
import { constant, full, fullValue } from '../primitive/leaf.js'
import { broadcastTo, slice, unslice } from '../primitive/shape.js'
import { isCount } from './axis.js'
import { withArguments, type WithArguments } from './call.js'
import { toNode, type Operand } from './operand.js'

/** How many entries are added before and after: one number for all, a pair for all axes, or a pair for each axis. */
export type PadWidths = number | readonly [number, number] | ReadonlyArray<readonly [number, number]>

/** What the margin holds: a constant, or the array continued by its last entry, mirrored (without or with that entry) or periodically. */
export type PadMode = 'constant' | 'edge' | 'reflect' | 'symmetric' | 'wrap'

export interface PadOptions {
  readonly mode?: PadMode
  /** The constant of mode `constant`, 0 unless given; it may be a (scalar) node. */
  readonly value?: Operand
}

const pairsOf = (widths: PadWidths, rank: number): ReadonlyArray<readonly [number, number]> => {
  if (typeof widths === 'number') return Array.from({ length: rank }, () => [widths, widths])
  if (typeof widths[0] === 'number') return Array.from({ length: rank }, () => widths as readonly [number, number])
  return widths as ReadonlyArray<readonly [number, number]>
}

const modulo = (a: number, n: number): number => ((a % n) + n) % n

/** The entry of an axis of `length` that stands at place `i`, which may lie outside. */
const source: Readonly<Record<Exclude<PadMode, 'constant'>, (i: number, length: number) => number>> = {
  edge: (i, length) => Math.min(Math.max(i, 0), length - 1),
  reflect: (i, length) => (length === 1 ? 0 : length - 1 - Math.abs(modulo(i, 2 * length - 2) - (length - 1))),
  symmetric: (i, length) => Math.min(modulo(i, 2 * length), 2 * length - 1 - modulo(i, 2 * length)),
  wrap: modulo,
}

/**
 * The array with a margin, as NumPy pads.
 *
 * @example
 * toArray(pad([1, 2, 3], [1, 2])) // [0, 1, 2, 3, 0, 0]
 * toArray(pad([1, 2, 3], 2, { mode: 'reflect' })) // [3, 2, 1, 2, 3, 2, 1]
 */
export const pad: WithArguments<[widths: PadWidths], PadOptions> = withArguments(1, (operand, [widths], { mode = 'constant', value = 0 }) => {
  const x = toNode(operand, 'pad')
  if (isInvalid(x)) return invalid('pad', [x])
  const pairs = pairsOf(widths, x.shape.length)
  if (pairs.length !== x.shape.length || !pairs.every((pair) => Array.isArray(pair) && pair.length === 2 && pair.every((n) => isCount(n))))
    return invalid('pad', [x], refuse('Argument', `the widths ${JSON.stringify(widths)} do not fit the ${x.shape.length} axes of ${showShape(x.shape)}`, 'Give one integer from 0 on, a pair [before, after], or such a pair for each axis'))
  if (mode === 'constant') return padded('pad', x, value, pairs.map(([lo, hi]) => [lo, hi, 0]))
  const from = source[mode]
  if (from === undefined)
    return invalid('pad', [x], refuse('Argument', `there is no mode '${mode as string}'`, "Choose among 'constant', 'edge', 'reflect', 'symmetric' and 'wrap'"))
  if (pairs.some(([lo, hi], axis) => x.shape[axis] === 0 && lo + hi > 0))
    return invalid('pad', [x], refuse('Shape', `an empty axis of ${showShape(x.shape)} cannot be continued`, "Pad it with mode 'constant'"))
  return pairs.reduce<Node>((y, [lo, hi], axis) => {
    const length = x.shape[axis]!
    if (lo + hi === 0) return y
    return gather(y, constant(tensor(Array.from({ length: lo + length + hi }, (_, i) => from(i - lo, length)), { dtype: 'i32' })), axis)
  }, x)
})

/** For each axis: entries added before and after (negative: taken away), and between each two neighbours. */
export type PadConfig = ReadonlyArray<readonly [before: number, after: number, between: number]>

/** A linear map that lays the entries apart, adds zeros at both ends and crops what is negative. */
const spreadOut = (x: Node, config: PadConfig): Node => {
  const lengths = x.shape.map((n, a) => (n === 0 ? 0 : (n - 1) * (config[a]![2] + 1) + 1))
  const grown = lengths.map((n, a) => n + Math.max(config[a]![0], 0) + Math.max(config[a]![1], 0))
  const laid = unslice(x, grown, { start: config.map(([lo]) => Math.max(lo, 0)), step: config.map(([, , between]) => between + 1), shape: x.shape })
  if (config.every(([lo, hi]) => lo >= 0 && hi >= 0)) return laid
  return slice(laid, {
    start: config.map(([lo]) => Math.max(-lo, 0)),
    step: config.map(() => 1),
    shape: grown.map((n, a) => Math.max(0, n + Math.min(config[a]![0], 0) + Math.min(config[a]![1], 0))),
  })
}

const padded = (op: string, x: Node, value: Operand, config: PadConfig): Node => {
  const fill = toNode(value, op)
  if (isInvalid(fill)) return invalid(op, [x, fill])
  if (fill.shape.length !== 0)
    return invalid(op, [x, fill], refuse('Shape', `the padding value has shape ${showShape(fill.shape)}`, 'Give one number'))
  const dtype = paddedDtype(x, fill)
  const laid = spreadOut(astype(x, dtype), config)
  if (fullValue(fill) === 0) return laid
  const inside = spreadOut(full(1, { shape: x.shape, dtype: 'bool' }), config)
  return where(inside, laid, broadcastTo(astype(fill, dtype), laid.shape))
}

/** A plain number takes the dtype of the array, if it is one of its values. */
const paddedDtype = (x: Node, fill: Node): DType => {
  const number = fullValue(fill)
  return number !== undefined && (isFloat(x.dtype) || number === 0 || (x.dtype === 'i32' && Number.isInteger(number))) ? x.dtype : join(x.dtype, fill.dtype)
}

/**
 * The array with `value` (a scalar, differentiable) before, after and between the entries of each axis, as XLA's `Pad`:
 * entries are laid apart first; a negative margin takes entries away.
 *
 * @example
 * toArray(padGeneral([1, 2, 3], 0, [[1, 0, 1]])) // [0, 1, 0, 2, 0, 3]
 * toArray(padGeneral([1, 2, 3], 0, [[-1, 1, 0]])) // [2, 3, 0]
 */
export const padGeneral: WithArguments<[value: Operand, config: PadConfig]> = withArguments(2, (operand, [value, config]) => {
  const x = toNode(operand, 'padGeneral')
  if (isInvalid(x)) return invalid('padGeneral', [x])
  const fits = Array.isArray(config as unknown) && config.length === x.shape.length && config.every((c) => c.length === 3 && c.every(Number.isInteger) && c[2]! >= 0)
  return fits
    ? padded('padGeneral', x, value, config)
    : invalid('padGeneral', [x], refuse('Argument', `the margins ${JSON.stringify(config)} do not fit the ${x.shape.length} axes of ${showShape(x.shape)}`, 'Give [before, after, between] for each axis, integers of which the last is at least 0'))
})
