/** Places of elements in an order: integers, which no derivative passes through. */
import { refuse } from '../core/FoldgradError.js'
import { apply, signature, type Node } from '../core/Node.js'
import { reducedShape, showShape, sizeOf, type Shape } from '../core/Shape.js'
import { argsortGroups, extremeIndex } from '../kernel/order.js'
import { reduceGroups } from '../kernel/reduce.js'
import { alongAxis } from './along.js'
import { builder, defineOp } from './declare.js'
import { alongAxes } from './batching.js'

const constantInAll = { vjp: () => null, jvp: () => null }

/** The refusal of an extreme of no elements. */
export const noExtreme = (shape: Shape, axes: ReadonlyArray<number>) =>
  axes.some((axis) => shape[axis] === 0) && sizeOf(reducedShape(shape, axes, false)) > 0
    ? refuse('Shape', `no elements along the axes [${axes.join(', ')}] of the shape ${showShape(shape)}, so there is no extreme one`, 'Reduce an axis that is not empty')
    : undefined

const argExtreme = (name: string, sign: number) => {
  const op = defineOp({
    name,
    batch: alongAxes,
    infer: ([x], attrs) => {
      const axes = [attrs['axis'] as number]
      return noExtreme(x!.shape, axes) ?? signature(reducedShape(x!.shape, axes, false), 'i32')
    },
    evaluate: ([x], y) => reduceGroups(alongAxis(x!, y), 'i32', extremeIndex(sign)),
    ...constantInAll,
  })
  return builder(op, (x: Node, axis: number): Node => apply(op, [x], { axis }))
}

/** The place of the first greatest element along an axis, which is dropped; a NaN is the greatest. */
export const argmax = argExtreme('argmax', 1)

/** The place of the first least element along an axis, which is dropped; a NaN is the least. */
export const argmin = argExtreme('argmin', -1)

/** The indices that sort an axis stably; NaN goes last. */
export const argsort = (x: Node, axis: number, descending: boolean): Node => apply(argsortOp, [x], { axis, descending })
export const argsortOp = defineOp({
  name: 'argsort',
  batch: alongAxes,
  infer: ([x]) => signature(x!.shape, 'i32'),
  evaluate: ([x], y) => argsortGroups(alongAxis(x!, y), y.attrs['descending'] === true),
  ...constantInAll,
})
