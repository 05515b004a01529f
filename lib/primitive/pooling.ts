/**
 * Max pooling in two steps: where the maximum of each window lies, and the elements there. The second is linear once the
 * positions are known, so every derivative follows the same positions, which are found once.
 */
import { refuse } from '../core/FoldgradError.js'
import { apply, signature, type Attrs, type Node } from '../core/Node.js'
import { sameShape, showShape, sizeOf, type Shape } from '../core/Shape.js'
import { firstMaxima, pickAt, unpickAt, type Pooled } from '../kernel/pooling.js'
import type { Windows } from '../kernel/window.js'
import { defineOp } from './declare.js'
import { channelsOf, leading, windowsIn } from './window.js'

/** The largest element of each window of `[…channels, …size]`; −∞ for a window that lies in the padding alone. */
export const maxPool = (x: Node, where: Windows): Node => pick(x, argMaxPool(x, where), where.size, -Infinity)

/** Where in its channel the first maximum of each window lies, as an `i32`; −1 for a window that lies in the padding alone. */
export const argMaxPool = (x: Node, where: Windows): Node => apply(argMaxPoolOp, [x], { ...where })
export const argMaxPoolOp = defineOp({
  name: 'argMaxPool',
  batch: 'leading',
  infer: ([x], attrs) => {
    const { size, out } = windowsIn(attrs)
    const axes = leading(x!, size)
    return 'rule' in axes ? axes : signature([...axes, ...out], 'i32')
  },
  evaluate: ([x], y) => {
    const where = windowsIn(y.attrs)
    return firstMaxima(x!, channelsOf(y, where.out), where)
  },
  vjp: () => null,
  jvp: () => null,
})

/** The channels of `[…channels, …size]`, and the positions `[…channels, …out]` in each. */
interface Picked {
  readonly size: Shape
  readonly otherwise: number
}

const pickedIn = (attrs: Attrs): Picked => attrs as unknown as Picked

const pooled = (at: Node, size: Shape): Pooled => {
  const places = at.shape.slice(at.shape.length - size.length)
  return { channels: channelsOf(at, places), area: sizeOf(size), places: sizeOf(places) }
}

/** The elements of each channel at some positions in it, counted row by row; `otherwise` where the position is −1. */
export const pick = (x: Node, at: Node, size: Shape, otherwise = 0): Node => apply(pickOp, [x, at], { size, otherwise })
export const pickOp = defineOp({
  name: 'pick',
  batch: 'leading',
  infer: ([x, at], attrs) => {
    const { size } = pickedIn(attrs)
    const axes = leading(x!, size)
    if ('rule' in axes) return axes
    return sameShape(axes, at!.shape.slice(0, at!.shape.length - size.length))
      ? signature(at!.shape, x!.dtype)
      : refuse('Shape', `positions for the channels ${showShape(axes)} are needed, got ${showShape(at!.shape)}`, 'Take the positions from argMaxPool of an array of this shape')
  },
  evaluate: ([x, at], y) => pickAt(x!, at!, y.dtype, pooled(y, pickedIn(y.attrs).size), pickedIn(y.attrs).otherwise),
  vjp: (g, { inputs: [, at], attrs }, k) => (k === 0 ? unpick(g, at!, pickedIn(attrs).size) : null),
  jvp: ([dx], { inputs: [, at], attrs }) => (dx ? pick(dx, at!, pickedIn(attrs).size) : null),
  masks: true,
})

/** The transpose of `pick`: the elements `[…channels, …out]` added at their positions in channels of zeros. */
export const unpick = (x: Node, at: Node, size: Shape): Node => apply(unpickOp, [x, at], { size })
export const unpickOp = defineOp({
  name: 'unpick',
  batch: 'leading',
  infer: ([x, at], attrs) => {
    const { size } = pickedIn(attrs)
    return sameShape(x!.shape, at!.shape)
      ? signature([...at!.shape.slice(0, at!.shape.length - size.length), ...size], x!.dtype)
      : refuse('Shape', `an element for each position is needed, got ${showShape(x!.shape)} for ${showShape(at!.shape)}`, 'Give an array of the shape of the positions')
  },
  evaluate: ([x, at], y) => unpickAt(x!, at!, y.dtype, pooled(y.inputs[1]!, pickedIn(y.attrs).size)),
  vjp: (g, { inputs: [, at], attrs }, k) => (k === 0 ? pick(g, at!, pickedIn(attrs).size) : null),
  jvp: ([dx], { inputs: [, at], attrs }) => (dx ? unpick(dx, at!, pickedIn(attrs).size) : null),
})
