/**
 * Scans along an axis. Every derivative here is a linear recurrence again: `y[t] = a[t] · y[t - 1] + b[t]` is closed
 * under pushforward and pullback, which makes the products among them free of divisions at every order.
 */
import { isFloat } from '../core/DType.js'
import { refuse } from '../core/FoldgradError.js'
import { apply, type Node } from '../core/Node.js'
import { sameShape, showShape } from '../core/Shape.js'
import { cumulativeExtreme, cumulativeLogSumExp, cumulativeSum, linearRecurrence } from '../kernel/scan.js'
import { alongAxis, axisOf, onlyFirst, shifted } from './along.js'
import { add, astype, div, eq, mul } from './arithmetic.js'
import { builder, defineOp, linear } from './declare.js'
import { full } from './leaf.js'
import { concat, rangeAlong, reshape, slice } from './shape.js'
import { softmax } from './softmax.js'
import { alongAxes } from './batching.js'

const reversed = (y: Node): boolean => y.attrs['reverse'] === true

/** Running sums along an axis, from its beginning or (reversed) from its end. */
export const cumsum = (x: Node, axis: number, reverse: boolean): Node => cumsumOp(x, { axis, reverse })
export const cumsumOp = linear('cumsum', {
  batch: alongAxes,
  infer: ([x]) => x!,
  evaluate: ([x], y) => cumulativeSum(alongAxis(x!, y), y.dtype, reversed(y)),
  transpose: (g, y) => cumsum(g, axisOf(y), !reversed(y)),
})

/** `y[t] = a[t] · y[t - 1] + b[t]` along an axis, `y[0] = b[0]`; reversed, `t + 1` takes the place of `t - 1`. */
export const recurrence = (a: Node, b: Node, axis: number, reverse: boolean): Node => apply(recurrenceOp, [a, b], { axis, reverse })
export const recurrenceOp = defineOp({
  name: 'recurrence',
  batch: alongAxes,
  infer: ([a, b]) =>
    !sameShape(a!.shape, b!.shape)
      ? refuse('Shape', `the operands need one shape, got ${showShape(a!.shape)} and ${showShape(b!.shape)}`, 'Broadcast them first')
      : a!.dtype !== b!.dtype
        ? refuse('DType', `the operands need one dtype, got ${a!.dtype} and ${b!.dtype}`, 'Convert one with astype')
        : a!,
  evaluate: ([a, b], y) => linearRecurrence(alongAxis(a!, y), b!, y.dtype, reversed(y)),
  vjp: (g, y, k) => {
    const back = transposed(y.inputs[0]!, g, axisOf(y), reversed(y))
    return k === 1 ? back : mul(back, before(y))
  },
  jvp: ([da, db], y) => {
    const own = da ? mul(da, before(y)) : null
    const drive = own && db ? add(own, db) : (own ?? db)
    return drive ? recurrence(y.inputs[0]!, drive, axisOf(y), reversed(y)) : null
  },
})

/** What a scan carried into each place. */
const before = (y: Node): Node => shifted(y, axisOf(y), reversed(y))

/** The transpose of `b ↦ recurrence(a, b)`. */
const transposed = (a: Node, g: Node, axis: number, reverse: boolean): Node =>
  recurrence(shifted(a, axis, !reverse), g, axis, !reverse)

/** Running products along an axis: the recurrence that is driven by its first element alone. */
export const cumprod = (x: Node, axis: number, reverse: boolean): Node => recurrence(x, onlyFirst(x, axis, reverse), axis, reverse)

const cumulativeExtremeOp = (name: string, sign: number) => {
  const op = defineOp({
    name,
    batch: alongAxes,
    infer: ([x]) => x!,
    evaluate: ([x], y) => cumulativeExtreme(alongAxis(x!, y), y.dtype, sign, reversed(y)),
    vjp: (g, y) => {
      const { hit, stays, ties } = record(y)
      return mul(hit, transposed(stays, div(g, ties), axisOf(y), reversed(y)))
    },
    jvp: ([dx], y) => {
      if (!dx || !isFloat(y.dtype)) return null
      const { hit, stays, ties } = record(y)
      return div(recurrence(stays, mul(hit, dx), axisOf(y), reversed(y)), ties)
    },
    masks: true,
  })
  return builder(op, (x: Node, axis: number, reverse: boolean): Node => apply(op, [x], { axis, reverse }))
}

/** Which elements attain the running extreme, where it stays as it was, and how many attain it so far: they share evenly. */
const record = (y: Node) => {
  const hit = astype(eq(y.inputs[0]!, y), y.dtype)
  const stays = astype(eq(y, before(y)), y.dtype)
  return { hit, stays, ties: recurrence(stays, hit, axisOf(y), reversed(y)) }
}

/** Running maxima along an axis; NaN from the first NaN on. */
export const cummax = cumulativeExtremeOp('cummax', 1)

/** Running minima along an axis; NaN from the first NaN on. */
export const cummin = cumulativeExtremeOp('cummin', -1)

/** Running `log Σ exp` along an axis. */
export const cumLogSumExp = (x: Node, axis: number, reverse: boolean): Node => apply(cumLogSumExpOp, [x], { axis, reverse })
export const cumLogSumExpOp = defineOp({
  name: 'cumLogSumExp',
  batch: alongAxes,
  infer: ([x]) => x!,
  evaluate: ([x], y) => cumulativeLogSumExp(alongAxis(x!, y), y.dtype, reversed(y)),
  vjp: (g, y) => {
    const [carry, own] = parts(y)
    return mul(own, transposed(carry, g, axisOf(y), reversed(y)))
  },
  jvp: ([dx], y) => {
    const [carry, own] = parts(y)
    return dx ? recurrence(carry, mul(own, dx), axisOf(y), reversed(y)) : null
  },
})

/** The parts of what is carried and of the element itself in each running sum: a softmax of two. */
const parts = (y: Node): readonly [carry: Node, own: Node] => {
  const [x] = y.inputs as readonly [Node]
  if (x.shape[axisOf(y)] === 0) return [x, x]
  const pair = softmax(concat([carried(y), x].map((part) => reshape(part, [1, ...x.shape])), 0), 0, 0)
  const row = (k: number) => reshape(slice(pair, rangeAlong(pair.shape, 0, k, 1)), x.shape)
  return [row(0), row(1)]
}

/** The running sum before each element; nothing, whose logarithm is -∞, precedes the first. */
const carried = (y: Node): Node => {
  const axis = axisOf(y)
  const length = y.shape[axis]!
  const rest = slice(y, rangeAlong(y.shape, axis, reversed(y) ? 1 : 0, length - 1))
  const nothing = full(-Infinity, { shape: y.shape.map((n, i) => (i === axis ? 1 : n)), dtype: y.dtype })
  return concat(reversed(y) ? [rest, nothing] : [nothing, rest], axis)
}
