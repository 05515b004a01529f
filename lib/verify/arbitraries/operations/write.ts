/** Writers of calls of the library: `code.mul(0.5, a)` is the code of `mul(0.5, a)`. */
import { checkpoint } from '../../../control/call.js'
import { cond, switchCase } from '../../../control/cond.js'
import { foriLoop, map, scan } from '../../../control/scan.js'
import { whileLoop } from '../../../control/whileLoop.js'
import * as functions from '../../../function/index.js'
import { vmap } from '../../../transform/vmap.js'
import { sizeOf, type Shape } from '../../../core/Shape.js'
import { writers, type Code } from '../code.js'

export const code = writers({ ...functions, checkpoint, cond, switchCase, foriLoop, map, scan, whileLoop, vmap })

/** A function of the library that an operation may call. */
export type FunctionName = keyof typeof code

/** The operand brought between -1 and 1. */
export const bounded = (a: Code): Code => code.tanh(a)

/** Between -3/4 and 3/4. */
export const inside = (a: Code): Code => code.mul(0.75, code.tanh(a))

/** Between 1 and 3. */
export const positive = (a: Code): Code => code.add(2, code.tanh(a))

/** Between 1/8 and 7/8. */
export const fraction = (a: Code): Code => code.add(0.5, code.mul(0.375, code.tanh(a)))

/** A sum over an array of this shape, brought to moderate size. Without the factor, sums of many terms would saturate. */
export const settled = (sum: Code, shape: Shape | undefined): Code => {
  const size = sizeOf(shape ?? [])
  return code.tanh(size > 2 ? code.mul(2 ** -Math.ceil(Math.log2(size) / 2), sum) : sum)
}
