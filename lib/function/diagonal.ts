/** Diagonals and triangles of matrices. */
import { refuse } from '../core/FoldgradError.js'
import { invalid, isInvalid, type Node } from '../core/Node.js'
import { showShape, type Shape } from '../core/Shape.js'
import { tensor } from '../core/Tensor.js'
import { where } from '../primitive/arithmetic.js'
import { constant } from '../primitive/leaf.js'
import { broadcastTo, reshape, slice, sum, transpose, unslice } from '../primitive/shape.js'
import { onAxis } from './axis.js'
import { withOptions, type WithOptions } from './call.js'
import { toNode, type Operand } from './operand.js'

/** Which diagonal: 0 the main one, above it positive, below it negative. */
export interface DiagonalOption {
  readonly k?: number
}

/** The places of diagonal `k` of a matrix, laid out row by row. */
const places = (rows: number, columns: number, k: number) => ({
  start: k >= 0 ? k : -k * columns,
  step: columns + 1,
  length: Math.max(0, Math.min(rows + Math.min(k, 0), columns - Math.max(k, 0))),
})

const noDiagonal = (op: string, x: Node, k: number): Node =>
  invalid(op, [x], refuse('Argument', `there is no diagonal ${k}`, 'Give an integer'))

/** Diagonal `k` of the last two axes, as the last axis. */
const diagonalOf = (x: Node, k: number): Node => {
  const batch = x.shape.slice(0, -2)
  const [rows, columns] = x.shape.slice(-2) as [number, number]
  const { start, step, length } = places(rows, columns, k)
  return slice(reshape(x, [...batch, rows * columns]), {
    start: [...batch.map(() => 0), length === 0 ? 0 : start],
    step: [...batch.map(() => 1), step],
    shape: [...batch, length],
  })
}

/** The matrix with this diagonal `k`, and zeros elsewhere. */
const matrixOf = (x: Node, k: number): Node => {
  const size = x.shape[0]! + Math.abs(k)
  const { start, step } = places(size, size, k)
  return reshape(unslice(x, [size * size], { start: [start], step: [step], shape: x.shape }), [size, size])
}

/**
 * The matrix with a given diagonal, or the diagonal of a given matrix.
 *
 * @example
 * toArray(diag([1, 2])) // [[1, 0], [0, 2]]
 * toArray(diag([[1, 2], [3, 4]], { k: 1 })) // [2]
 */
export const diag: WithOptions<DiagonalOption> = withOptions((operand, { k = 0 }) => {
  const x = toNode(operand, 'diag')
  if (isInvalid(x)) return invalid('diag', [x])
  if (!Number.isInteger(k)) return noDiagonal('diag', x, k)
  if (x.shape.length === 1) return matrixOf(x, k)
  return x.shape.length === 2
    ? diagonalOf(x, k)
    : invalid('diag', [x], refuse('Shape', `a vector or a matrix is needed, got ${showShape(x.shape)}`, 'Use diagonal for arrays of matrices'))
})

/** A diagonal of the plane of two axes. */
export interface DiagonalOptions {
  readonly offset?: number
  readonly axis1?: number
  readonly axis2?: number
}

const diagonals = (op: string, operand: Operand, { offset = 0, axis1 = 0, axis2 = 1 }: DiagonalOptions, f: (d: Node) => Node): Node =>
  onAxis(op, operand, axis1, (x, a) =>
    onAxis(op, x, axis2, (_, b) => {
      if (a === b) return invalid(op, [x], refuse('Shape', `axis1 and axis2 are both axis ${a}`, 'Give two different axes'))
      if (!Number.isInteger(offset)) return noDiagonal(op, x, offset)
      return f(diagonalOf(transpose(x, [...x.shape.map((_n, i) => i).filter((i) => i !== a && i !== b), a, b]), offset))
    }),
  )

/**
 * The diagonal of the plane of two axes (default: the first two), which are dropped; it is the last axis of the result.
 *
 * @example
 * toArray(diagonal([[1, 2], [3, 4]])) // [1, 4]
 * toArray(diagonal([[1, 2], [3, 4]], { offset: 1 })) // [2]
 */
export const diagonal: WithOptions<DiagonalOptions> = withOptions((x, options) => diagonals('diagonal', x, options, (d) => d))

/**
 * The sum of a diagonal.
 *
 * @example
 * item(trace([[1, 2], [3, 4]])) // 5
 */
export const trace: WithOptions<DiagonalOptions> = withOptions((x, options) =>
  diagonals('trace', x, options, (d) => sum(d, [d.shape.length - 1])),
)

const triangle = (shape: Shape, keeps: (row: number, column: number) => boolean): Node => {
  const [rows, columns] = shape.slice(-2) as [number, number]
  const mask = Uint8Array.from({ length: rows * columns }, (_, i) => Number(keeps(Math.floor(i / columns), i % columns)))
  return broadcastTo(constant(tensor(mask, { dtype: 'bool', shape: [rows, columns] })), shape)
}

const triangular = (op: string, keeps: (row: number, column: number, k: number) => boolean): WithOptions<DiagonalOption> =>
  withOptions((operand, { k = 0 }) => {
    const x = toNode(operand, op)
    if (isInvalid(x)) return invalid(op, [x])
    if (!Number.isInteger(k)) return noDiagonal(op, x, k)
    return x.shape.length < 2
      ? invalid(op, [x], refuse('Shape', `a matrix is needed, got ${showShape(x.shape)}`, 'Give an array with two axes or more'))
      : where(triangle(x.shape, (row, column) => keeps(row, column, k)), x, 0)
  })

/**
 * The lower triangle of the last two axes, up to diagonal `k`; zeros above.
 *
 * @example
 * toArray(tril([[1, 2], [3, 4]])) // [[1, 0], [3, 4]]
 */
export const tril: WithOptions<DiagonalOption> = triangular('tril', (row, column, k) => column - row <= k)

/**
 * The upper triangle of the last two axes, from diagonal `k` on; zeros below.
 *
 * @example
 * toArray(triu([[1, 2], [3, 4]])) // [[1, 2], [0, 4]]
 */
export const triu: WithOptions<DiagonalOption> = triangular('triu', (row, column, k) => column - row >= k)
