/**
 * `logSumExp` and its derivatives. The Jacobian of the softmax `p` is `diag(p) (I - 1 pᵀ)`, and a constant vector is in
 * the kernel of its second factor. So a tangent may be taken relative to its entry at the greatest element, which makes
 * that entry exactly zero: a probability near 1 then gets its small derivative with full relative accuracy.
 */
import { apply, signature, type Node } from '../core/Node.js'
import { reducedShape } from '../core/Shape.js'
import { reduceGroups } from '../kernel/reduce.js'
import { logSoftmaxGroups, logSumExpOf, softmaxGroups } from '../kernel/softmax.js'
import { alongAxis, axisOf, positions, repeated, totals } from './along.js'
import { astype, eq, mul, neg, sub, where } from './arithmetic.js'
import { defineOp } from './declare.js'
import { max, min } from './reduce.js'
import { broadcastTo, reshape, sum } from './shape.js'
import { alongAxes } from './batching.js'

/** Where the greatest element of each group is (the first of equals). Places are counted in floats, which hold them exactly. */
const top = (x: Node, axis: number): Node => {
  const length = x.shape[axis]!
  const column = reshape(astype(positions(length), length > 2 ** 24 ? 'f64' : x.dtype), x.shape.map((_, i) => (i === axis ? length : 1)))
  const places = broadcastTo(column, x.shape)
  const first = min(where(eq(x, repeated(max(x, [axis]), x, axis)), places, length), [axis])
  return eq(places, repeated(first, x, axis))
}

/** A tangent relative to its entry at the greatest element. */
const relative = (dx: Node, at: Node, axis: number): Node => sub(dx, totals(where(at, dx, 0), axis))

/** The transpose of {@link relative}, for entries that sum to zero: the one at the greatest element is read off the others. */
const balanced = (h: Node, at: Node, axis: number): Node => where(at, neg(totals(where(at, 0, h), axis)), h)

/** `(I - 1 pᵀ) dx`. */
const centered = (dx: Node, p: Node, at: Node, axis: number): Node => {
  const d = relative(dx, at, axis)
  return sub(d, totals(mul(p, d), axis))
}

/** The softmax along an axis. A group of nothing but -∞ gives `none`, NaN or 0. */
export const softmax = (x: Node, axis: number, none = NaN): Node => (x.shape[axis] === 0 ? x : apply(softmaxOp, [x], { axis, none }))
export const softmaxOp = defineOp({
  name: 'softmax',
  batch: alongAxes,
  infer: ([x]) => x!,
  evaluate: ([x], y) => softmaxGroups(alongAxis(x!, y), y.dtype, y.attrs['none'] as number),
  vjp: (g, y) => softmaxDerivative(g, y),
  jvp: ([dx], y) => (dx ? softmaxDerivative(dx, y) : null),
})

/** The Jacobian is symmetric, so pushforward and pullback are one. */
const softmaxDerivative = (dx: Node, p: Node): Node => mul(p, centered(dx, p, top(p.inputs[0]!, axisOf(p)), axisOf(p)))

/** `x - logSumExp(x)` along an axis, accurate also where it is near 0. */
export const logSoftmax = (x: Node, axis: number): Node => (x.shape[axis] === 0 ? x : apply(logSoftmaxOp, [x], { axis }))
export const logSoftmaxOp = defineOp({
  name: 'logSoftmax',
  batch: alongAxes,
  infer: ([x]) => x!,
  evaluate: ([x], y) => logSoftmaxGroups(alongAxis(x!, y), y.dtype),
  vjp: (g, { inputs: [x], attrs: { axis } }) => {
    const along = axis as number
    return balanced(sub(g, mul(softmax(x!, along), totals(g, along))), top(x!, along), along)
  },
  jvp: ([dx], { inputs: [x], attrs: { axis } }) => {
    const along = axis as number
    return dx ? centered(dx, softmax(x!, along), top(x!, along), along) : null
  },
})

/** `log Σ exp` along an axis, which is dropped; its derivative is the softmax, and 0 where every element is -∞. */
export const logSumExp = (x: Node, axis: number): Node => apply(logSumExpOp, [x], { axis })
export const logSumExpOp = defineOp({
  name: 'logSumExp',
  batch: alongAxes,
  infer: ([x], attrs) => signature(reducedShape(x!.shape, [attrs['axis'] as number], false), x!.dtype),
  evaluate: ([x], y) => reduceGroups(alongAxis(x!, y), y.dtype, logSumExpOf),
  vjp: (g, y) => mul(repeated(g, y.inputs[0]!, axisOf(y)), softmax(y.inputs[0]!, axisOf(y), 0)),
  jvp: ([dx], y) => (dx ? sum(mul(dx, softmax(y.inputs[0]!, axisOf(y), 0)), [axisOf(y)]) : null),
})
