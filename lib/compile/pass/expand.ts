/**
 * Operations along an axis, written out in elementwise operations and reductions, which fuse with what is around them. Values
 * agree with those of the kernels to rounding, and exactly where they are infinite or not numbers.
 */
import { isFloat } from '../../core/DType.js'
import type { Node, Primitive } from '../../core/Node.js'
import { axisOf, repeated } from '../../primitive/along.js'
import { abs, add, argmax, argmin, astype, broadcastTo, div, eq, exp, full, isNaN, log, log1p, logicalOr, max, min, mul, positions, reshape, sqrt, square, sub, sum, where } from '../../primitive/index.js'
import { normOp } from '../../primitive/reduce.js'
import { logSoftmaxOp, logSumExpOp, softmaxOp } from '../../primitive/softmax.js'
import { rewriting, type Rule } from './rewrite.js'

/** `exp(x - m)` for the greatest element `m` of each group: 1 for every element that equals it, infinite ones too. */
const shares = (x: Node, axis: number): { readonly top: Node; readonly e: Node; readonly isTop: Node; readonly d: Node } => {
  const top = max(x, [axis])
  const along = repeated(top, x, axis)
  const isTop = eq(x, along)
  const d = where(isTop, 0, sub(x, along))
  return { top, e: exp(d), isTop, d }
}

/** `log Σ exp(x - m)`, accurate where one element is nearly all of the sum. */
const logTotal = (e: Node, isTop: Node, axis: number): Node => {
  const tops = sum(astype(isTop, e.dtype), [axis])
  const rest = sum(where(isTop, 0, e), [axis])
  return where(eq(tops, 1), log1p(rest), log(add(tops, rest)))
}

const softmax: Rule = (y) => {
  const [x] = y.inputs as readonly [Node]
  const axis = axisOf(y)
  const { top, e } = shares(x, axis)
  const p = div(e, repeated(sum(e, [axis]), x, axis))
  return where(eq(repeated(top, x, axis), -Infinity), y.attrs['none'] as number, p)
}

const logSumExp: Rule = (y) => {
  const [x] = y.inputs as readonly [Node]
  const axis = axisOf(y)
  const { top, e, isTop } = shares(x, axis)
  return add(top, logTotal(e, isTop, axis))
}

const logSoftmax: Rule = (y) => {
  const [x] = y.inputs as readonly [Node]
  const axis = axisOf(y)
  const { top, e, isTop, d } = shares(x, axis)
  const total = where(eq(top, -Infinity), NaN, logTotal(e, isTop, axis))
  return sub(d, repeated(total, x, axis))
}

/** The norm of the elements relative to the greatest, so that no square overflows. */
const norm: Rule = (y) => {
  const [x] = y.inputs as readonly [Node]
  const axis = axisOf(y)
  const top = max(abs(x), [axis])
  const scale = where(eq(top, 0), 1, top)
  const length = mul(scale, sqrt(sum(square(div(x, repeated(scale, x, axis))), [axis])))
  return where(eq(top, Infinity), Infinity, length)
}

/** Where the first of the elements that a reduction picks out stands. Positions are counted in floats, which hold them exactly. */
const firstOf =
  (extreme: (x: Node, axes: ReadonlyArray<number>) => Node): Rule =>
  (y) => {
    const [x] = y.inputs as readonly [Node]
    const axis = axisOf(y)
    const length = x.shape[axis]!
    if (!isFloat(x.dtype) || length >= 1 << 24) return y
    const isPicked = logicalOr(eq(x, repeated(extreme(x, [axis]), x, axis)), isNaN(x))
    const places = reshape(astype(positions(length), x.dtype), x.shape.map((_, i) => (i === axis ? length : 1)))
    return astype(min(where(isPicked, broadcastTo(places, x.shape), full(length - 1, x)), [axis]), 'i32')
  }

const rules: ReadonlyMap<Primitive, Rule> = new Map([
  [softmaxOp, softmax],
  [logSumExpOp, logSumExp],
  [logSoftmaxOp, logSoftmax],
  [normOp, norm],
  [argmax.op, firstOf(max)],
  [argmin.op, firstOf(min)],
])

const isEmpty = (y: Node): boolean => y.inputs[0]!.shape[axisOf(y)] === 0

/** Writes out the operations above. */
export const expand = rewriting((y) => {
  const rule = rules.get(y.op)
  return rule === undefined || isEmpty(y) ? y : rule(y)
})
