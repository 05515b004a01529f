/** Reductions other than the sum: extremes and the Euclidean norm. */
import { isFloat } from '../core/DType.js'
import { apply, signature, type Node } from '../core/Node.js'
import { reducedShape } from '../core/Shape.js'
import { euclidean } from '../kernel/norm.js'
import { extreme } from '../kernel/order.js'
import { groups, reduceGroups } from '../kernel/reduce.js'
import { alongAxis, axisOf, repeated } from './along.js'
import { astype, div, eq, mul, times, where } from './arithmetic.js'
import { builder, defineOp } from './declare.js'
import { noExtreme } from './order.js'
import { spread, sum } from './shape.js'
import { alongAxes } from './batching.js'

const axesOf = (y: Node): ReadonlyArray<number> => y.attrs['axes'] as ReadonlyArray<number>

/** The part of each element in the extreme: 1 over the number of equals, so ties share evenly; NaN if the result is NaN. */
const shareOf = (y: Node): Node => {
  const [x] = y.inputs as readonly [Node]
  const hit = astype(eq(x, spread(y, x.shape, axesOf(y))), y.dtype)
  return div(hit, spread(sum(hit, axesOf(y)), x.shape, axesOf(y)))
}

const extremeOver = (name: string, sign: number) => {
  const op = defineOp({
    name,
    batch: alongAxes,
    infer: ([x], attrs) => {
      const axes = attrs['axes'] as ReadonlyArray<number>
      return noExtreme(x!.shape, axes) ?? signature(reducedShape(x!.shape, axes, false), x!.dtype)
    },
    evaluate: ([x], y) => {
      const [{ shape, dtype }] = y.inputs as readonly [Node]
      return reduceGroups(groups(x!, dtype, shape, axesOf(y)), y.dtype, extreme(sign))
    },
    vjp: (g, y) => mul(spread(g, y.inputs[0]!.shape, axesOf(y)), shareOf(y)),
    jvp: ([dx], y) => (dx && isFloat(y.dtype) ? sum(mul(dx, shareOf(y)), axesOf(y)) : null),
    masks: true,
  })
  return builder(op, (x: Node, axes: ReadonlyArray<number>): Node => (axes.length === 0 ? x : apply(op, [x], { axes: [...axes] })))
}

/** The greatest element over some axes (sorted, without duplicates), which are dropped; NaN if there is one. */
export const max = extremeOver('max', 1)

/** The least element over some axes (sorted, without duplicates), which are dropped; NaN if there is one. */
export const min = extremeOver('min', -1)

/** The unit vector along the operand of a norm; zero where the norm is, the least of its subgradients. */
const direction = (y: Node): Node => {
  const [x] = y.inputs as readonly [Node]
  const length = repeated(y, x, axisOf(y))
  return where(eq(length, 0), 0, div(x, length))
}

/** The Euclidean norm along an axis, which is dropped; neither overflows nor underflows before its value does. */
export const euclideanNorm = (x: Node, axis: number): Node => apply(normOp, [x], { axis })
export const normOp = defineOp({
  name: 'euclideanNorm',
  batch: alongAxes,
  infer: ([x], attrs) => signature(reducedShape(x!.shape, [attrs['axis'] as number], false), x!.dtype),
  evaluate: ([x], y) => reduceGroups(alongAxis(x!, y), y.dtype, euclidean),
  vjp: (g, y) => times(repeated(g, y.inputs[0]!, axisOf(y)), direction(y)),
  jvp: ([dx], y) => (dx ? sum(mul(dx, direction(y)), [axisOf(y)]) : null),
})
