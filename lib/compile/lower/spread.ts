/**
 * Sums of parts in the midst of zeros, as the gradient of an array has them whose slices were used: each part is added to what is
 * there, and no array of zeros is made for it.
 */
import type { Node } from '../../core/Node.js'
import { sizeOf } from '../../core/Shape.js'
import { add } from '../../primitive/declare.js'
import { sliceOf, unsliceOp } from '../../primitive/shape.js'
import { copyNest, type Context } from './context.js'
import { addLanes, loadLane } from './lanes.js'
import { accessOf, part } from './view.js'

/** Such sums, and the padded arrays that are added to them: those are nowhere. */
export interface Spread {
  readonly sums: ReadonlyMap<Node, { readonly base: Node; readonly padded: Node }>
  readonly padded: ReadonlySet<Node>
}

/** Finds the sums of padded arrays that are used for nothing else; `isGiven` tells what is in memory already. */
export const spreadOf = (nodes: ReadonlyArray<Node>, outputs: ReadonlyArray<Node>, isGiven: (x: Node) => boolean): Spread => {
  if (!nodes.some(({ op }) => op === unsliceOp.op)) return { sums: new Map(), padded: new Set() }
  const uses = new Map<Node, number>()
  for (const x of [...nodes.flatMap(({ inputs }) => inputs), ...outputs]) uses.set(x, (uses.get(x) ?? 0) + 1)
  const sums = new Map<Node, { readonly base: Node; readonly padded: Node }>()
  const padded = new Set<Node>()
  const isPadded = (x: Node): boolean => x.op === unsliceOp.op && uses.get(x) === 1 && !isGiven(x)
  const isBase = (x: Node): boolean => isPadded(x) || (sums.has(x) && uses.get(x) === 1)
  for (const node of nodes) {
    if (node.op !== add.op || node.dtype === 'bool' || isGiven(node)) continue
    const [a, b] = node.inputs as readonly [Node, Node]
    const found = isBase(a) && isPadded(b) ? { base: a, padded: b } : isPadded(a) && isBase(b) ? { base: b, padded: a } : undefined
    if (found === undefined) continue
    sums.set(node, found)
    padded.add(found.padded)
  }
  return { sums, padded }
}

/** Adds a part to the sum at its place, where the base is. */
export const addPart = (node: Node, padded: Node, { place, read, statements }: Context): void => {
  const [x] = padded.inputs as readonly [Node]
  if (sizeOf(x.shape) === 0) return
  const [from, to] = [read(x), part(place(node), { ...sliceOf(padded), shape: x.shape })]
  const nest = copyNest(from, to)
  statements.push({ ...nest, stores: nest.stores.map(({ access, value }) => ({ access, value: addLanes(loadLane(accessOf(to), false), value) })) })
}
