/** Movement: reshapes, transposes, broadcasts, slices and pads that follow one another become one, or nothing. */
import type { Node, Primitive } from '../../core/Node.js'
import { sameShape, sizeOf } from '../../core/Shape.js'
import { axisOf } from '../../primitive/along.js'
import { add } from '../../primitive/declare.js'
import { full, fullValue } from '../../primitive/leaf.js'
import { dot, dotOp, transposesOf } from '../../primitive/product.js'
import { broadcastTo, broadcastToOp, concat, concatOp, rangeAlong, reshape, reshapeOp, slice, sliceOf, sliceOp, transpose, transposeOp, unsliceOp, type Slice } from '../../primitive/shape.js'
import type { Rule } from './rewrite.js'

const reshaped: Rule = (node) => {
  const [x] = node.inputs as readonly [Node]
  return x.op === reshapeOp.op ? reshape(x.inputs[0]!, node.shape) : node
}

const stretched: Rule = (node) => {
  const [x] = node.inputs as readonly [Node]
  return x.op === broadcastToOp.op ? broadcastTo(x.inputs[0]!, node.shape) : node
}

const permOf = (node: Node): ReadonlyArray<number> => node.attrs['perm'] as ReadonlyArray<number>

const permuted: Rule = (node) => {
  const [x] = node.inputs as readonly [Node]
  const perm = permOf(node)
  if (perm.every((p, i) => p === i)) return x
  return x.op === transposeOp.op ? permuted(transpose(x.inputs[0]!, perm.map((p) => permOf(x)[p]!))) : node
}

const sameSlice = (a: Slice, b: Slice): boolean => sameShape(a.shape, b.shape) && a.start.every((s, i) => s === b.start[i]) && a.step.every((s, i) => s === b.step[i] || a.shape[i] === 1)

/** Whether two slices have no element in common, as told by one axis along which both go on step by step. */
const apart = (a: Slice, b: Slice): boolean =>
  a.shape.some((n, i) => {
    if (n === 0 || b.shape[i] === 0) return true
    if (Math.abs(a.step[i]!) !== 1 && n > 1) return false
    if (Math.abs(b.step[i]!) !== 1 && b.shape[i]! > 1) return false
    const ends = ({ start, step, shape }: Slice) => [start[i]!, start[i]! + (shape[i]! - 1) * step[i]!].sort((x, y) => x - y) as [number, number]
    const [[from, to], [low, high]] = [ends(a), ends(b)]
    return to < low || high < from
  })

/** Whether a slice of an array can be read off its parts. */
const isPieced = (x: Node): boolean => x.op === unsliceOp.op || x.op === concatOp || fullValue(x) !== undefined || (x.op === add.op && x.inputs.every(isPieced))

const sliced: Rule = (node) => {
  const [x] = node.inputs as readonly [Node]
  const part = sliceOf(node)
  if (sameShape(x.shape, node.shape) && part.step.every((s, i) => s === 1 || node.shape[i] === 1)) return x
  if (x.op === sliceOp.op) {
    const inner = sliceOf(x)
    return sliced(slice(x.inputs[0]!, { start: part.start.map((s, i) => inner.start[i]! + s * inner.step[i]!), step: part.step.map((s, i) => s * inner.step[i]!), shape: part.shape }))
  }
  if (x.op === unsliceOp.op) {
    const whole = { ...sliceOf(x), shape: x.inputs[0]!.shape }
    if (sameSlice(part, whole)) return x.inputs[0]!
    return apart(part, whole) ? full(0, node) : node
  }
  if (x.op === concatOp) return ofConcat(node, x, part)
  if (x.op === add.op && x.inputs.every(isPieced)) {
    const [a, b] = x.inputs.map((y) => movement(slice(y, part))) as [Node, Node]
    // Sums of parts that have to be cut out anew are no better than a part of the sum.
    return fullValue(a) === 0 ? b : fullValue(b) === 0 ? a : a.op === sliceOp.op || b.op === sliceOp.op ? node : add(a, b)
  }
  return node
}

/** A slice that lies in one part of a concatenation is a slice of that part. */
const ofConcat = (node: Node, x: Node, part: Slice): Node => {
  const axis = axisOf(x)
  const [first, last] = [part.start[axis]!, part.start[axis]! + (part.shape[axis]! - 1) * part.step[axis]!].sort((a, b) => a - b) as [number, number]
  let at = 0
  for (const piece of x.inputs) {
    const length = piece.shape[axis]!
    if (first >= at && last < at + length && sizeOf(node.shape) > 0) return sliced(slice(piece, { ...part, start: part.start.map((s, i) => (i === axis ? s - at : s)) }))
    at += length
  }
  return node
}

/** The slices of one array, one after another, that make it up. */
const rejoined: Rule = (node) => {
  const [first] = node.inputs as readonly [Node]
  const axis = axisOf(node)
  const [whole] = first.inputs
  if (node.inputs.length === 1) return first
  if (first.op !== sliceOp.op || !sameShape(whole!.shape, node.shape)) return node
  let at = 0
  for (const piece of node.inputs) {
    if (piece.op !== sliceOp.op || piece.inputs[0] !== whole || !sameSlice(sliceOf(piece), rangeAlong(whole!.shape, axis, at, piece.shape[axis]!))) return node
    at += piece.shape[axis]!
  }
  return whole!
}

/** Arrays padded with zeros so that each fills a part of its own: their sum is the parts put together. */
const summed: Rule = (node) => {
  const [a, b] = node.inputs as readonly [Node, Node]
  if (a.op !== unsliceOp.op && a.op !== concatOp) return node
  if (b.op !== unsliceOp.op) return node
  const [left, right] = [spanOf(a), spanOf(b)]
  if (left === undefined || right === undefined || left.axis !== right.axis) return node
  if (left.from + left.length === right.from) return spread(node, left.axis, left.from, [...left.pieces, ...right.pieces])
  return right.from + right.length === left.from ? spread(node, left.axis, right.from, [...right.pieces, ...left.pieces]) : node
}

interface Span {
  readonly axis: number
  readonly from: number
  readonly length: number
  readonly pieces: ReadonlyArray<Node>
}

/** Where a padded array lies, if it is a range along one axis and everything along the others. */
const spanOf = (x: Node): Span | undefined => {
  if (x.op !== unsliceOp.op) return undefined
  const [inner] = x.inputs as readonly [Node]
  const { start, step } = sliceOf(x)
  const partial = x.shape.flatMap((n, i) => (n === inner.shape[i] ? [] : [i]))
  if (partial.length !== 1 || step.some((s, i) => s !== 1 && inner.shape[i] !== 1)) return undefined
  const axis = partial[0]!
  const pieces = inner.op === concatOp && axisOf(inner) === axis ? inner.inputs : [inner]
  return { axis, from: start[axis]!, length: inner.shape[axis]!, pieces }
}

const spread = (like: Node, axis: number, from: number, pieces: ReadonlyArray<Node>): Node => {
  const joined = concat(pieces, axis)
  return sameShape(joined.shape, like.shape) ? joined : unsliceOp(joined, { ...rangeAlong(like.shape, axis, from, 0), shape: joined.shape, into: like.shape })
}

/** Products read transposed operands as they are. */
const contracted: Rule = (node) => {
  const [a, b] = node.inputs as readonly [Node, Node]
  const { transposeA, transposeB } = transposesOf(node)
  const [x, y] = [untransposed(a), untransposed(b)]
  return x === a && y === b ? node : dot(x, y, transposeA !== (x !== a), transposeB !== (y !== b))
}

/** The operand of a transpose of the last two axes. */
const untransposed = (x: Node): Node => {
  if (x.op !== transposeOp.op) return x
  const perm = permOf(x)
  const last = perm.length - 1
  return perm.every((p, i) => p === (i === last ? last - 1 : i === last - 1 ? last : i)) ? x.inputs[0]! : x
}

const rules: ReadonlyMap<Primitive, Rule> = new Map([
  [reshapeOp.op, reshaped],
  [broadcastToOp.op, stretched],
  [transposeOp.op, permuted],
  [sliceOp.op, sliced],
  [concatOp, rejoined],
  [add.op, summed],
  [dotOp, contracted],
])

export const movement: Rule = (node) => {
  const rule = rules.get(node.op)
  return rule === undefined ? node : rule(node)
}
