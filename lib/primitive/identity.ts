/** Operations that return their operand, and differ in what derivatives see of them. */
import type { Node } from '../core/Node.js'
import { linear, defineOp } from './declare.js'
import { apply } from '../core/Node.js'

/** The operand under a new identity, which is what a transform differentiates with respect to. */
export const identity = linear('identity', {
  batch: 'leading',
  infer: ([x]) => x!,
  evaluate: ([x]) => x!,
  transpose: (g) => g,
  scalar: (x) => x,
  uniform: true,
  view: true,
})

/** The operand as a constant: its value flows on, derivatives do not. */
export const stopGradient = (x: Node): Node => apply(stopGradientOp, [x])

export const stopGradientOp = defineOp({
  name: 'stopGradient',
  batch: 'leading',
  infer: ([x]) => x!,
  evaluate: ([x]) => x!,
  vjp: () => null,
  jvp: () => null,
  scalar: (x) => x,
  uniform: true,
  view: true,
})
