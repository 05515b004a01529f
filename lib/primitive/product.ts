/** The contraction of two arrays: one bilinear primitive, whose derivatives are itself. */
import { refuse } from '../core/FoldgradError.js'
import { apply, signature, type Node } from '../core/Node.js'
import { sameShape, sizeOf } from '../core/Shape.js'
import { matmul } from '../kernel/matmul.js'
import { add, defineOp } from './declare.js'

/** Which operands are read transposed, in their last two axes. */
export interface Transposed {
  readonly transposeA: boolean
  readonly transposeB: boolean
}

/**
 * Products of matrices: `a` of shape `[…batch, m, k]` by `b` of shape `[…batch, k, n]` is `[…batch, m, n]`, with the same
 * batch axes on both sides. An operand that is read transposed is stored as `[…batch, k, m]`, or `[…batch, n, k]`.
 */
export const dot = (a: Node, b: Node, transposeA = false, transposeB = false): Node =>
  apply(dotOp, [a, b], Object.freeze({ transposeA, transposeB }))

export const transposesOf = (y: Node): Transposed => y.attrs as unknown as Transposed

/** The rows and columns of the matrices in an operand, as they are read. */
const extents = ({ shape }: Node, isTransposed: boolean): readonly [rows: number, columns: number] => {
  const [r, c] = shape.slice(-2) as [number, number]
  return isTransposed ? [c, r] : [r, c]
}

const batchOf = ({ shape }: Node) => shape.slice(0, -2)

export const dotOp = defineOp({
  name: 'dot',
  batch: 'leading',
  infer: (inputs, attrs) => {
    const [a, b] = inputs as readonly [Node, Node]
    const { transposeA, transposeB } = attrs as unknown as Transposed
    if (a.dtype !== b.dtype)
      return refuse('DType', `the operands need one dtype, got ${a.dtype} and ${b.dtype}`, 'Convert them with astype')
    if (a.dtype === 'bool') return refuse('DType', 'truth values have no products', "Convert them with astype('i32')")
    if (a.shape.length < 2 || !sameShape(batchOf(a), batchOf(b)))
      return refuse('Shape', 'matrices with the same batch axes are needed', 'Broadcast the batch axes first, or use matmul')
    const [m, k] = extents(a, transposeA)
    const [l, n] = extents(b, transposeB)
    return k === l
      ? signature([...batchOf(a), m, n], a.dtype)
      : refuse('Shape', `the summed axes have lengths ${k} and ${l}`, 'Transpose or reshape one of them')
  },
  evaluate: ([a, b], y) => {
    const [x, w] = y.inputs as readonly [Node, Node]
    const [m, k] = extents(x, transposesOf(y).transposeA)
    const [, n] = extents(w, transposesOf(y).transposeB)
    return matmul(a!, b!, y.dtype, { batch: sizeOf(batchOf(y)), m, k, n, ...transposesOf(y) })
  },
  vjp: (g, y, k) => {
    const [a, b] = y.inputs as readonly [Node, Node]
    const { transposeA, transposeB } = transposesOf(y)
    if (k === 0) return transposeA ? dot(b, g, transposeB, true) : dot(g, b, false, !transposeB)
    return transposeB ? dot(g, a, true, transposeA) : dot(a, g, !transposeA, false)
  },
  jvp: ([da, db], y) => {
    const [a, b] = y.inputs as readonly [Node, Node]
    const { transposeA, transposeB } = transposesOf(y)
    const left = da ? dot(da, b, transposeA, transposeB) : null
    const right = db ? dot(a, db, transposeA, transposeB) : null
    return left && right ? add(left, right) : (left ?? right)
  },
})
