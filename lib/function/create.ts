/** New arrays, of `f64` unless a dtype is given. */
import { bufferFrom, type DType } from '../core/DType.js'
import { refuse } from '../core/FoldgradError.js'
import { invalid, isInvalid, type Node } from '../core/Node.js'
import { showShape, type Shape } from '../core/Shape.js'
import { tensorOf } from '../core/Tensor.js'
import { astype } from '../primitive/arithmetic.js'
import { constant, full as fullOf, fullValue } from '../primitive/leaf.js'
import { broadcastTo, reshape, unslice } from '../primitive/shape.js'
import { isCount, isShape, noCount, noShape } from './axis.js'
import { isOptions } from './call.js'
import { toNode, type Operand } from './operand.js'

/** The dtype of a new array. */
export interface DTypeOption {
  readonly dtype?: DType
}

const lengthsOf = (shape: Shape | number): Shape => (typeof shape === 'number' ? [shape] : shape)

const repeatedNumber = (op: string, value: number, shape: Shape | number, dtype: DType): Node => {
  const lengths = lengthsOf(shape)
  return isShape(lengths) ? fullOf(value, { shape: [...lengths], dtype }) : invalid(op, [], noShape(lengths))
}

/**
 * An array of zeros.
 *
 * @example
 * toArray(zeros([2, 2])) // [[0, 0], [0, 0]]
 */
export const zeros = (shape: Shape | number, { dtype = 'f64' }: DTypeOption = {}): Node => repeatedNumber('zeros', 0, shape, dtype)

/**
 * An array of ones.
 *
 * @example
 * toArray(ones(3)) // [1, 1, 1]
 */
export const ones = (shape: Shape | number, { dtype = 'f64' }: DTypeOption = {}): Node => repeatedNumber('ones', 1, shape, dtype)

/**
 * An array filled with a value, which may be a node and broadcasts to the shape.
 *
 * @example
 * toArray(full([2], 7)) // [7, 7]
 */
export const full = (shape: Shape | number, value: Operand, { dtype }: DTypeOption = {}): Node => {
  const x = toNode(value, 'full')
  const lengths = lengthsOf(shape)
  if (isInvalid(x)) return invalid('full', [x])
  if (!isShape(lengths)) return invalid('full', [x], noShape(lengths))
  const number = x.shape.length === 0 ? fullValue(x) : undefined
  return number === undefined
    ? broadcastTo(astype(x, dtype ?? x.dtype), [...lengths])
    : fullOf(number, { shape: [...lengths], dtype: dtype ?? x.dtype })
}

const like = (op: string, value: number) => (operand: Operand, { dtype }: DTypeOption = {}): Node => {
  const x = toNode(operand, op)
  return isInvalid(x) ? invalid(op, [x]) : fullOf(value, { shape: x.shape, dtype: dtype ?? x.dtype })
}

/**
 * Zeros in the shape and dtype of another array.
 *
 * @example
 * toArray(zerosLike([1, 2])) // [0, 0]
 */
export const zerosLike = like('zerosLike', 0)

/**
 * Ones in the shape and dtype of another array.
 *
 * @example
 * toArray(onesLike([5, 2])) // [1, 1]
 */
export const onesLike = like('onesLike', 1)

/**
 * A value in the shape and dtype of another array.
 *
 * @example
 * toArray(fullLike([5, 2], 3)) // [3, 3]
 */
export const fullLike = (operand: Operand, value: Operand, { dtype }: DTypeOption = {}): Node => {
  const x = toNode(operand, 'fullLike')
  return isInvalid(x) ? invalid('fullLike', [x]) : full(x.shape, value, { dtype: dtype ?? x.dtype })
}

/** The number of columns (default: that of rows), and the diagonal that holds the ones. */
export interface EyeOptions extends DTypeOption {
  readonly columns?: number
  readonly k?: number
}

/**
 * Ones on a diagonal, zeros elsewhere.
 *
 * @example
 * toArray(eye(2)) // [[1, 0], [0, 1]]
 * toArray(eye(2, { columns: 3, k: 1 })) // [[0, 1, 0], [0, 0, 1]]
 */
export const eye = (rows: number, { columns = rows, k = 0, dtype = 'f64' }: EyeOptions = {}): Node => {
  if (!isCount(rows) || !isCount(columns)) return invalid('eye', [], noShape([rows, columns]))
  if (!Number.isInteger(k)) return invalid('eye', [], refuse('Argument', `there is no diagonal ${k}`, 'Give an integer'))
  const length = Math.max(0, Math.min(rows + Math.min(k, 0), columns - Math.max(k, 0)))
  const start = length === 0 ? 0 : k >= 0 ? k : -k * columns
  const diagonal = fullOf(1, { shape: [length], dtype })
  return reshape(unslice(diagonal, [rows * columns], { start: [start], step: [columns + 1], shape: [length] }), [rows, columns])
}

const sequence = (count: number, dtype: DType, f: (i: number) => number): Node =>
  constant(tensorOf(bufferFrom(dtype, Array.from({ length: count }, (_, i) => f(i))), [count], dtype))

interface Arange {
  (stop: number, options?: DTypeOption): Node
  (start: number, stop: number, options?: DTypeOption): Node
  (start: number, stop: number, step: number, options?: DTypeOption): Node
}

/**
 * The numbers from `start` (default 0) up to, but without, `stop`, `step` (default 1) apart.
 *
 * @example
 * toArray(arange(4)) // [0, 1, 2, 3]
 * toArray(arange(1, 2, 0.25)) // [1, 1.25, 1.5, 1.75]
 * arange(3, { dtype: 'i32' }).dtype // 'i32'
 */
export const arange: Arange = (...args: ReadonlyArray<number | DTypeOption | undefined>): Node => {
  const numbers = args.filter((arg) => typeof arg === 'number')
  const { dtype = 'f64' } = (args.find(isOptions) ?? {}) as DTypeOption
  const [start, stop, step] = numbers.length === 1 ? [0, numbers[0]!, 1] : [numbers[0] ?? NaN, numbers[1] ?? NaN, numbers[2] ?? 1]
  const count = Math.max(0, Math.ceil((stop - start) / step))
  return Number.isFinite(count)
    ? sequence(count, dtype, (i) => start + i * step)
    : invalid('arange', [], refuse('Argument', `from ${start} to ${stop} by ${step} is no finite sequence`, 'Give finite bounds and a step other than 0'))
}

/** Whether the end belongs to the sequence (default: it does). */
export interface LinspaceOptions extends DTypeOption {
  readonly endpoint?: boolean
}

/**
 * `count` (default 50) evenly spaced numbers from `start` to `stop`, with or without `stop` itself.
 *
 * @example
 * toArray(linspace(0, 1, 5)) // [0, 0.25, 0.5, 0.75, 1]
 * toArray(linspace(0, 1, 4, { endpoint: false })) // [0, 0.25, 0.5, 0.75]
 */
export const linspace = (start: number, stop: number, count = 50, { endpoint = true, dtype = 'f64' }: LinspaceOptions = {}): Node => {
  if (!isCount(count)) return invalid('linspace', [], noCount('the number of points', count))
  const parts = endpoint ? count - 1 : count
  const step = (stop - start) / parts
  return sequence(count, dtype, (i) => (endpoint && i > 0 && i === parts ? stop : i === 0 ? start : start + i * step))
}

/**
 * The grid spanned by some vectors: for each of them its coordinate at every point. The first two axes are exchanged as
 * in NumPy (`indexing: 'xy'`) unless `indexing` is `'ij'`.
 *
 * @example
 * meshgrid([[1, 2, 3], [4, 5]]).map(toArray) // [[[1, 2, 3], [1, 2, 3]], [[4, 4, 4], [5, 5, 5]]]
 */
export const meshgrid = (
  vectors: ReadonlyArray<Operand>,
  { indexing = 'xy' }: { readonly indexing?: 'xy' | 'ij' } = {},
): ReadonlyArray<Node> => {
  const xs = vectors.map((v) => toNode(v, 'meshgrid'))
  const wrong = xs.find((x) => isInvalid(x) || x.shape.length !== 1)
  if (wrong !== undefined)
    return xs.map(() => invalid('meshgrid', [wrong], isInvalid(wrong) ? undefined : refuse('Shape', `a grid is spanned by vectors, got ${showShape(wrong.shape)}`, 'Give arrays of rank 1')))
  const place = (k: number): number => (indexing === 'xy' && k < 2 && xs.length > 1 ? 1 - k : k)
  const shape = xs.map((_, axis) => xs[place(axis)]!.shape[0]!)
  return xs.map((x, k) => broadcastTo(reshape(x, shape.map((n, axis) => (axis === place(k) ? n : 1))), shape))
}
