/**
 * The results of control primitives: one vector of doubles in the graph, of which every part is a slice. In a loop program
 * each part is an array of its own type, and the vector exists only if somebody asks for all of it.
 */
import type { DType } from '../../core/DType.js'
import type { Node } from '../../core/Node.js'
import { sizeOf } from '../../core/Shape.js'
import { callOp } from '../../control/call.js'
import { condOp } from '../../control/cond.js'
import type { Closed } from '../../control/Closed.js'
import { layoutOf, type Layout } from '../../control/flat.js'
import { layoutOfScan, scanOf } from '../../control/runScan.js'
import { scanOp } from '../../control/scanPrimitive.js'
import { whileOp } from '../../control/whilePrimitive.js'
import { astypeOp } from '../../primitive/arithmetic.js'
import { reshapeOp, sliceOf, sliceOp } from '../../primitive/shape.js'

/** The parts of the result of a control primitive; `undefined` for every other node. */
export const partsOf = (node: Node): Layout | undefined => {
  switch (node.op) {
    case callOp:
    case whileOp:
      return layoutOf((node.attrs['body'] as Closed).outputs)
    case condOp:
      return layoutOf((node.attrs['branches'] as ReadonlyArray<Closed>)[0]!.outputs)
    case scanOp:
      return layoutOfScan(scanOf(node))
    default:
      return undefined
  }
}

/** Which part of a result a node is (as a vector): its number, if the node is a slice that takes exactly that. */
export const partNumber = (node: Node): { readonly of: Node; readonly part: number } | undefined => {
  const [of] = node.inputs
  if (node.op !== sliceOp.op || of === undefined) return undefined
  const layout = partsOf(of)
  if (layout === undefined) return undefined
  const { start, step, shape } = sliceOf(node)
  let at = 0
  for (const [part, { shape: own }] of layout.entries()) {
    if (at === start[0] && sizeOf(own) === shape[0] && (step[0] === 1 || shape[0] === 1)) return { of, part }
    at += sizeOf(own)
  }
  return undefined
}

/** The dtype in which a vector of doubles, or a reshaped one, is stored, if it is a part of a result. */
export const storedDType = (node: Node): DType | undefined => {
  if (node.op === reshapeOp.op) return storedDType(node.inputs[0]!)
  const found = partNumber(node)
  if (found !== undefined) return partsOf(found.of)![found.part]!.dtype
  const all = partsOf(node)
  return all?.length === 1 ? all[0]!.dtype : undefined
}

/** The part of a result that a node is, under whatever shape. */
export const stackOf = (node: Node): { readonly of: Node; readonly part: number } | undefined => {
  const [x] = node.inputs
  if (node.op === reshapeOp.op || (node.op === astypeOp && storedDType(x!) === node.dtype)) return stackOf(x!)
  return partNumber(node) ?? (partsOf(node)?.length === 1 ? { of: node, part: 0 } : undefined)
}
