/** Products of vectors, matrices and arrays of any rank: all of them one contraction, arranged differently. */
import { refuse, type Refusal } from '../core/FoldgradError.js'
import { invalid, isInvalid, isNode, type Node } from '../core/Node.js'
import { broadcastShapes, normalizeAxis, showShape, sizeOf, type Shape } from '../core/Shape.js'
import { dot as dotMatrices } from '../primitive/product.js'
import { broadcastTo, reshape, transpose } from '../primitive/shape.js'
import { add, mul } from './arithmetic.js'
import { isOptions, withArgument, withArgumentAndOptions, type Binary, type WithArgumentAndOptions } from './call.js'
import { contract } from './contraction.js'
import { factorsOf, type Operand } from './operand.js'

export { einsum } from './einsum.js'

/** Lifts a product of two nodes of one dtype to operands. */
const productFunction = (name: string, op: (a: Node, b: Node) => Node): Binary =>
  withArgument<Operand>((a, b) => {
    const nodes = factorsOf(name, [a, b])
    return isNode(nodes) ? nodes : op(nodes[0]!, nodes[1]!)
  })

const rank = (x: Node): number => x.shape.length

const flat = (x: Node): Node => reshape(x, [sizeOf(x.shape)])

const differ = (k: number, l: number, a: Node, b: Node): Refusal =>
  refuse(
    'Shape',
    `the summed axes have lengths ${k} and ${l}, in the shapes ${showShape(a.shape)} and ${showShape(b.shape)}`,
    'Transpose or reshape one of them',
  )

/**
 * NumPy's matrix product. Two matrices are multiplied; a vector on the left is a row, on the right a column, and its axis
 * is dropped from the result; axes before the last two are a batch, which broadcasts. Scalars are refused.
 *
 * @example
 * toArray(matmul([[1, 2], [3, 4]], [[5], [6]])) // [[17], [39]]
 * toArray(matmul([[1, 2], [3, 4]], [5, 6]))     // [17, 39]
 * pipe([1, 2], matmul([3, 4]), item)            // 11
 */
export const matmul: Binary = productFunction('matmul', (a, b) => {
  if (rank(a) === 0 || rank(b) === 0)
    return invalid('matmul', [a, b], refuse('Shape', 'a scalar is no matrix', 'Use mul to scale an array'))
  const left = rank(a) === 1 ? reshape(a, [1, a.shape[0]!]) : a
  const right = rank(b) === 1 ? reshape(b, [b.shape[0]!, 1]) : b
  const [k, l] = [left.shape[rank(left) - 1]!, right.shape[rank(right) - 2]!]
  if (k !== l) return invalid('matmul', [a, b], differ(k, l, a, b))
  const batch = broadcastShapes(left.shape.slice(0, -2), right.shape.slice(0, -2))
  if (batch === undefined)
    return invalid('matmul', [a, b], unbroadcast(a, b))
  const rows = rank(a) === 1 ? [] : left.shape.slice(-2, -1)
  const columns = rank(b) === 1 ? [] : right.shape.slice(-1)
  return reshape(batched(left, right, batch), [...batch, ...rows, ...columns])
})

const unbroadcast = (a: Node, b: Node): Refusal =>
  refuse(
    'Shape',
    `the batch axes of ${showShape(a.shape)} and ${showShape(b.shape)} do not broadcast`,
    'Axes before the last two need equal lengths, or length 1',
  )

/** Products of matrices. A batch by a single matrix is one product, with the batch as further rows. */
const batched = (a: Node, b: Node, batch: Shape): Node => {
  const stretched = (x: Node): Node => broadcastTo(x, [...batch, ...x.shape.slice(-2)])
  return rank(b) === 2
    ? dotMatrices(rank(a) === 2 ? a : reshape(a, [sizeOf(a.shape.slice(0, -1)), a.shape[rank(a) - 1]!]), b)
    : dotMatrices(stretched(a), stretched(b))
}

/** The contraction of one axis of each operand. */
const along = (op: string, a: Node, b: Node, axisA: number, axisB: number): Node => {
  const [k, l] = [a.shape[axisA]!, b.shape[axisB]!]
  return k === l ? contract(a, b, [[axisA], [axisB]]) : invalid(op, [a, b], differ(k, l, a, b))
}

/**
 * NumPy's `dot`: the sum over the last axis of `a` and the last but one of `b` (the only one of a vector); with a scalar,
 * the elementwise product. The axes of the result are those of `a`, then those of `b`.
 *
 * @example
 * item(dot([1, 2, 3], [4, 5, 6])) // 32
 * toArray(dot(2, [1, 2]))         // [2, 4]
 */
export const dot: Binary = productFunction('dot', (a, b) =>
  rank(a) === 0 || rank(b) === 0 ? mul(a, b) : along('dot', a, b, rank(a) - 1, Math.max(0, rank(b) - 2)),
)

/**
 * The sum of the elementwise product of two arrays of one size, whatever their shapes.
 *
 * @example
 * item(vdot([[1, 2], [3, 4]], [[1, 1], [1, 1]])) // 10
 */
export const vdot: Binary = productFunction('vdot', (a, b) => along('vdot', flat(a), flat(b), 0, 0))

/**
 * NumPy's `inner`: the sum over the last axis of both; with a scalar, the elementwise product.
 *
 * @example
 * toArray(inner([[1, 2], [3, 4]], [1, 1])) // [3, 7]
 */
export const inner: Binary = productFunction('inner', (a, b) =>
  rank(a) === 0 || rank(b) === 0 ? mul(a, b) : along('inner', a, b, rank(a) - 1, rank(b) - 1),
)

/**
 * Every element of `a` times every element of `b`: a matrix, whose rows belong to `a`. Both are flattened.
 *
 * @example
 * toArray(outer([1, 2], [3, 4, 5])) // [[3, 4, 5], [6, 8, 10]]
 */
export const outer: Binary = productFunction('outer', (a, b) => contract(flat(a), flat(b), [[], []]))

/**
 * The Kronecker product: each element of `a` is replaced by itself times `b`. The array of lower rank gets axes of length 1
 * on the left.
 *
 * @example
 * toArray(kron([1, 10], [1, 2, 3])) // [1, 2, 3, 10, 20, 30]
 */
export const kron: Binary = productFunction('kron', (a, b) => {
  const axes = Math.max(rank(a), rank(b))
  const padded = ({ shape }: Node): Shape => Array.from({ length: axes }, (_, i) => shape[i - axes + shape.length] ?? 1)
  const [p, q] = [padded(a), padded(b)]
  const pairs = transpose(reshape(contract(a, b, [[], []]), [...p, ...q]), p.flatMap((_, axis) => [axis, axes + axis]))
  return reshape(pairs, p.map((n, axis) => n * q[axis]!))
})

/** Which axes `tensordot` sums over: the last `n` of `a` with the first `n` of `b`, or the axes given for each. */
export interface TensordotOptions {
  readonly axes?: number | readonly [a: number | ReadonlyArray<number>, b: number | ReadonlyArray<number>]
}

/**
 * The sum of products over chosen axes of both operands, two by default (`axes: 2`): the last of `a` with the first of `b`,
 * in order. The result has the remaining axes of `a`, then those of `b`.
 *
 * @example
 * item(tensordot([[1, 2], [3, 4]], [[1, 1], [1, 1]]))              // 10
 * toArray(tensordot([[1, 2], [3, 4]], [1, 10], { axes: 1 }))       // [21, 43]
 * toArray(tensordot([[1, 2], [3, 4]], [1, 10], { axes: [0, 0] }))  // [31, 42]
 */
export const tensordot: WithArgumentAndOptions<Operand, TensordotOptions> = withArgumentAndOptions(
  (left: Operand, right: Operand, { axes = 2 }: TensordotOptions) =>
    productFunction('tensordot', (a, b) => {
      const count = typeof axes === 'number' ? Array.from({ length: axes }, (_, i) => i) : []
      const [onA, onB] = typeof axes === 'number' ? [count.map((i) => rank(a) - axes + i), count] : axes.map((part) => [part].flat())
      const axesA = onA!.map((axis) => normalizeAxis(axis, rank(a)) ?? -1)
      const axesB = onB!.map((axis) => normalizeAxis(axis, rank(b)) ?? -1)
      const refusal = mispaired(a, b, axesA, axesB)
      return refusal === undefined ? contract(a, b, [axesA, axesB]) : invalid('tensordot', [a, b], refusal)
    })(left, right),
)

const mispaired = (a: Node, b: Node, axesA: ReadonlyArray<number>, axesB: ReadonlyArray<number>): Refusal | undefined => {
  const isUnfit = (axes: ReadonlyArray<number>) => axes.includes(-1) || new Set(axes).size !== axes.length
  if (axesA.length !== axesB.length || isUnfit(axesA) || isUnfit(axesB))
    return refuse(
      'Argument',
      'the axes do not pair distinct axes of both operands',
      'Give a count, or one list of axes for each operand, of one length',
    )
  const wrong = axesA.findIndex((axis, i) => a.shape[axis] !== b.shape[axesB[i]!])
  return wrong < 0 ? undefined : differ(a.shape[axesA[wrong]!]!, b.shape[axesB[wrong]!]!, a, b)
}

const notChain = refuse(
  'Shape',
  'at least two matrices are needed (the first and the last may be vectors)',
  'Use matmul for batches of matrices',
)

/**
 * The product of a chain of matrices, in the order of multiplication that needs the fewest operations (dynamic
 * programming, Cormen et al., chapter 15.2). The first and the last may be vectors.
 *
 * @example
 * toArray(multiDot([[[1, 2]], [[3], [4]], [[5]]])) // [[55]]
 */
export const multiDot = (operands: ReadonlyArray<Operand>): Node => {
  const nodes = factorsOf('multiDot', operands)
  if (isNode(nodes)) return nodes
  const last = nodes.length - 1
  const isFactor = (x: Node, k: number) => rank(x) === 2 || (rank(x) === 1 && (k === 0 || k === last))
  if (last < 1 || !nodes.every(isFactor)) return invalid('multiDot', nodes, notChain)
  const rows = nodes.map((x, k) => (k === 0 && rank(x) === 1 ? 1 : x.shape[0]!))
  const lengths = [...rows, rank(nodes[last]!) === 1 ? 1 : nodes[last]!.shape[1]!]
  const cuts = cheapestCuts(lengths)
  const chain = (i: number, j: number): Node => (i === j ? nodes[i]! : matmul(chain(i, cuts[i]![j]!), chain(cuts[i]![j]! + 1, j)))
  return chain(0, last)
}

/** Where to cut each part `i … j` of a chain of matrices, the `k`-th of which is `lengths[k] × lengths[k + 1]`. */
const cheapestCuts = (lengths: ReadonlyArray<number>): ReadonlyArray<ReadonlyArray<number>> => {
  const count = lengths.length - 1
  const table = () => Array.from({ length: count }, () => Array.from({ length: count }, () => 0))
  const [costs, cuts] = [table(), table()]
  for (let width = 1; width < count; width++) {
    for (let i = 0; i + width < count; i++) {
      const j = i + width
      costs[i]![j] = Infinity
      for (let cut = i; cut < j; cut++) {
        const cost = costs[i]![cut]! + costs[cut + 1]![j]! + lengths[i]! * lengths[cut + 1]! * lengths[j + 1]!
        if (cost >= costs[i]![j]!) continue
        costs[i]![j] = cost
        cuts[i]![j] = cut
      }
    }
  }
  return cuts
}

/** The parameters of an affine map. */
export interface LinearParameters<W = Operand> {
  readonly w: W
  readonly b?: W | undefined
}

interface Linear {
  (x: Operand, w: Operand, b?: Operand): Node
  (parameters: LinearParameters): (x: Operand) => Node
}

/**
 * The affine map `x w + b` of rows of features: `x` is `[…, in]`, `w` is `[in, out]`, `b` is `[out]` or absent. In a
 * pipeline it takes the parameters as a record.
 *
 * @example
 * toArray(linear([[1, 2]], [[1], [1]], [10]))               // [[13]]
 * pipe([[1, 2]], linear({ w: [[1], [1]], b: [10] }), toArray) // [[13]]
 */
export const linear: Linear = ((x: Operand | LinearParameters, w?: Operand, b?: Operand) =>
  isParameters(x) ? (data: Operand) => affine(data, x.w, x.b) : affine(x, w!, b)) as Linear

const isParameters = (x: Operand | LinearParameters): x is LinearParameters => isOptions(x) && 'w' in x

const affine = (x: Operand, w: Operand, b: Operand | undefined): Node => {
  const y = matmul(x, w)
  return b === undefined || isInvalid(y) ? y : add(y, b)
}
