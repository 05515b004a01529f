/** Trees that must have one structure: what a step does to its carry, what the branches of a choice return. */
import { join } from '../core/DType.js'
import { isRefusal, refuse, type Refusal } from '../core/FoldgradError.js'
import { isInvalid, type Node } from '../core/Node.js'
import { sameShape, showShape } from '../core/Shape.js'
import { alignedLeaves, showPaths } from '../core/Tree.js'
import { astype } from '../primitive/arithmetic.js'
import { asNode, leafNodes } from '../primitive/leaf.js'

/** The carry after a step, with the structure, shapes and dtypes of the initial one; or why it has others. */
export const nextCarry = (init: unknown, next: unknown): ReadonlyArray<Node> | Refusal => {
  const before = leafNodes(init)
  const after = alignedLeaves(init, next)?.map(([path, leaf]) => asNode(leaf, path))
  if (after === undefined)
    return refuse('Structure', `the carry has ${showPaths(init)} before a step and ${showPaths(next)} after it`, 'Return a carry of the same structure')
  const carried = after.map((y, i) => (isInvalid(y) ? y : converted(before[i]!, y, i)))
  return carried.find((y): y is Refusal => isRefusal(y)) ?? (carried as ReadonlyArray<Node>)
}

/** A leaf of the carry with the dtype it had before, if no number is lost by that. */
const converted = (x: Node, y: Node, i: number): Node | Refusal =>
  sameShape(x.shape, y.shape) && join(x.dtype, y.dtype) === x.dtype
    ? astype(y, x.dtype)
    : refuse('Shape', `leaf ${i} of the carry is ${x.dtype}${showShape(x.shape)} before a step and ${y.dtype}${showShape(y.shape)} after it`, 'Keep its shape and dtype: broadcast the initial carry, or convert with astype')
