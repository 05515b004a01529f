/** Windows as axes of their own, and the transposed map, which adds them up where they lie (im2col and col2im). */
import { refuse, type Refusal } from '../core/FoldgradError.js'
import { signature, type Attrs, type Node, type Signature } from '../core/Node.js'
import { sameShape, showShape, sizeOf, type Shape } from '../core/Shape.js'
import { overlay, windowsOf, type Windows } from '../kernel/window.js'
import { linear } from './declare.js'

/** The options of a primitive that moves windows. */
export const windowsIn = (attrs: Attrs): Windows => attrs as unknown as Windows

/** `x` as channels with these spatial axes last: the axes before them, or what is wrong with it. */
export const leading = ({ shape }: Node, spatial: Shape): Shape | Refusal => {
  const axes = shape.length - spatial.length
  return axes >= 0 && sameShape(shape.slice(axes), spatial)
    ? shape.slice(0, axes)
    : refuse('Shape', `the last axes need the lengths ${showShape(spatial)}, got ${showShape(shape)}`, 'Describe the windows for the shape of the operand')
}

/** The signature of a primitive that replaces the last axes `from` of its operand by `to`. */
export const replacing = (x: Node, from: Shape, to: Shape): Signature | Refusal => {
  const axes = leading(x, from)
  return 'rule' in axes ? axes : signature([...axes, ...to], x.dtype)
}

/** The number of channels of an operand whose last axes, of these lengths, are spatial. */
export const channelsOf = ({ shape }: Node, spatial: Shape): number => sizeOf(shape.slice(0, shape.length - spatial.length))

/** The windows of an array `[…channels, …size]`, zeros in the padding: `[…channels, …window, …out]`. */
export const windows = (x: Node, where: Windows): Node => windowsOp(x, { ...where })
export const windowsOp = linear('windows', {
  batch: 'leading',
  infer: ([x], attrs) => {
    const { size, window, out } = windowsIn(attrs)
    return replacing(x!, size, [...window, ...out])
  },
  evaluate: ([x], y) => {
    const where = windowsIn(y.attrs)
    return windowsOf(x!, y.dtype, channelsOf(y.inputs[0]!, where.size), where)
  },
  transpose: (g, y) => unwindows(g, windowsIn(y.attrs)),
})

/** The transpose of `windows`: the sum of the windows `[…channels, …window, …out]`, each where it lies in `[…channels, …size]`. */
export const unwindows = (x: Node, where: Windows): Node => unwindowsOp(x, { ...where })
export const unwindowsOp = linear('unwindows', {
  batch: 'leading',
  infer: ([x], attrs) => {
    const { size, window, out } = windowsIn(attrs)
    return replacing(x!, [...window, ...out], size)
  },
  evaluate: ([x], y) => {
    const where = windowsIn(y.attrs)
    return overlay(x!, y.dtype, channelsOf(y, where.size), where)
  },
  transpose: (g, y) => windows(g, windowsIn(y.attrs)),
})
